package data

import (
	"slices"
	"testing"

	"augmix/pixel"
)

// numbered is a dataset of n grey 2×2 images; image i is i, i+1, i+2, i+3 and has
// the label i mod 7.
func numbered(n int) *arrays {
	a := &arrays{name: "numbered", classes: make([]string, 7), w: 2, h: 2, c: 1}
	for i := range n {
		a.pixels = append(a.pixels, uint8(i), uint8(i+1), uint8(i+2), uint8(i+3))
		a.labels = append(a.labels, uint8(i%7))
	}
	return a
}

// firsts returns the first pixel of every image, which says which it is.
func firsts(t *testing.T, d Dataset) []int {
	t.Helper()
	m := pixel.New(d.Size())
	var out []int
	for i := range d.Len() {
		if err := d.NewReader(false).Read(i, m, nil); err != nil {
			t.Fatal(err)
		}
		if got, want := d.Label(i), int(m.Pix[0])%7; got != want {
			t.Errorf("image %d has the label %d, want %d", m.Pix[0], got, want)
		}
		out = append(out, int(m.Pix[0]))
	}
	return out
}

func TestSubset(t *testing.T) {
	tests := []struct {
		n      int
		spread bool
		want   []int
	}{
		{3, false, []int{0, 1, 2}},
		{3, true, []int{0, 3, 6}},
		{4, true, []int{0, 2, 4, 6}},
		{0, false, ascending(10)},
		{10, true, ascending(10)},
		{99, false, ascending(10)},
	}
	for _, tt := range tests {
		got := firsts(t, Subset(numbered(10), tt.n, tt.spread))
		if !slices.Equal(got, tt.want) {
			t.Errorf("Subset(%d, spread %v) = %v, want %v", tt.n, tt.spread, got, tt.want)
		}
	}
}

func TestSplit(t *testing.T) {
	d := numbered(50)
	train, held, err := Split(d, 12, 1)
	if err != nil {
		t.Fatal(err)
	}
	a, b := firsts(t, train), firsts(t, held)
	if len(b) != 12 || !slices.IsSorted(a) || !slices.IsSorted(b) {
		t.Errorf("got held out %v", b)
	}
	if all := slices.Sorted(slices.Values(append(slices.Clone(a), b...))); !slices.Equal(all, ascending(50)) {
		t.Errorf("the parts together are %v", all)
	}
	_, again, _ := Split(d, 12, 1)
	_, other, _ := Split(d, 12, 2)
	if !slices.Equal(firsts(t, again), b) || slices.Equal(firsts(t, other), b) {
		t.Error("the split does not depend on the seed alone")
	}

	if train, held, err := Split(d, 0, 1); train != Dataset(d) || held != nil || err != nil {
		t.Errorf("Split(0) = %v, %v, %v, want the dataset, nil, nil", train, held, err)
	}
	for _, n := range []int{-1, 50, 51} {
		if _, _, err := Split(d, n, 1); err == nil {
			t.Errorf("Split(%d) of 50 has no error", n)
		}
	}
}

func TestFingerprint(t *testing.T) {
	seen := map[string]string{}
	add := func(name string, d Dataset) {
		f := d.Fingerprint()
		if len(f) != 64 {
			t.Errorf("%s: fingerprint %q, want 64 digits", name, f)
		}
		if same, ok := seen[f]; ok {
			t.Errorf("%s and %s have the same fingerprint", name, same)
		}
		seen[f] = name
	}
	base := numbered(10)
	add("base", base)
	add("first 4", Subset(base, 4, false))
	add("every other", Subset(base, 5, true))
	pixels := numbered(10)
	pixels.pixels[17]++
	add("a pixel", pixels)
	labels := numbered(10)
	labels.labels[3] = 0
	add("a label", labels)
	names := numbered(10)
	names.classes[0] = "zero"
	add("a class", names)
	if numbered(10).Fingerprint() != base.Fingerprint() {
		t.Error("equal datasets have different fingerprints")
	}
}

func TestOriginal(t *testing.T) {
	whole := openShapes("test")
	part := Subset(Subset(whole, 40, true), 10, true)
	step := whole.Len() / 40 * 4
	for i := range part.Len() {
		if got, want := Original(part, i), i*step; got != want {
			t.Errorf("sample %d: got %d, want %d", i, got, want)
		}
	}
	if got := Original(whole, 7); got != 7 {
		t.Errorf("of a whole set: got %d, want 7", got)
	}
}
