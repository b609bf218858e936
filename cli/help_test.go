package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// everyCommand calls visit for each command with the path that is typed.
func everyCommand(known []command, path []string, visit func(path []string, c command)) {
	for _, c := range known {
		here := append(slices.Clone(path), c.name)
		if c.sub != nil {
			everyCommand(c.sub, here, visit)
			continue
		}
		visit(here, c)
	}
}

// TestHelpListsEveryFlag checks the help of every command, in the three ways to ask
// for it.
func TestHelpListsEveryFlag(t *testing.T) {
	everyCommand(commands(), nil, func(path []string, c command) {
		code, text, stderr := callMain(t, append(path, "--help")...)
		if code != 0 || stderr != "" {
			t.Errorf("%v --help: exit code %d, stderr %q", path, code, stderr)
		}
		for _, other := range [][]string{append(slices.Clone(path), "-h"), append([]string{"help"}, path...)} {
			if _, again, _ := callMain(t, other...); again != text {
				t.Errorf("%v prints another help than %v --help", other, path)
			}
		}
		f := newFlags("")
		c.setup(f)
		f.complete()
		f.set.VisitAll(func(flag *pflag.Flag) {
			if !strings.Contains(text, " --"+flag.Name+" ") {
				t.Errorf("%v --help does not show --%s", path, flag.Name)
			}
			if flag.Usage == "" {
				t.Errorf("%v: --%s has no help", path, flag.Name)
			}
		})
		for line := range strings.Lines(text) {
			if len([]rune(line)) > helpWidth+1 {
				t.Errorf("%v --help has a line of %d columns: %s", path, len([]rune(line)), line)
			}
		}
		if code, text, _ := callMain(t, append(path, "--version")...); code != 0 || !strings.Contains(text, "libtorch") {
			t.Errorf("%v --version: exit code %d, %q", path, code, text)
		}
	})
	code, text, _ := callMain(t, "--help")
	if code != 0 {
		t.Errorf("--help: exit code %d", code)
	}
	for _, name := range names(commands()) {
		if !strings.Contains(text, "\n  "+name+" ") {
			t.Errorf("--help does not show %s", name)
		}
	}
}

// TestFlagNames pins the names that scripts of the reference and of timm use.
func TestFlagNames(t *testing.T) {
	for command, want := range map[string]string{
		"train": "dataset model epochs learning-rate batch-size eval-batch-size momentum decay layers widen-factor droprate " +
			"mixture-width mixture-depth aug-severity aug-prob-coeff no-jsd all-ops save resume evaluate print-freq num-workers " +
			"lr weight-decay workers drop output data-dir data device precision seed threads json limit-train limit-eval dry-run " +
			"densenet-variant cardinality base-width pool " +
			"quiet version method views jsd-weight val-split config checkpoint-every deterministic normalize fill augmix-preset " +
			"schedule warmup-epochs warmup-lr no-nesterov grad-accum grad-accum-steps label-smoothing smoothing clip-grad ema " +
			"model-ema model-ema-decay init initial-checkpoint ce-views split-bn aug-splits recipe grid",
		"eval": "data checkpoint device precision threads num-workers json limit-eval dry-run quiet version sets only severity " +
			"c-data frost-dir eval-batch-size model layers widen-factor densenet-variant cardinality base-width pool normalize dataset",
		"preview": "dataset data count seed mixture-width mixture-depth aug-severity aug-prob-coeff all-ops fill augmix-preset operations corruptions perturbations only severity frost-dir frames out",
		"report":  "out json",
		"export":  "checkpoint model layers widen-factor densenet-variant cardinality base-width pool normalize out names quiet",
		"doctor":  "data json",
	} {
		c, ok := find(command, commands())
		if !ok {
			t.Fatalf("there is no command %s", command)
		}
		f := newFlags("")
		c.setup(f)
		f.complete()
		for name := range strings.FieldsSeq(want) {
			if f.set.Lookup(name) == nil {
				t.Errorf("%s lacks --%s", command, name)
			}
		}
	}
}

// TestReferenceDefaults pins the reference's defaults (cifar.py), which the flags
// take over.
func TestReferenceDefaults(t *testing.T) {
	f := newFlags("")
	trainCommand().setup(f)
	f.complete()
	for flag, want := range map[string]string{
		"dataset": "cifar10", "model": "wrn", "layers": "40", "widen-factor": "2", "epochs": "100", "learning-rate": "0.1",
		"batch-size": "128", "eval-batch-size": "0", "momentum": "0.9", "decay": "0.0005", "mixture-width": "3",
		"mixture-depth": "-1", "aug-severity": "3", "aug-prob-coeff": "1", "print-freq": "50", "views": "3", "jsd-weight": "12", "cardinality": "4", "base-width": "32",
	} {
		if got := f.set.Lookup(flag).DefValue; got != want {
			t.Errorf("--%s: the default is %s, want %s", flag, got, want)
		}
	}
	// 0 stands for a choice by the size of the images.
	for dataset, want := range map[string]int{"cifar10": 200, "shapes": 200, "folder": 64, "imagenet": 64} {
		if got := evalBatchSize(defaults(), dataset); got != want {
			t.Errorf("%s: %d images are evaluated at once, want %d", dataset, got, want)
		}
	}
}
