package rng

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

var _ rand.Source = (*Stream)(nil)

// TestFirstNumbers pins the streams: a change of any of these numbers changes
// every run that was ever made.
func TestFirstNumbers(t *testing.T) {
	a, b := New(1, 2, 3, 4), Named("shuffle", 7)
	got := []uint64{a.Uint64(), a.Uint64(), b.Uint64(), b.Uint64()}
	want := []uint64{0xbf62fb2685145d83, 0x91c9c51e821af480, 0x42188746e2a24e35, 0x329ff1b14f7dc65f}
	if !slices.Equal(got, want) {
		t.Errorf("got %#x, want %#x", got, want)
	}
	gotf := []float64{a.Float64(), a.Norm(), a.Norm(), a.Gamma(0.3), a.Gamma(2.5), a.Beta(0.4, 2), float64(a.IntN(1000))}
	wantf := []float64{0.8268622330259521, 0.873875787737577, 0.2571140639940252, 0.23936689731526767, 4.751296663833296, 0.0606546888093935, 417}
	if !slices.Equal(gotf, wantf) {
		t.Errorf("got %v, want %v", gotf, wantf)
	}
}

func TestKeysSeparateStreams(t *testing.T) {
	seen := map[uint64]string{}
	add := func(name string, s Stream) {
		x := s.Uint64()
		if old, ok := seen[x]; ok {
			t.Errorf("%s and %s begin with the same number", old, name)
		}
		seen[x] = name
	}
	for _, k := range [][4]uint64{{0, 0, 0, 0}, {1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}, {1, 1, 0, 0}} {
		add("New", New(k[0], k[1], k[2], k[3]))
	}
	add("a", Named("a"))
	add("a,b", Named("a", 'b'))
	add("ab", Named("ab"))
	add("view", Named("view"))
	add("view,0", Named("view", 0))
	add("view,0,0", Named("view", 0, 0))
}

func TestCopyForks(t *testing.T) {
	a := New(1, 1, 1, 1)
	a.Norm()
	b := a
	for i := range 100 {
		if x, y := a.Norm(), b.Norm(); x != y {
			t.Fatalf("draw %d: got %v and %v from copies", i, x, y)
		}
	}
}

// TestUniformAcrossKeys is a χ² test of the first draw of neighbouring streams:
// it is these, not one long stream, that the program uses.
func TestUniformAcrossKeys(t *testing.T) {
	const n, cells = 100_000, 64
	var counts [cells]int
	for i := range uint64(n) {
		s := New(5, 0, i/2, i%2)
		counts[s.IntN(cells)]++
	}
	checkChi2(t, "first IntN(64) of neighbouring keys", counts[:], nil, n)
}

func TestIntNIsUniform(t *testing.T) {
	for _, n := range []int{1, 2, 3, 9, 13} {
		s := Named("test", uint64(n))
		counts := make([]int, n)
		const draws = 60_000
		for range draws {
			counts[s.IntN(n)]++
		}
		if n > 1 {
			checkChi2(t, "IntN", counts, nil, draws)
		}
	}
	if got := panicText(func() { s := New(0, 0, 0, 0); s.IntN(0) }); got == "" {
		t.Error("IntN(0) did not panic")
	}
}

func panicText(f func()) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = r.(string)
		}
	}()
	f()
	return ""
}

// checkChi2 fails where the counts leave the central 1 - 1e-6 of the χ²
// distribution. probabilities nil means equal ones.
func checkChi2(t *testing.T, name string, counts []int, probabilities []float64, n int) {
	t.Helper()
	var chi2 float64
	for i, c := range counts {
		want := float64(n) / float64(len(counts))
		if probabilities != nil {
			want = float64(n) * probabilities[i]
		}
		chi2 += (float64(c) - want) * (float64(c) - want) / want
	}
	d := distuv.ChiSquared{K: float64(len(counts) - 1)}
	if p := d.Survival(chi2); p < 1e-6 {
		t.Errorf("%s: χ² = %.1f over %d cells, p = %.2g", name, chi2, len(counts), p)
	}
}

// checkKS fails where the Kolmogorov-Smirnov distance between the draws and a
// distribution function has a probability under 1e-6: D·√n > 2.69.
func checkKS(t *testing.T, name string, draws []float64, cdf func(float64) float64) {
	t.Helper()
	slices.Sort(draws)
	n := float64(len(draws))
	var d float64
	for i, x := range draws {
		f := cdf(x)
		d = max(d, f-float64(i)/n, float64(i+1)/n-f)
	}
	if got := d * math.Sqrt(n); got > 2.69 || math.IsNaN(got) {
		t.Errorf("%s: D·√n = %.2f, want at most 2.69", name, got)
	}
}

func TestContinuousDistributions(t *testing.T) {
	const n = 100_000
	s := Named("test")
	draw := func(f func() float64) []float64 {
		xs := make([]float64, n)
		for i := range xs {
			xs[i] = f()
		}
		return xs
	}
	checkKS(t, "Float64", draw(s.Float64), distuv.Uniform{Min: 0, Max: 1}.CDF)
	checkKS(t, "Uniform(0.1,3)", draw(func() float64 { return s.Uniform(0.1, 3) }), distuv.Uniform{Min: 0.1, Max: 3}.CDF)
	checkKS(t, "Norm", draw(s.Norm), distuv.UnitNormal.CDF)
	checkKS(t, "Exp", draw(s.Exp), distuv.Exponential{Rate: 1}.CDF)
	for _, shape := range []float64{0.1, 0.5, 1, 1.5, 8} {
		checkKS(t, "Gamma", draw(func() float64 { return s.Gamma(shape) }), distuv.Gamma{Alpha: shape, Beta: 1}.CDF)
	}
	for _, b := range []distuv.Beta{{Alpha: 1, Beta: 1}, {Alpha: 0.5, Beta: 0.5}, {Alpha: 2, Beta: 5}} {
		checkKS(t, "Beta", draw(func() float64 { return s.Beta(b.Alpha, b.Beta) }), b.CDF)
	}
}

// TestDirichlet checks that weights sum to one, that each has the marginal
// Beta(α, (k-1)α), and that they are not independent of each other in the way
// that the covariance -1/(k²(kα+1)) says.
func TestDirichlet(t *testing.T) {
	const n, k = 100_000, 3
	for _, alpha := range []float64{0.2, 1, 4} {
		s := Named("test", math.Float64bits(alpha))
		var marginal [k][]float64
		var cov float64
		var w [k]float64
		for range n {
			s.Dirichlet(w[:], alpha)
			if sum := w[0] + w[1] + w[2]; math.Abs(sum-1) > 1e-14 {
				t.Fatalf("α=%g: weights %v sum to %v", alpha, w, sum)
			}
			for i := range w {
				marginal[i] = append(marginal[i], w[i])
			}
			cov += (w[0] - 1.0/k) * (w[1] - 1.0/k) / n
		}
		for i := range marginal {
			checkKS(t, "Dirichlet", marginal[i], distuv.Beta{Alpha: alpha, Beta: (k - 1) * alpha}.CDF)
		}
		if want := -1 / (k * k * (k*alpha + 1)); math.Abs(cov-want) > 0.05*math.Abs(want) {
			t.Errorf("α=%g: covariance %v, want %v", alpha, cov, want)
		}
	}
}

// TestTinyConcentrations: where every Gamma underflows the result is still a
// distribution, a corner chosen at random.
func TestTinyConcentrations(t *testing.T) {
	s := Named("tiny")
	var counts, coin [2]int
	const n = 10_000
	for range n {
		var w [2]float64
		s.Dirichlet(w[:], 1e-8)
		counts[int(math.Round(w[1]))]++
		if w[0]+w[1] != 1 {
			t.Fatalf("weights %v do not sum to 1", w)
		}
		coin[int(math.Round(s.Beta(1e-8, 3e-8)))]++
	}
	checkChi2(t, "Dirichlet(1e-8)", counts[:], nil, n)
	checkChi2(t, "Beta(1e-8,3e-8)", coin[:], []float64{0.75, 0.25}, n)
}

func TestPerm(t *testing.T) {
	s := Named("perm")
	counts := map[[3]int]int{}
	for range 60_000 {
		var p [3]int
		s.Perm(p[:])
		counts[p]++
	}
	if len(counts) != 6 {
		t.Fatalf("got %d permutations of 3, want 6", len(counts))
	}
	var list []int
	for _, c := range counts {
		list = append(list, c)
	}
	checkChi2(t, "Perm", list, nil, 60_000)
}

func TestNoAllocation(t *testing.T) {
	var w [3]float64
	var sink float64
	allocs := testing.AllocsPerRun(100, func() {
		s := New(1, 2, 3, 4)
		s.Dirichlet(w[:], 1)
		sink += s.Beta(0.5, 1) + s.Norm() + float64(s.IntN(9))
	})
	if allocs != 0 {
		t.Errorf("got %v allocations, want 0", allocs)
	}
}

func BenchmarkNew(b *testing.B) {
	var sink uint64
	for i := 0; b.Loop(); i++ {
		s := New(1, 2, uint64(i), 4)
		sink += s.Uint64()
	}
}

func BenchmarkNorm(b *testing.B) {
	s := New(1, 2, 3, 4)
	for b.Loop() {
		s.Norm()
	}
}
