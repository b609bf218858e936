package train

import (
	"fmt"

	"augmix/augmix"
	"augmix/methods"
	"augmix/nets"
	"augmix/run"
)

// NewMethod returns the method of a configuration. Its errors name the flag.
func NewMethod(cfg run.Config) (methods.Method, error) {
	return methods.New(methods.Config{
		Method: cfg.Method, Views: cfg.Views, NoJSD: cfg.NoJSD, JSDWeight: cfg.JSDWeight, Mixing: Mixing(cfg),
	})
}

// Mixing returns what a configuration says about AugMix's views.
func Mixing(cfg run.Config) augmix.Config {
	return augmix.Config{
		Width: cfg.MixtureWidth, Depth: cfg.MixtureDepth, Severity: cfg.AugSeverity, Alpha: cfg.AugProbCoeff,
		AllOps: cfg.AllOps, Fill: uint8(cfg.Fill),
	}
}

// newNet builds the network of a configuration, initialised from its seed.
func newNet(cfg run.Config, classes int) (*nets.Net, error) {
	normalize, err := nets.ParseNormalization(cfg.Normalize)
	if err != nil {
		return nil, fmt.Errorf("--normalize: %w", err)
	}
	return nets.New(nets.Config{
		Model: cfg.Model, Classes: classes, Layers: cfg.Layers, WidenFactor: cfg.WidenFactor, DropRate: cfg.Droprate,
		Normalize: normalize,
	}, cfg.Seed)
}
