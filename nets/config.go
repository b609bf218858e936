package nets

import (
	"fmt"
	"slices"
	"strings"
)

// Config says which network to build. Fields that the model does not have are passed over.
type Config struct {
	Model           string // One of Names.
	Classes         int
	Layers          int     // wrn only: the depth, 6n+4.
	WidenFactor     int     // wrn only.
	DropRate        float64 // wrn only: the dropout between the convolutions of a block.
	DenseNetVariant string  // densenet only: one of DenseNetVariants.
	Cardinality     int     // resnext only: the groups of a block's 3×3 convolution.
	BaseWidth       int     // resnext only: the channels of a group in the first stage.
	Pool            string  // resnet18 and resnet50 only: one of Pools.
	Splits          int     // Parts of a training batch that are normalised by themselves; 0 and 1 normalise it whole.
	Normalize       Normalization
}

// architecture is a row of the table of networks.
type architecture struct {
	name      string
	build     func(Config) Body
	normalize string   // The published convention.
	flags     []string // The command line's flags that choose among its forms.
}

// architectures lists the networks in the order in which help shows them.
var architectures = []architecture{
	{"wrn", newWRN, "half", []string{"layers", "widen-factor", "droprate"}},
	{"allconv", newAllConv, "half", nil},
	{"densenet", newDenseNet, "half", []string{"densenet-variant"}},
	{"resnext", newResNeXt, "half", []string{"cardinality", "base-width"}},
	{"resnet20", newResNet(3), "imagenet", nil},
	{"resnet32", newResNet(5), "imagenet", nil},
	{"resnet44", newResNet(7), "imagenet", nil},
	{"resnet56", newResNet(9), "imagenet", nil},
	{"resnet18", newVisionResNet(false, [4]int{2, 2, 2, 2}), "imagenet", []string{"pool"}},
	{"resnet50", newVisionResNet(true, [4]int{3, 4, 6, 3}), "imagenet", []string{"pool"}},
}

func find(model string) (architecture, bool) {
	for _, a := range architectures {
		if a.name == model {
			return a, true
		}
	}
	return architecture{}, false
}

// Names lists the networks that New builds.
func Names() []string {
	var out []string
	for _, a := range architectures {
		out = append(out, a.name)
	}
	return out
}

// PublishedNormalization returns what the network's published weights expect: the name of a Normalization.
func PublishedNormalization(model string) string {
	a, _ := find(model)
	return a.normalize
}

// Flags lists the flags that choose among the forms of one network or another.
func Flags() []string {
	var out []string
	for _, a := range architectures {
		for _, flag := range a.flags {
			if !slices.Contains(out, flag) {
				out = append(out, flag)
			}
		}
	}
	return out
}

// Has tells whether one of Flags is about a model.
func Has(model, flag string) bool {
	a, _ := find(model)
	return slices.Contains(a.flags, flag)
}

// Having lists the models that one of Flags is about.
func Having(flag string) []string {
	var out []string
	for _, a := range architectures {
		if slices.Contains(a.flags, flag) {
			out = append(out, a.name)
		}
	}
	return out
}

// Check returns an error for a configuration of which New cannot build a network. It names the flag.
func (c Config) Check() error {
	if _, ok := find(c.Model); !ok {
		return fmt.Errorf("--model: unknown model %q; the models are %s", c.Model, strings.Join(Names(), ", "))
	}
	if c.Classes < 1 {
		return fmt.Errorf("a network needs at least one class, not %d", c.Classes)
	}
	switch {
	case c.Model == "wrn":
		return c.checkWRN()
	case c.Model == "resnext":
		return c.checkResNeXt()
	case c.Model == "densenet" && !slices.Contains(DenseNetVariants(), c.DenseNetVariant):
		return fmt.Errorf("--densenet-variant: unknown variant %q; it is %s", c.DenseNetVariant, strings.Join(DenseNetVariants(), " or "))
	case Has(c.Model, "pool") && !slices.Contains(Pools(), c.Pool):
		return fmt.Errorf("--pool: unknown pooling %q; it is %s", c.Pool, strings.Join(Pools(), " or "))
	}
	return nil
}

func (c Config) checkWRN() error {
	if over := (c.Layers - 4) % 6; c.Layers < 10 || over != 0 {
		below := max(10, c.Layers-over)
		return fmt.Errorf("--layers %d: a wide residual network has 6n+4 layers: give %d or %d", c.Layers, below, below+6)
	}
	if c.WidenFactor < 1 {
		return fmt.Errorf("--widen-factor %d: it is at least 1", c.WidenFactor)
	}
	if !(c.DropRate >= 0 && c.DropRate < 1) {
		return fmt.Errorf("--droprate %v: the dropout rate is in [0, 1)", c.DropRate)
	}
	return nil
}

// maxResNeXtWidth bounds the first stage's channels: it is 16 times the published networks' 128 to 512.
const maxResNeXtWidth = 8192

func (c Config) checkResNeXt() error {
	if c.Cardinality < 1 {
		return fmt.Errorf("--cardinality %d: it is at least 1", c.Cardinality)
	}
	if c.BaseWidth < 1 {
		return fmt.Errorf("--base-width %d: it is at least 1", c.BaseWidth)
	}
	if c.Cardinality > maxResNeXtWidth/c.BaseWidth {
		return fmt.Errorf("--cardinality %d, --base-width %d: %d channels are too many; their product is at most %d",
			c.Cardinality, c.BaseWidth, c.Cardinality*c.BaseWidth, maxResNeXtWidth)
	}
	return nil
}

// CheckSize returns an error for images that the network cannot take: of w×h pixels and so many channels.
func (c Config) CheckSize(w, h, channels int) error {
	lo, hi := 8, 0 // Three halvings leave a pixel.
	switch {
	case c.Model == "allconv":
		// Its last pooling reads one window of 8×8 of a quarter of the side plus 2.
		lo, hi = 24, 55
	case Has(c.Model, "pool"):
		lo = 32
	}
	switch {
	case channels != 3:
		return fmt.Errorf("--model %s takes images of 3 channels, not %d", c.Model, channels)
	case min(w, h) < lo:
		return fmt.Errorf("--model %s takes images of at least %d×%d pixels, not %d×%d", c.Model, lo, lo, w, h)
	case hi > 0 && max(w, h) > hi:
		return fmt.Errorf("--model %s takes images of at most %d×%d pixels, not %d×%d", c.Model, hi, hi, w, h)
	}
	return nil
}

// Describe names the network as its papers do: WRN-40-2, ResNet-20.
func (c Config) Describe() string {
	switch {
	case c.Model == "wrn":
		return fmt.Sprintf("WRN-%d-%d", c.Layers, c.WidenFactor)
	case c.Model == "allconv":
		return "AllConv"
	case c.Model == "densenet" && c.DenseNetVariant == DenseNetReference:
		return fmt.Sprintf("DenseNet-%d-%d", denseNetDepth(c.DenseNetVariant), denseNetGrowth)
	case c.Model == "densenet":
		return fmt.Sprintf("DenseNet-BC-%d-%d", denseNetDepth(c.DenseNetVariant), denseNetGrowth)
	case c.Model == "resnext":
		return fmt.Sprintf("ResNeXt-%d-%d×%dd", resNeXtDepth, c.Cardinality, c.BaseWidth)
	}
	name := strings.Replace(c.Model, "resnet", "ResNet-", 1)
	if Has(c.Model, "pool") && c.Pool == PoolMaxBlur {
		name += " with MaxBlurPool"
	}
	return name
}
