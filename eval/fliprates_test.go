package eval

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"augmix/corrupt"
	"augmix/run"
)

// flipFile is a file of a flip probability for each perturbation for testing: 10, 20, … percent.
func flipFile(t testing.TB, change func(map[string]any)) []byte {
	t.Helper()
	values := map[string]any{}
	for i, name := range corrupt.TestPerturbations() {
		values[name] = 10 * (i + 1)
	}
	change(values)
	text, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestFlipRates: half of AlexNet's flips each is an mFR of 50 %, and one perturbation fewer
// leaves none.
func TestFlipRates(t *testing.T) {
	path := filepath.Join(t.TempDir(), "alexnet.json")
	if err := os.WriteFile(path, flipFile(t, func(v map[string]any) { v["shear"] = 0.5 }), 0o666); err != nil {
		t.Fatal(err)
	}
	norm, err := ReadFlipNorm(path)
	if err != nil {
		t.Fatal(err)
	}
	p := &run.Perturbation{MFR: run.None(), ByPerturbation: map[string]run.PerturbationScores{
		"shear":   {FlipProbability: 1, FlipRate: run.None()},
		"spatter": {FlipProbability: 1, FlipRate: run.None()}, // not in the file
	}}
	for i, name := range corrupt.TestPerturbations() {
		p.ByPerturbation[name] = run.PerturbationScores{FlipProbability: 5 * float64(i+1), FlipRate: run.None()}
	}
	p.ByPerturbation["tilt"] = run.PerturbationScores{FlipProbability: 90} // AlexNet's is 90
	norm.normalise(p)
	if got := float64(p.MFR); math.Abs(got-55) > 1e-9 || p.NormalisedBy != path {
		t.Errorf("got the mFR %v by %q, want (9·50 + 100)/10 = 55", got, p.NormalisedBy)
	}
	if got := p.ByPerturbation["shear"].FlipRate; got != 200 || p.ByPerturbation["spatter"].FlipRate.Known() {
		t.Errorf("shear: got the rate %v, want 200; spatter: %v, want none", got, p.ByPerturbation["spatter"].FlipRate)
	}
	delete(p.ByPerturbation, "snow")
	norm.normalise(p)
	if p.MFR.Known() {
		t.Errorf("without snow: got the mFR %v, want none", p.MFR)
	}
}

func TestFlipFileRefusals(t *testing.T) {
	for _, c := range []struct {
		text []byte
		want string
	}{
		{[]byte("tilt 7"), "want a JSON object"},
		{[]byte(`{"tilt": "7"}`), "want a JSON object"},
		{append(flipFile(t, func(map[string]any) {}), 'x'), "something after"},
		{flipFile(t, func(v map[string]any) { v["tlit"] = 3 }), "no perturbation \"tlit\"; the nearest is tilt"},
		{flipFile(t, func(v map[string]any) { delete(v, "snow"); delete(v, "scale") }), "lacks snow, scale"},
		{flipFile(t, func(v map[string]any) { v["snow"] = 0 }), "snow: 0 is no flip probability"},
		{flipFile(t, func(v map[string]any) { v["snow"] = 101 }), "snow: 101 is no flip probability"},
		{flipFile(t, func(v map[string]any) {
			for name := range v {
				v[name] = 0.2
			}
		}), "look like fractions"},
	} {
		if _, err := parseFlipNorm(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %s", c.text, err, c.want)
		}
	}
	if _, err := ReadFlipNorm(filepath.Join(t.TempDir(), "none")); !os.IsNotExist(err) {
		t.Errorf("no file: got %v", err)
	}
	large := filepath.Join(t.TempDir(), "large")
	if err := os.WriteFile(large, make([]byte, maxFlipNorm+1), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadFlipNorm(large); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a large file: got %v", err)
	}
}

// FuzzFlipNorm: what is accepted gives every perturbation for testing a rate.
func FuzzFlipNorm(f *testing.F) {
	f.Add(flipFile(f, func(map[string]any) {}))
	f.Add([]byte(`{"tilt": 7.05}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		percent, err := parseFlipNorm(text)
		if err != nil {
			return
		}
		for _, name := range corrupt.TestPerturbations() {
			if p := percent[name]; !(p > 0 && p <= 100) {
				t.Errorf("%s: accepted %v", name, p)
			}
		}
	})
}

// TestFlipsOfEnsembles: the ensemble follows the mean of the softmaxes, which the surer
// member decides.
func TestFlipsOfEnsembles(t *testing.T) {
	sure, unsure := []float32{8, 0, 0, 0, 9, 0}, []float32{0, 1, 0, 0, 1, 0}
	f := NewFlips(3, 2, false)
	f.Add(ensembleLogits(nil, [][]float32{sure, unsure}, 3))
	if got := f.Scores().FlipProbability; got != 100 {
		t.Errorf("got %v, want a flip from class 0 to class 1", got)
	}
	f = NewFlips(3, 2, false)
	f.Add(ensembleLogits(nil, [][]float32{unsure, unsure}, 3))
	if got := f.Scores().FlipProbability; got != 0 {
		t.Errorf("got %v, want no flip", got)
	}
}
