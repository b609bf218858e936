package eval

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"augmix/data"
	"augmix/device"
	"augmix/nets"
	"augmix/pixel"
	"augmix/rng"

	torch "github.com/wangkuiyi/gotorch"
)

// smallNet is an untrained network in evaluation mode.
func smallNet(t *testing.T, seed uint64) *nets.Net {
	t.Helper()
	half := [3]float32{0.5, 0.5, 0.5}
	net, err := nets.New(nets.Config{Model: "wrn", Classes: 10, Layers: 10, WidenFactor: 1,
		Normalize: nets.Normalization{Name: "half", Mu: half, Sigma: half}}, seed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(net.Close)
	return net
}

// distantTwin is a predictor as NewSequencePredictor makes it whose images take the way to a device, with the CPU at its
// other end.
func distantTwin(net *nets.Net, w, h, c, frames, batch int) *Predictor {
	p := NewSequencePredictor(net, w, h, c, frames, batch, 2)
	p.goDistant(device.Place{}, w, h, c)
	return p
}

// gathered is what a predictor's visitor is given, batch after batch.
func gathered(t *testing.T, p *Predictor, set data.Dataset) (out []string) {
	t.Helper()
	err := p.Each(set, func(o Outputs) error {
		out = append(out, fmt.Sprint(o.Logits, o.Labels, o.Index))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Images that go to a device as bytes give the logits, labels and positions of images that are read as float32, in the same
// batches: of two networks, of sequences, from the device's own copy, and where images are passed over.
func TestDistantPredictor(t *testing.T) {
	shapes, err := data.Open("shapes", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	set := data.Subset(shapes, 23, false)
	w, h, c := set.Size()
	a, b := smallNet(t, 1), smallNet(t, 2)
	near := NewPredictor(a, w, h, c, 5, 2)
	defer near.Close()
	far := distantTwin(a, w, h, c, 1, 5)
	defer far.Close()
	for _, p := range []*Predictor{near, far} {
		p.Also(b)
	}
	want := gathered(t, near, set)
	if len(want) != 5 || strings.Count(want[4], "[[") != 1 {
		t.Fatalf("23 images in batches of 5 are visited in %d", len(want))
	}
	far.Keep(set)
	for pass := range 3 { // The first fills the device's copy.
		if got := gathered(t, far, set); !slices.Equal(got, want) {
			t.Errorf("pass %d: the logits, labels or positions differ", pass)
		}
	}
	if k := far.distant.kept; len(k) != 1 || !k[0].whole || len(k[0].batches) != 5 {
		t.Error("the set is not kept on the device")
	}
	if got := gathered(t, far, data.Subset(shapes, 4, false)); !slices.Equal(got, gathered(t, near, data.Subset(shapes, 4, false))) {
		t.Error("another set is taken for the kept one")
	}

	bad := &badAt{set, map[int]bool{0: true, 7: true, 22: true}}
	passing := func(p *Predictor) []string {
		p.PassOver(data.NewBadSamples(10, nil, func(data.BadSample) error { return nil }))
		return gathered(t, p, bad)
	}
	far.Keep(bad)
	want = passing(near)
	for pass := range 2 {
		if got := passing(far); !slices.Equal(got, want) {
			t.Errorf("with images passed over, pass %d: got\n%v\nwant\n%v", pass, got, want)
		}
	}
	if strings.Contains(want[0], " 7]") || len(want) != 5 {
		t.Errorf("image 7 is not passed over: %v", want)
	}

	nearSequences := NewSequencePredictor(a, w, h/4, c, 4, 3, 2)
	defer nearSequences.Close()
	farSequences := distantTwin(a, w, h/4, c, 4, 3)
	defer farSequences.Close()
	if got := gathered(t, farSequences, set); !slices.Equal(got, gathered(t, nearSequences, set)) {
		t.Error("the logits of sequences differ")
	}
}

// badAt is a set of which some images cannot be read.
type badAt struct {
	data.Dataset
	bad map[int]bool
}

func (b *badAt) Describe(i int) string { return fmt.Sprint("image ", i) }

func (b *badAt) NewReader(train bool) data.Reader {
	return badReader{b.Dataset.NewReader(train), b.bad}
}

type badReader struct {
	data.Reader
	bad map[int]bool
}

func (r badReader) Read(i int, dst *pixel.Image, s *rng.Stream) error {
	if r.bad[i] {
		return errors.New("damaged")
	}
	return r.Reader.Read(i, dst, s)
}

// A visitor's error ends the pass and names the set, also that of the last batch, which is visited late.
func TestDistantPredictorStops(t *testing.T) {
	shapes, err := data.Open("shapes", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	set := data.Subset(shapes, 12, false)
	w, h, c := set.Size()
	p := distantTwin(smallNet(t, 1), w, h, c, 1, 4)
	defer p.Close()
	for stop := range 3 {
		visits := 0
		err := p.Each(set, func(Outputs) error {
			if visits++; visits > stop {
				return fmt.Errorf("stopped at %d", stop)
			}
			return nil
		})
		if want := fmt.Sprintf("shapes: stopped at %d", stop); err == nil || err.Error() != want || visits != stop+1 {
			t.Errorf("got %v after %d visits, want %q after %d", err, visits, want, stop+1)
		}
	}
}

// Every byte becomes the float32 that pixel.Float32s makes of it.
func TestBytesBecomePixels(t *testing.T) {
	m := pixel.New(16, 16, 1)
	for i := range m.Pix {
		m.Pix[i] = uint8(i)
	}
	want := make([]float32, 256)
	pixel.Float32s(want, m)
	p := distantTwin(smallNet(t, 1), 16, 16, 1, 1, 1)
	defer p.Close()
	d := p.distant
	copy(d.host[0].MemoryBytes(), m.Pix)
	d.bytes.Copy(d.host[0])
	torch.Scope(func() {
		d.floats(d.input, 1)
		for i, got := range d.input.Float32s() {
			if math.Float32bits(got) != math.Float32bits(want[i]) {
				t.Errorf("byte %d: got %v, want %v", i, got, want[i])
			}
		}
	})
}

// A Fourier map is the same by way of a device.
func TestDistantFourier(t *testing.T) {
	shapes, err := data.Open("shapes", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	set := data.Subset(shapes, 7, false)
	w, h, c := set.Size()
	net := smallNet(t, 1)
	var wrong [2][]int
	for i, p := range []*Predictor{NewPredictor(net, w, h, c, 3, 1), distantTwin(net, w, h, c, 1, 3)} {
		all := frequencies(3)
		f := &fourier{FourierOptions: FourierOptions{Dataset: set, Epsilon: 4, Side: 3}, predictor: p, all: all, side: w, channels: c,
			state: FourierState{Batch: 3, Wrong: make([]int, len(all))}}
		if err := p.Batches(set, f.batch); err != nil {
			t.Fatal(err)
		}
		wrong[i] = f.state.Wrong
		p.Close()
	}
	if !slices.Equal(wrong[0], wrong[1]) {
		t.Errorf("errors by frequency: got %v, want %v", wrong[1], wrong[0])
	}
}
