package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"augmix/grid"
	"augmix/run"
)

const smallGrid = `{
  "folder": "runs",
  "name": "{method}-s{seed}",
  "train": {"layers": 10, "widen-factor": 1, "epochs": 1, "limit-train": 32, "limit-eval": 40, "batch_size": 16, "precision": "fp32"},
  "datasets": ["shapes"],
  "models": ["wrn"],
  "methods": ["standard", {"name": "two-views", "method": "augmix", "views": 2, "seeds": [2]}],
  "seeds": [1, 2],
  "eval": {"sets": ["clean", "c"], "only": ["contrast", "brightness"], "severity": "1,3", "limit-eval": 20}
}`

// TestGrid trains a grid, and again what is missing of it.
func TestGrid(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("grid.json", []byte(smallGrid), 0o600); err != nil {
		t.Fatal(err)
	}
	states := func(more ...string) (out []string, outcomes []gridOutcome) {
		t.Helper()
		code, stdout, stderr := callMain(t, append([]string{"train", "--grid", "grid.json", "--json", "-", "--quiet"}, more...)...)
		if code != 0 || json.Unmarshal([]byte(stdout), &outcomes) != nil {
			t.Fatalf("%v: exit code %d: %s%s", more, code, stdout, stderr)
		}
		for _, o := range outcomes {
			out = append(out, o.Run+": "+o.State)
		}
		return out, outcomes
	}
	want := func(what string, got []string, standard1, standard2, views2 string) {
		t.Helper()
		if w := []string{"runs/standard-s1: " + standard1, "runs/standard-s2: " + standard2, "runs/two-views-s2: " + views2}; !slices.Equal(got, w) {
			t.Errorf("%s: got %q, want %q", what, got, w)
		}
	}

	got, _ := states("--dry-run")
	want("a dry run", got, "to do", "to do", "to do")
	if _, err := os.Stat("runs"); err == nil {
		t.Error("a dry run made a folder")
	}
	got, first := states()
	want("the first time", got, "trained and evaluated", "trained and evaluated", "trained and evaluated")
	var config run.Config
	readJSON(t, "runs/two-views-s2/config.json", &config)
	if config.Views != 2 || config.Method != "augmix" || config.Seed != 2 || config.BatchSize != 16 || config.LimitTrain != 32 {
		t.Errorf("two-views-s2 was trained as %+v", config)
	}
	var result run.Evaluation
	readJSON(t, "runs/standard-s1/results/eval.json", &result)
	if result.N != 20 || !slices.Equal(result.Corruption.Severities, []int{1, 3}) || len(result.Corruption.ByCorruption) != 2 {
		t.Errorf("standard-s1 was evaluated as %+v", result)
	}
	if !first[0].CleanError.Known() || first[0].CleanError != run.Number(result.Clean.Error) || !first[0].MeanCorruptionError.Known() {
		t.Errorf("the outcome is %+v, the run's evaluation %+v", first[0], result.Clean)
	}

	// What is done stays as it is; what is missing is made again, and is the same.
	before, err := os.Stat("runs/standard-s1/results/train.json")
	if err != nil {
		t.Fatal(err)
	}
	var trained, again run.TrainResult
	readJSON(t, "runs/standard-s2/results/train.json", &trained)
	for _, file := range []string{"standard-s2/results/train.json", "standard-s2/results/eval.json", "two-views-s2/results/eval.json"} {
		if err := os.Remove(filepath.Join("runs", file)); err != nil {
			t.Fatal(err)
		}
	}
	got, _ = states("--dry-run")
	want("a dry run in the middle", got, "trained and evaluated", "epoch 1 of 1", "trained, to evaluate")
	got, second := states()
	want("the second time", got, "was done", "trained and evaluated", "evaluated")
	for i := range second {
		if second[i].CleanError != first[i].CleanError || second[i].MeanCorruptionError != first[i].MeanCorruptionError {
			t.Errorf("%s: got %+v, then %+v", second[i].Run, first[i], second[i])
		}
	}
	if after, err := os.Stat("runs/standard-s1/results/train.json"); err != nil || after.ModTime() != before.ModTime() {
		t.Errorf("a finished run was written again: %v", err)
	}
	readJSON(t, "runs/standard-s2/results/train.json", &again)
	if again.WeightsSHA256 != trained.WeightsSHA256 {
		t.Error("the run that was gone on with has other weights")
	}
	// What another program trains or evaluates is passed over, and said.
	if err := os.Remove("runs/standard-s1/results/eval.json"); err != nil {
		t.Fatal(err)
	}
	lock, err := run.Lock("runs/standard-s1", "--save")
	if err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := callMain(t, "train", "--grid", "grid.json", "--quiet")
	if missing := missingWord(stdout+stderr, "standard-s1 in use two-views-s2 was done 1 of 3 runs"); code != exitCheckpoint || missing != "" {
		t.Errorf("a run in use: exit code %d, lacks %s\n%s%s", code, missing, stdout, stderr)
		t.Errorf("a run in use: exit code %d, lacks %s\n%s%s", code, missing, stdout, stderr)
	}
	lock.Close()
	got, _ = states()
	want("the lock gone", got, "evaluated", "was done", "was done")

	// The report knows the seeds of a method.
	code, stdout, stderr = callMain(t, "report", "runs")
	if missing := missingWord(stdout, "Mean ± sample standard deviation shapes wrn-10-1 standard 2 shapes wrn-10-1 two-views 1"); code != 0 || missing != "" {
		t.Errorf("report: exit code %d, lacks %s\n%s%s", code, missing, stdout, stderr)
	}

	// Another configuration is refused before anything is trained.
	for line, words := range map[string]string{
		"--epochs 2":                   "grid.json standard-s1 runs/standard-s1 other settings --epochs was 1 and is now 2",
		"--seed 3":                     "--seed --grid grid.json leave it out",
		"--config x.json":              "--config --grid grid.json leave it out",
		"--method mixup":               "--method --grid grid.json leave it out",
		"--save elsewhere --views 3":   "run standard-s1 --views augmix standard",
		"--save elsewhere --layers 11": "run standard-s1 --layers 11",
	} {
		code, _, stderr := callMain(t, append([]string{"train", "--grid", "grid.json"}, strings.Fields(line)...)...)
		if missing := missingWord(stderr, words); code != exitUsage || missing != "" {
			t.Errorf("%s: exit code %d, lacks %q: %s", line, code, missing, stderr)
		}
	}
	if _, err := os.Stat("elsewhere"); err == nil {
		t.Error("a grid that was refused made a folder")
	}
}

// TestGridRefuses checks what a grid's file may not say.
// What is given of the machine holds for evaluations as for trainings, whatever the file says.
func TestGridSharesTheMachine(t *testing.T) {
	t.Chdir(t.TempDir())
	file := strings.Replace(smallGrid, `"limit-eval": 20}`, `"limit-eval": 20, "threads": 5, "num-workers": 4}`, 1)
	if err := os.WriteFile("grid.json", []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		line             string
		threads, workers int
	}{
		{"--grid grid.json", 5, 4},
		{"--grid grid.json --threads 1 --workers 3 --epochs 3", 1, 3},
	} {
		f := newFlags("augmix train")
		plan := newTraining(f)
		if _, err := f.parse(strings.Fields(c.line)); err != nil {
			t.Fatal(err)
		}
		runs, err := plan.planGrid()
		if err != nil {
			t.Fatalf("%s: %v", c.line, err)
		}
		for _, r := range runs {
			if got := r.eval.config; got.Threads != c.threads || got.NumWorkers != c.workers {
				t.Errorf("%s, %s: evaluated with %d threads and %d workers, want %d and %d",
					c.line, r.Name, got.Threads, got.NumWorkers, c.threads, c.workers)
			}
		}
	}
}

func TestGridRefuses(t *testing.T) {
	t.Chdir(t.TempDir())
	for change, words := range map[string]string{
		`"layers": 10|"layer": 10`:                         "grid.json run standard-s1 unknown flag --layer nearest",
		`"layers": 10|"layers": "ten"`:                     "run standard-s1 --layers ten whole number",
		`"layers": 10|"save": "x"`:                         "run standard-s1 --save leave it out",
		`"layers": 10|"output": "x"`:                       "run standard-s1 --save leave it out",
		`"layers": 10|"grid": "x"`:                         "run standard-s1 --grid leave it out",
		`["shapes"]|["shape"]`:                             "run standard-s1 --dataset shape nearest shapes",
		`"views": 2|"cutout-length": 2`:                    "run two-views-s2 --cutout-length cutout augmix",
		`"views": 2|"no-jsd": true, "views": 2`:            "run two-views-s2 --views --no-jsd",
		`"eval": {|"eval": {"checkpoint": "x", `:           "eval --checkpoint leave it out",
		`"eval": {|"eval": {"frost-dir": "x", `:            "eval --frost-dir",
		`"seeds": [1, 2]|"seeds": [1, 1]`:                  "grid.json seeds twice",
		`"name": "{method}-s{seed}"|"name": "{method}"`:    "grid.json name folder standard",
		`"folder": "runs"|"folder": "runs", "folders": ""`: "grid.json unknown key folders",
	} {
		old, text, _ := strings.Cut(change, "|")
		if !strings.Contains(smallGrid, old) {
			t.Fatalf("the grid has no %s", old)
		}
		if err := os.WriteFile("grid.json", []byte(strings.Replace(smallGrid, old, text, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		code, _, stderr := callMain(t, "train", "--grid", "grid.json", "--dry-run")
		if missing := missingWord(stderr, words); code != exitUsage || missing != "" {
			t.Errorf("%s: exit code %d, lacks %q: %s", text, code, missing, stderr)
		}
	}
	if code, _, stderr := callMain(t, "train", "--grid", "none.json"); code != exitUsage || !strings.Contains(stderr, "none.json") {
		t.Errorf("an absent file: exit code %d, %s", code, stderr)
	}
}

// TestCommittedGrids checks that the grids of the repository say what their runs are called and how they are trained.
func TestCommittedGrids(t *testing.T) {
	files, err := filepath.Glob("../scripts/grids/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("found %v, %v", files, err)
	}
	for _, file := range files {
		g, err := grid.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range g.Runs {
			c, err := parseRun(arguments(r.Flags), filepath.Join(t.TempDir(), r.Name), true)
			if err != nil {
				t.Errorf("%s, run %s: %v", file, r.Name, err)
			} else if c.config.Seed != r.Seed {
				t.Errorf("%s, run %s: seed %d, want %d", file, r.Name, c.config.Seed, r.Seed)
			}
		}
		if _, err := parseEvaluation(arguments(g.Eval), "x", true); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}
