package train

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"augmix/data"
	"augmix/run"

	torch "github.com/wangkuiyi/gotorch"
)

// small is a run of seconds: a narrow network on a few hundred images.
func small(t *testing.T) (run.Config, data.Dataset, data.Dataset) {
	t.Helper()
	train, test := smallSets(func(err error) { t.Fatal(err) })
	return run.Config{
		Dataset: "shapes", Classes: train.Classes(), Model: "wrn", Layers: 10, WidenFactor: 1, Droprate: 0.1,
		Normalize: "half", Method: "augmix", Views: 3, JSDWeight: 12, MixtureWidth: 3, MixtureDepth: -1, AugSeverity: 3,
		AugProbCoeff: 1, Epochs: 2, LearningRate: 0.1, Momentum: 0.9, Decay: 5e-4, BatchSize: 32, EvalBatchSize: 50,
		Seed: 1, Precision: "fp32", Device: "cpu", Threads: 1, NumWorkers: 2, CheckpointEvery: "1epoch", PrintFreq: 2,
		Save: filepath.Join(t.TempDir(), "run"),
	}, train, test
}

// smallSets are the images of a small run; fail is called with an error.
func smallSets(fail func(error)) (train, test data.Dataset) {
	train, err := data.Open("shapes", "", "train")
	if err != nil {
		fail(err)
	}
	if test, err = data.Open("shapes", "", "test"); err != nil {
		fail(err)
	}
	return data.Subset(train, 150, false), data.Subset(test, 100, false)
}

func mustRun(t *testing.T, o Options) run.TrainResult {
	t.Helper()
	if o.Log == nil {
		o.Log = io.Discard
	}
	result, err := Run(o)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func logs(t *testing.T, cfg run.Config) (csv, jsonl []byte) {
	t.Helper()
	csv, err := os.ReadFile(filepath.Join(cfg.Save, "training_log.csv"))
	if err != nil {
		t.Fatal(err)
	}
	jsonl, err = os.ReadFile(filepath.Join(cfg.Save, "metrics.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return withoutTimes(csv), jsonl
}

// withoutTimes cuts the second column out of training_log.csv.
func withoutTimes(csv []byte) []byte {
	var out [][]byte
	for _, line := range bytes.Split(csv, []byte("\n")) {
		if columns := bytes.SplitN(line, []byte(","), 3); len(columns) == 3 {
			line = append(append([]byte{}, columns[0]...), columns[2]...)
		}
		out = append(out, line)
	}
	return bytes.Join(out, []byte("\n"))
}

// A run that is stopped after each of several steps, and gone on with by another number of workers, ends with the
// weights and logs of one that was not.
func TestResumeIsExact(t *testing.T) {
	for name, change := range map[string]func(*run.Config){
		"fp32": func(*run.Config) {},
		"bf16": func(c *run.Config) { c.Precision = "bf16" },
		"every option": func(c *run.Config) {
			c.BatchSize, c.GradAccum, c.EMA, c.ClipGrad, c.LabelSmoothing = 12, 3, 0.8, 0.5, 0.1
			c.CEViews, c.SplitBN, c.WarmupEpochs, c.WarmupLR, c.Schedule, c.NoNesterov = "all", true, 1, 1e-3, "thirds", true
		},
	} {
		t.Run(name, func(t *testing.T) {
			cfg, train, test := small(t)
			change(&cfg)
			want := mustRun(t, Options{Config: cfg, Resume: "none", Train: train, Test: test})
			wantCSV, wantJSONL := logs(t, cfg)

			cfg.Save = filepath.Join(t.TempDir(), "stopped")
			var got run.TrainResult
			stops := 0
			for attempt := 0; ; attempt++ {
				if attempt > 20 {
					t.Fatal("the run does not end")
				}
				cfg.NumWorkers = 1 + attempt%3
				stop := make(chan os.Signal, 1)
				steps := 0
				options := Options{Config: cfg, Resume: "auto", Train: train, Test: test, Log: io.Discard, Stop: stop}
				// The meter is read every second step (PrintFreq), so each attempt goes on for two or four steps.
				options.Progress = func(Status) {
					if steps++; steps == 1+attempt%2 {
						stop <- syscall.SIGTERM
					}
				}
				var err error
				got, err = Run(options)
				var interrupted *Interrupted
				if errors.As(err, &interrupted) {
					stops++
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				break
			}
			if stops < 2 {
				t.Errorf("the run was stopped %d times, want at least 2", stops)
			}
			if got.WeightsSHA256 != want.WeightsSHA256 {
				t.Errorf("weights_sha256: got %s, want %s", got.WeightsSHA256, want.WeightsSHA256)
			}
			gotCSV, gotJSONL := logs(t, cfg)
			if !bytes.Equal(gotCSV, wantCSV) {
				t.Errorf("training_log.csv: got\n%s\nwant\n%s", gotCSV, wantCSV)
			}
			if !bytes.Equal(gotJSONL, wantJSONL) {
				t.Errorf("metrics.jsonl: got\n%s\nwant\n%s", gotJSONL, wantJSONL)
			}
			if got, want := sorted(readEvents(t, cfg)), sorted(metricsPoints(t, wantJSONL)); !slices.Equal(got, want) {
				t.Errorf("the event file: got\n%v\nwant\n%v", got, want)
			}
		})
	}
}

func TestFinishedRunIsKept(t *testing.T) {
	cfg, train, test := small(t)
	cfg.Epochs = 1
	options := Options{Config: cfg, Resume: "none", Train: train, Test: test}
	want := mustRun(t, options)
	options.Log = io.Discard
	if _, err := Run(options); !errors.As(err, new(*run.ExistsError)) {
		t.Errorf("training into a finished run: got error %v, want a *run.ExistsError", err)
	}
	options.Resume = "auto"
	if got := mustRun(t, options); got != want {
		t.Errorf("resuming a finished run: got %+v, want %+v", got, want)
	}
}

func TestResumeRefusesOtherFlags(t *testing.T) {
	cfg, train, test := small(t)
	stop := make(chan os.Signal, 1)
	stop <- syscall.SIGINT
	options := Options{Config: cfg, Resume: "none", Train: train, Test: test, Log: io.Discard, Stop: stop}
	if _, err := Run(options); !errors.As(err, new(*Interrupted)) {
		t.Fatalf("got error %v, want *Interrupted", err)
	}
	options.Stop = nil
	options.Resume = "auto"
	options.Config.LearningRate = 0.05
	if _, err := Run(options); !errors.As(err, new(*ResumeError)) {
		t.Errorf("resuming with another learning rate: got error %v, want a *ResumeError", err)
	}
	options.Config.LearningRate = cfg.LearningRate
	options.Train = data.Subset(train, 149, false)
	if _, err := Run(options); !errors.As(err, new(*CheckpointError)) {
		t.Errorf("resuming with other images: got error %v, want a *CheckpointError", err)
	}
}

func TestNonFiniteLossStops(t *testing.T) {
	cfg, train, test := small(t)
	cfg.LearningRate, cfg.Method = 1e6, "standard"
	_, err := Run(Options{Config: cfg, Resume: "none", Train: train, Test: test, Log: io.Discard})
	var nonFinite *NonFiniteError
	if !errors.As(err, &nonFinite) {
		t.Fatalf("got error %v, want a *NonFiniteError", err)
	}
	if nonFinite.Step == 0 || nonFinite.Step > 10 {
		t.Errorf("the error names step %d of 10", nonFinite.Step)
	}
	state, err := run.Inspect(cfg.Save)
	if err != nil {
		t.Fatal(err)
	}
	if state.Phase == run.Finished {
		t.Error("a run whose loss was not finite counts as finished")
	}
}

func TestValidationChoosesBest(t *testing.T) {
	cfg, train, test := small(t)
	cfg.ValSplit, cfg.Epochs = 50, 1
	mustRun(t, Options{Config: cfg, Resume: "none", Train: train, Test: test})
	if _, err := os.Readlink(filepath.Join(cfg.Save, "checkpoints", "best")); err != nil {
		t.Error(err)
	}
}

// The count of live tensors is the same at the head of every step: a step frees what it makes.
func TestStepsKeepNoTensors(t *testing.T) {
	cfg, _, _ := small(t)
	if _, err := BenchStep(BenchConfig{Config: cfg, Size: 32, Steps: 1, Warmup: 1}, t.Logf); err != nil {
		t.Fatal(err)
	}
	before := torch.LiveTensors()
	if _, err := BenchStep(BenchConfig{Config: cfg, Size: 32, Steps: 20, Warmup: 2}, t.Logf); err != nil {
		t.Fatal(err)
	}
	if got := torch.LiveTensors(); got != before {
		t.Errorf("live tensors after a measurement: got %d, want %d", got, before)
	}
}

func TestParseEvery(t *testing.T) {
	for _, c := range []struct {
		text string
		want Every
		ok   bool
	}{
		{"500s", Every{Time: 500e9}, true}, {"10m", Every{Time: 600e9}, true}, {"1000steps", Every{Steps: 1000}, true},
		{"1step", Every{Steps: 1}, true}, {"1epoch", Every{Epochs: 1}, true}, {"2epochs", Every{Epochs: 2}, true},
		{"", Every{}, false}, {"0s", Every{}, false}, {"0steps", Every{}, false}, {"-1epoch", Every{}, false},
		{"five", Every{}, false}, {"1e3steps", Every{}, false}, {"99999999999steps", Every{}, false},
	} {
		got, err := ParseEvery(c.text)
		if (err == nil) != c.ok || got != c.want {
			t.Errorf("ParseEvery(%q): got %v, %v; want %v, ok %v", c.text, got, err, c.want, c.ok)
		}
	}
}
