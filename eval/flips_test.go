package eval

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// rows returns logits whose highest is that of the given classes.
func rows(classes int, predictions ...int) []float32 {
	var out []float32
	for _, p := range predictions {
		row := make([]float32, classes)
		row[p] = 1
		out = append(out, row...)
	}
	return out
}

func TestFlipProbability(t *testing.T) {
	for _, c := range []struct {
		name        string
		noise       bool
		predictions []int // of two sequences
		want        float64
	}{
		{"steady", false, []int{1, 1, 1, 1, 2, 2, 2, 2}, 0},
		{"one flip for good", false, []int{1, 2, 2, 2, 0, 0, 0, 0}, 100. / 3 / 2},
		{"the same against the first", true, []int{1, 2, 2, 2, 0, 0, 0, 0}, 100. / 2},
		{"there and back", false, []int{1, 2, 1, 1, 0, 0, 0, 0}, 200. / 3 / 2},
		{"the same against the first", true, []int{1, 2, 1, 1, 0, 0, 0, 0}, 100. / 3 / 2},
	} {
		f := NewFlips(10, 4, c.noise)
		f.Add(rows(10, c.predictions...))
		if got := f.Scores().FlipProbability; f.Len() != 2 || math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// TestTopFiveDistance compares with the definition: the cumulated places 0 1 2 3 4 5 5 …
// of the first order less those in the second.
func TestTopFiveDistance(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		n := 6 + r.IntN(20)
		a, b := make([]float32, n), make([]float32, n)
		for i := range a {
			a[i], b[i] = float32(r.IntN(n)), float32(r.IntN(n)) // with ties
		}
		order := func(x []float32) []int {
			o := make([]int, n)
			for i := range o {
				o[i] = i
			}
			slices.SortStableFunc(o, func(i, j int) int { return int(x[j] - x[i]) })
			return o
		}
		first, second := order(a), order(b)
		want := 0.0
		for i, class := range first[:5] {
			want += math.Abs(float64(i) - math.Min(float64(slices.Index(second, class)), 5))
		}
		if got := topFiveDistance(a, b); float64(got) != want {
			t.Fatalf("%v to %v: got %d, want %v", a, b, got, want)
		}
	}
	f := NewFlips(5, 2, false)
	f.Add(rows(5, 1, 2))
	if s := f.Scores(); s.Top5Distance.Known() {
		t.Errorf("five classes have a top-5 distance, %v", s.Top5Distance)
	}
}
