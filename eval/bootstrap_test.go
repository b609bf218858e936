package eval

import (
	"math"
	"reflect"
	"testing"

	"augmix/run"
)

func TestIntervalEqualsNumPy(t *testing.T) {
	var golden goldenMetrics
	readGolden(t, "metrics.json", &golden)
	values := make([]float64, 1000)
	for i := range values {
		values[i] = unit("quantiles", i)
	}
	if low, high := interval(golden.Interval.Estimate, values); !near(low, golden.Interval.Low) || !near(high, golden.Interval.High) {
		t.Errorf("got %v to %v, want %v to %v", low, high, golden.Interval.Low, golden.Interval.High)
	}
	if low, high := interval(3, []float64{8}); low != 3 || high != 3 {
		t.Errorf("one resample: got %v to %v, want 3 to 3", low, high)
	}
	if low, high := interval(3, []float64{8, math.NaN()}); !math.IsNaN(low) || !math.IsNaN(high) {
		t.Errorf("a figure that a resample lacks: got %v to %v, want none", low, high)
	}
}

// intervalsOf resamples one network on two made-up sets, a clean one and one of a corruption.
func intervalsOf(t *testing.T, n int) *run.Intervals {
	t.Helper()
	s := &subject{classes: 10, shifted: map[int][]bin{}}
	for i, set := range []imageSet{{}, {name: "fog", severity: 3, source: "published"}} {
		p, labels := predictions(uint64(i), n, 10)
		s.begin(n)
		if err := s.raw.Add(logarithms(p), labels); err != nil {
			t.Fatal(err)
		}
		s.end(set, 1000)
	}
	if err := s.finish(false); err != nil {
		t.Fatal(err)
	}
	r := s.result
	for i, p := range r.Clean.Figures() {
		low, high := *r.Intervals.Clean.Low.Figures()[i], *r.Intervals.Clean.High.Figures()[i]
		if !(low < *p && *p < high) {
			t.Errorf("figure %d: got %v, not within %v to %v", i, *p, low, high)
		}
	}
	return r.Intervals
}

// TestIntervalsAreTheNormalOnes: of a mean over images the bootstrap gives about the interval of ±1.96 standard errors.
func TestIntervalsAreTheNormalOnes(t *testing.T) {
	const n = 2000
	ci := intervalsOf(t, n)
	p, labels := predictions(0, n, 10)
	s := scores(t, p, labels)
	want := 2 * 1.96 * math.Sqrt(s.Error*(100-s.Error)/n)
	if got := ci.Clean.High.Error - ci.Clean.Low.Error; math.Abs(got-want) > 0.1*want {
		t.Errorf("error: an interval of %v, want about %v", got, want)
	}
	if ci.Level != 95 || ci.Resamples != 1000 || ci.Method == "" {
		t.Errorf("got %+v", ci)
	}
	fog := ci.Corruption.Low.ByCorruption["fog"]
	if fog.Source != "published" || len(fog.Severity) != 1 || fog.Severity[0] != ci.Corruption.Low.MeanError || fog.CE.Known() ||
		ci.Corruption.Low.ByGroup["weather"] != ci.Corruption.Low.MeanError || ci.Corruption.Low.BySeverity[0].Error != ci.Corruption.Low.MeanError {
		t.Errorf("one corruption at one severity: got %+v", ci.Corruption.Low)
	}
	again := intervalsOf(t, n)
	if !reflect.DeepEqual(again.Clean, ci.Clean) {
		t.Error("the same images have other intervals the second time")
	}
}

// TestSetsAreResampledTogether: two sets with the same outcomes have the same resamples, so that the interval of their
// difference is nothing.
func TestSetsAreResampledTogether(t *testing.T) {
	p, labels := predictions(1, 500, 10)
	a := NewAccumulator(10, 500)
	if err := a.Add(logarithms(p), labels); err != nil {
		t.Fatal(err)
	}
	first, second := resample(a.images, 50), resample(a.images, 50)
	if !reflect.DeepEqual(first, second) {
		t.Error("resamples of equal sets differ")
	}
	if reflect.DeepEqual(first[0], first[1]) {
		t.Error("two resamples are the same")
	}
}

func BenchmarkResample(b *testing.B) {
	p, labels := predictions(1, 10_000, 10)
	a := NewAccumulator(10, 10_000)
	if err := a.Add(logarithms(p), labels); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		resample(a.images, 100)
	}
}
