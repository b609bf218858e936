package nets

import (
	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
	F "github.com/wangkuiyi/gotorch/nn/functional"
)

// What --pool chooses for resnet18 and resnet50. PoolMaxBlur is MaxBlurPool of Zhang (2019), "Making Convolutional
// Networks Shift-Invariant Again": whatever has a stride of 2 loses it, and a blur with that stride takes its place; the
// first convolution keeps its stride. The filter is [1 3 3 1], the default of the method's own library
// (antialiased_cnns, filter_size=4); which one the AugMix paper took is not known.
const (
	PoolMax     = "max"
	PoolMaxBlur = "maxblurpool"
)

// Pools lists them; the first is the default.
func Pools() []string { return []string{PoolMax, PoolMaxBlur} }

// blurTaps are the filter's, in both directions.
var blurTaps = [...]float32{1, 3, 3, 1}

// blurPool convolves each channel with the filter, stride 2, at reflected borders.
type blurPool struct {
	nn.Module
	Filt torch.Tensor `gotorch:"filt,buffer"` // [C, 1, 4, 4]
}

func newBlurPool(channels int64) *blurPool {
	var kernel []float32
	sum := float32(0)
	for _, a := range blurTaps {
		sum += a
	}
	for _, a := range blurTaps {
		for _, b := range blurTaps {
			kernel = append(kernel, a*b/(sum*sum))
		}
	}
	var all []float32
	for range channels {
		all = append(all, kernel...)
	}
	size := int64(len(blurTaps))
	b := &blurPool{Filt: torch.FromFloat32(all, channels, 1, size, size)}
	b.Init(b)
	return b
}

// Forward halves the height and width of x [N, C, H, W], rounding up; H and W are at least 2.
func (b *blurPool) Forward(x torch.Tensor) torch.Tensor {
	shape := x.Shape()
	// Of the three pixels more, one is on the left and two are on the right (and so for rows). Two pixels have only one to
	// reflect: then the reflection is itself reflected, as NumPy's pad does. PyTorch's refuses.
	right, bottom := min(2, shape[3]-1), min(2, shape[2]-1)
	x = F.ReflectionPad2d(x, []int64{1, right, 1, bottom})
	if right+bottom < 4 {
		x = F.ReflectionPad2d(x, []int64{0, 2 - right, 0, 2 - bottom})
	}
	two := []int64{2, 2}
	return F.Conv2d(x, b.Filt.CastTo(x.Dtype()), torch.Tensor{}, two, []int64{0, 0}, []int64{1, 1}, shape[1])
}

// maxPool is max-pooling without parameters.
type maxPool struct {
	nn.Module
	kernel, stride, padding int64
}

func newMaxPool(kernel, stride, padding int64) *maxPool {
	m := &maxPool{kernel: kernel, stride: stride, padding: padding}
	m.Init(m)
	return m
}

// Forward takes the largest value of each window.
func (m *maxPool) Forward(x torch.Tensor) torch.Tensor {
	return F.MaxPool2d(x, []int64{m.kernel, m.kernel}, []int64{m.stride, m.stride}, []int64{m.padding, m.padding},
		[]int64{1, 1}, false)
}
