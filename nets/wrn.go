package nets

import (
	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
	F "github.com/wangkuiyi/gotorch/nn/functional"
)

// WRN is the wide residual network of Zagoruyko and Komodakis (2016) as google-research/augmix has it
// (third_party/WideResNet_pytorch/wideresnet.py): pre-activation basic blocks, 16·k, 32·k and 64·k channels.
type WRN struct {
	nn.Module
	Conv1  *nn.Conv2dModule
	Block1 *wrnStage
	Block2 *wrnStage
	Block3 *wrnStage
	BN1    *nn.BatchNorm2dModule
	FC     *nn.LinearModule
}

type wrnStage struct {
	nn.Module
	Layer []*wrnBlock
}

type wrnBlock struct {
	nn.Module
	BN1          *nn.BatchNorm2dModule
	Conv1        *nn.Conv2dModule
	BN2          *nn.BatchNorm2dModule
	Conv2        *nn.Conv2dModule
	ConvShortcut *nn.Conv2dModule // Nil where the channels stay the same.

	dropRate float64
}

func newWRN(cfg Config) Body {
	n := (cfg.Layers - 4) / 6
	k := int64(cfg.WidenFactor)
	w := &WRN{
		Conv1:  conv(3, 16, 3, 1, 1),
		Block1: newWRNStage(n, 16, 16*k, 1, cfg.DropRate),
		Block2: newWRNStage(n, 16*k, 32*k, 2, cfg.DropRate),
		Block3: newWRNStage(n, 32*k, 64*k, 2, cfg.DropRate),
		BN1:    batchNorm(64 * k),
		FC:     nn.Linear(64*k, int64(cfg.Classes), true),
	}
	w.Init(w)
	w.Apply(initFanOut)
	return w
}

func newWRNStage(n int, in, out, stride int64, dropRate float64) *wrnStage {
	s := &wrnStage{}
	for range n {
		s.Layer = append(s.Layer, newWRNBlock(in, out, stride, dropRate))
		in, stride = out, 1
	}
	s.Init(s)
	return s
}

func (s *wrnStage) forward(x torch.Tensor) torch.Tensor {
	for _, b := range s.Layer {
		x = b.forward(x)
	}
	return x
}

func newWRNBlock(in, out, stride int64, dropRate float64) *wrnBlock {
	b := &wrnBlock{
		BN1:      batchNorm(in),
		Conv1:    conv(in, out, 3, stride, 1),
		BN2:      batchNorm(out),
		Conv2:    conv(out, out, 3, 1, 1),
		dropRate: dropRate,
	}
	if in != out {
		b.ConvShortcut = conv(in, out, 1, stride, 0)
	}
	b.Init(b)
	return b
}

// forward feeds the shortcut convolution with the activated input, the identity with the raw one, as the reference does.
func (b *wrnBlock) forward(x torch.Tensor) torch.Tensor {
	active := b.BN1.ForwardRelu(x)
	out := b.Conv1.Forward(active)
	out = b.BN2.ForwardRelu(out)
	if b.dropRate > 0 {
		out = F.Dropout(out, b.dropRate, b.IsTraining())
	}
	out = b.Conv2.Forward(out)
	if b.ConvShortcut != nil {
		return out.AddI(b.ConvShortcut.Forward(active), 1)
	}
	return out.AddI(x, 1)
}

// Forward returns the logits [N, classes] of normalised images [N, 3, H, W].
func (w *WRN) Forward(x torch.Tensor) torch.Tensor {
	x = w.Conv1.Forward(x)
	x = w.Block1.forward(x)
	x = w.Block2.forward(x)
	x = w.Block3.forward(x)
	x = w.BN1.ForwardRelu(x)
	return w.FC.Forward(x.MeanDims(false, 2, 3))
}
