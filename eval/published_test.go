package eval

import (
	"math"
	"os"
	"runtime"
	"slices"
	"testing"

	"augmix/benchmark"
	"augmix/corrupt"
	"augmix/data"
	"augmix/nets"
	"augmix/run"

	torch "github.com/wangkuiyi/gotorch"
)

// pytorchErrors is testdata/pytorch_errors.json: what PyTorch gets wrong of the first Few and of all test images, of a set at
// each severity (scripts/parity/errors.py). A set that was not measured on all images has no All.
type pytorchErrors struct {
	PyTorch     string
	Few, Images int
	Wrong       map[string]map[string]struct{ Few, All []int }
}

var publishedResNets = map[string]string{
	"resnet20": "resnet20-12fca82f.th", "resnet32": "resnet32-d509ac18.th", "resnet44": "resnet44-014dd654.th", "resnet56": "resnet56-4bfd9763.th",
}

// whole says whether the tests below take all images and sets, which takes hours: make parity-errors.
var whole = os.Getenv("AUGMIX_WHOLE") != ""

// published10 returns CIFAR-10's test set and a published network.
func published10(t *testing.T, model string) (data.Dataset, *nets.Net) {
	t.Helper()
	checkpoint := testData(t, "checkpoints", publishedResNets[model])
	test, err := data.Open("cifar10", testData(t, "cifar-10-batches-py"), "test")
	if err != nil {
		t.Fatal(err)
	}
	torch.SetNumThreads(int32(runtime.NumCPU()))
	net, _, _, err := Load(checkpoint, run.Config{Model: model, Classes: test.Classes()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(net.Close)
	return test, net
}

// TestErrorsEqualPyTorch: on the corruptions that draw no random number every severity's error is PyTorch's on the same
// images, within 0.03 points of all 10,000. Of the first 500 an image may differ.
func TestErrorsEqualPyTorch(t *testing.T) {
	var golden pytorchErrors
	readGolden(t, "pytorch_errors.json", &golden)
	for model, sets := range golden.Wrong {
		t.Run(model, func(t *testing.T) {
			test, net := published10(t, model)
			for name, want := range sets {
				n, wrong, tolerance := golden.Few, want.Few, 1
				if whole && want.All != nil {
					n, wrong, tolerance = golden.Images, want.All, 3
				}
				severities := []int{1, 2, 3, 4, 5}
				if !whole {
					severities = []int{1, 3, 5}
				}
				if !whole && model != "resnet20" && name != "clean" {
					continue
				}
				o := Options{Dataset: test, Sets: []string{"clean"}, BatchSize: 500, Workers: runtime.NumCPU(), Limit: n}
				if name != "clean" {
					o.Sets, o.Only, o.CData, o.Severities = []string{"c"}, []string{name}, "generate", severities
				}
				got, err := Run(net, o)
				if err != nil {
					t.Fatal(err)
				}
				errors := map[int]float64{} // by severity; clean ones count as 1
				if got.Clean != nil {
					errors[1] = got.Clean.Error
				} else {
					for i, severity := range severities {
						errors[severity] = got.Corruption.ByCorruption[name].Severity[i]
					}
				}
				for severity, e := range errors {
					count, theirs := int(math.Round(e/100*float64(n))), wrong[severity-1]
					t.Logf("%s %d: %d of %d images wrong, PyTorch %d", name, severity, count, n, theirs)
					if off := count - theirs; off > tolerance || off < -tolerance {
						t.Errorf("%s %d: %d of %d images wrong, PyTorch %s has %d", name, severity, count, n, golden.PyTorch, theirs)
					}
				}
			}
		})
	}
}

// TestEnsembleOfResNets: the ensemble of the four published networks is better than each of them.
func TestEnsembleOfResNets(t *testing.T) {
	n := 1000
	if whole {
		n = 0
	}
	var test data.Dataset
	var networks []*nets.Net
	for _, model := range []string{"resnet20", "resnet32", "resnet44", "resnet56"} {
		var net *nets.Net
		test, net = published10(t, model)
		networks = append(networks, net)
	}
	results, err := RunAll(networks, Options{
		Dataset: test, Sets: []string{"clean"}, BatchSize: 500, Workers: runtime.NumCPU(), Limit: n, Ensemble: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 5 {
		t.Fatalf("got %d results, want four members and the ensemble", len(results))
	}
	ensemble := results[4].Clean
	for i, r := range results {
		t.Logf("%d: error %.2f %%, NLL %.4f, Brier %.4f", i, r.Clean.Error, r.Clean.NLL, r.Clean.Brier)
		if i < 4 && (ensemble.Error >= r.Clean.Error || ensemble.NLL >= r.Clean.NLL || ensemble.Brier >= r.Clean.Brier) {
			t.Errorf("the ensemble's %+v is not better than member %d's %+v", *ensemble, i, *r.Clean)
		}
	}
}

// TestBatchesAndWorkersChangeNoCount: in float32 every prediction is the same however the images are cut into batches and
// whoever reads them.
func TestBatchesAndWorkersChangeNoCount(t *testing.T) {
	n := 600
	if whole {
		n = 0
	}
	test, net := published10(t, "resnet20")
	clean := data.Subset(test, n, false)
	want := predicted(t, net, clean, 500, 2)
	for _, c := range [][2]int{{500, 1}, {1000, 3}, {128, 2}, {37, 5}} {
		if n := unequal(t, predicted(t, net, clean, c[0], c[1]), want); n > 0 {
			t.Errorf("batches of %d, %d workers: %d of %d predictions are not those of batches of 500", c[0], c[1], n, len(want))
		}
	}
}

// TestBatchesAndWorkersChangeCorruptedCounts: of corrupted images one prediction in 100,000 may differ.
func TestBatchesAndWorkersChangeCorruptedCounts(t *testing.T) {
	n, severities := 20, []int{1, 5}
	if whole {
		n, severities = 0, []int{1, 2, 3, 4, 5}
	}
	test, net := published10(t, "resnet20")
	images, different := 0, 0
	for _, name := range corrupt.Test() {
		for _, severity := range severities {
			set, err := benchmark.Corrupted(data.Subset(test, n, false), name, severity, benchmark.Making{Seed: benchmark.Seed})
			if err != nil {
				t.Fatal(err)
			}
			want := predicted(t, net, set, 200, 2)
			images += len(want)
			different += unequal(t, predicted(t, net, set, 37, 3), want)
		}
	}
	t.Logf("%d of %d predictions differ", different, images)
	if different > images/100_000 {
		t.Errorf("%d of %d predictions of batches of 37 are not those of batches of 200", different, images)
	}
}

// predicted returns a network's of a set, which is cut into batches and read by workers.
func predicted(t *testing.T, net *nets.Net, set data.Dataset, batch, workers int) (out []int) {
	t.Helper()
	w, h, c := set.Size()
	p := NewPredictor(net, w, h, c, batch, workers)
	defer p.Close()
	err := p.Run(set, func(logits []float32, _ []int64) error {
		for at := 0; at < len(logits); at += 10 {
			row := logits[at : at+10]
			out = append(out, slices.Index(row, slices.Max(row)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// unequal counts the predictions that differ.
func unequal(t *testing.T, got, want []int) (n int) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d predictions, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i] != want[i] {
			n++
		}
	}
	return n
}
