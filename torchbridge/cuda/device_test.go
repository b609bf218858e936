//go:build cuda

package cuda_test

import (
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/cuda"
	"github.com/wangkuiyi/gotorch/nn"
	F "github.com/wangkuiyi/gotorch/nn/functional"
)

// withDevice runs f on one thread, in a scope, and skips the test where there is no CUDA device.
func withDevice(t *testing.T, f func(d torch.Device)) {
	t.Helper()
	if !torch.IsCUDAAvailable() {
		t.Skip(torch.NoCUDA())
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	torch.Scope(func() { f(torch.NewDevice("cuda")) })
}

// near tells whether two tensors differ by at most tolerance times the largest element.
func near(a, b torch.Tensor, tolerance float64) bool {
	x, y := a.To(torch.NewDevice("cpu"), torch.Float).Float32s(), b.To(torch.NewDevice("cpu"), torch.Float).Float32s()
	if len(x) != len(y) {
		return false
	}
	largest, worst := 0.0, 0.0
	for i := range x {
		largest = max(largest, math.Abs(float64(y[i])))
		worst = max(worst, math.Abs(float64(x[i])-float64(y[i])))
	}
	return worst <= tolerance*largest // False where one is NaN.
}

func TestDeviceProperties(t *testing.T) {
	withDevice(t, func(d torch.Device) {
		major, _ := torch.CUDACapability(0)
		if name := torch.CUDADeviceName(0); name == "" || major < 5 || cuda.Memory(0) < 1<<30 {
			t.Errorf("device 0: name %q, capability %d, %d bytes", name, major, cuda.Memory(0))
		}
		v := cuda.FindVersions()
		if v.Runtime < 13000 || v.Driver < v.Runtime/1000*1000 || v.CUDNN == 0 || v.NCCL == 0 || !torch.IsCUDNNAvailable() {
			t.Errorf("versions: %+v", v)
		}
		n := torch.CUDADeviceCount()
		for name, f := range map[string]func(){
			"a device that is not there": func() { torch.NewDevice("cuda:255") },
			"its name":                   func() { torch.CUDADeviceName(n) },
		} {
			if err := torch.Maybe(f); err == nil {
				t.Errorf("%s: got no error with %d devices", name, n)
			}
		}
	})
}

func TestTensorsThereAndBack(t *testing.T) {
	cpu := torch.NewDevice("cpu")
	withDevice(t, func(d torch.Device) {
		for _, dtype := range []int8{torch.Byte, torch.Int, torch.Long, torch.Half, torch.BFloat16, torch.Float, torch.Double, torch.Bool} {
			a := torch.FromFloat32([]float32{0, 1, 2, 3, 0, 5}, 2, 3).CastTo(dtype)
			b := a.To(d)
			if b.Device() != d || b.Dtype() != dtype || !slices.Equal(b.Bytes(), a.Bytes()) || !torch.Equal(b.CopyTo(cpu), a) {
				t.Errorf("data type %d: got %v on %v, want %v", dtype, b, b.Device(), a)
			}
			c := b.MulScalar(0).CastTo(dtype)
			c.SetBytes(a.Bytes())
			if !torch.Equal(c, b) {
				t.Errorf("data type %d, SetBytes: got %v, want %v", dtype, c, b)
			}
			if got, want := b.Index(1, 2).Item(), a.Index(1, 2).Item(); got != want {
				t.Errorf("data type %d, Item: got %v, want %v", dtype, got, want)
			}
		}
		images := torch.RandN([]int64{2, 8, 4, 4}, false).ChannelsLast()
		there := images.To(d)
		if !there.IsChannelsLast() || !torch.Equal(there.To(cpu), images) {
			t.Error("a move lost the memory format or the elements")
		}
		if got := there.To(d); got != there {
			t.Error("To the same device made another tensor")
		}
		if err := torch.Maybe(func() { there.MemoryFloat32() }); err == nil || !strings.Contains(err.Error(), "cuda:0") {
			t.Errorf("viewing a CUDA tensor's memory: got error %v, want one that names cuda:0", err)
		}
	})
}

func TestNewTensorsLieOnTheDevice(t *testing.T) {
	withDevice(t, func(d torch.Device) {
		shape := []int64{2, 3}
		for name, f := range map[string]func() torch.Tensor{
			"Empty":       func() torch.Tensor { return torch.Empty(shape, false) },
			"EmptyOf":     func() torch.Tensor { return torch.EmptyOf(shape, torch.Byte) },
			"Ones":        func() torch.Tensor { return torch.Ones(shape, true) },
			"Rand":        func() torch.Tensor { return torch.Rand(shape, false) },
			"RandN":       func() torch.Tensor { return torch.RandN(shape, false) },
			"Arange":      func() torch.Tensor { return torch.Arange(0, 5, 1, false) },
			"Linspace":    func() torch.Tensor { return torch.Linspace(0, 1, 3, false) },
			"Logspace":    func() torch.Tensor { return torch.Logspace(0, 1, 3, 2, false) },
			"Eye":         func() torch.Tensor { return torch.Eye(2, 3, false) },
			"FromFloat32": func() torch.Tensor { return torch.FromFloat32([]float32{1, 2}, 2) },
			"NewTensor":   func() torch.Tensor { return torch.NewTensor([]int64{1, 2}) },
		} {
			torch.OnDevice(d, func() {
				if got := f().Device(); got != d {
					t.Errorf("%s: got %v, want %v", name, got, d)
				}
			})
			if got := f().Device(); got.IsCUDA() {
				t.Errorf("%s after OnDevice: got %v, want cpu", name, got)
			}
		}
	})
}

// TestOperationsOnTheDevice checks that shapes which the bridge's own kernels take on a CPU go to libtorch on CUDA, and that
// autocasting does what it does there.
func TestOperationsOnTheDevice(t *testing.T) {
	cpu := torch.NewDevice("cpu")
	withDevice(t, func(d torch.Device) {
		torch.Seed(1)
		two := []int64{1, 1}
		x := torch.RandN([]int64{4, 16, 8, 8}, false).ChannelsLast()
		w := torch.RandN([]int64{16, 16, 3, 3}, false).ChannelsLast()
		scale, shift := torch.Rand([]int64{16}, false), torch.Rand([]int64{16}, false)
		mean, variance := torch.Zeros([]int64{16}, false), torch.Ones([]int64{16}, false)
		forward := func(on torch.Device, dtype int8) torch.Tensor {
			y := F.Conv2d(x.To(on, dtype), w.To(on, dtype), torch.Tensor{}, two, two, two, 1)
			return F.BatchNormRelu(y, mean.To(on), variance.To(on), scale.To(on), shift.To(on), true, 0.1, 1e-5)
		}
		// TensorFloat-32 has 10 bits of fraction, bfloat16 7.
		for dtype, tolerance := range map[int8]float64{torch.Float: 5e-3, torch.BFloat16: 3e-2} {
			if got, want := forward(d, dtype), forward(cpu, dtype); got.Device() != d || !near(got, want, tolerance) {
				t.Errorf("data type %d: convolution and normalisation on %v differ from the CPU's", dtype, got.Device())
			}
		}
		a := torch.Ones([]int64{4, 4}, false).To(d)
		torch.Autocast(torch.BFloat16, func() {
			if got := torch.MM(a, a).Dtype(); got != torch.BFloat16 {
				t.Errorf("autocasting: got data type %d, want %d", got, torch.BFloat16)
			}
		})
		if got := torch.MM(a, a).Dtype(); got != torch.Float {
			t.Errorf("after autocasting: got data type %d, want %d", got, torch.Float)
		}
	})
}

func TestModuleMoves(t *testing.T) {
	cpu := torch.NewDevice("cpu")
	withDevice(t, func(d torch.Device) {
		c := nn.Conv2d(16, 16, 3, 1, 1, 1, 1, true, "zeros")
		c.Weight.SetData(c.Weight.ChannelsLast())
		c.Bias.SetRequiresGrad(false)
		x := torch.RandN([]int64{2, 16, 8, 8}, false)
		y := c.Forward(x)
		y.Sum().Backward()
		weight, gradient := c.Weight.Detach().MulScalar(1), c.Weight.Grad().MulScalar(1)
		before := c.NamedTensors()

		c.To(d)
		for i, n := range c.NamedTensors() {
			if n.Name != before[i].Name || n.Tensor != before[i].Tensor || n.Tensor.Device() != d {
				t.Errorf("tensor %d: got %s on %v, want %s on %v", i, n.Name, n.Tensor.Device(), before[i].Name, d)
			}
		}
		if !c.Weight.IsChannelsLast() || !c.Weight.RequiresGrad() || c.Bias.RequiresGrad() || c.Weight.Grad().Device() != d {
			t.Errorf("channels last %v, weight trained %v, bias trained %v, gradient on %v",
				c.Weight.IsChannelsLast(), c.Weight.RequiresGrad(), c.Bias.RequiresGrad(), c.Weight.Grad().Device())
		}
		z := c.Forward(x.To(d))
		if !near(z, y, 5e-3) {
			t.Error("the outputs differ from the CPU's")
		}
		z.Sum().Backward()
		if !near(c.Weight.Grad(), gradient.MulScalar(2), 5e-3) {
			t.Error("a pass on the device did not add to the gradient of the one before")
		}
		c.To(cpu)
		if !torch.Equal(c.Weight, weight) {
			t.Error("the weight changed on the way there and back")
		}
	})
}

func TestMemoryAllocated(t *testing.T) {
	withDevice(t, func(d torch.Device) {
		before, _ := cuda.MemoryAllocated(d)
		torch.Scope(func() {
			torch.OnDevice(d, func() { torch.Empty([]int64{1 << 20}, false) })
			if now, peak := cuda.MemoryAllocated(d); now-before != 4<<20 || peak < now {
				t.Errorf("with 4 MiB more: got %d more, at most %d", now-before, peak)
			}
		})
		cuda.EmptyCache()
		if now, _ := cuda.MemoryAllocated(d); now != before {
			t.Errorf("after freeing: got %d bytes, want %d", now, before)
		}
	})
}
