package run

import "testing"

func TestMethodText(t *testing.T) {
	for _, c := range []struct {
		config Config
		want   string
	}{
		{Config{Method: "augmix", Views: 3}, "augmix with 3 views"},
		{Config{Method: "augmix", Views: 3, NoJSD: true, AllOps: true}, "augmix without the consistency loss, all operations"},
		{Config{Method: "standard"}, "standard"},
		{Config{Method: "augmix", Views: 3, CEViews: "all", SplitBN: true, LabelSmoothing: 0.1, ClipGrad: 2, EMA: 0.999, InitSHA256: "ab"},
			"augmix with 3 views, cross-entropy of all views, batch normalisation per view, labels smoothed by 0.1, " +
				"gradients clipped at 2, weights averaged with decay 0.999, from trained weights"},
		{Config{Method: "standard", SinData: "sin"}, "standard on a stylised copy of the images"},
		{Config{Method: "cutout", CutoutLength: 8}, "cutout of 8 pixels"},
		{Config{Method: "cutout"}, "cutout of half the image"},
		{Config{Method: "mixup", MixupAlpha: 0.2}, "mixup (α = 0.2)"},
		{Config{Method: "cutmix", CutMixBeta: 1, CutMixProb: 0.5}, "cutmix (β = 1, probability 0.5)"},
		{Config{Method: "autoaugment", Policy: "p.json"}, "autoaugment (p.json)"},
		{Config{Method: "adversarial", Epsilon: 8. / 255, AttackStep: 2. / 255, AttackSteps: 10},
			"adversarial (radius 8/255, 10 steps of 2/255)"},
		{Config{Method: "patch-uniform", PatchNoise: 1}, "patch-uniform (up to the image's side, noise up to 1)"},
		{Config{Method: "patch-uniform", PatchWidth: 25, PatchNoise: 0.5}, "patch-uniform (up to 25 pixels, noise up to 0.5)"},
		{Config{Method: "corruption", Corruption: "fog"}, "corruption (fog, severities 1 to 5)"},
		{Config{Method: "corruption", Corruption: "fog", Severity: 5}, "corruption (fog, severity 5)"},
	} {
		if got := c.config.MethodText(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

// The settings of every method that the paper has, but for its own and for standard training, are said to be others'.
func TestMethodOrigin(t *testing.T) {
	for method, want := range map[string]bool{"augmix": false, "standard": false, "cutout": true, "mixup": true, "cutmix": true,
		"autoaugment": true, "random-autoaugment": true,
		"adversarial": true, "patch-uniform": true, "corruption": true} {
		if got := (Config{Method: method}).MethodOrigin() != ""; got != want {
			t.Errorf("%s: says whose its settings are: %v, want %v", method, got, want)
		}
	}
	if (Config{Method: "augmix", SinData: "sin"}).MethodOrigin() == "" {
		t.Error("augmix on a stylised copy does not say that it is our choice")
	}
}
