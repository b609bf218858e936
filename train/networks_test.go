package train

import (
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"augmix/data"
	"augmix/eval"
	"augmix/nets"
	"augmix/run"
)

// forms are the networks, each in the forms that differ in what a step does.
func forms(cfg run.Config) map[string]run.Config {
	cfg.DensenetVariant, cfg.Cardinality, cfg.BaseWidth, cfg.Pool = nets.DenseNetBC, 4, 32, nets.PoolMax
	out := map[string]run.Config{}
	for _, name := range nets.Names() {
		c := cfg
		c.Model = name
		out[name] = eval.WithoutUnused(c)
		if nets.Has(name, "pool") {
			c.Pool = nets.PoolMaxBlur
			out[name+", maxblurpool"] = eval.WithoutUnused(c)
		}
		if nets.Has(name, "densenet-variant") {
			c.DensenetVariant = nets.DenseNetReference
			out[name+", reference"] = eval.WithoutUnused(c)
		}
	}
	return out
}

// Every network trains for two steps to finite losses and weights of its own: with standard and
// augmix, wrn and resnet18 with every method. Here each such pair takes one of the layouts in turn, wrn all of them in
// TestEveryMethodTrains; with AUGMIX_EVERY (`make networks`, `make parity`) every network trains with every method on every
// layout.
func TestEveryNetworkTrains(t *testing.T) {
	all := os.Getenv("AUGMIX_EVERY") != ""
	cfg, _, _ := small(t)
	cfg.Epochs, cfg.BatchSize, cfg.EvalBatchSize, cfg.Precision, cfg.Threads = 1, 3, 6, "fp32", 2
	cfg.AttackSteps = 2
	// Of three images ResNet-50 normalises three values in its last stage, and the gradients are large.
	cfg.LearningRate = 1e-5
	sets := layouts(t)
	layoutNames := slices.Sorted(maps.Keys(sets))
	weights, pairs, trained, failed := map[string]string{}, 0, 0, 0
	networks := forms(cfg)
	for _, form := range slices.Sorted(maps.Keys(networks)) {
		methods := variants(networks[form])
		for _, method := range slices.Sorted(maps.Keys(methods)) {
			if short := method == "standard" || method == "augmix" || form == "resnet18"; !short && !all {
				continue
			}
			pairs++
			for i, layout := range layoutNames {
				if !all && i != pairs%len(layoutNames) {
					continue
				}
				c, what := methods[method], form+", "+method+", "+layout
				c.Dataset, c.Classes = layout, sets[layout].Classes()
				trained++
				ends, err := twoSteps(t, c, sets[layout])
				if err == nil && weights[ends] != "" {
					err = fmt.Errorf("the weights are those of %s", weights[ends])
				}
				if err != nil {
					t.Errorf("%s: %v", what, err)
					failed++
				}
				weights[ends] = what
			}
		}
	}
	if all {
		t.Logf("parity: two steps of each network with each method on each layout, failures of %d trainings | %d | 0", trained, failed)
	}
}

// twoSteps trains for an epoch of two steps and returns the digest of the weights.
func twoSteps(t *testing.T, cfg run.Config, set data.Dataset) (string, error) {
	t.Helper()
	cfg.Save = filepath.Join(t.TempDir(), "run")
	defer os.RemoveAll(cfg.Save) // All together would fill a disk.
	if err := ResolveMethod(&cfg); err != nil {
		return "", err
	}
	got, err := Run(Options{Config: cfg, Resume: "none", Train: set, Test: set, Log: io.Discard})
	if err != nil {
		return "", err
	}
	if got.Steps != 2 || math.IsNaN(got.TrainLoss) || math.IsInf(got.TrainLoss, 0) || got.TrainLoss <= 0 {
		return "", fmt.Errorf("got %d steps and loss %v", got.Steps, got.TrainLoss)
	}
	return got.WeightsSHA256, nil
}
