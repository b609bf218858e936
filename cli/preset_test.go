package cli

import (
	"testing"

	"augmix/augmix"
	"augmix/train"
)

// TestPreset: a flag given wins over the preset, which wins over the defaults;
// photographs begin with the reference's imagenet.py.
func TestPreset(t *testing.T) {
	for _, c := range []struct {
		dataset, preset string
		args            []string
		want            augmix.Config
	}{
		{"cifar10", "", nil, augmix.Default},
		{"folder", "", nil, augmix.Config{Width: 3, Depth: -1, Severity: 1, Alpha: 1}},
		{"imagenet", "paper-cifar", nil, augmix.Default},
		{"imagenet", "paper-imagenet", nil, augmix.Config{Width: 3, Depth: -1, Severity: 1, Alpha: 1, Fill: 128}},
		{"cifar10", "timm", []string{"--aug-severity", "5", "--fill", "7", "--all-ops=false"},
			augmix.Config{Width: 3, Depth: -1, Severity: 5, Alpha: 1, Fill: 7}},
	} {
		f := newFlags("train")
		training := newTraining(f)
		if _, err := f.parse(c.args); err != nil {
			t.Fatal(err)
		}
		training.config.Dataset = c.dataset
		f.applyPreset(c.preset, &training.config)
		if got := train.Mixing(training.config); got != c.want {
			t.Errorf("%s, preset %q, %v: got %+v, want %+v", c.dataset, c.preset, c.args, got, c.want)
		}
	}
}

func TestPresetsAreValid(t *testing.T) {
	for _, p := range augmix.Presets {
		if err := p.Validate(); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}
