package methods

import (
	"fmt"
	"strings"

	"augmix/augmix"
	"augmix/corrupt"
)

// Config is what the flags say about a method.
type Config struct {
	Method  string
	Dataset string     // Some defaults depend on it.
	Mean    [3]float32 // Of the normalisation, for each channel.

	// augmix.
	Views     int // The clean one included.
	NoJSD     bool
	JSDWeight float64
	CEViews   string // clean (or empty) or all: of which views the loss has the cross-entropy.
	Mixing    augmix.Config

	Settings
}

// Settings are what the methods but augmix are set by. Zero stands for a method's own default.
type Settings struct {
	CutoutLength int     // cutout: side of the square in pixels.
	MixupAlpha   float64 // mixup: of the Beta distribution.
	CutMixBeta   float64 // cutmix: of the Beta distribution.
	CutMixProb   float64 // cutmix: that a batch is mixed.
	PatchWidth   int     // patch-uniform: the largest side in pixels.
	PatchNoise   float64 // patch-uniform: the largest bound of the noise, in [0, 1].
	Epsilon      float64 // adversarial: radius of the ball, in pixels of [0, 1].
	AttackStep   float64 // adversarial: length of a step.
	AttackSteps  int     // adversarial.
	Corruption   string  // corruption: one of corrupt.Names.
	Severity     int     // corruption: 1 to 5; 0 draws.
	Policy       string  // autoaugment: one of PolicyNames, or a file.
}

// photographs tells whether a dataset's images are ImageNet's kind.
func photographs(dataset string) bool { return dataset == "imagenet" || dataset == "folder" }

// Resolve returns the settings that the method trains with: defaults filled in, other methods' cleared. What stays 0
// depends on the images' size or is drawn.
func (c Config) Resolve() Settings {
	s := c.Settings
	switch c.Method {
	case "cutout":
		return Settings{CutoutLength: or(s.CutoutLength, cutoutLength(c.Dataset))}
	case "mixup":
		return Settings{MixupAlpha: or(s.MixupAlpha, 1)}
	case "cutmix":
		return Settings{CutMixBeta: or(s.CutMixBeta, 1), CutMixProb: or(s.CutMixProb, cutMixProb(c.Dataset))}
	case "autoaugment":
		return Settings{Policy: or(s.Policy, autoAugmentPolicy(c.Dataset))}
	case "patch-uniform":
		return Settings{PatchWidth: s.PatchWidth, PatchNoise: or(s.PatchNoise, 1)}
	case "adversarial":
		return Settings{Epsilon: or(s.Epsilon, 8./255), AttackStep: or(s.AttackStep, 2./255), AttackSteps: or(s.AttackSteps, 10)}
	case "corruption":
		return Settings{Corruption: s.Corruption, Severity: s.Severity}
	}
	return Settings{}
}

// PolicyDigest returns the SHA-256 of the policy that the method uses, "" where it uses none.
func (c Config) PolicyDigest() (string, error) {
	name := c.Resolve().Policy
	if name == "" {
		return "", nil
	}
	_, digest, err := openPolicy(name)
	if err != nil {
		return "", fmt.Errorf("--policy: %w", err)
	}
	return digest, nil
}

// or returns v, or otherwise where v is 0.
func or[T int | float64 | string](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Names lists the methods that New makes.
func Names() []string {
	return []string{"augmix", "standard", "cutout", "mixup", "cutmix", "autoaugment", "random-autoaugment", "adversarial",
		"patch-uniform", "corruption"}
}

// New returns a method. Its errors name the flag that is wrong.
func New(cfg Config) (Method, error) {
	s := cfg.Resolve()
	switch cfg.Method {
	case "augmix":
		return newAugMix(cfg)
	case "standard":
		return standard{}, nil
	case "cutout":
		return cutout{length: s.CutoutLength, fill: cfg.Mean}, nil
	case "mixup":
		return mixup{alpha: s.MixupAlpha}, nil
	case "cutmix":
		return cutMix{beta: s.CutMixBeta, prob: s.CutMixProb}, nil
	case "autoaugment":
		p, _, err := openPolicy(s.Policy)
		if err != nil {
			return nil, fmt.Errorf("--policy: %w", err)
		}
		return autoAugment{policy: p}, nil
	case "random-autoaugment":
		return randomAutoAugment{}, nil
	case "patch-uniform":
		return patchUniform{width: s.PatchWidth, noise: s.PatchNoise}, nil
	case "adversarial":
		return adversarial{epsilon: s.Epsilon, step: s.AttackStep, steps: s.AttackSteps}, nil
	case "corruption":
		if _, err := corrupt.New(s.Corruption, 32); err != nil {
			return nil, fmt.Errorf("--method corruption needs --corruption NAME: %s", strings.Join(corrupt.Names(), ", "))
		}
		return corruption{name: s.Corruption, severity: s.Severity}, nil
	}
	return nil, fmt.Errorf("--method: unknown method %q; the methods are %s", cfg.Method, strings.Join(Names(), ", "))
}
