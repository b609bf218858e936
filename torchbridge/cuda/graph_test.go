//go:build cuda

package cuda_test

import (
	"slices"
	"strings"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/cuda"
	"github.com/wangkuiyi/gotorch/nn"
	F "github.com/wangkuiyi/gotorch/nn/functional"
)

// withStream is withDevice with a stream that can be captured.
func withStream(t *testing.T, f func(d torch.Device)) {
	t.Helper()
	withDevice(t, func(d torch.Device) { cuda.NewStream(d, false).Do(func() { f(d) }) })
}

// capture captures f into a new graph, which the test closes.
func capture(t *testing.T, pool *cuda.Graph, f func()) *cuda.Graph {
	t.Helper()
	g := cuda.NewGraph()
	t.Cleanup(g.Close)
	if err := g.Capture(pool, f); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestReplayReadsItsInputsAnew(t *testing.T) {
	withStream(t, func(d torch.Device) {
		x := torch.FromFloat32([]float32{1, 2, 3}, 3).To(d)
		var y, z torch.Tensor
		first := capture(t, nil, func() { y = x.MulScalar(2).AddScalar(1) })
		second := capture(t, first, func() { z = x.Relu() })
		for _, c := range []struct{ x, y, z []float32 }{
			{[]float32{1, 2, 3}, []float32{3, 5, 7}, []float32{1, 2, 3}},
			{[]float32{-1, 0, 4}, []float32{-1, 1, 9}, []float32{0, 0, 4}},
		} {
			x.Copy(torch.FromFloat32(c.x, 3))
			first.Replay()
			if got := y.Float32s(); !slices.Equal(got, c.y) {
				t.Errorf("2x+1 of %v: got %v, want %v", c.x, got, c.y)
			}
			second.Replay()
			if got := z.Float32s(); !slices.Equal(got, c.z) {
				t.Errorf("max(x, 0) of %v: got %v, want %v", c.x, got, c.z)
			}
		}
	})
}

func TestReplayDrawsAnew(t *testing.T) {
	withStream(t, func(d torch.Device) {
		x := torch.Ones([]int64{4096}, false).To(d)
		var y torch.Tensor
		drop := func() { y = F.Dropout(x, 0.5, true) }
		torch.Seed(7)
		drop()
		eager := y.Float32s()
		g := capture(t, nil, drop)
		replay := func() []float32 {
			g.Replay()
			return y.Float32s()
		}
		torch.Seed(7)
		first, second := replay(), replay()
		torch.Seed(7)
		if again := replay(); !slices.Equal(again, first) || !slices.Equal(first, eager) {
			t.Error("with the same seed a replay differs from another or from what is run at once")
		}
		if slices.Equal(first, second) {
			t.Error("two replays drew the same")
		}
		drop()
		if got := y.Float32s(); slices.Equal(got, first) || slices.Equal(got, second) {
			t.Error("what is run after replays drew what they drew")
		}
	})
}

// TestFailingCaptures checks that after a capture that failed tensors can be made, numbers drawn and work captured as
// before, and that its memory comes back.
func TestFailingCaptures(t *testing.T) {
	withDevice(t, func(d torch.Device) {
		x := torch.Ones([]int64{1 << 20}, false).To(d)
		s := cuda.NewStream(d, false)
		// What the first number drawn and the first capture take stays.
		s.Do(func() { capture(t, nil, func() { F.Dropout(x, 0.5, true) }).Close() })
		cuda.EmptyCache()
		before, _ := cuda.MemoryAllocated(d)
		for _, c := range []struct {
			name, want string
			on         func(func())
			f          func()
		}{
			{"reading a number back", "", s.Do, func() {
				y := F.Dropout(x, 0.5, true)
				y.Sum().Item()
			}},
			{"an operation that refuses", "", s.Do, func() { torch.MM(F.Dropout(x, 0.5, true), x) }},
			{"the default stream", "non-default", func(f func()) { f() }, func() { x.MulScalar(2) }},
			{"a panic of another kind", "", s.Do, func() {
				F.Dropout(x, 0.5, true)
				panic("boom")
			}},
		} {
			var err error
			var other any
			torch.Scope(func() {
				g := cuda.NewGraph()
				defer g.Close()
				c.on(func() {
					defer func() { other = recover() }()
					err = g.Capture(nil, c.f)
				})
				if e := torch.Maybe(g.Replay); e == nil {
					t.Errorf("%s: the graph can be replayed", c.name)
				}
			})
			if err == nil && other != "boom" || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: got error %v and panic %v, want one with %q", c.name, err, other, c.want)
			}
			cuda.EmptyCache()
			if now, _ := cuda.MemoryAllocated(d); now != before {
				t.Errorf("%s: tensors take %d bytes more than before", c.name, now-before)
			}
			torch.Scope(func() {
				torch.Seed(1)
				if got := F.Dropout(x, 0.5, true).Mean().Float64(); got < 0.9 || got > 1.1 {
					t.Errorf("%s: then dropout of ones has a mean of %v", c.name, got)
				}
				s.Do(func() {
					var y torch.Tensor
					g := cuda.NewGraph()
					defer g.Close()
					if err := g.Capture(nil, func() { y = x.MulScalar(3) }); err != nil {
						t.Errorf("%s: then another capture: %v", c.name, err)
						return
					}
					if g.Replay(); y.Mean().Float64() != 3 {
						t.Errorf("%s: then another capture gives a mean of %v, want 3", c.name, y.Mean().Float64())
					}
				})
			})
		}
	})
}

func TestCapturesDoNotNest(t *testing.T) {
	withStream(t, func(d torch.Device) {
		x := torch.Ones([]int64{16}, false).To(d)
		var y torch.Tensor
		g := capture(t, nil, func() {
			inner := cuda.NewGraph()
			defer inner.Close()
			if err := inner.Capture(nil, func() { x.MulScalar(3) }); err == nil {
				t.Error("a capture in a capture gave no error")
			}
			y = F.Dropout(x, 0.5, true).Sign()
		})
		g.Replay()
		if got := y.Mean().Float64(); got < 0 || got > 1 {
			t.Errorf("the outer graph gave a mean of %v", got)
		}
	})
}

// TestCapturedStep trains a small network twice from the same weights: by steps that are run at once, and by replays of
// one that was captured whole, with another learning rate each.
func TestCapturedStep(t *testing.T) {
	train := func(d torch.Device, captured bool) []float32 {
		torch.Seed(3)
		conv, norm, fc := nn.Conv2d(3, 16, 3, 1, 1, 1, 1, false, "zeros"), nn.BatchNorm2d(16, 1e-5, 0.1, true, true), nn.Linear(16, 10, true)
		x := torch.RandN([]int64{8, 3, 16, 16}, false).To(d)
		y := torch.FromInt64([]int64{0, 1, 2, 3, 4, 5, 6, 7}, 8).To(d)
		opt := torch.SGD(0.1, 0.9, 0, 5e-4, true)
		defer opt.Close()
		for _, m := range []nn.IModule{conv, norm, fc} {
			m.To(d)
		}
		for _, m := range []interface{ Parameters() []torch.Tensor }{conv, norm, fc} {
			opt.AddParameters(m.Parameters())
		}
		step := func() {
			torch.Scope(func() {
				h := F.Dropout(norm.ForwardRelu(conv.Forward(x)), 0.1, true)
				h = torch.Flatten(F.AdaptiveAvgPool2d(h, []int64{1, 1}), 1, 3)
				loss := F.CrossEntropy(fc.Forward(h), y, torch.Tensor{}, -100, "mean")
				opt.ZeroGrad()
				loss.Backward()
				opt.ClipGradNorm(1)
				opt.Step()
			})
		}
		for range 3 { // cuDNN's and cuBLAS's first calls may not be captured.
			step()
		}
		run := step
		if captured {
			run = capture(t, nil, step).Replay
		}
		for i := range 5 {
			torch.Seed(uint64(i))
			opt.SetLR(0.1 / float64(i+1))
			run()
		}
		return append(conv.Weight.Float32s(), norm.RunningVar.Float32s()...)
	}
	withStream(t, func(d torch.Device) {
		got, want := train(d, true), train(d, false)
		if a, b := torch.FromFloat32(got, int64(len(got))), torch.FromFloat32(want, int64(len(want))); !near(a, b, 1e-3) {
			t.Errorf("weights after captured steps: got %v …, want %v …", got[:8], want[:8])
		}
	})
}
