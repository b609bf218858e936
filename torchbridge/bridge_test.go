package gotorch_test

import (
	"errors"
	"runtime"
	"testing"
	"time"

	torch "github.com/wangkuiyi/gotorch"
)

func TestScopeFreesWhatItMade(t *testing.T) {
	before := torch.LiveTensors()
	var stale, kept torch.Tensor
	torch.Scope(func() {
		torch.Scope(func() {
			stale = torch.Ones([]int64{2}, false)
			kept = torch.Keep(torch.Ones([]int64{3}, false))
		})
		if got, want := torch.LiveTensors()-before, 1; got != want {
			t.Errorf("live tensors after the inner scope: got %d, want %d", got, want)
		}
		if got := kept.Shape()[0]; got != 3 {
			t.Errorf("kept tensor: got size %d, want 3", got)
		}
		torch.Keep(kept)
	})
	if got := kept.Shape()[0]; got != 3 {
		t.Errorf("tensor kept through two scopes: got size %d, want 3", got)
	}
	kept.Close()
	kept.Close()
	if got := torch.LiveTensors() - before; got != 0 {
		t.Errorf("live tensors at the end: got %d more, want 0", got)
	}
	var e *torch.Error
	if err := torch.Maybe(func() { stale.Shape() }); !errors.As(err, &e) {
		t.Errorf("use after the scope closed: got error %v, want a *torch.Error", err)
	}
}

func TestScopeClosesOnPanic(t *testing.T) {
	before := torch.LiveTensors()
	err := torch.Maybe(func() {
		torch.Scope(func() {
			a, b := torch.Ones([]int64{2, 3}, false), torch.Ones([]int64{2, 3}, false)
			torch.MM(a, b)
		})
	})
	if err == nil {
		t.Error("a product of unfitting matrices gave no error")
	}
	if got := torch.LiveTensors() - before; got != 0 {
		t.Errorf("live tensors after a panic in a scope: got %d more, want 0", got)
	}
}

func TestStepScopes(t *testing.T) {
	before := torch.LiveTensors()
	for range 3 {
		torch.GC()
		if got := torch.LiveTensors() - before; got != 0 {
			t.Errorf("live tensors at the head of a step: got %d more, want 0", got)
		}
		torch.Ones([]int64{1}, false)
	}
	torch.FinishGC()
	torch.FinishGC()
	if got := torch.LiveTensors() - before; got != 0 {
		t.Errorf("live tensors after FinishGC: got %d more, want 0", got)
	}
}

func TestUnscopedTensorsAreCollected(t *testing.T) {
	before := torch.LiveTensors()
	func() { torch.Ones([]int64{4}, false) }()
	deadline := time.Now().Add(5 * time.Second)
	for torch.LiveTensors() > before && time.Now().Before(deadline) {
		runtime.GC()
		time.Sleep(time.Millisecond)
		torch.Scope(func() {})
	}
	// Fewer than before are left where other tests' garbage went with it.
	if got := torch.LiveTensors() - before; got > 0 {
		t.Errorf("unreachable tensors: got %d alive, want 0", got)
	}
}

func TestMaybePassesOtherPanics(t *testing.T) {
	defer func() {
		if got := recover(); got != "other" {
			t.Errorf("recovered %v, want the other panic", got)
		}
	}()
	_ = torch.Maybe(func() { panic("other") })
}

func TestNoGradRestores(t *testing.T) {
	torch.Scope(func() {
		w := torch.Ones([]int64{2}, true)
		_ = torch.Maybe(func() {
			torch.NoGrad(func() {
				if y := w.Sum(); y.RequiresGrad() {
					t.Error("autograd recorded inside NoGrad")
				}
				panic(&torch.Error{})
			})
		})
		if y := w.Sum(); !y.RequiresGrad() {
			t.Error("autograd did not record after NoGrad")
		}
	})
}

func TestAutocast(t *testing.T) {
	torch.Scope(func() {
		a := torch.Ones([]int64{2, 2}, false)
		torch.Autocast(torch.BFloat16, func() {
			if got := torch.MM(a, a).Dtype(); got != torch.BFloat16 {
				t.Errorf("product under autocast: got dtype %d, want %d", got, torch.BFloat16)
			}
		})
		if got := torch.MM(a, a).Dtype(); got != torch.Float {
			t.Errorf("product after autocast: got dtype %d, want %d", got, torch.Float)
		}
	})
}

// The expected values follow PyTorch's documented update rule, worked out by hand for one weight of 1 with gradient 2.
func TestSGD(t *testing.T) {
	torch.Scope(func() {
		w := torch.Ones([]int64{1}, true)
		opt := torch.SGD(0.1, 0.9, 0, 0.5, true)
		defer opt.Close()
		opt.AddParameters([]torch.Tensor{w})
		for step, want := range []float32{1 - 0.1*(2.5+0.9*2.5), 0.525 - 0.1*(2.2625+0.9*(0.9*2.5+2.2625))} {
			opt.ZeroGrad()
			loss := w.MulScalar(2)
			loss.Sum().Backward()
			opt.Step()
			if got := w.Item().(float32); got < want-1e-6 || got > want+1e-6 {
				t.Errorf("weight after step %d: got %v, want %v", step+1, got, want)
			}
		}
	})
}

func TestChannelsLastBytes(t *testing.T) {
	torch.Scope(func() {
		data := make([]float32, 2*3*4*5)
		for i := range data {
			data[i] = float32(i)
		}
		a := torch.FromFloat32(data, 2, 3, 4, 5).ChannelsLast()
		if !a.IsChannelsLast() {
			t.Fatal("the tensor is not channels_last")
		}
		for i, got := range a.Float32s() {
			if got != data[i] {
				t.Fatalf("element %d in C order: got %v, want %v", i, got, data[i])
			}
		}
		b := torch.EmptyOf([]int64{2, 3, 4, 5}, torch.Float).ChannelsLast()
		b.SetBytes(a.Bytes())
		if !torch.Equal(a, b) {
			t.Error("bytes copied out and in differ")
		}
	})
}
