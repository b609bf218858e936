package gotorch_test

import (
	"math"
	"runtime"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
	F "github.com/wangkuiyi/gotorch/nn/functional"
)

// classifier is a small network with every kind of layer.
type classifier struct {
	nn.Module
	Conv *nn.Conv2dModule
	BN   *nn.BatchNorm2dModule
	FC   *nn.LinearModule
}

func newClassifier() *classifier {
	c := &classifier{
		Conv: nn.Conv2d(3, 8, 3, 1, 1, 1, 1, false, "zeros"), BN: nn.BatchNorm2d(8, 1e-5, 0.1, true, true), FC: nn.Linear(8, 2, true),
	}
	c.Init(c)
	return c
}

func (c *classifier) Forward(x torch.Tensor) torch.Tensor {
	x = F.Relu(c.BN.Forward(c.Conv.Forward(x)), true)
	return c.FC.Forward(x.MeanDims(false, 2, 3))
}

// Training learns, and from step to step neither a tensor nor Go memory is left behind: with step scopes and with Scope,
// in float32 and bfloat16.
func TestTrainingKeepsMemoryConstant(t *testing.T) {
	for _, c := range []struct {
		name string
		step func(f func())
		end  func()
		bf16 bool
	}{
		{"GC", func(f func()) { torch.GC(); f() }, torch.FinishGC, false},
		{"Scope", torch.Scope, func() {}, false},
		{"Scope, bfloat16", torch.Scope, func() {}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := torch.LiveTensors()
			weights := torch.NewStatic()
			var net *classifier
			var opt torch.Optimizer
			weights.Do(func() {
				torch.Seed(1)
				net = newClassifier()
				opt = torch.SGD(0.1, 0.9, 0, 1e-4, true)
				opt.AddParameters(net.Parameters())
			})
			pixels, labels := brightness(32)
			const steps, settled = 60, 10
			live := 0
			var first, last float64
			var settledBytes, endBytes runtime.MemStats
			for step := range steps {
				c.step(func() {
					x, y := torch.FromFloat32(pixels, 32, 3, 4, 4), torch.FromInt64(labels, 32)
					var logits torch.Tensor
					if c.bf16 {
						torch.Autocast(torch.BFloat16, func() { logits = net.Forward(x) })
						logits = logits.CastTo(torch.Float)
					} else {
						logits = net.Forward(x)
					}
					loss := F.CrossEntropy(logits, y, torch.Tensor{}, -100, "mean")
					opt.ZeroGrad()
					loss.Backward()
					opt.Step()
					last = loss.Float64()
				})
				switch step {
				case 0:
					first = last
				case settled:
					live = torch.LiveTensors()
					runtime.GC()
					runtime.ReadMemStats(&settledBytes)
				case steps - 1:
					if got := torch.LiveTensors(); got != live {
						t.Errorf("%d tensors alive after step %d, %d after step %d", live, settled, got, step)
					}
					runtime.GC()
					runtime.ReadMemStats(&endBytes)
				}
			}
			c.end()
			if grown := int64(endBytes.HeapAlloc) - int64(settledBytes.HeapAlloc); grown > 64<<10 {
				t.Errorf("the heap grew by %d bytes in %d steps", grown, steps-settled)
			}
			if !(last < first/4) || math.IsNaN(last) {
				t.Errorf("the loss went from %v to %v, want below a quarter", first, last)
			}
			opt.Close()
			weights.Close()
			if got := torch.LiveTensors() - before; got != 0 {
				t.Errorf("%d tensors alive at the end, want 0", got)
			}
		})
	}
}

// brightness makes images of 3×4×4, dark ones of class 0 and bright ones of class 1.
func brightness(n int) (pixels []float32, labels []int64) {
	for i := range n {
		class := i % 2
		for j := range 48 {
			pixels = append(pixels, float32(class)+float32((i*48+j)%7)/14)
		}
		labels = append(labels, int64(class))
	}
	return pixels, labels
}

// What PyTorch's optimizer does in every mode, worked out by hand for a weight of 1 whose gradient is always 2.
func TestSGDModes(t *testing.T) {
	for _, c := range []struct {
		name                         string
		lr, momentum, damping, decay float64
		nesterov                     bool
		want                         [2]float64
	}{
		{"plain", 0.1, 0, 0, 0, false, [2]float64{0.8, 0.6}},
		{"decay", 0.1, 0, 0, 0.5, false, [2]float64{0.75, 0.75 - 0.1*(2+0.375)}},
		{"momentum", 0.1, 0.5, 0, 0, false, [2]float64{0.8, 0.8 - 0.1*3}},
		{"Nesterov", 0.1, 0.5, 0, 0, true, [2]float64{1 - 0.1*3, 0.7 - 0.1*(2+0.5*3)}},
		{"dampening", 0.1, 0.5, 0.5, 0, false, [2]float64{1 - 0.1*1, 0.9 - 0.1*1.5}},
	} {
		torch.Scope(func() {
			w, idle := torch.Ones([]int64{1}, true), torch.Ones([]int64{1}, true)
			opt := torch.SGD(c.lr, c.momentum, c.damping, c.decay, c.nesterov)
			defer opt.Close()
			opt.AddParameters([]torch.Tensor{w, idle})
			for step, want := range c.want {
				opt.ZeroGrad()
				loss := w.MulScalar(2)
				loss.Backward()
				opt.Step()
				if got := w.Float64(); math.Abs(got-want) > 1e-6 {
					t.Errorf("%s: weight after step %d: got %v, want %v", c.name, step+1, got, want)
				}
			}
			if got := idle.Item(); got != float32(1) {
				t.Errorf("%s: a parameter without gradient changed to %v", c.name, got)
			}
			opt.SetLR(0)
			before := w.Float64()
			opt.Step()
			if got := w.Float64(); got != before {
				t.Errorf("%s: a step at learning rate 0 changed the weight from %v to %v", c.name, before, got)
			}
		})
	}
}

// Copies of a handle share it: whoever closes it, all see it closed.
func TestCopiesShareAHandle(t *testing.T) {
	a := torch.Ones([]int64{1}, false)
	b := a
	a.Close()
	if b.Defined() {
		t.Error("a copy of a closed tensor is defined")
	}
	if err := torch.Maybe(func() { b.Sum() }); err == nil {
		t.Error("a copy of a closed tensor could be used")
	}
	// Memory outlives a handle while another tensor has it.
	torch.Scope(func() {
		base := torch.Full([]int64{2}, 3, false)
		view := base.View(2, 1)
		base.Close()
		compare(t, "view of a closed tensor", view, []int64{2, 1}, []float64{3, 3})
	})
}

func TestThreads(t *testing.T) {
	torch.Scope(func() { // The number belongs to the thread of the system, on which Scope stays.
		before := torch.NumThreads()
		if before < 1 {
			t.Errorf("%d threads at the start", before)
		}
		torch.SetNumThreads(1)
		if got := torch.NumThreads(); got != 1 {
			t.Errorf("got %d threads, want 1", got)
		}
		torch.SetNumThreads(int32(before))
	})
}

// Gradients of 3 and 4 have the norm 5. PyTorch's clip_grad_norm_ multiplies them by min(1, most/(5 + 1e-6)).
func TestClipGradNorm(t *testing.T) {
	for _, c := range []struct{ most, want3, want4 float64 }{{2.5, 1.5, 2}, {5, 3, 4}, {100, 3, 4}, {1e-3, 6e-4, 8e-4}} {
		torch.Scope(func() {
			a, b, idle := torch.Ones([]int64{1}, true), torch.Ones([]int64{1, 1}, true), torch.Ones([]int64{1}, true)
			opt := torch.SGD(1, 0, 0, 0, false)
			defer opt.Close()
			opt.AddParameters([]torch.Tensor{a, b, idle})
			opt.ClipGradNorm(c.most) // There is no gradient yet.
			loss := a.MulScalar(3)
			loss = torch.Add(loss, b.MulScalar(4), 1).Sum()
			loss.Backward()
			opt.ClipGradNorm(c.most)
			if got := a.Grad().Float64(); math.Abs(got-c.want3) > 1e-6*c.want3 {
				t.Errorf("most %v: got the gradient %v, want %v", c.most, got, c.want3)
			}
			if got := b.Grad().Float64(); math.Abs(got-c.want4) > 1e-6*c.want4 {
				t.Errorf("most %v: got the gradient %v, want %v", c.most, got, c.want4)
			}
			if idle.Grad().Defined() {
				t.Error("a parameter without gradient got one")
			}
		})
	}
}

func TestLerp(t *testing.T) {
	torch.Scope(func() {
		targets := []torch.Tensor{torch.FromFloat32([]float32{0, 4}, 2), torch.FromFloat32([]float32{8}, 1)}
		sources := []torch.Tensor{torch.FromFloat32([]float32{1, 0}, 2), torch.FromFloat32([]float32{16}, 1)}
		torch.Lerp(targets, sources, 0.25)
		if a, b := targets[0].Float32s(), targets[1].Float32s(); a[0] != 0.25 || a[1] != 3 || b[0] != 10 {
			t.Errorf("got %v and %v, want [0.25 3] and [10]", a, b)
		}
		if err := torch.Maybe(func() { torch.Lerp(targets[:1], []torch.Tensor{torch.Ones([]int64{3}, false)}, 0.5) }); err == nil {
			t.Error("tensors of other shapes: got no error")
		}
	})
}
