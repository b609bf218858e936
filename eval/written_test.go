package eval

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"augmix/benchmark"
	"augmix/corrupt"
	"augmix/data"
	"augmix/nets"
	"augmix/pixel"
	"augmix/pixel/jpeg"
	"augmix/run"
)

// shapesTest returns the embedded test set, folderTest one of eight small photographs
// of two classes.
func shapesTest(t *testing.T) data.Dataset {
	t.Helper()
	set, err := data.Open("shapes", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func folderTest(t *testing.T) data.Dataset {
	t.Helper()
	dir := t.TempDir()
	for c, class := range []string{"cat", "dog"} {
		for i := range 4 {
			m := pixel.New(50+5*i, 60-7*c, 3)
			for p := range m.Pix {
				m.Pix[p] = uint8(p*(i+3)/100 + 40*c)
			}
			path := filepath.Join(dir, "val", class, string(rune('a'+i))+".jpg")
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, jpeg.Encode(nil, m, 90, false), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	set, err := data.OpenFolder("folder", dir, "test", data.FolderOptions{ImageSize: 32})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// randomNetwork returns a network that was never trained.
func randomNetwork(t *testing.T, classes int) *nets.Net {
	t.Helper()
	normalize, err := nets.ParseNormalization("half")
	if err != nil {
		t.Fatal(err)
	}
	net, err := nets.New(NetConfig(run.Config{Model: "wrn", Layers: 10, WidenFactor: 1}, classes, normalize), 3)
	if err != nil {
		t.Fatal(err)
	}
	net.Train(false)
	t.Cleanup(net.Close)
	return net
}

// part returns the images that augmix corrupt --limit-eval n writes; 0 is all.
func part(set data.Dataset, n int) data.Dataset { return data.Subset(set, n, data.SortedByClass(set)) }

// writeBoth writes a corruption and a perturbation benchmark of the first n images of
// a set, at the given severities, and returns their folders.
func writeBoth(t *testing.T, set data.Dataset, n int, corruptions []string, severities []int, perturbations []string) (c, p string) {
	t.Helper()
	o := benchmark.Options{Dir: t.TempDir(), Clean: part(set, n), Names: corruptions, Severities: severities, Workers: 2}
	if _, err := benchmark.WriteCorruptions(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	c, o.Dir, o.Names = o.Dir, t.TempDir(), perturbations
	if _, err := benchmark.WritePerturbations(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	return c, o.Dir
}

// testWritten compares what is made on the fly with what is read from the folders c and
// p: every batch's logits, of every set, and the whole results.
func testWritten(t *testing.T, net *nets.Net, o Options, c, p string) {
	t.Helper()
	generated, written := o, o
	generated.CData, generated.PData = "generate", "generate"
	written.CData, written.PData = c, p
	clean := o.limited(o.Dataset)
	w, h, ch := clean.Size()
	batches := func(predictor *Predictor, set data.Dataset) (out [][]float32) {
		err := predictor.Run(set, func(logits []float32, _ []int64) error {
			out = append(out, slices.Clone(logits))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	same := func(name string, want, got [][]float32) {
		if len(want) == 0 || len(got) != len(want) {
			t.Fatalf("%s: %d and %d batches", name, len(want), len(got))
		}
		for i := range want {
			if !slices.Equal(want[i], got[i]) {
				t.Errorf("%s: the logits of batch %d differ", name, i)
			}
		}
	}

	made, err := generated.corrupted(clean)
	if err != nil {
		t.Fatal(err)
	}
	read, err := written.corrupted(clean)
	if err != nil || len(read) != len(made) {
		t.Fatalf("%d sets are made and %d read: %v", len(made), len(read), err)
	}
	predictor := NewPredictor(net, w, h, ch, o.BatchSize, o.Workers)
	defer predictor.Close()
	for i, set := range made {
		a, err := set.open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := read[i].open()
		if err != nil || set.String() != read[i].String() || set.source != read[i].source {
			t.Fatalf("set %v, %s, is read as %v, %s: %v", set, set.source, read[i], read[i].source, err)
		}
		same(set.String(), batches(predictor, a), batches(predictor, b))
	}

	madeSequences, err := generated.perturbed(clean)
	if err != nil {
		t.Fatal(err)
	}
	readSequences, err := written.perturbed(clean)
	if err != nil || len(readSequences) != len(madeSequences) {
		t.Fatalf("%d perturbations are made and %d read: %v", len(madeSequences), len(readSequences), err)
	}
	for i, set := range madeSequences {
		a, err := set.open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := readSequences[i].open()
		if err != nil {
			t.Fatal(err)
		}
		predictor := NewSequencePredictor(net, w, h, ch, a.Frames(), 2, o.Workers)
		same(set.name, batches(predictor, a), batches(predictor, b))
		predictor.Close()
	}

	generated.Sets, written.Sets = []string{"clean", "c", "p"}, []string{"clean", "c", "p"}
	want, err := Run(net, generated)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Run(net, written)
	if err != nil {
		t.Fatal(err)
	}
	if !sameResult(want, got) {
		t.Errorf("made on the fly:\n%+v\nread:\n%+v", want, got)
	}
}

// sameResult compares results of which a figure may be none, which no number equals.
func sameResult(a, b run.Evaluation) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// TestWrittenSetsHaveTheErrorsOfGenerated: of arrays and of image folders, corruptions
// and perturbations.
func TestWrittenSetsHaveTheErrorsOfGenerated(t *testing.T) {
	for _, c := range []struct {
		set           data.Dataset
		limit, batch  int
		severities    []int
		corruptions   []string
		perturbations []string
	}{
		{shapesTest(t), 9, 4, []int{2, 5}, corrupt.Names(), []string{"gaussian_noise", "snow", "translate", "spatter"}},
		{folderTest(t), 0, 3, []int{1, 4}, corrupt.Test(), []string{"gaussian_noise_3", "translate"}},
	} {
		t.Run(c.set.Name(), func(t *testing.T) {
			cDir, pDir := writeBoth(t, c.set, c.limit, c.corruptions, c.severities, c.perturbations)
			testWritten(t, randomNetwork(t, len(c.set.Classes())), Options{
				Dataset: c.set, Sets: []string{"clean", "c", "p"}, Only: c.corruptions, Severities: c.severities, Perturbations: c.perturbations,
				BatchSize: c.batch, Workers: 2, Limit: c.limit,
			}, cDir, pDir)
		})
	}
}

// TestWrittenCIFARHasTheErrorsOfGenerated is the same of a published network on CIFAR-10.
func TestWrittenCIFARHasTheErrorsOfGenerated(t *testing.T) {
	test, net := published10(t, "resnet20")
	const limit = 30
	corruptions, perturbations := []string{"shot_noise", "glass_blur", "fog"}, []string{"shot_noise"}
	severities := []int{1, 5}
	c, p := writeBoth(t, test, limit, corruptions, severities, perturbations)
	testWritten(t, net, Options{
		Dataset: test, Sets: []string{"clean", "c", "p"}, Only: corruptions, Severities: severities, Perturbations: perturbations,
		BatchSize: 13, Workers: 2, Limit: limit,
	}, c, p)
}

// TestPartsOfBenchmarks: of a set that augmix corrupt --only, --severity and --limit-eval
// wrote, what is there is evaluated and what is not is said; what is asked for and not
// there is refused, with what to do.
func TestPartsOfBenchmarks(t *testing.T) {
	for _, c := range []struct {
		set       data.Dataset
		n, fewer  int // images that are held; fewer of which are among them
		lackImage string
	}{
		{shapesTest(t), 12, 5, "holds 12 of the 1000 test images"},
		{folderTest(t), 4, 2, "there is none for the test image"},
	} {
		t.Run(c.set.Name(), func(t *testing.T) {
			cDir, pDir := writeBoth(t, c.set, c.n, []string{"fog", "contrast"}, []int{2, 4}, []string{"tilt", "spatter"})
			net := randomNetwork(t, len(c.set.Classes()))
			var notes []string
			o := Options{
				Dataset: c.set, Sets: []string{"c", "p"}, CData: cDir, PData: pDir, BatchSize: 4, Workers: 2, Limit: c.n,
				Note: func(text string) { notes = append(notes, text) },
			}
			got, err := Run(net, o)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got.Corruption.Severities, []int{2, 4}) || len(got.Corruption.ByCorruption) != 2 || got.N != c.n {
				t.Errorf("got severities %v of %d corruptions, n = %d", got.Corruption.Severities, len(got.Corruption.ByCorruption), got.N)
			}
			if p := got.Perturbation; len(p.ByPerturbation) != 2 || p.MFP.Known() || p.Sequences != c.n {
				t.Errorf("got the perturbations %+v", p)
			}
			for i, want := range []string{"holds 2 of the 15 corruptions", "severities 2,4", "holds 2 of the 11 perturbations"} {
				if len(notes) != 3 || !strings.Contains(notes[i], want) {
					t.Fatalf("got the notes %q, want %s", notes, want)
				}
			}
			for _, refused := range []struct {
				change func(o *Options)
				want   []string
			}{
				{func(o *Options) { o.Limit = 0 }, []string{c.lackImage, fmt.Sprintf("--limit-eval %d", c.n)}},
				{func(o *Options) { o.Limit, o.Sets = 0, []string{"p"} }, []string{c.lackImage, fmt.Sprintf("--limit-eval %d", c.n)}},
				{func(o *Options) { o.Severities = []int{2, 3} }, []string{"no severity 3", "--severity 2,4"}},
				{func(o *Options) { o.Only = []string{"fog", "frost"} }, []string{"no complete frost", "--only contrast,fog"}},
				{func(o *Options) { o.Perturbations = []string{"rotate"} }, []string{"no complete rotate", "--perturbations spatter,tilt"}},
				{func(o *Options) { o.CData = pDir }, []string{"holds a perturbation benchmark"}},
			} {
				o := o
				refused.change(&o)
				_, err := Run(net, o)
				var e *data.Error
				if !errors.As(err, &e) || missingWords(e.Error(), refused.want) {
					t.Errorf("got error %v, want %q", err, refused.want)
				}
			}
			// Fewer images, severities and corruptions than are there.
			o.Limit, o.Only, o.Severities, o.Perturbations = c.fewer, []string{"fog"}, []int{4}, []string{"tilt"}
			testWritten(t, net, o, cDir, pDir)
		})
	}
}

func missingWords(text string, words []string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
}
