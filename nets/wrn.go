package nets

import (
	"fmt"
	"math"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
	F "github.com/wangkuiyi/gotorch/nn/functional"
	"github.com/wangkuiyi/gotorch/nn/initializer"
)

// PyTorch's defaults for batch normalisation.
const (
	bnEps      = 1e-5
	bnMomentum = 0.1
)

func conv(in, out, kernel, stride, padding int64) *nn.Conv2dModule {
	return nn.Conv2d(in, out, kernel, stride, padding, 1, 1, false, "zeros")
}

func batchNorm(features int64) *nn.BatchNorm2dModule {
	return nn.BatchNorm2d(features, bnEps, bnMomentum, true, true)
}

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

func newWRN(cfg Config) (Body, error) {
	if cfg.Layers < 10 || (cfg.Layers-4)%6 != 0 {
		return nil, fmt.Errorf("a wide residual network has 6n+4 layers (10, 16, 22, 28, 34, 40, …), not %d", cfg.Layers)
	}
	if cfg.WidenFactor < 1 {
		return nil, fmt.Errorf("the widen factor is at least 1, not %d", cfg.WidenFactor)
	}
	if cfg.DropRate < 0 || cfg.DropRate >= 1 {
		return nil, fmt.Errorf("the dropout rate is in [0, 1), not %v", cfg.DropRate)
	}
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
	w.Apply(initWRN)
	return w, nil
}

// initWRN draws convolutions from N(0, 2/(k²·C_out)) and zeroes the bias of the head; batch normalisation keeps 1 and 0
// and the head's weight PyTorch's default (wideresnet.py, WideResNet.__init__).
func initWRN(m nn.IModule) {
	switch m := m.(type) {
	case *nn.Conv2dModule:
		initializer.Normal(&m.Weight, 0, math.Sqrt(2/float64(m.KernelSize*m.KernelSize*m.OutChannels)))
	case *nn.LinearModule:
		initializer.Zeros(&m.Bias)
	}
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
