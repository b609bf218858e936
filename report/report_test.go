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
func writeRun(t testing.TB, dir string, c run.Config, scale float64, started time.Time) *run.Folder {
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
	metrics, _, err := f.OpenMetrics(0)
	check(err)
	for e := 1; e <= c.Epochs; e++ {
		check(metrics.Append(map[string]any{"step": 10*e - 5, "train_loss": 1, "train_error": 50, "learning_rate": 0.1 / float64(e)}))
		check(metrics.Append(map[string]any{"epoch": e, "step": 10 * e, "train_loss": 1, "train_error": 60 / e, "test": run.Scores{Error: 20, ECE: 3}}))
	}
	check(metrics.Close())
	check(f.WriteEvaluation(evaluation(c, scale)))
	check(f.Finish(run.TrainResult{
		Epochs: c.Epochs, Steps: 640, Seconds: 4.25 * float64(c.Epochs) * scale, ImagesPerSecond: 2100, TestError: 5, N: 2000, NExpected: 2000,
		Precision: c.Precision, WeightsSHA256: "5f2b6f2a4a0f3d7f9c1b6f0e2f3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e",
	}))
	return f
}

// evaluation is a whole one, but for the perturbations and the Fourier map.
func evaluation(c run.Config, scale float64) run.Evaluation {
	corruption := &run.Corruption{
		MCE: run.None(), RelativeMCE: run.None(), RMSCalibration: run.Number(8 * scale), Source: "generated (seed 0)",
		Severities: []int{1, 2, 3, 4, 5}, BySeverity: make([]run.Scores, 5), ByCorruption: map[string]run.CorruptionScores{},
	}
	for name, first := range fiveCorruptions {
		var k run.CorruptionScores
		for s := range 5 {
			e := math.Min(100, 5+(first-5)*scale*math.Pow(1.5, float64(s)))
			k.Severity = append(k.Severity, e)
			k.Error += e / 5
			corruption.BySeverity[s].Error += e / float64(len(fiveCorruptions))
			corruption.BySeverity[s].RMSCalibration = run.Number(3 + float64(s)*scale)
			corruption.BySeverity[s].ConfidenceMinusAccuracy = -2 + float64(s)*scale
		}
		corruption.ByCorruption[name] = k
		corruption.MeanError += k.Error / float64(len(fiveCorruptions))
	}
	by := corruption.ByCorruption
	corruption.ByGroup = map[string]float64{
		"noise": by["gaussian_noise"].Error, "blur": by["defocus_blur"].Error, "weather": by["brightness"].Error,
		"digital": (by["contrast"].Error + by["pixelate"].Error) / 2,
	}
	bins := make([]run.Bin, 15)
	for i := range bins {
		bins[i] = run.Bin{N: 10 * i, Confidence: run.Number(100 * (float64(i) + 0.5) / 15), Accuracy: run.Number(90 * (float64(i) + 0.5) / 15)}
	}
	bins[0] = run.Bin{Confidence: run.None(), Accuracy: run.None()}
	return run.Evaluation{
		Dataset: c.Dataset, Model: c.Model, Checkpoints: []string{"checkpoints/last"}, N: 2000, NExpected: 2000, Precision: "fp32",
		Clean: &run.Scores{Error: 5, RMSCalibration: 3}, Corruption: corruption,
		Reliability: &run.Reliability{Clean: bins, BySeverity: [][]run.Bin{bins, bins, bins, bins, bins}},
	}
}

// wholeEvaluation has the perturbations, the Fourier map, intervals and a temperature too.
func wholeEvaluation(c run.Config, scale float64) run.Evaluation {
	e := evaluation(c, scale)
	e.Perturbation = &run.Perturbation{
		MFP: run.Number(4 * scale), MFPWithSpatter: run.Number(4.5 * scale), Sequences: 100, Source: "generated (seed 0)",
		ByPerturbation: map[string]run.PerturbationScores{
			"gaussian_noise": {FlipProbability: 6 * scale, Top5Distance: run.None(), Frames: 31}, "tilt": {FlipProbability: 2 * scale, Frames: 31},
			"spatter": {FlipProbability: 3 * scale, Frames: 31},
		},
	}
	e.Fourier = &run.FourierMap{Epsilon: 4, N: 100, Side: 3, Mean: 30, Error: [][]float64{{10, 20, 30}, {40, 5, 40}, {30, 20, 10}}}
	e.Temperature = &run.Temperature{Value: 1.25, From: "--temperature", N: 2000, Clean: &run.Scores{Error: 5}}
	e.Intervals = &run.Intervals{
		Level: 95, Resamples: 1000, Method: "bootstrap", Clean: &run.Bounds[run.Scores]{Low: run.Scores{Error: 4.2}, High: run.Scores{Error: 5.9}},
		Corruption: &run.Bounds[run.Corruption]{Low: run.Corruption{MeanError: 12.2}, High: run.Corruption{MeanError: 14.1}},
	}
	return e
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
	if len(s.Missing) != 3 || s.Missing[0].What != "no flip probabilities" || len(s.Missing[0].Runs) != 3 ||
		strings.Count(s.Missing[0].Command, "run-0001") != 3 {
		t.Errorf("got as missing %+v, want the flip probabilities of all three runs first", s.Missing)
	}
	s.Missing = nil // Its commands have the test's folder in them.
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

// What is not there is said in a line each with the command that makes it, and the rest is shown. A file that is half
// written counts as not there.
func TestMissingPartsAreNamed(t *testing.T) {
	tests := []struct {
		file, want, command string
	}{
		{"results/eval.json", "not evaluated yet", "augmix eval "},
		{"results/train.json", "training is not finished", "augmix train --config "},
		{"training_log.csv", "training_log.csv is missing", "augmix train --config "},
		{"metrics.jsonl", "metrics.jsonl is missing", "augmix train --config "},
		{"env.json", "env.json is missing", "augmix train --config "},
	}
	for _, half := range []bool{false, true} {
		for _, test := range tests {
			f := writeRun(t, filepath.Join(t.TempDir(), "r"), config("augmix", 2), 1, time.Now())
			want := test.want
			if half {
				text, err := os.ReadFile(f.Path(test.file))
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(f.Path(test.file), append(text[:len(text)/2], "x,\n"...), 0o666); err != nil {
					t.Fatal(err)
				}
				want = test.file + " cannot be read ("
			} else if err := os.Remove(f.Path(test.file)); err != nil {
				t.Fatal(err)
			}
			s, page := pageOf(t, f.Dir())
			found := false
			for _, g := range s.Missing {
				found = found || strings.HasPrefix(g.What, want) && strings.HasPrefix(g.Command, test.command) && strings.Contains(g.Command, f.Dir())
			}
			if !found || !strings.Contains(page, want) {
				t.Errorf("without %s (half of it is there: %v): got %+v, want %q", test.file, half, s.Missing, want)
			}
			if shown := strings.Contains(page, `id="corruptions"`); shown != (test.file != "results/eval.json") {
				t.Errorf("without %s: the corruptions are shown: %v", test.file, shown)
			}
		}
	}
}

// Of a whole run nothing is missing, and each part has its section.
func TestWholeRun(t *testing.T) {
	c := config("augmix", 3)
	f := writeRun(t, filepath.Join(t.TempDir(), "r"), c, 1, time.Now())
	if err := f.WriteEvaluation(wholeEvaluation(c, 1)); err != nil {
		t.Fatal(err)
	}
	writePixel(t, f.PlotPath("preview.png"))
	s, err := Build([]string{f.Dir()}, "")
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Missing) > 0 {
		t.Errorf("missing: %v", s.Missing)
	}
	page, text := read(t, s.Page), read(t, s.Markdown)
	for _, id := range []string{"results", "corruptions", "severity", "calibration", "flips", "fourier", "training", "preview", "recipe", "environment", "reproduce"} {
		if !strings.Contains(page, `<h2 id="`+id+`">`) {
			t.Errorf("the page has no section %s", id)
		}
	}
	for _, want := range []string{
		"95 % interval 4.20 to 5.90", "clean at T = 1.25", s.Runs[0].Files[0].SHA256,
		"--sets clean,c,fourier --only gaussian_noise,defocus_blur,brightness,contrast,pixelate --c-data generate " +
			"--fourier-epsilon 4 --fourier-images 100 --fourier-side 3 --temperature 1.25 --ci=1000", "--sets p --limit-eval 100 --p-data generate",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, want := range []string{"## Flip probability", "![Training](plots/training_curves.png)", "| gaussian noise | 6.00 |", "plots/preview.png"} {
		if !strings.Contains(text, want) {
			t.Errorf("report.md lacks %q", want)
		}
	}
}

// A run that has just begun lacks nothing but the rest of its training.
func TestRunThatBegan(t *testing.T) {
	f := writeRun(t, filepath.Join(t.TempDir(), "r"), config("standard", 2), 1, time.Now())
	for _, name := range []string{"training_log.csv", "metrics.jsonl", "results/train.json", "results/eval.json"} {
		if err := os.Remove(f.Path(name)); err != nil {
			t.Fatal(err)
		}
	}
	s, page := pageOf(t, f.Dir())
	if len(s.Missing) != 1 || s.Missing[0].What != "training is not finished" || !strings.Contains(page, "There are no results yet.") {
		t.Errorf("got %+v, want that training is not finished", s.Missing)
	}
}

func TestLoadRefuses(t *testing.T) {
	empty := t.TempDir()
	broken := filepath.Join(empty, "broken")
	if err := os.Mkdir(broken, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(broken, "config.json"), []byte(`{"dataset": `), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, dirs := range [][]string{nil, {broken}, {filepath.Join(empty, "none")}, {t.TempDir()}} {
		if _, err := Load(dirs); err == nil {
			t.Errorf("%v: no error", dirs)
		}
	}
	if _, err := Build([]string{"a", "b"}, ""); err == nil || !strings.Contains(err.Error(), "--out") {
		t.Errorf("several folders without a place: got %v", err)
	}
	// Beside a good one it is left out and named.
	writeRun(t, filepath.Join(empty, "good"), config("augmix", 2), 1, time.Now())
	s, err := Load([]string{empty, filepath.Join(empty, "good")})
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Runs) != 1 || len(s.Unreadable) != 1 || !strings.Contains(strings.Join(s.Notes, "\n"), "broken/config.json") {
		t.Errorf("got %d runs, unreadable %v, notes %v", len(s.Runs), s.Unreadable, s.Notes)
	}
}

// pageOf returns the report of dir and its page, without drawing pictures and writing files.
func pageOf(t *testing.T, dir string) (Summary, string) {
	t.Helper()
	s, err := Load([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	if err := writePage(&page, newPage(s)); err != nil {
		t.Fatal(err)
	}
	return s, page.String()
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
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
