//go:build cuda

package cuda_test

import (
	"slices"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/cuda"
)

// TestStreamsWaitForEvents lets one stream read what another takes long to write.
func TestStreamsWaitForEvents(t *testing.T) {
	withDevice(t, func(d torch.Device) {
		const n = 1 << 24
		var x, last torch.Tensor
		torch.OnDevice(d, func() { x, last = torch.Zeros([]int64{n}, false), torch.Zeros([]int64{1}, false) })
		cuda.Synchronize(d)
		writer, reader := cuda.NewStream(d, false), cuda.NewStream(d, true)
		e := cuda.NewEvent()
		defer e.Close()
		if !e.Done() {
			t.Error("an event that was never recorded is not done")
		}
		reader.Wait(e)
		one := torch.Ones([]int64{1}, false).To(d)
		const times = 200
		writer.Do(func() {
			for range times {
				x.AddI(one, 1)
			}
		})
		e.Record(writer)
		reader.Wait(e)
		reader.Do(func() { last.Copy(x.Slice(0, n-1, n, 1)) })
		reader.Synchronize()
		if got := last.Float64(); got != times {
			t.Errorf("the reader saw %v, want %v", got, times)
		}
		if e.Synchronize(); !e.Done() {
			t.Error("an event that was waited for is not done")
		}
	})
}

// TestStreamsNest checks that Do restores the stream that was current: what is queued after it waits for the outer stream.
func TestStreamsNest(t *testing.T) {
	withDevice(t, func(d torch.Device) {
		outer, inner := cuda.NewStream(d, false), cuda.NewStream(d, false)
		var x torch.Tensor
		torch.OnDevice(d, func() { x = torch.Zeros([]int64{1 << 24}, false) })
		one := torch.Ones([]int64{1}, false).To(d)
		cuda.Synchronize(d)
		outer.Do(func() {
			err := torch.Maybe(func() { inner.Do(func() { torch.MM(x, x) }) })
			if err == nil {
				t.Error("a product of vectors gave no error")
			}
			for range 50 {
				x.AddI(one, 1)
			}
			outer.Synchronize()
			if got := x.Index(1 << 23).Float64(); got != 50 {
				t.Errorf("after the outer stream is empty: got %v, want 50", got)
			}
		})
	})
}

func TestPinnedMemory(t *testing.T) {
	withDevice(t, func(d torch.Device) {
		const n = 1 << 20
		to, from := torch.Pinned([]int64{n}, torch.Float), torch.Pinned([]int64{n}, torch.Float)
		if to.Device().IsCUDA() || to.Shape()[0] != n || to.Dtype() != torch.Float {
			t.Errorf("pinned memory: got shape %v of data type %d on %v", to.Shape(), to.Dtype(), to.Device())
		}
		if got := torch.Pinned([]int64{0, 3}, torch.Byte); got.Numel() != 0 {
			t.Errorf("no pinned memory: got %d elements", got.Numel())
		}
		want := make([]float32, n)
		for i := range want {
			want[i] = float32(i)
		}
		copy(to.MemoryFloat32(), want)
		var x torch.Tensor
		torch.OnDevice(d, func() { x = torch.Zeros([]int64{n}, false) })
		cuda.Synchronize(d)
		s, e := cuda.NewStream(d, false), cuda.NewEvent()
		defer e.Close()
		s.Do(func() {
			x.CopyAsync(to)
			from.CopyAsync(x)
		})
		e.Record(s)
		e.Synchronize()
		if got := from.MemoryFloat32(); !slices.Equal(got, want) {
			t.Errorf("there and back: got %v …, want %v …", got[:4], want[:4])
		}
	})
}

func TestClosedHandles(t *testing.T) {
	withDevice(t, func(d torch.Device) {
		e, g, s := cuda.NewEvent(), cuda.NewGraph(), cuda.NewStream(d, false)
		e.Close()
		e.Close()
		g.Close()
		g.Close()
		for name, f := range map[string]func(){
			"Done": func() { e.Done() }, "Record": func() { e.Record(s) }, "Wait": func() { s.Wait(e) }, "Replay": g.Replay,
			"Capture": func() { _ = g.Capture(nil, func() {}) },
		} {
			if err := torch.Maybe(f); err == nil {
				t.Errorf("%s after Close: got no error", name)
			}
		}
	})
}
