package train

import (
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

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
// TestEveryMethodTrains; with AUGMIX_EVERY (`make networks`) every network trains with every method on every
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
	weights, pair := map[string]string{}, 0
	networks := forms(cfg)
	for _, form := range slices.Sorted(maps.Keys(networks)) {
		methods := variants(networks[form])
		for _, method := range slices.Sorted(maps.Keys(methods)) {
			c := methods[method]
			if short := method == "standard" || method == "augmix" || form == "resnet18"; !short && !all {
				continue
			}
			pair++
			for i, layout := range layoutNames {
				if !all && i != pair%len(layoutNames) {
					continue
				}
				set := sets[layout]
				c.Dataset, c.Classes = layout, set.Classes()
				c.Save = filepath.Join(t.TempDir(), "run")
				what := form + ", " + method + ", " + layout
				resolved := c // ResolveMethod writes defaults that depend on the dataset.
				if err := ResolveMethod(&resolved); err != nil {
					t.Fatal(err)
				}
				got, err := Run(Options{Config: resolved, Resume: "none", Train: set, Test: set, Log: io.Discard})
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				if got.Steps != 2 || math.IsNaN(got.TrainLoss) || math.IsInf(got.TrainLoss, 0) || got.TrainLoss <= 0 {
					t.Errorf("%s: got %d steps and loss %v", what, got.Steps, got.TrainLoss)
				}
				if other, ok := weights[got.WeightsSHA256]; ok {
					t.Errorf("%s: the weights are those of %s", what, other)
				}
				weights[got.WeightsSHA256] = what
				if err := os.RemoveAll(c.Save); err != nil { // All together would fill a disk.
					t.Fatal(err)
				}
			}
		}
	}
}
