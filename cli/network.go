package cli

import (
	"slices"
	"strings"

	"augmix/eval"
	"augmix/nets"
	"augmix/run"
)

// Bounds of flags, as those in config.go.
const (
	maxLayers = 1000
	maxWiden  = 64
	maxWidth  = 1024
)

func (g *group) network(c *run.Config) {
	g.choice(&c.Model, "model", "model", nets.Names(), "the network")
	g.integer(&c.Layers, "layers", 10, maxLayers, "wrn: its depth, 6n+4")
	g.integer(&c.WidenFactor, "widen-factor", 1, maxWiden, "wrn: times as many channels")
	g.choice(&c.DensenetVariant, "densenet-variant", "variant", nets.DenseNetVariants(),
		"densenet: bc is DenseNet-BC of 100 layers and growth rate 12, as in its paper, reference the one of 40 layers that the AugMix repository trains")
	g.integer(&c.Cardinality, "cardinality", 1, maxWidth, "resnext: the groups of a block's 3×3 convolution")
	g.integer(&c.BaseWidth, "base-width", 1, maxWidth, "resnext: the channels of a group in the first stage")
	g.choice(&c.Pool, "pool", "pooling", nets.Pools(),
		"resnet18 and resnet50: maxblurpool blurs before each halving, with the 4 taps that the method's own library takes; "+
			"which filter the AugMix paper took is not known")
}

func (g *group) normalize(c *run.Config, otherwise string) {
	g.text(&c.Normalize, "normalize", "half|cifar|imagenet|M,S",
		func(s string) error { _, err := nets.ParseNormalization(s); return err },
		"mean and standard deviation of the pixels (default: "+otherwise+")")
}

// checkNetwork refuses flags of the command line that the model does not have, and
// values of which no network can be built.
func checkNetwork(given func(flag string) bool, c run.Config) error {
	for _, flag := range nets.Flags() {
		if given(flag) && unused(c.Model, flag) {
			return usage("--%s is about %s; --model %s has no such thing: leave it out", flag,
				strings.Join(nets.Having(flag), " and "), c.Model)
		}
	}
	if err := eval.NetConfig(c, 1, nets.Normalization{}).Check(); err != nil {
		return usage("%v", err)
	}
	return nil
}

// unused tells whether a flag is about other models.
func unused(model, flag string) bool {
	return slices.Contains(nets.Flags(), flag) && !nets.Has(model, flag)
}

// takeGiven sets in c the fields of those flags that are given to what said has there.
func takeGiven(c *run.Config, given func(flag string) bool, said run.Config, flags ...string) {
	for _, flag := range flags {
		if given(flag) {
			c.Take(flag, said)
		}
	}
}

// completeNetwork sets what the flags leave open of a network whose model is known to
// what otherwise has there, and to nothing what the model does not have.
func completeNetwork(c run.Config, given func(flag string) bool, otherwise run.Config) run.Config {
	for _, flag := range nets.Flags() {
		if !given(flag) {
			c.Take(flag, otherwise)
		}
	}
	return eval.WithoutUnused(c)
}

// checkSaid refuses what checkNetwork refuses in the flags that say what is known of a
// checkpoint before it is read.
func checkSaid(given func(flag string) bool, c, otherwise run.Config) error {
	for _, flag := range append(nets.Flags(), "model") {
		if !given(flag) {
			continue
		}
		network := c
		if !given("model") {
			network.Model = nets.Having(flag)[0] // The checkpoint knows better, but only later.
		}
		if err := checkNetwork(given, completeNetwork(network, given, otherwise)); err != nil {
			return err
		}
	}
	return nil
}
