// Package nets has the networks. Each begins with Normalize, so that everything outside speaks pixels in [0, 1], and
// names its tensors as its PyTorch source does, so that checkpoints travel both ways.
package nets

import (
	"fmt"
	"strings"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
)

// Config says which network to build.
type Config struct {
	Model       string // One of Names.
	Classes     int
	Layers      int     // wrn only: the depth, 6n+4.
	WidenFactor int     // wrn only.
	DropRate    float64 // wrn only: the dropout between the convolutions of a block.
	Normalize   Normalization
}

// Body is a network without its normalisation: it takes normalised images, NCHW, and returns logits [N, classes].
type Body interface {
	nn.IModule
	Forward(x torch.Tensor) torch.Tensor
}

// Net is a network: Normalize, then the body. Its weights live until Close.
type Net struct {
	nn.Module
	Normalize *Normalize `gotorch:"-"`
	Body      Body       `gotorch:"-"`

	config Config
	bf16   bool
	static *torch.Static
}

// architecture is a row of the table of networks.
type architecture struct {
	build     func(Config) (Body, error)
	normalize string // The published convention.
}

var architectures = map[string]architecture{
	"wrn":      {newWRN, "half"},
	"resnet20": {newResNet(3), "imagenet"},
	"resnet32": {newResNet(5), "imagenet"},
	"resnet44": {newResNet(7), "imagenet"},
	"resnet56": {newResNet(9), "imagenet"},
}

// Names lists the networks that New builds.
func Names() []string { return []string{"wrn", "resnet20", "resnet32", "resnet44", "resnet56"} }

// PublishedNormalization returns what the network's published weights expect: the name of a Normalization.
func PublishedNormalization(model string) string { return architectures[model].normalize }

// New builds a network with its source's initialisation, drawn from seed, in training mode, float32, its convolutions'
// weights channels_last.
func New(cfg Config, seed uint64) (net *Net, err error) {
	a, ok := architectures[cfg.Model]
	if !ok {
		return nil, fmt.Errorf("unknown model %q; the models are %s", cfg.Model, strings.Join(Names(), ", "))
	}
	if cfg.Classes < 1 {
		return nil, fmt.Errorf("a network needs at least one class, not %d", cfg.Classes)
	}
	n := &Net{config: cfg, static: torch.NewStatic()}
	n.Init(n)
	n.static.Do(func() {
		torch.Seed(seed)
		n.Normalize = newNormalize(cfg.Normalize)
		n.Body, err = a.build(cfg)
	})
	if err != nil {
		n.Close()
		return nil, err
	}
	for _, p := range n.Parameters() {
		if p.Dim() == 4 {
			torch.Scope(func() {
				d := p.Detach()
				p.SetData(d.ChannelsLast())
			})
		}
	}
	return n, nil
}

// Config returns what the network was built from.
func (n *Net) Config() Config { return n.config }

// SetBF16 lets Forward compute in bfloat16 where libtorch's autocasting does: convolutions and products; weights stay
// float32, and so do the statistics of batch normalisation.
func (n *Net) SetBF16(on bool) { n.bf16 = on }

// Forward returns the float32 logits [N, classes] of images: float32 pixels in [0, 1], NCHW.
func (n *Net) Forward(x torch.Tensor) torch.Tensor {
	x = n.Normalize.Forward(x)
	if !n.bf16 {
		return n.Body.Forward(x)
	}
	var logits torch.Tensor
	torch.Autocast(torch.BFloat16, func() { logits = n.Body.Forward(x) })
	return logits.CastTo(torch.Float)
}

// ParameterCount returns the number of trained values.
func (n *Net) ParameterCount() int64 {
	var count int64
	for _, p := range n.Parameters() {
		count += p.Numel()
	}
	return count
}

// Close frees the weights.
func (n *Net) Close() { n.static.Close() }
