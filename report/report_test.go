package report

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"augmix/run"
)

// fiveCorruptions and their errors at severity 1 for a network that errs on 5 %
// of clean images: the numbers have no other source than this file.
var fiveCorruptions = map[string]float64{
	"gaussian_noise": 18, "defocus_blur": 9, "brightness": 6, "contrast": 12, "pixelate": 8,
}

// writeRun makes a finished and evaluated run in dir. scale sets how much the
// corruptions hurt.
func writeRun(t *testing.T, dir string, c run.Config, scale float64, started time.Time) *run.Folder {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	f, err := run.Create(dir)
	check(err)
	defer f.Close()
	check(f.WriteConfig(c))
	check(f.WriteEnv(run.Env{
		Version: "v0.1.0", Go: "go1.26", Libtorch: "2.11.0", System: "linux/amd64", Host: "bench", CPU: "a CPU",
		BF16: true, Cores: 2, Threads: 2, Device: "cpu", Command: []string{"augmix", "train", "--method", c.Method}, Started: started,
	}))
	log, _, err := f.OpenLog(0)
	check(err)
	for e := 1; e <= c.Epochs; e++ {
		x := float64(e) / float64(c.Epochs)
		check(log.Append(run.Row{
			Epoch: e, Seconds: 4, TrainLoss: 2.2*math.Exp(-3*x) + 0.15*scale,
			TestLoss: 2 * math.Exp(-3*x), TestError: 80*math.Exp(-4*x) + 4 + 1.5*math.Sin(7*x),
		}))
	}
	check(log.Close())
	by, mean := map[string]run.CorruptionScores{}, 0.0
	for name, first := range fiveCorruptions {
		var k run.CorruptionScores
		for s := range 5 {
			e := 5 + (first-5)*scale*math.Pow(1.5, float64(s))
			k.Severity = append(k.Severity, e)
			k.Error += e / 5
		}
		by[name] = k
		mean += k.Error / float64(len(fiveCorruptions))
	}
	check(f.WriteEvaluation(run.Evaluation{
		Dataset: c.Dataset, Model: c.Model, Checkpoints: []string{"checkpoints/last"}, N: 2000, Precision: "fp32",
		Clean: &run.Scores{Error: 5, RMSCalibration: 3},
		Corruption: &run.Corruption{
			MeanError: mean, MCE: run.None(), RMSCalibration: run.Number(8 * scale), Source: "generated (seed 0)",
			ByCorruption: by, ByGroup: map[string]float64{
				"noise": by["gaussian_noise"].Error, "blur": by["defocus_blur"].Error, "weather": by["brightness"].Error,
				"digital": (by["contrast"].Error + by["pixelate"].Error) / 2,
			},
		},
	}))
	check(f.Finish(run.TrainResult{
		Epochs: c.Epochs, Steps: 640, Seconds: 4.25 * float64(c.Epochs) * scale, ImagesPerSecond: 2100, TestError: 5, N: 2000,
		Precision: c.Precision, WeightsSHA256: "5f2b6f2a4a0f3d7f9c1b6f0e2f3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e",
	}))
	return f
}

func config(method string, epochs int) run.Config {
	return run.Config{
		Dataset: "shapes", Model: "wrn", Layers: 16, WidenFactor: 1, Method: method, Views: 3, JSDWeight: 12,
		MixtureWidth: 3, MixtureDepth: -1, AugSeverity: 3, AugProbCoeff: 1, Normalize: "half",
		Epochs: epochs, LearningRate: 0.1, Momentum: 0.9, Decay: 5e-4, BatchSize: 64, EvalBatchSize: 1000, Seed: 1,
		Precision: "bf16", Device: "cpu", Threads: 2, NumWorkers: 2, CheckpointEvery: "1epoch", PrintFreq: 50,
		Classes: []string{"circle", "square", "triangle"}, Save: "runs/run-0001/" + method,
	}
}

// threeRuns makes a folder as `make run` leaves it and returns its path.
func threeRuns(t *testing.T) string {
	t.Helper()
	base := filepath.Join(t.TempDir(), "run-0001")
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	writeRun(t, filepath.Join(base, "standard"), config("standard", 10), 1, start)
	writeRun(t, filepath.Join(base, "augmix"), config("augmix", 10), 0.55, start.Add(time.Minute))
	writeRun(t, filepath.Join(base, "standard-long"), config("standard", 25), 0.9, start.Add(2*time.Minute))
	return base
}

// The table of `make run`, as a person sees it. By hand, for the first row: the
// mean of 1.5^0 to 1.5^4 is 2.6375, so noise is 5 + 13·2.6375 = 39.29.
func TestTable(t *testing.T) {
	s, err := Load([]string{threeRuns(t)})
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	if err := Table(&got, s); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("testdata/table.txt")
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
	for i, line := range strings.Split(got.String(), "\n") {
		if n := utf8.RuneCountInString(line); n > 105 {
			t.Errorf("line %d has %d columns", i+1, n)
		}
	}
}

// Published files and photographs get other notes, and one run its own name.
func TestNotes(t *testing.T) {
	c := config("augmix", 3)
	c.Dataset = "cifar10"
	dir := filepath.Join(t.TempDir(), "cifar10-wrn-augmix-s1")
	f := writeRun(t, dir, c, 1, time.Now())
	text, err := os.ReadFile(f.Path("results", "eval.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.Path("results", "eval.json"), []byte(strings.Replace(string(text), "generated (seed 0)", "published", 1)), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := Load([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(s.Notes, "\n")
	for _, want := range []string{"one training run (n = 1)", "are the published files", "over 2,000 test images"} {
		if !strings.Contains(notes, want) {
			t.Errorf("no %q in\n%s", want, notes)
		}
	}
	if strings.Contains(notes, "generated") || strings.Contains(notes, "synthetic") || s.Synthetic {
		t.Errorf("published photographs are called synthetic or generated:\n%s", notes)
	}
	if s.Title != "cifar10: wrn-16-1" || s.Runs[0].Name != "cifar10-wrn-augmix-s1" {
		t.Errorf("got title %q and name %q", s.Title, s.Runs[0].Name)
	}
}

func TestNetworkNames(t *testing.T) {
	for want, c := range map[string]run.Config{
		"wrn-40-2": {Model: "wrn", Layers: 40, WidenFactor: 2}, "allconv": {Model: "allconv"},
		"densenet-bc": {Model: "densenet", DensenetVariant: "bc"}, "resnext-4x32d": {Model: "resnext", Cardinality: 4, BaseWidth: 32},
		"resnet18": {Model: "resnet18", Pool: "max"}, "resnet50-maxblurpool": {Model: "resnet50", Pool: "maxblurpool"},
	} {
		if got := network(c); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestLoadNamesWhatIsMissing(t *testing.T) {
	tests := []struct {
		remove, want string
	}{
		{"results/eval.json", "results/eval.json is missing, run `augmix eval "},
		{"results/train.json", "results/train.json is missing, run `augmix train "},
		{"training_log.csv", "training_log.csv is missing, run `augmix train "},
		{"env.json", "env.json is missing, run `augmix train "},
	}
	for _, test := range tests {
		f := writeRun(t, filepath.Join(t.TempDir(), "r"), config("augmix", 2), 1, time.Now())
		if err := os.Remove(f.Path(test.remove)); err != nil {
			t.Fatal(err)
		}
		_, err := Build([]string{f.Dir()}, "")
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), f.Dir()) {
			t.Errorf("without %s: got %v, want %q", test.remove, err, test.want)
		}
		if _, err := os.Stat(f.Path("report.html")); err == nil {
			t.Errorf("without %s: a page was written", test.remove)
		}
	}
	f := writeRun(t, filepath.Join(t.TempDir(), "r"), config("augmix", 2), 1, time.Now())
	if err := f.WriteResult("eval", map[string]any{"clean": map[string]any{"error": 1}}); err != nil {
		t.Fatal(err)
	}
	if _, err := Load([]string{f.Dir()}); err == nil || !strings.Contains(err.Error(), "--sets clean,c") {
		t.Errorf("clean alone: got %v", err)
	}
	empty := t.TempDir()
	for _, dirs := range [][]string{nil, {empty}, {filepath.Join(empty, "none")}} {
		if _, err := Load(dirs); err == nil {
			t.Errorf("%v: no error", dirs)
		}
	}
	if _, err := Build([]string{"a", "b"}, ""); err == nil || !strings.Contains(err.Error(), "--out") {
		t.Errorf("several folders without a place: got %v", err)
	}
}

func TestShortName(t *testing.T) {
	for want, dirs := range map[string][]string{
		"augmix":   {"/r/augmix", "/r/standard"},
		"a/augmix": {"/r/a/augmix", "/r/b/augmix"},
		"x":        {"/r/x", "/r/yx"},
	} {
		var runs []Run
		for _, d := range dirs {
			runs = append(runs, Run{Dir: d})
		}
		if got := shortName(runs, 0); got != want {
			t.Errorf("%v: got %q, want %q", dirs, got, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for seconds, want := range map[float64]string{
		0.04: "0.0 s", 9.94: "9.9 s", 9.96: "10 s", 42.5: "43 s", 59.7: "1 min 00 s", 125: "2 min 05 s", 3599.6: "1 h 00 min", 11220: "3 h 07 min",
	} {
		if got := duration(seconds); got != want {
			t.Errorf("%g: got %q, want %q", seconds, got, want)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}
