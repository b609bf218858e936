package train

import (
	"io"
	"strings"
	"testing"

	"augmix/data"
	"augmix/run"
)

// Every number of every recipe, transcribed from google-research/augmix (cifar.py, imagenet.py, README), from what its
// authors say of their released weights, and from what is recalled of the paper.
func TestRecipes(t *testing.T) {
	type decided struct {
		epochs, batch, warmup int
		rate, decay           float64
		schedule, variant     string
		plain                 bool // momentum
	}
	small := func(epochs int, decay float64, variant string) decided {
		return decided{epochs, 128, 0, 0.1, decay, "cosine", variant, false}
	}
	for _, c := range []struct {
		recipe, dataset, model, method string
		want                           decided
		preset                         string
	}{
		{"reference", "cifar10", "wrn", "augmix", small(100, 5e-4, ""), "paper-cifar"},
		{"reference", "cifar10", "allconv", "augmix", small(100, 5e-4, ""), "paper-cifar"},
		{"reference", "cifar100", "resnext", "cutout", small(200, 5e-4, ""), "paper-cifar"},
		{"reference", "cifar10", "densenet", "augmix", small(200, 1e-4, "reference"), "paper-cifar"},
		{"reference", "cifar10", "densenet", "mixup", small(200, 1e-4, "reference"), "paper-cifar"},
		{"reference", "cifar10", "wrn", "mixup", small(100, 5e-4, ""), "paper-cifar"},
		{"reference", "shapes", "resnet20", "standard", small(100, 5e-4, ""), "paper-cifar"},
		{"release", "cifar10", "densenet", "augmix", small(200, 1e-4, "reference"), "paper-cifar"},
		{"release", "cifar10", "resnext", "mixup", small(200, 5e-4, ""), "paper-cifar"},
		{"paper", "cifar10", "wrn", "augmix", small(100, 5e-4, ""), "paper-cifar"},
		{"paper", "cifar10", "allconv", "mixup", small(100, 1e-4, ""), "paper-cifar"},
		{"paper", "cifar100", "densenet", "augmix", small(200, 5e-4, "bc"), "paper-cifar"},
		{"paper", "cifar100", "densenet", "mixup", small(200, 1e-4, "bc"), "paper-cifar"},
		{"paper", "cifar10", "resnext", "standard", small(200, 5e-4, ""), "paper-cifar"},
		{"reference", "imagenet", "resnet50", "augmix", decided{90, 256, 0, 0.1, 1e-4, "thirds", "", true}, "release-imagenet"},
		{"reference", "folder", "resnet18", "mixup", decided{90, 256, 0, 0.1, 1e-4, "thirds", "", true}, "release-imagenet"},
		{"release", "imagenet", "resnet50", "augmix", decided{180, 256, 0, 0.1, 1e-4, "cosine", "", false}, "paper-imagenet"},
		{"paper", "imagenet", "resnet50", "augmix", decided{90, 256, 5, 0.1, 1e-4, "cosine", "", false}, "paper-imagenet"},
		{"paper", "imagenet", "resnet50", "autoaugment", decided{180, 256, 5, 0.1, 1e-4, "cosine", "", false}, "paper-imagenet"},
	} {
		// What the recipe must replace.
		cfg := run.Config{Recipe: c.recipe, Dataset: c.dataset, Model: c.model, Method: c.method, ValSplit: 9, WarmupEpochs: 7, Momentum: 0.1}
		settings := ApplyRecipe(&cfg, func(string) bool { return true })
		got := decided{cfg.Epochs, cfg.BatchSize, cfg.WarmupEpochs, cfg.LearningRate, cfg.Decay, cfg.Schedule, cfg.DensenetVariant, cfg.NoNesterov}
		if got != c.want || cfg.Momentum != 0.9 || cfg.ValSplit != 0 {
			t.Errorf("%s, %s, %s, %s: got %+v, want %+v", c.recipe, c.dataset, c.model, c.method, got, c.want)
		}
		if preset, _ := RecipePreset(cfg); preset != c.preset {
			t.Errorf("%s, %s: got the preset %s, want %s", c.recipe, c.dataset, preset, c.preset)
		}
		for _, s := range settings {
			if s.From == "" || s.Value == "" || strings.HasPrefix(s.Flag, "-") {
				t.Errorf("%s: the setting %+v lacks something", c.recipe, s)
			}
			recalled := s.From == fromRecall
			if recalled && c.recipe != "paper" {
				t.Errorf("%s has %+v", c.recipe, s)
			}
		}
	}
}

// What is given stays, and the learning rate follows the images of a step.
func TestRecipeLeavesWhatIsGiven(t *testing.T) {
	for _, c := range []struct {
		name   string
		cfg    run.Config
		given  string
		rate   float64
		epochs int
		warmup int
	}{
		{"batch", run.Config{BatchSize: 64}, "batch-size", 0.025, 90, 0},
		{"batch and parts", run.Config{BatchSize: 64, GradAccum: 8}, "batch-size", 0.2, 90, 0},
		{"rate", run.Config{BatchSize: 64, LearningRate: 0.3}, "batch-size learning-rate", 0.3, 90, 0},
		{"a short run", run.Config{Recipe: "paper", Epochs: 5}, "epochs", 0.1, 5, 0},
		{"a run of six", run.Config{Recipe: "paper", Epochs: 6}, "epochs", 0.1, 6, 5},
		{"warm-up", run.Config{Recipe: "paper", WarmupEpochs: 1}, "warmup-epochs", 0.1, 90, 1},
	} {
		cfg := c.cfg
		cfg.Dataset, cfg.Model, cfg.Method = "imagenet", "resnet50", "augmix"
		if cfg.Recipe == "" {
			cfg.Recipe = "reference"
		}
		for _, s := range ApplyRecipe(&cfg, func(flag string) bool { return !strings.Contains(" "+c.given+" ", " "+flag+" ") }) {
			if strings.Contains(" "+c.given+" ", " "+s.Flag+" ") {
				t.Errorf("%s: the recipe says that it decided %s", c.name, s.Flag)
			}
		}
		if cfg.LearningRate != c.rate || cfg.Epochs != c.epochs || cfg.WarmupEpochs != c.warmup {
			t.Errorf("%s: got the rate %v, %d epochs, %d of warm-up; want %v, %d, %d", c.name, cfg.LearningRate, cfg.Epochs, cfg.WarmupEpochs,
				c.rate, c.epochs, c.warmup)
		}
	}
}

// The estimate has the network's numbers, counts the steps as a run does, and is positive. It leaves no tensor behind.
func TestEstimate(t *testing.T) {
	cfg, train, test := small(t)
	cfg.GradAccum, cfg.BatchSize, cfg.ValSplit, cfg.Epochs, cfg.EMA = 2, 16, 10, 3, 0.9
	e, err := EstimateRun(cfg, train, data.Subset(test, 20, false))
	if err != nil {
		t.Fatal(err)
	}
	// 140 images in batches of 32 are 5 steps. WRN-10-1 by hand: convolutions of 432, 4608, 14336 and 57344 weights, the
	// blocks' with their shortcuts, at 1024, 1024, 256 and 64 places; 480 weights of normalisations, 650 of the head.
	const parameters, multiplyAdds = 432 + 4608 + 14336 + 57344 + 480 + 650, (432+4608)*1024 + 14336*256 + 57344*64 + 640
	if e.StepsPerEpoch != 5 || e.Steps != 15 || e.Network != "WRN-10-1" || e.Parameters != parameters || e.MultiplyAdds != multiplyAdds {
		t.Errorf("got %+v, want 5 of 15 steps, %d parameters and %d multiply-adds", e, parameters, multiplyAdds)
	}
	// At the least the outputs of the convolutions are kept, in float32, of 16 images in 3 views.
	if least := int64(16 * 3 * 4 * (3*16*1024 + 2*32*256 + 2*64*64)); e.ActivationBytes < least || e.ActivationBytes > 4*least {
		t.Errorf("got %d bytes of activations, want at least %d", e.ActivationBytes, least)
	}
	if e.TimedImages != 16 || e.TimedSteps < 1 {
		t.Errorf("got %d steps timed on %d images", e.TimedSteps, e.TimedImages)
	}
	if want := 3 * (140./32*e.StepSeconds + 30*e.ImageSeconds); !(e.Seconds > 0) || e.Seconds < 0.99*want || e.Seconds > 1.01*want {
		t.Errorf("got %v s in all, want %v by its own parts", e.Seconds, want)
	}
	cfg.Save, cfg.Epochs = t.TempDir()+"/run", 1
	if got := mustRun(t, Options{Config: cfg, Resume: "none", Train: train, Test: test, Log: io.Discard}); int(got.Steps) != e.StepsPerEpoch {
		t.Errorf("the run has %d steps an epoch, the estimate %d", got.Steps, e.StepsPerEpoch)
	}
}
