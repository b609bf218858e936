package run

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// sample is a configuration in which no field has its zero value.
func sample() Config {
	return Config{
		Dataset: "cifar10", Data: "/data", Classes: []string{"cat", "dog"},
		LimitTrain: 100, LimitEval: 50, ValSplit: 10, ImageSize: 224, FastDecode: true, OnBadSample: "skip",
		Model: "wrn", Layers: 16, WidenFactor: 1, Droprate: 0.1, DensenetVariant: "bc", Cardinality: 4,
		BaseWidth: 32, Pool: "max", Normalize: "half",
		Method: "augmix", Views: 3, NoJSD: true, JSDWeight: 12, CEViews: "all", SplitBN: true, MixtureWidth: 3, MixtureDepth: -1,
		AugSeverity: 3, AugProbCoeff: 1, AllOps: true, Fill: 128,
		CutoutLength: 16, MixupAlpha: 1, CutMixBeta: 1, CutMixProb: 0.5, Policy: "p.json", PolicySHA256: "ab", PatchWidth: 25, PatchNoise: 1,
		Epsilon: 0.03, AttackStep: 0.01, AttackSteps: 10, Corruption: "contrast", SinData: "/sin", Severity: 3,
		Recipe: "paper", Epochs: 100, LearningRate: 0.1, Schedule: "thirds", WarmupEpochs: 5, WarmupLR: 1e-5, Momentum: 0.9, NoNesterov: true, Decay: 5e-4,
		BatchSize: 128, GradAccum: 2, LabelSmoothing: 0.1, ClipGrad: 1, EMA: 0.999, EvalBatchSize: 1000, Init: "a.pt", InitSHA256: "cd",
		Seed: math.MaxUint64, Ranks: 4, BatchSizePerRank: 32, SyncBN: true, Precision: "fp32", Device: "cpu", NoGraph: true, Threads: 2, Deterministic: true,
		NumWorkers: 2, CheckpointEvery: "1epoch", PrintFreq: 50, Save: "runs/x",
	}
}

func TestSampleHasNoZeroField(t *testing.T) {
	v := reflect.ValueOf(sample())
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("%s is zero in the sample, so that no test would miss it", v.Type().Field(i).Name)
		}
	}
}

func TestConfigRoundTrip(t *testing.T) {
	for name, want := range map[string]Config{"zero": {Classes: []string{}}, "sample": sample()} {
		f := create(t)
		if err := f.WriteConfig(want); err != nil {
			t.Fatal(err)
		}
		got, err := f.Config()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, want)
		}
		parsed, err := ParseConfig(want.JSON())
		if err != nil || !reflect.DeepEqual(parsed, want) {
			t.Errorf("%s: parsed %+v, %v, want %+v", name, parsed, err, want)
		}
	}
}

// Every field is written, also when it is zero, under its flag's name.
func TestConfigWritesEveryField(t *testing.T) {
	text := string(Config{}.JSON())
	for _, key := range ConfigKeys() {
		if !strings.Contains(text, `"`+key+`": `) {
			t.Errorf("%q is not in %s", key, text)
		}
		if strings.ToLower(key) != key || strings.ContainsAny(key, "-, ") {
			t.Errorf("%q is not in snake case", key)
		}
	}
}

func TestReadConfigRefuses(t *testing.T) {
	tests := []struct{ text, want string }{
		{``, "not a JSON object"},
		{`[]`, "not a JSON object"},
		{`{"epoch": 3}`, `unknown key "epoch"; the nearest is "epochs"`},
		{`{"Epochs": 3}`, `unknown key "Epochs"; the nearest is "epochs"`},
		{`{"learning-rate": 3}`, `the nearest is "learning_rate"`},
		{`{"epochs": 3, "epochs": 4}`, `"epochs" is there twice`},
		{`{"epochs": "3"}`, `key "epochs": "3" is not a whole number`},
		{`{"epochs": 3.5}`, "is not a whole number"},
		{`{"epochs": 1e400}`, "is not a whole number"},
		{`{"epochs": null}`, "is not a whole number"},
		{`{"seed": -1}`, "is not a whole number from 0 on"},
		{`{"seed": 18446744073709551616}`, "is not a whole number from 0 on"},
		{`{"decay": "x"}`, "is not a number"},
		{`{"no_jsd": 1}`, "is not true or false"},
		{`{"model": 1}`, "is not a text in quotes"},
		{`{"classes": "cat"}`, "is not a list of texts"},
		{`{"epochs": 3`, "does not end"},
		{`{"epochs": 3,}`, "invalid character"},
		{`{"epochs": 3} {}`, "something after the object"},
		{strings.Repeat(" ", maxConfig+1), "larger than"},
	}
	for _, test := range tests {
		path := filepath.Join(t.TempDir(), "config.json")
		write(t, path, test.text)
		c := sample()
		err := MergeConfig(path, &c)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%.40s: got %v, want %q and the path", test.text, err, test.want)
		}
		if !reflect.DeepEqual(c, sample()) {
			t.Errorf("%.40s: the configuration was changed", test.text)
		}
	}
	if _, err := ReadConfig(filepath.Join(t.TempDir(), "none.json")); !os.IsNotExist(unwrapAll(err)) {
		t.Errorf("absent file: got %v", err)
	}
}

func TestMergeConfigKeepsOtherFields(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config.json")
	write(t, path, `{"epochs": 7, "classes": ["a"]}`)
	got, want := sample(), sample()
	want.Epochs, want.Classes = 7, []string{"a"}
	if err := MergeConfig(path, &got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func TestDifferences(t *testing.T) {
	if got := Differences(sample(), sample()); len(got) != 0 {
		t.Errorf("equal configurations differ in %v", got)
	}
	empty := Config{Classes: []string{}}
	if got := Differences(Config{}, empty); len(got) != 0 {
		t.Errorf("no classes and an empty list differ in %v", got)
	}
	free := map[string]bool{"num-workers": true, "eval-batch-size": true, "data": true, "save": true, "print-freq": true, "checkpoint-every": true, "on-bad-sample": true, "init": true, "recipe": true, "ranks": true, "batch-size-per-rank": true, "no-graph": true}
	ds := Differences(sample(), Config{Device: "cuda"})
	if len(ds) != len(ConfigKeys()) {
		t.Errorf("%d fields differ, want all %d", len(ds), len(ConfigKeys()))
	}
	for _, d := range ds {
		if d.Free != free[d.Flag] {
			t.Errorf("%v: free %v, want %v", d, d.Free, free[d.Flag])
		}
	}
	devices := []struct {
		was, now string
		free     bool
	}{{"cuda:0", "cuda:1", true}, {"cuda", "cuda:3", true}, {"cpu", "cuda:0", false}}
	for _, d := range devices {
		got := Differences(Config{Device: d.was}, Config{Device: d.now})
		if len(got) != 1 || got[0].Free != d.free {
			t.Errorf("%s to %s: got %v, want one, free %v", d.was, d.now, got, d.free)
		}
	}
	got := Differences(Config{Epochs: 3}, Config{Epochs: 5})
	if want := "--epochs was 3 and is now 5"; len(got) != 1 || got[0].String() != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestDefaultSave(t *testing.T) {
	c := Config{Dataset: "cifar10", Model: "wrn", Method: "augmix", Seed: 3}
	if got, want := c.DefaultSave(), "runs/cifar10-wrn-augmix-s3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNearest(t *testing.T) {
	known := []string{"epochs", "decay", "momentum"}
	for name, want := range map[string]string{"epoch": "epochs", "dekay": "decay", "": "decay", "momentun": "momentum"} {
		if got := Nearest(name, known); got != want {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
	if got := Nearest("x", nil); got != "" {
		t.Errorf("of nothing: got %q", got)
	}
}

// Whatever is accepted can be written and read again to the same value.
func FuzzParseConfig(f *testing.F) {
	f.Add(sample().JSON())
	f.Add([]byte(`{"epochs": 3, "classes": ["\u0000", "é"]}`))
	f.Add([]byte(`{"decay": 1e-320}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := ParseConfig(text)
		if err != nil {
			return
		}
		again, err := ParseConfig(c.JSON())
		if err != nil || len(Differences(c, again)) != 0 {
			t.Fatalf("%s became %s: %v", text, c.JSON(), err)
		}
	})
}
