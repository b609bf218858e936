package train

import (
	"fmt"

	"augmix/augmix"
	"augmix/eval"
	"augmix/methods"
	"augmix/nets"
	"augmix/run"

	torch "github.com/wangkuiyi/gotorch"
)

// NewMethod returns the method of a configuration. Its errors name the flag.
func NewMethod(cfg run.Config) (methods.Method, error) {
	c, err := methodConfig(cfg)
	if err != nil {
		return nil, err
	}
	return methods.New(c)
}

// ResolveMethod writes the method's defaults for what is not set, and clears what is about other methods.
func ResolveMethod(cfg *run.Config) error {
	c, err := methodConfig(*cfg)
	if err != nil {
		return err
	}
	s := c.Resolve()
	cfg.CutoutLength, cfg.MixupAlpha, cfg.CutMixBeta, cfg.CutMixProb = s.CutoutLength, s.MixupAlpha, s.CutMixBeta, s.CutMixProb
	cfg.Policy = s.Policy
	if cfg.PolicySHA256, err = c.PolicyDigest(); err != nil {
		return err
	}
	cfg.PatchWidth, cfg.PatchNoise = s.PatchWidth, s.PatchNoise
	cfg.Epsilon, cfg.AttackStep, cfg.AttackSteps = s.Epsilon, s.AttackStep, s.AttackSteps
	cfg.Corruption, cfg.Severity = s.Corruption, s.Severity
	if cfg.Method != "augmix" {
		cfg.CEViews, cfg.SplitBN = "", false
	}
	return nil
}

// methodConfig is what a configuration says about its method.
func methodConfig(cfg run.Config) (methods.Config, error) {
	name := cfg.Normalize
	if name == "" {
		name = nets.PublishedNormalization(cfg.Model)
	}
	normalize, err := nets.ParseNormalization(name)
	if err != nil {
		return methods.Config{}, fmt.Errorf("--normalize: %w", err)
	}
	return methods.Config{
		Method: cfg.Method, Dataset: cfg.Dataset, Mean: normalize.Mu,
		Views: cfg.Views, NoJSD: cfg.NoJSD, JSDWeight: cfg.JSDWeight, CEViews: cfg.CEViews, Mixing: Mixing(cfg),
		Settings: methods.Settings{
			CutoutLength: cfg.CutoutLength, MixupAlpha: cfg.MixupAlpha, CutMixBeta: cfg.CutMixBeta, CutMixProb: cfg.CutMixProb,
			Policy: cfg.Policy, PatchWidth: cfg.PatchWidth, PatchNoise: cfg.PatchNoise,
			Epsilon: cfg.Epsilon, AttackStep: cfg.AttackStep, AttackSteps: cfg.AttackSteps,
			Corruption: cfg.Corruption, Severity: cfg.Severity,
		},
	}, nil
}

// Mixing returns what a configuration says about AugMix's views.
func Mixing(cfg run.Config) augmix.Config {
	return augmix.Config{
		Width: cfg.MixtureWidth, Depth: cfg.MixtureDepth, Severity: cfg.AugSeverity, Alpha: cfg.AugProbCoeff,
		AllOps: cfg.AllOps, Fill: uint8(cfg.Fill),
	}
}

// newNet builds the network of a configuration, initialised from its seed: on the CPU, so that it begins with the same
// weights everywhere, from where it goes to its device.
func newNet(cfg run.Config, classes int) (net *nets.Net, err error) {
	normalize, err := nets.ParseNormalization(cfg.Normalize)
	if err != nil {
		return nil, fmt.Errorf("--normalize: %w", err)
	}
	c := eval.NetConfig(cfg, classes, normalize)
	if cfg.SplitBN {
		c.Splits = cfg.Views
	}
	torch.OnDevice(torch.Device{}, func() { net, err = nets.New(c, cfg.Seed) })
	if err == nil {
		net.To(torch.NewDevice(cfg.Device))
	}
	return net, err
}
