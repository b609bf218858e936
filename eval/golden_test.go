package eval

import (
	"encoding/json"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"testing"

	"augmix/run"
)

// The values in testdata/metrics.json are those of NumPy, checked there against scikit-learn and SciPy:
// scripts/parity/metrics.py says how, and what the logits are.

// hash is formula.py's hash(s, i).
func hash(s string, i int) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	z := h.Sum64() + uint64(i) + 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// unit is formula.py's unit(s, i), in [-1, 1).
func unit(s string, i int) float64 { return float64(hash(s, i)>>11)*0x1p-53*2 - 1 }

// formulaLogits are the logits of a case, to which the margin of the label is added, and the labels.
func formulaLogits(name, of string, n, classes int, scale, margin float64) (logits []float32, labels []int64) {
	logits, labels = make([]float32, n*classes), make([]int64, n)
	for i := range labels {
		labels[i] = int64(hash(of, i) % uint64(classes))
	}
	for i := range logits {
		v := float64(scale * unit(name, i))
		if int64(i%classes) == labels[i/classes] {
			v += margin
		}
		logits[i] = float32(v)
	}
	return logits, labels
}

type goldenMetrics struct {
	Cases []struct {
		Name            string
		Images, Classes int
		Scale, Margin   float64
		Figures         run.Scores
		Temperature     float64
		Hotter          run.Scores `json:"at_1.5"`
	}
	Ensemble run.Scores
	ImageNet struct {
		Errors     map[string]json.RawMessage
		CE         map[string]float64
		RelativeCE map[string]float64 `json:"relative_ce"`
		MCE        float64
		Relative   float64 `json:"relative_mce"`
	}
	Interval struct{ Estimate, Low, High float64 }
}

func readGolden(t *testing.T, name string, v any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// near compares with a relative tolerance of 1e-9, below 0.001 with an absolute one.
func near(got, want float64) bool {
	return math.IsNaN(got) == math.IsNaN(want) && !(math.Abs(got-want) > 1e-9*max(math.Abs(want), 1e-3))
}

func checkNear(t *testing.T, name string, got, want run.Scores) {
	t.Helper()
	g, w := got.Figures(), want.Figures()
	for i := range g {
		if !near(*g[i], *w[i]) {
			t.Errorf("%s: figure %d: got %v, want %v", name, i, *g[i], *w[i])
		}
	}
}

func scoresOfLogP(t *testing.T, logP []float64, labels []int64) run.Scores {
	t.Helper()
	a := NewAccumulator(len(logP)/len(labels), len(labels))
	if err := a.Add(logP, labels); err != nil {
		t.Fatal(err)
	}
	return a.Scores()
}

func TestMetricsEqualNumPy(t *testing.T) {
	var golden goldenMetrics
	readGolden(t, "metrics.json", &golden)
	if len(golden.Cases) < 7 {
		t.Fatalf("%d cases", len(golden.Cases))
	}
	for _, c := range golden.Cases {
		logits, labels := formulaLogits(c.Name, c.Name+".labels", c.Images, c.Classes, c.Scale, c.Margin)
		logP := make([]float64, len(logits))
		logSoftmax(logP, logits, c.Classes)
		checkNear(t, c.Name, scoresOfLogP(t, logP, labels), c.Figures)

		fitted, atEnd := fitTemperature(logP, labels, c.Classes)
		if !near(fitted, c.Temperature) || atEnd != (c.Temperature == coldest || c.Temperature == hottest) {
			t.Errorf("%s: got temperature %v (at an end: %v), want %v", c.Name, fitted, atEnd, c.Temperature)
		}
		rescale(logP, logP, c.Classes, 1.5)
		checkNear(t, c.Name+" at temperature 1.5", scoresOfLogP(t, logP, labels), c.Hotter)
	}
}

func TestEnsembleEqualsNumPy(t *testing.T) {
	var golden goldenMetrics
	readGolden(t, "metrics.json", &golden)
	const n, classes = 1000, 10
	var members [][]float64
	var labels []int64
	for _, name := range []string{"member 1", "member 2", "member 3"} {
		var logits []float32
		logits, labels = formulaLogits(name, "ensemble.labels", n, classes, 3, 0)
		exact := make([]float64, len(logits))
		for i, v := range logits {
			exact[i] = float64(v)
		}
		for i, label := range labels {
			exact[i*classes+int(label)] += 2
		}
		logSoftmax(exact, exact, classes)
		members = append(members, exact)
	}
	mean := make([]float64, n*classes)
	meanOfSoftmax(mean, members)
	checkNear(t, "ensemble", scoresOfLogP(t, mean, labels), golden.Ensemble)
}

func TestAlexNetNormalisationEqualsNumPy(t *testing.T) {
	var golden goldenMetrics
	readGolden(t, "metrics.json", &golden)
	want := golden.ImageNet
	var cells []Cell
	var clean float64
	for name, text := range want.Errors {
		if name == "clean" {
			if err := json.Unmarshal(text, &clean); err != nil {
				t.Fatal(err)
			}
			continue
		}
		var errors []float64
		if err := json.Unmarshal(text, &errors); err != nil {
			t.Fatal(err)
		}
		for i, e := range errors {
			cells = append(cells, Cell{name, i + 1, "published", run.Scores{Error: e}})
		}
	}
	got := summaryOf(t, cells)
	normaliseByAlexNet(got, clean)
	if !near(float64(got.MCE), want.MCE) || !near(float64(got.RelativeMCE), want.Relative) {
		t.Errorf("mCE: got %v and relative %v, want %v and %v", got.MCE, got.RelativeMCE, want.MCE, want.Relative)
	}
	for name, s := range got.ByCorruption {
		ce, known := want.CE[name]
		if known != s.CE.Known() || known && (!near(float64(s.CE), ce) || !near(float64(s.RelativeCE), want.RelativeCE[name])) {
			t.Errorf("%s: got CE %v and %v, want %v and %v", name, s.CE, s.RelativeCE, ce, want.RelativeCE[name])
		}
	}
	// Without clean images there is no relative mCE.
	if normaliseByAlexNet(got, math.NaN()); got.RelativeMCE.Known() || !near(float64(got.MCE), want.MCE) {
		t.Errorf("without a clean error: got relative mCE %v, mCE %v", got.RelativeMCE, got.MCE)
	}
}

// TestAlexNetErrors: the mean errors are ALEXNET_ERR of google-research/augmix, imagenet.py.
func TestAlexNetErrors(t *testing.T) {
	want := map[string]float64{
		"gaussian_noise": 0.886428, "shot_noise": 0.894468, "impulse_noise": 0.922640, "defocus_blur": 0.819880, "glass_blur": 0.826268,
		"motion_blur": 0.785948, "zoom_blur": 0.798360, "snow": 0.866816, "frost": 0.826572, "fog": 0.819324, "brightness": 0.564592,
		"contrast": 0.853204, "elastic_transform": 0.646056, "pixelate": 0.717840, "jpeg_compression": 0.606500,
	}
	if len(alexNetErrors) != len(want) {
		t.Errorf("got %d corruptions, want %d", len(alexNetErrors), len(want))
	}
	for name, errors := range alexNetErrors {
		if got := mean(errors[:]) / 100; math.Abs(got-want[name]) > 1e-9 {
			t.Errorf("%s: got %v, want %v", name, got, want[name])
		}
	}
}
