package train

import (
	"fmt"

	"augmix/methods"
	"augmix/nets"
	"augmix/run"
)

// newMethod returns the method of a configuration. Its errors name the flag.
func newMethod(cfg run.Config) (methods.Method, error) {
	return methods.New(methods.Config{
		Method: cfg.Method, Views: cfg.Views, NoJSD: cfg.NoJSD, JSDWeight: cfg.JSDWeight, MixtureWidth: cfg.MixtureWidth,
		MixtureDepth: cfg.MixtureDepth, AugSeverity: cfg.AugSeverity, AugProbCoeff: cfg.AugProbCoeff, AllOps: cfg.AllOps,
	})
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
