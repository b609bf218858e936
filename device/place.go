package device

import (
	"math"
	"sync"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/cuda"
)

// Place is a device and the stream that work on it is queued on. The zero Place is the CPU, which has none.
type Place struct {
	torch.Device
	stream *cuda.Stream
}

// streams has the stream of each CUDA device that is used. It is not the device's default stream, which cannot be captured,
// and the same for all work: autograd remembers which stream a weight's gradient belongs to.
var streams sync.Map // torch.Device → *cuda.Stream

// At returns the place of a device.
func At(d torch.Device) Place {
	if !d.IsCUDA() {
		return Place{}
	}
	s, ok := streams.Load(d)
	if !ok {
		s, _ = streams.LoadOrStore(d, cuda.NewStream(d, false))
	}
	return Place{d, s.(*cuda.Stream)}
}

// Do runs f with new tensors on the device and work queued on its stream, on one thread.
func (p Place) Do(f func()) {
	if !p.IsCUDA() {
		f()
		return
	}
	p.stream.Do(func() { torch.OnDevice(p.Device, f) })
}

// Wait waits until all work that was queued has run.
func (p Place) Wait() {
	if p.IsCUDA() {
		p.stream.Synchronize()
	}
}

// TotalMemory returns the bytes of a CUDA device's memory; of the CPU, which nobody asks, more than there are.
func (p Place) TotalMemory() int64 {
	if !p.IsCUDA() {
		return math.MaxInt64
	}
	return cuda.Memory(p.Index())
}

// Memory returns the bytes that tensors take on a CUDA device, now and at most so far; 0 on the CPU.
func (p Place) Memory() (current, peak int64) {
	if !p.IsCUDA() {
		return 0, 0
	}
	return cuda.MemoryAllocated(p.Device)
}
