package train

import (
	"strconv"

	"augmix/data"
	"augmix/run"
)

// Recipes lists the recipes; the first is the default.
func Recipes() []string { return []string{"reference", "paper", "release"} }

// Setting is a decision of a recipe: the flag that it stands for, its value as text, and where that comes from.
type Setting struct{ Flag, Value, From string }

// Where the values of recipes come from.
const (
	fromCIFAR    = "google-research/augmix, cifar.py"
	fromReadme   = "google-research/augmix, README"
	fromImageNet = "google-research/augmix, imagenet.py"
	fromAuthors  = "the authors' code for their released weights"
	fromRecall   = "recalled from the paper, not verified"
	fromUs       = "our choice: the paper's is not known"
)

// ApplyRecipe writes what the recipe c.Recipe says for c's dataset, network and method where open says that a flag is
// still to decide, and returns what it wrote. The learning rate follows the batch that is then in c.
//
// On small images reference and release are cifar.py, called as the repository's README does for each network; paper is
// the same with the paper's DenseNet and weight decay. On photographs reference is imagenet.py as it was released, release
// what the authors say that they trained their released weights with, and paper what is recalled of the paper.
func ApplyRecipe(c *run.Config, open func(flag string) bool) []Setting {
	r := recipe{c: c, open: open}
	if data.IsFolder(c.Dataset) {
		r.photographs()
	} else {
		r.smallImages()
	}
	return r.settings
}

// RecipePreset names the preset of AugMix's views that belongs to c's recipe and dataset, and where that comes from.
func RecipePreset(c run.Config) (name, from string) {
	switch {
	case !data.IsFolder(c.Dataset):
		return "paper-cifar", fromCIFAR
	case c.Recipe == "reference":
		return "release-imagenet", fromImageNet
	}
	return "paper-imagenet", fromAuthors
}

type recipe struct {
	c        *run.Config
	open     func(flag string) bool
	settings []Setting
}

func (r *recipe) smallImages() {
	c, paper := r.c, r.c.Recipe == "paper"
	if c.Model == "densenet" {
		if paper {
			r.text("densenet-variant", &c.DensenetVariant, "bc", fromRecall)
		} else {
			r.text("densenet-variant", &c.DensenetVariant, "reference", fromCIFAR)
		}
	}
	epochs, from := 100, fromCIFAR
	if c.Model == "densenet" || c.Model == "resnext" {
		epochs, from = 200, fromReadme
	}
	r.whole("epochs", &c.Epochs, epochs, from)
	r.whole("batch-size", &c.BatchSize, 128, fromCIFAR)
	r.real("learning-rate", &c.LearningRate, 0.1, fromCIFAR)
	r.text("schedule", &c.Schedule, "cosine", fromCIFAR)
	r.whole("warmup-epochs", &c.WarmupEpochs, 0, fromCIFAR)
	r.real("momentum", &c.Momentum, 0.9, fromCIFAR)
	r.toggle("no-nesterov", &c.NoNesterov, false, fromCIFAR)
	switch {
	case paper && c.Method == "mixup":
		r.real("decay", &c.Decay, 1e-4, fromRecall)
	case paper:
		r.real("decay", &c.Decay, 5e-4, fromRecall)
	case c.Model == "densenet":
		r.real("decay", &c.Decay, 1e-4, fromReadme)
	default:
		r.real("decay", &c.Decay, 5e-4, fromCIFAR)
	}
	r.whole("val-split", &c.ValSplit, 0, fromCIFAR)
}

// warmupEpochs is recalled of the paper (which cites Goyal et al. 2017, section 2.2).
const warmupEpochs = 5

func (r *recipe) photographs() {
	c := r.c
	epochs, from, schedule, warmup := 90, fromImageNet, "thirds", 0
	switch {
	case c.Recipe == "release":
		epochs, from, schedule = 180, fromAuthors, "cosine"
	case c.Recipe == "paper" && c.Method == "autoaugment":
		epochs, from, schedule, warmup = 180, fromRecall, "cosine", warmupEpochs
	case c.Recipe == "paper":
		epochs, from, schedule, warmup = 90, fromUs, "cosine", warmupEpochs
	}
	r.whole("epochs", &c.Epochs, epochs, from)
	if from == fromUs {
		from = fromRecall
	}
	r.whole("batch-size", &c.BatchSize, 256, fromImageNet)
	r.real("learning-rate", &c.LearningRate, 0.1*float64(imagesPerStep(*c))/256, fromImageNet+": 0.1 for each 256 images of a step")
	r.text("schedule", &c.Schedule, schedule, from)
	if warmup >= c.Epochs {
		warmup = 0 // A run that --epochs makes so short has no room for it.
	}
	r.whole("warmup-epochs", &c.WarmupEpochs, warmup, from)
	r.real("momentum", &c.Momentum, 0.9, fromImageNet)
	r.toggle("no-nesterov", &c.NoNesterov, c.Recipe == "reference", from)
	r.real("decay", &c.Decay, 1e-4, from)
	r.whole("val-split", &c.ValSplit, 0, fromImageNet)
}

// note records that a flag was decided.
func (r *recipe) note(flag, value, from string) {
	r.settings = append(r.settings, Setting{flag, value, from})
}

func (r *recipe) whole(flag string, to *int, value int, from string) {
	if r.open(flag) {
		*to = value
		r.note(flag, strconv.Itoa(value), from)
	}
}

func (r *recipe) real(flag string, to *float64, value float64, from string) {
	if r.open(flag) {
		*to = value
		r.note(flag, strconv.FormatFloat(value, 'g', -1, 64), from)
	}
}

func (r *recipe) text(flag string, to *string, value, from string) {
	if r.open(flag) {
		*to = value
		r.note(flag, value, from)
	}
}

func (r *recipe) toggle(flag string, to *bool, value bool, from string) {
	if r.open(flag) {
		*to = value
		r.note(flag, strconv.FormatBool(value), from)
	}
}
