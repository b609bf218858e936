// Package cuda has what only CUDA devices have: streams, events, and graphs of captured work.
//
// Work on a device is queued on a stream, the current one of the thread, and runs later. A program locks one goroutine to
// its thread for all of it (runtime.LockOSThread): the current device and stream, the state of a capture and libtorch's
// modes belong to the thread.
//
// Every function that needs a device panics with a *torch.Error where there is none, and in a build without -tags cuda.
package cuda

import (
	"runtime"
	"unsafe"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/internal/aten"
)

// Stream is a queue of work on one device. Streams come from libtorch's pool of 32 a device and priority and are never
// freed.
type Stream struct{ s aten.Stream }

// NewStream returns a stream of a CUDA device that is not its default stream. One of high priority goes first where the
// device has to choose.
func NewStream(d torch.Device, highPriority bool) *Stream {
	return &Stream{aten.NewStream(number("stream", d), highPriority)}
}

// Do runs f with s as the thread's current stream, and its device as the current CUDA device, and restores what was
// before. Where f creates tensors is OnDevice's to say.
func (s *Stream) Do(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	was := aten.SwapStream(s.s)
	defer aten.RestoreStream(was)
	f()
}

// Synchronize waits until everything that was queued on s has run.
func (s *Stream) Synchronize() { aten.SynchronizeStream(s.s) }

// Wait makes what is queued on s from now on wait for the event. The calling thread goes on. An event that was never
// recorded is not waited for.
func (s *Stream) Wait(e *Event) { aten.StreamWait(s.s, e.mustBeOpen()) }

// Event marks a place in a stream.
type Event struct{ ptr unsafe.Pointer }

// NewEvent returns an event that is recorded nowhere yet.
func NewEvent() *Event { return &Event{aten.NewEvent()} }

// Record moves the event to the end of what is queued on s.
func (e *Event) Record(s *Stream) { aten.RecordEvent(e.mustBeOpen(), s.s) }

// Done tells whether everything before the event has run. It does not wait.
func (e *Event) Done() bool { return aten.EventDone(e.mustBeOpen()) }

// Synchronize waits until everything before the event has run.
func (e *Event) Synchronize() { aten.SynchronizeEvent(e.mustBeOpen()) }

// Close frees the event. Closing twice does nothing.
func (e *Event) Close() {
	if e.ptr != nil {
		aten.FreeEvent(e.ptr)
		e.ptr = nil
	}
}

func (e *Event) mustBeOpen() unsafe.Pointer {
	if e.ptr == nil {
		panic(&torch.Error{Op: "event", Msg: "used after Close"})
	}
	return e.ptr
}

// Graph is work that was captured once and is replayed as a whole, on the same memory each time.
type Graph struct{ ptr unsafe.Pointer }

// NewGraph returns a graph that nothing was captured into.
func NewGraph() *Graph { return &Graph{aten.NewGraph()} }

// Capture runs f and, instead of running what f queues on the current stream, keeps it in the graph. The stream may not be
// a default stream, f may not wait for the device (as Item and Bytes do), and the memory that f's tensors take stays with
// the graph, so that each replay leaves its results in the same tensors. With a pool the memory is shared with another
// graph's: whoever replays one must have read what the other left. Dropout draws anew in each replay, from where the
// device's default generator is.
//
// An error of f or of the capture is returned, and the device is usable as before; the graph then can only be closed. Other
// panics of f pass through.
func (g *Graph) Capture(pool *Graph, f func()) (err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var shared unsafe.Pointer
	if pool != nil {
		shared = pool.mustBeOpen()
	}
	open := g.mustBeOpen()
	return torch.Maybe(func() {
		aten.BeginCapture(open, shared)
		ended := false
		defer func() {
			if !ended {
				aten.AbandonCapture(open)
			}
		}()
		f()
		aten.EndCapture(open)
		ended = true
	})
}

// Replay queues the captured work on the current stream.
func (g *Graph) Replay() { aten.ReplayGraph(g.mustBeOpen()) }

// Close frees the graph and, once its tensors are freed too, their memory. No replay may be under way. Closing twice does
// nothing.
func (g *Graph) Close() {
	if g.ptr != nil {
		aten.FreeGraph(g.ptr)
		g.ptr = nil
	}
}

func (g *Graph) mustBeOpen() unsafe.Pointer {
	if g.ptr == nil {
		panic(&torch.Error{Op: "graph", Msg: "used after Close"})
	}
	return g.ptr
}

// Synchronize waits until everything that was queued on a device has run.
func Synchronize(d torch.Device) { aten.SynchronizeDevice(number("synchronize", d)) }

// MemoryAllocated returns the bytes that tensors take on a device, now and at most since the program began. What
// libtorch keeps for new tensors is not in it.
func MemoryAllocated(d torch.Device) (current, peak int64) {
	return aten.MemoryAllocated(number("memory", d))
}

// EmptyCache gives the memory that libtorch keeps for new tensors back to the devices.
func EmptyCache() { aten.EmptyCache() }

// Versions are those of what a CUDA build runs on, numbered as each numbers itself (13000, 91900, 22809); 0 where there is
// none.
type Versions = aten.Versions

// FindVersions returns the versions of what the program runs on: zeros in a build without CUDA.
func FindVersions() Versions { return aten.CUDAVersions() }

// Memory returns the memory in bytes of the CUDA device i.
func Memory(i int) int64 { return aten.CUDAProperties(i).Memory }

func number(op string, d torch.Device) int {
	if !d.IsCUDA() {
		msg := "the CPU has none; it takes a CUDA device"
		if !torch.CUDABuild() {
			msg = torch.NoCUDA()
		}
		panic(&torch.Error{Op: op, Msg: msg})
	}
	return d.Index()
}
