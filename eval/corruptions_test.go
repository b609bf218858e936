package eval

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"augmix/run"
)

// cells makes made-up scores for corruptions × severities.
func cells(names []string, severities []int) []Cell {
	var out []Cell
	for i, name := range names {
		for _, s := range severities {
			x := float64(10*i + s)
			out = append(out, Cell{name, s, "published", run.Scores{
				Error: x, NLL: x / 8, Brier: x / 64, RMSCalibration: run.Number(2 * x), RMSCalibrationAllBins: run.Number(3 * x),
				MADCalibration: run.Number(5 * x), MADCalibrationAllBins: run.Number(6 * x), ECE: 4 * x, ConfidenceMinusAccuracy: -x,
				SoftF1: run.Number(7 * x), AURRA: 8 * x,
			}})
		}
	}
	return out
}

// TestCorruptionsByHand: fog has the errors 1 … 5 (mean 3), brightness 11 … 15
// (13), contrast 21 … 25 (23): weather 8, digital 23, together 13.
func TestCorruptionsByHand(t *testing.T) {
	in := cells([]string{"fog", "brightness", "contrast", "rain"}, []int{1, 2, 3, 4, 5})
	for i := range in {
		if in[i].Corruption == "contrast" {
			in[i].Source = "generated (seed 0)"
		}
	}
	known := in[:15]
	want := summaryOf(t, known)
	if want.MeanError != 13 || want.NLL != 13./8 || want.Brier != 13./64 || want.RMSCalibration != 26 ||
		want.RMSCalibrationAllBins != 39 || want.MADCalibration != 65 || want.MADCalibrationAllBins != 78 || want.SoftF1 != 91 ||
		want.AURRA != 104 || want.ECE != 52 || want.ConfidenceMinusAccuracy != -13 {
		t.Errorf("means: got %+v, want 13 and its multiples", want)
	}
	if want.MCE.Known() {
		t.Errorf("mCE: got %v, want none", want.MCE)
	}
	// The three corruptions at severity 4 have the errors 4, 14 and 24.
	if got := want.BySeverity[3]; len(want.BySeverity) != 5 || got.Error != 14 || got.NLL != 14./8 || got.AURRA != 112 {
		t.Errorf("severity 4: got %+v", got)
	}
	if got, want := want.ByGroup, map[string]float64{"weather": 8, "digital": 23}; !reflect.DeepEqual(got, want) {
		t.Errorf("groups: got %v, want %v", got, want)
	}
	if got, want := want.Source, "generated (seed 0) and published"; got != want {
		t.Errorf("source: got %q, want %q", got, want)
	}
	fog := want.ByCorruption["fog"]
	if fog.Error != 3 || !slices.Equal(fog.Severity, []float64{1, 2, 3, 4, 5}) || !slices.Equal(fog.RMSCalibration, []run.Number{2, 4, 6, 8, 10}) || fog.Source != "published" {
		t.Errorf("fog: got %+v", fog)
	}
	if got := summaryOf(t, in).ByGroup["other"]; got != 33 {
		t.Errorf("a corruption that the paper does not know: got %v in the group other, want 33", got)
	}

	// Any order gives the same, to the bit.
	for seed := range uint64(10) {
		shuffled := slices.Clone(known)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		got := summaryOf(t, shuffled)
		// NaN is not equal to itself.
		got.MCE, want.MCE, got.RelativeMCE, want.RelativeMCE = 0, 0, 0, 0
		for _, c := range []*run.Corruption{got, want} {
			for name, s := range c.ByCorruption {
				s.CE, s.RelativeCE = 0, 0
				c.ByCorruption[name] = s
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("shuffled: got %+v, want %+v", got, want)
		}
	}
}

func summaryOf(t *testing.T, cells []Cell) *run.Corruption {
	t.Helper()
	c, err := Corruptions(cells)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCorruptionsKeepsSomeSeverities(t *testing.T) {
	got := summaryOf(t, cells([]string{"fog"}, []int{5, 1}))
	if !slices.Equal(got.Severities, []int{1, 5}) || got.MeanError != 3 {
		t.Errorf("got severities %v and mean %v, want [1 5] and 3", got.Severities, got.MeanError)
	}
	in := cells([]string{"fog"}, []int{1})
	in[0].Scores.RMSCalibration = run.None()
	if got := summaryOf(t, in); got.RMSCalibration.Known() || !got.RMSCalibrationAllBins.Known() {
		t.Errorf("calibration of few images: got %v, want none", got.RMSCalibration)
	}
}

func TestCorruptionsRefuses(t *testing.T) {
	full := cells([]string{"fog", "contrast"}, []int{1, 2, 3})
	twoSources := slices.Clone(full)
	twoSources[1].Source = "generated (seed 0)"
	for _, c := range []struct {
		name  string
		cells []Cell
		want  string
	}{
		{"nothing", nil, "no corruption was evaluated"},
		{"a severity is missing", full[:5], "contrast was evaluated at severities [1 2], want each of [1 2 3] once"},
		{"a cell twice", append(slices.Clone(full), full[0]), "fog was evaluated at severities [1 1 2 3]"},
		{"two sources", twoSources, "fog: its images are published and generated (seed 0)"},
	} {
		if _, err := Corruptions(c.cells); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.name, err, c.want)
		}
	}
}
