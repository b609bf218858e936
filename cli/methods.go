package cli

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"augmix/corrupt"
	"augmix/data"
	"augmix/methods"
	"augmix/run"
)

// maxPatch bounds the sides of what methods cover, in pixels.
const maxPatch = 10_000

// methodFlags says which methods a flag is about; flags that are not here are about all.
var methodFlags = []struct {
	flag    string
	methods []string
}{
	{"views", []string{"augmix"}},
	{"no-jsd", []string{"augmix"}},
	{"ce-views", []string{"augmix"}},
	{"split-bn", []string{"augmix"}},
	{"jsd-weight", []string{"augmix"}},
	{"mixture-width", []string{"augmix"}},
	{"mixture-depth", []string{"augmix"}},
	{"aug-severity", []string{"augmix"}},
	{"aug-prob-coeff", []string{"augmix"}},
	{"all-ops", []string{"augmix"}},
	{"fill", []string{"augmix"}},
	{"augmix-preset", []string{"augmix"}},
	{"cutout-length", []string{"cutout"}},
	{"mixup-alpha", []string{"mixup"}},
	{"cutmix-beta", []string{"cutmix"}},
	{"cutmix-prob", []string{"cutmix"}},
	{"policy", []string{"autoaugment"}},
	{"epsilon", []string{"adversarial"}},
	{"attack-step", []string{"adversarial"}},
	{"attack-steps", []string{"adversarial"}},
	{"patch-width", []string{"patch-uniform"}},
	{"patch-noise", []string{"patch-uniform"}},
	{"corruption", []string{"corruption"}},
	{"sin-data", []string{"standard", "augmix"}},
	{"severity", []string{"corruption"}},
}

// otherMethods declares the flags of the methods but augmix. Where the AugMix paper's value is not known, the help
// says whose the default is.
func (g *group) otherMethods(c *run.Config) {
	positive := func(x float64) bool { return x > 0 && x <= 1e6 }
	share := func(x float64) bool { return x > 0 && x <= 1 }
	g.integer(&c.CutoutLength, "cutout-length", 1, maxPatch, "cutout: side of the square in pixels "+
		"(default: its authors' 16 for cifar10, 8 for cifar100; our choice elsewhere: half the image)")
	g.real(&c.MixupAlpha, "mixup-alpha", "above 0", positive, "mixup: of the Beta distribution (default: its authors' 1)")
	g.real(&c.CutMixBeta, "cutmix-beta", "above 0", positive, "cutmix: of the Beta distribution (default: its authors' 1)")
	g.real(&c.CutMixProb, "cutmix-prob", "above 0 and at most 1", share,
		"cutmix: probability that a batch is mixed (default: its authors' 0.5 for CIFAR, 1 for ImageNet)")
	g.text(&c.Policy, "policy", "NAME|FILE", nil, "autoaugment: "+strings.Join(methods.PolicyNames(), ", ")+", or a JSON file: "+
		`{"source": "…", "magnitudes": "autoaugment", "policy": [[{"op": "rotate", "probability": 0.7, "magnitude": 2}, …], …]}, `+
		`magnitudes from 0 to 9, or with "fast-autoaugment" from 0 to 1 (default: AutoAugment's of the images' kind)`)
	g.ratio(&c.Epsilon, "epsilon", "adversarial: radius of the ball in pixels of [0, 1] (default: 8/255 of hendrycks/pre-training)")
	g.ratio(&c.AttackStep, "attack-step", "adversarial: length of a step (default: 2/255 of hendrycks/pre-training)")
	g.integer(&c.AttackSteps, "attack-steps", 1, 1000, "adversarial: steps of the attack (default: 10 of hendrycks/pre-training)")
	g.integer(&c.PatchWidth, "patch-width", 1, maxPatch, "patch-uniform: largest side in pixels (default, our choice: the image's)")
	g.real(&c.PatchNoise, "patch-noise", "above 0 and at most 1", share,
		"patch-uniform: largest bound of the noise in pixels of [0, 1] (default, our choice: 1)")
	g.choice(&c.Corruption, "corruption", "corruption", corrupt.Names(), "corruption: the one to train on")
	g.text(&c.SinData, "sin-data", "DIR", nil, "standard, augmix: train on the images of this stylised copy of --data (DIR/train, "+
		"as Stylized-ImageNet has it) in place of its own; how the AugMix paper joins the two is not known, this is our choice")
	g.integer(&c.Severity, "severity", 1, corrupt.Severities, "corruption: its severity (default, our choice: 1 to 5 at random for each image)")
}

// trainingData is the configuration with which the training images are opened.
func trainingData(c run.Config) run.Config {
	if c.SinData != "" {
		c.Data = c.SinData
	}
	return c
}

// refuseForeign refuses flags on the command line that have no meaning with the method of the configuration.
func (f *flags) refuseForeign(c *run.Config) error {
	for _, m := range methodFlags {
		if f.given(m.flag) && !slices.Contains(m.methods, c.Method) {
			return usage("--%s is about %s, and the method is %s; leave it out, or choose --method %s",
				m.flag, strings.Join(m.methods, " and "), c.Method, m.methods[0])
		}
	}
	if name := f.firstGiven("views", "jsd-weight", "ce-views", "split-bn"); name != "" && c.NoJSD {
		return usage("--%s is about the several views of the consistency loss, which --no-jsd leaves out; leave out one of them", name)
	}
	if c.SplitBN && c.Method == "augmix" && c.NoJSD {
		return usage("--split-bn is about the several views of the consistency loss, which --no-jsd leaves out; leave out one of them")
	}
	if c.SinData != "" && !data.IsFolder(c.Dataset) {
		return usage("--sin-data is about image files; the images of %s are checked against those that were published, "+
			"of which no copy is stylised: leave it out, or use --dataset imagenet or folder", c.Dataset)
	}
	return nil
}

// ratio declares a flag for a number above 0 and at most 1, which may be written as a fraction.
func (g *group) ratio(p *float64, name, help string) { g.add(&ratioValue{p}, name, help) }

type ratioValue struct{ p *float64 }

func (v *ratioValue) String() string { return strconv.FormatFloat(*v.p, 'g', -1, 64) }
func (v *ratioValue) Type() string   { return "X" }
func (v *ratioValue) Set(s string) error {
	above, below, isRatio := strings.Cut(s, "/")
	if !isRatio {
		below = "1"
	}
	a, err1 := strconv.ParseFloat(above, 64)
	b, err2 := strconv.ParseFloat(below, 64)
	if x := a / b; err1 != nil || err2 != nil || math.IsInf(b, 0) || !(x > 0 && x <= 1) {
		return fmt.Errorf("give a number above 0 and at most 1, such as 0.03 or 8/255")
	}
	*v.p = a / b
	return nil
}
