package augmix

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"augmix/pixel"
	"augmix/rng"

	"gonum.org/v1/gonum/stat/distuv"
)

// TestParameters checks how a level becomes a parameter against the formulas of
// augmentations.py evaluated in Python 3.11.
func TestParameters(t *testing.T) {
	for _, c := range []struct {
		op       string
		level    float64
		negative bool
		w, h     int
		want     string
	}{
		{"autocontrast", 0, false, 32, 32, "autocontrast"},
		{"posterize", 2.4, false, 32, 32, "posterize 4 bit"},
		{"posterize", 2.5, false, 32, 32, "posterize 3 bit"},
		{"posterize", 9.99, false, 32, 32, "posterize 1 bit"},
		{"rotate", 2.99, false, 32, 32, "rotate +8°"},
		{"rotate", 3, true, 32, 32, "rotate -9°"},
		{"rotate", 0.3, true, 32, 32, "rotate +0°"},
		{"solarize", 0.1, false, 32, 32, "solarize ≥ 254"},
		{"solarize", 3, false, 32, 32, "solarize ≥ 180"},
		{"solarize", 10, false, 32, 32, "solarize ≥ 0"},
		{"shear_x", 3, false, 32, 32, "shear_x +0.090"},
		{"shear_y", 1, true, 32, 32, "shear_y -0.030"},
		{"translate_x", 2.9, false, 32, 32, "translate_x +3"},
		{"translate_x", 2.9, true, 224, 32, "translate_x -21"},
		{"translate_y", 2.9, false, 224, 32, "translate_y +3"},
		{"color", 3, false, 32, 32, "color 0.64"},
		{"sharpness", 0.1, false, 32, 32, "sharpness 0.12"},
	} {
		op := slices.IndexFunc(Operations[:], func(o Operation) bool { return o.Name == c.op })
		if got := (Step{op, c.level, c.negative}).Text(c.w, c.h); got != c.want {
			t.Errorf("%s at level %v, negative %v, of %dx%d: got %q, want %q", c.op, c.level, c.negative, c.w, c.h, got, c.want)
		}
	}
}

func TestValidate(t *testing.T) {
	if err := Default.Validate(); err != nil {
		t.Errorf("Default: %v", err)
	}
	for flag, c := range map[string]Config{
		"--mixture-width":  {Width: 0, Depth: -1, Severity: 3, Alpha: 1},
		"--mixture-depth":  {Width: 3, Depth: 0, Severity: 3, Alpha: 1},
		"--aug-severity":   {Width: 3, Depth: -1, Severity: 11, Alpha: 1},
		"--aug-prob-coeff": {Width: 3, Depth: -1, Severity: 3, Alpha: 0},
	} {
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), flag) {
			t.Errorf("%+v: got error %v, want one that names %s", c, err, flag)
		}
	}
	for _, c := range []Config{
		{Width: 3, Depth: -2, Severity: 3, Alpha: 1},
		{Width: 3, Depth: -1, Severity: math.NaN(), Alpha: 1},
		{Width: 3, Depth: -1, Severity: 3, Alpha: math.NaN()},
		{Width: 3, Depth: -1, Severity: 0, Alpha: 1},
	} {
		if c.Validate() == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}

// TestDrawDistributions counts what Draw draws: χ² and Kolmogorov-Smirnov bounds
// have a probability under 1e-6.
func TestDrawDistributions(t *testing.T) {
	const views = 100_000
	for _, cfg := range []Config{Default, {Width: 4, Depth: 2, Severity: 1, Alpha: 0.5, AllOps: true}} {
		mixer := NewMixer(cfg)
		depths := make([]int, randomDepth+1)
		ops := make([]int, cfg.Operations())
		var signs [2]int
		var levels, weights, ms []float64
		for i := range uint64(views) {
			r := rng.New(3, 0, i, 1)
			d := mixer.Draw(&r)
			if len(d.Chains) != cfg.Width || len(d.Weights) != cfg.Width {
				t.Fatalf("got %d chains and %d weights, want %d", len(d.Chains), len(d.Weights), cfg.Width)
			}
			weights, ms = append(weights, d.Weights[i%uint64(cfg.Width)]), append(ms, d.M)
			for _, chain := range d.Chains {
				depths[len(chain)]++
				for _, s := range chain {
					ops[s.Op]++
					op := Operations[s.Op]
					if op.Leveled {
						levels = append(levels, s.Level)
					} else if s.Level != 0 {
						t.Fatalf("%s has level %v", op.Name, s.Level)
					}
					if op.Signed && s.Negative {
						signs[1]++
					} else if op.Signed {
						signs[0]++
					} else if s.Negative {
						t.Fatalf("%s has a sign", op.Name)
					}
				}
			}
		}
		if cfg.Depth < 0 {
			checkUniform(t, "depth", depths[1:])
		} else if depths[cfg.Depth] != views*cfg.Width {
			t.Errorf("depths %v, want %d each", depths, cfg.Depth)
		}
		checkUniform(t, "operation", ops)
		checkUniform(t, "sign", signs[:])
		checkKS(t, "level", levels, distuv.Uniform{Min: 0.1, Max: cfg.Severity}.CDF)
		checkKS(t, "weight", weights, distuv.Beta{Alpha: cfg.Alpha, Beta: float64(cfg.Width-1) * cfg.Alpha}.CDF)
		checkKS(t, "m", ms, distuv.Beta{Alpha: cfg.Alpha, Beta: cfg.Alpha}.CDF)
	}
}

func checkUniform(t *testing.T, name string, counts []int) {
	t.Helper()
	var n int
	for _, c := range counts {
		n += c
	}
	want := float64(n) / float64(len(counts))
	var chi2 float64
	for _, c := range counts {
		chi2 += (float64(c) - want) * (float64(c) - want) / want
	}
	if p := (distuv.ChiSquared{K: float64(len(counts) - 1)}).Survival(chi2); p < 1e-6 {
		t.Errorf("%s: counts %v, χ² = %.1f, p = %.2g", name, counts, chi2, p)
	}
}

func checkKS(t *testing.T, name string, draws []float64, cdf func(float64) float64) {
	t.Helper()
	slices.Sort(draws)
	n := float64(len(draws))
	var d float64
	for i, x := range draws {
		f := cdf(x)
		d = max(d, f-float64(i)/n, float64(i+1)/n-f)
	}
	if got := d * math.Sqrt(n); !(got <= 2.69) {
		t.Errorf("%s: D·√n = %.2f, want at most 2.69", name, got)
	}
}

// TestViewDependsOnStreamAlone: neither the mixer's past nor another mixer changes
// a view, and the source stays as it was.
func TestViewDependsOnStreamAlone(t *testing.T) {
	cfg := Config{Width: 3, Depth: -1, Severity: 3, Alpha: 1, AllOps: true}
	src := benchImage(32, 1)
	before := src.Clone()
	used, fresh := NewMixer(cfg), NewMixer(cfg)
	view := func(m *Mixer, src *pixel.Image, index uint64) []float32 {
		dst := make([]float32, len(src.Pix))
		r := rng.New(1, 2, index, 1)
		m.View(dst, src, &r)
		return dst
	}
	for i := range uint64(50) {
		view(used, benchImage(20, i), i)
	}
	a, b := view(used, src, 7), view(fresh, src, 7)
	if !slices.Equal(a, b) {
		t.Error("a used mixer and a fresh one made different views of one stream")
	}
	if slices.Equal(a, view(fresh, src, 8)) {
		t.Error("two streams made the same view")
	}
	if !slices.Equal(src.Pix, before.Pix) {
		t.Error("View changed its source")
	}
}

// TestViewsAreImages: any size, colour and grey, stays in [0,1].
func TestViewsAreImages(t *testing.T) {
	mixer := NewMixer(Config{Width: 3, Depth: -1, Severity: 10, Alpha: 1, AllOps: true})
	for _, s := range [][3]int{{1, 1, 3}, {1, 5, 1}, {7, 2, 3}, {33, 17, 1}} {
		src := pixel.New(s[0], s[1], s[2])
		for i := range src.Pix {
			src.Pix[i] = uint8(i * 97)
		}
		dst := make([]float32, len(src.Pix))
		for i := range uint64(200) {
			r := rng.New(0, 0, i, 1)
			mixer.View(dst, src, &r)
			for _, v := range dst {
				if !(v >= 0 && v <= 1+1e-6) {
					t.Fatalf("size %v view %d: got value %v, want one in [0,1]", s, i, v)
				}
			}
		}
	}
}

// TestBothWaysOfMixing: the pass over three chains equals a pass for each, bit for
// bit; four chains of which the last weighs nothing take the latter.
func TestBothWaysOfMixing(t *testing.T) {
	mixer := NewMixer(Default)
	for i := range uint64(100) {
		src := benchImage(16, i)
		r := rng.New(9, 9, i, 1)
		d := mixer.Draw(&r)
		got, want := make([]float32, len(src.Pix)), make([]float32, len(src.Pix))
		mixer.Apply(got, src, d)
		d.Chains = append(slices.Clone(d.Chains), nil)
		d.Weights = append(slices.Clone(d.Weights), 0)
		mixer.Apply(want, src, d)
		if !slices.Equal(got, want) {
			t.Fatalf("stream %d: the two ways differ", i)
		}
	}
}

// TestFill: what each geometric operation brings in has the configured value, at
// the side or corner that it uncovers.
func TestFill(t *testing.T) {
	src := pixel.New(30, 30, 3)
	dst := pixel.New(30, 30, 3)
	for name, at := range map[string][2]int{
		"rotate": {0, 0}, "shear_x": {29, 29}, "shear_y": {29, 29}, "translate_x": {29, 0}, "translate_y": {0, 29},
	} {
		op := slices.IndexFunc(Operations[:], func(o Operation) bool { return o.Name == name })
		for _, fill := range []uint8{0, 128} {
			cfg := Default
			cfg.Fill = fill
			for i := range src.Pix {
				src.Pix[i] = 1
			}
			NewMixer(cfg).Chain(dst, src, []Step{{Op: op, Level: 5}})
			if got := dst.Pix[(at[1]*30+at[0])*3]; got != fill {
				t.Errorf("%s with fill %d: got %d at %v", name, fill, got, at)
			}
		}
	}
}

func TestViewDoesNotAllocate(t *testing.T) {
	mixer := NewMixer(Config{Width: 3, Depth: -1, Severity: 3, Alpha: 0.7, AllOps: true})
	src := benchImage(32, 1)
	dst := make([]float32, len(src.Pix))
	var n uint64
	allocs := testing.AllocsPerRun(500, func() {
		n++
		r := rng.New(1, 1, n, 1)
		mixer.View(dst, src, &r)
	})
	if allocs != 0 {
		t.Errorf("got %v allocations a view, want 0", allocs)
	}
}

func TestThroughput(t *testing.T) {
	for _, workers := range []int{1, 2} {
		if got := Throughput(Default, 32, workers, 20*time.Millisecond); !(got > 1) {
			t.Errorf("%d workers: got %v views a second, want more than 1", workers, got)
		}
	}
}

func BenchmarkView32(b *testing.B)  { benchmarkView(b, 32) }
func BenchmarkView224(b *testing.B) { benchmarkView(b, 224) }

func benchmarkView(b *testing.B, size int) {
	mixer := NewMixer(Default)
	src := benchImage(size, 1)
	dst := make([]float32, len(src.Pix))
	b.ReportAllocs()
	for i := uint64(0); b.Loop(); i++ {
		r := rng.New(1, 1, i, 1)
		mixer.View(dst, src, &r)
	}
}

func BenchmarkMix32(b *testing.B) {
	mixer := NewMixer(Default)
	src := benchImage(32, 1)
	dst := make([]float32, len(src.Pix))
	d := Draws{Weights: []float64{0.2, 0.3, 0.5}, M: 0.5, Chains: make([][]Step, 3)}
	for b.Loop() {
		mixer.Apply(dst, src, d)
	}
}
