package nets

import (
	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
	"github.com/wangkuiyi/gotorch/nn/initializer"
)

// resNeXtDepth is 9 layers for each of 3 bottlenecks a stage, the first convolution and the head.
const resNeXtDepth = 29

// ResNeXt is the aggregated residual network for CIFAR of Xie et al. (2017) as google-research/augmix has it
// (third_party/ResNeXt_DenseNet/models/resnext.py): ResNeXt-29 with projection shortcuts; the stride is that of the
// grouped convolution.
type ResNeXt struct {
	nn.Module
	Conv1      *nn.Conv2dModule      `gotorch:"conv_1_3x3"`
	BN1        *nn.BatchNorm2dModule `gotorch:"bn_1"`
	Stage1     []*resNeXtBlock       `gotorch:"stage_1"`
	Stage2     []*resNeXtBlock       `gotorch:"stage_2"`
	Stage3     []*resNeXtBlock       `gotorch:"stage_3"`
	Classifier *nn.LinearModule
}

type resNeXtBlock struct {
	nn.Module
	ConvReduce *nn.Conv2dModule
	BNReduce   *nn.BatchNorm2dModule `gotorch:"bn_reduce"`
	ConvConv   *nn.Conv2dModule
	BN         *nn.BatchNorm2dModule
	ConvExpand *nn.Conv2dModule
	BNExpand   *nn.BatchNorm2dModule `gotorch:"bn_expand"`
	Downsample *chain                // Nil where the channels stay the same.
}

func newResNeXt(cfg Config) Body {
	r := &ResNeXt{
		Conv1: conv(3, 64, 3, 1, 1),
		BN1:   batchNorm(64),
	}
	in := int64(64)
	stage := func(planes, stride int64) (blocks []*resNeXtBlock) {
		for range (resNeXtDepth - 2) / 9 {
			blocks = append(blocks, newResNeXtBlock(in, planes, stride, int64(cfg.Cardinality), int64(cfg.BaseWidth)))
			in, stride = 4*planes, 1
		}
		return blocks
	}
	r.Stage1 = stage(64, 1)
	r.Stage2 = stage(128, 2)
	r.Stage3 = stage(256, 2)
	r.Classifier = nn.Linear(in, int64(cfg.Classes), true)
	r.Init(r)
	r.Apply(initFanOut)
	initializer.KaimingNormal(&r.Classifier.Weight, 0, "fan_in", "leaky_relu")
	return r
}

// newResNeXtBlock returns a bottleneck whose groups are as wide as its planes are to 64 times the base width, rounded
// down.
func newResNeXtBlock(in, planes, stride, cardinality, baseWidth int64) *resNeXtBlock {
	width := planes * baseWidth / 64 * cardinality
	b := &resNeXtBlock{
		ConvReduce: conv(in, width, 1, 1, 0),
		BNReduce:   batchNorm(width),
		ConvConv:   nn.Conv2d(width, width, 3, stride, 1, 1, cardinality, false, "zeros"),
		BN:         batchNorm(width),
		ConvExpand: conv(width, 4*planes, 1, 1, 0),
		BNExpand:   batchNorm(4 * planes),
	}
	if stride != 1 || in != 4*planes {
		b.Downsample = newChain(conv(in, 4*planes, 1, stride, 0), batchNorm(4*planes))
	}
	b.Init(b)
	return b
}

func (b *resNeXtBlock) forward(x torch.Tensor) torch.Tensor {
	out := b.BNReduce.ForwardRelu(b.ConvReduce.Forward(x))
	out = b.BN.ForwardRelu(b.ConvConv.Forward(out))
	out = b.ConvExpand.Forward(out)
	return b.BNExpand.ForwardAddRelu(out, b.Downsample.shortcut(x))
}

// Forward returns the logits [N, classes] of normalised images [N, 3, H, W].
func (r *ResNeXt) Forward(x torch.Tensor) torch.Tensor {
	x = r.BN1.ForwardRelu(r.Conv1.Forward(x))
	for _, stage := range [][]*resNeXtBlock{r.Stage1, r.Stage2, r.Stage3} {
		for _, b := range stage {
			x = b.forward(x)
		}
	}
	return r.Classifier.Forward(x.MeanDims(false, 2, 3))
}
