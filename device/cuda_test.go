//go:build cuda

package device

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
)

// onCUDA runs f at the first CUDA device, and skips the test where there is none.
func onCUDA(t *testing.T, f func(p Place)) {
	t.Helper()
	if !torch.IsCUDAAvailable() {
		t.Skip(torch.NoCUDA())
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	p := At(torch.NewDevice("cuda"))
	p.Do(func() { torch.Scope(func() { f(p) }) })
}

// Work is called until it is warm, then replayed, and does the same each time, on every shape.
func TestCUDAGraphs(t *testing.T) {
	onCUDA(t, func(p Place) {
		g := NewGraphs(p, true, t.Logf)
		defer g.Close()
		x, calls := torch.Zeros([]int64{8}, false), 0
		for run := range 12 {
			n := int64(8 - run%2*3)
			g.Run(int(n), func() {
				calls++
				torch.Scope(func() { part := x.Slice(0, 0, n, 1); part.AddI(part.MulScalar(0).AddScalar(1), 1) })
			})
		}
		want := []float32{12, 12, 12, 12, 12, 6, 6, 6}
		if got := x.Float32s(); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if g.Captured() != 2 || calls >= 12 {
			t.Errorf("%d graphs, and the work was called %d times in 12 runs", g.Captured(), calls)
		}
	})
}

// Work that waits for the device cannot be captured; then the reason is said once and it goes on being called.
func TestCUDAGraphsFallBack(t *testing.T) {
	onCUDA(t, func(p Place) {
		var said []string
		g := NewGraphs(p, true, func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) })
		defer g.Close()
		x, sum := torch.Zeros([]int64{2}, false), 0.0
		for range 8 {
			g.Run(2, func() {
				torch.Scope(func() {
					x.AddI(torch.Ones([]int64{2}, false), 1)
					sum = x.Sum().Float64() // Waits.
				})
			})
		}
		if sum != 16 || g.Captured() != 0 {
			t.Errorf("the sum is %v after 8 runs with %d graphs, want 16 with none", sum, g.Captured())
		}
		if len(said) != 1 || g.Refused() == nil || !strings.Contains(said[0], "cannot capture") {
			t.Errorf("got the messages %q, want one", said)
		}
	})
}

// A lane brings every batch whole, while the device computes, and gives each back.
func TestCUDALane(t *testing.T) {
	onCUDA(t, func(p Place) {
		const rows, batches = 1 << 20, 20
		var host, staging [Stages + 2]torch.Tensor
		for i := range host {
			host[i] = torch.Pinned([]int64{rows}, torch.Float)
			staging[i] = torch.EmptyOf([]int64{rows}, torch.Float)
		}
		fixed, sums := torch.EmptyOf([]int64{rows}, torch.Float), torch.Zeros([]int64{batches}, false)
		l := NewLane(p)
		defer l.Close()
		free := make(chan int, len(host))
		for i := range host {
			free <- i
		}
		for b := range batches {
			slot := <-free
			memory := host[slot].MemoryFloat32()
			for i := range memory {
				memory[i] = float32(b)
			}
			l.Load(
				func(i int) { staging[i].CopyAsync(host[slot]) },
				func(i int) { fixed.CopyAsync(staging[i]) },
				func() { free <- slot })
			torch.Scope(func() { sums.Slice(0, int64(b), int64(b)+1, 1).Copy(fixed.Mean()) })
		}
		for b, got := range sums.Float32s() {
			if got != float32(b) {
				t.Errorf("batch %d has the mean %v, want %d", b, got, b)
			}
		}
	})
}
