// Package nets has the networks. Each begins with Normalize, so that everything outside speaks pixels in [0, 1], and
// names its tensors as its PyTorch source does, so that checkpoints travel both ways.
package nets

import (
	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
)

// Body is a network without its normalisation: it takes normalised images, NCHW, and returns logits [N, classes].
type Body interface {
	nn.IModule
	Forward(x torch.Tensor) torch.Tensor
	count(*counter)
}

// Net is a network: Normalize, then the body. Its weights live until Close.
type Net struct {
	nn.Module
	Normalize *Normalize `gotorch:"-"`
	Body      Body       `gotorch:"-"`

	config Config
	bf16   bool
	copies *copies // Of the weights in bfloat16; nil where autocasting makes them anew each time.
	static *torch.Static
}

// New builds a network with its source's initialisation, drawn from seed, in training mode, float32, its convolutions'
// weights channels_last. Its errors are those of Check.
func New(cfg Config, seed uint64) (*Net, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	n := &Net{config: cfg, static: torch.NewStatic()}
	n.Init(n)
	n.static.Do(func() {
		torch.Seed(seed)
		n.Normalize = newNormalize(cfg.Normalize)
		a, _ := find(cfg.Model)
		n.Body = a.build(cfg)
		if cfg.Splits > 1 {
			n.split()
		}
	})
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

// Describe names the network as its papers do.
func (n *Net) Describe() string { return n.config.Describe() }

// Config returns what the network was built from.
func (n *Net) Config() Config { return n.config }

// SetBF16 lets Forward compute in bfloat16 where libtorch's autocasting does: convolutions and products, by autocasting or,
// after CopyWeights, with the copies; weights stay float32, and so do the statistics of batch normalisation.
func (n *Net) SetBF16(on bool) { n.bf16 = on }

// Forward returns the float32 logits [N, classes] of images: float32 pixels in [0, 1], NCHW.
func (n *Net) Forward(x torch.Tensor) torch.Tensor {
	x = n.Normalize.Forward(x)
	if !n.bf16 {
		return n.Body.Forward(x)
	}
	if n.copies != nil {
		return n.Body.Forward(x.CastTo(torch.BFloat16)).CastTo(torch.Float)
	}
	var logits torch.Tensor
	torch.Autocast(torch.BFloat16, func() { logits = n.Body.Forward(x) })
	return logits.CastTo(torch.Float)
}

// NormalizeBy makes batch normalisation use f in training.
func (n *Net) NormalizeBy(f nn.Normalizer) { nn.NormalizeBy(n.Body, f) }

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
