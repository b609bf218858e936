//go:build cuda

package aten

// #cgo CFLAGS: -I${SRCDIR}/../cudac
// #include <stdlib.h>
// #include "cuda.h"
import "C"

import (
	"sync"
	"unsafe"

	_ "github.com/wangkuiyi/gotorch/internal/cudac" // The implementation of cuda.h.
)

// CUDABuild tells whether the CUDA part is compiled in.
const CUDABuild = true

// NoCUDA says why no CUDA device can be used; it is empty where one can.
var NoCUDA = sync.OnceValue(func() string {
	text := C.tc_no_device()
	if text == nil {
		return ""
	}
	defer C.free(unsafe.Pointer(text))
	return "no CUDA device can be used: " + C.GoString(text)
})

// CUDADeviceCount returns how many CUDA devices can be used.
func CUDADeviceCount() int { return int(C.tc_device_count()) }

// CurrentDevice returns the CUDA device that is current on this thread, as SwapStream sets it; at first it is 0.
func CurrentDevice() int {
	var device C.int
	done("device", C.tc_current_device(&device))
	return int(device)
}

// CUDAProperties describes a device.
func CUDAProperties(device int) Properties {
	var p C.tc_properties
	done("device", C.tc_get_properties(C.int(device), &p))
	return Properties{Name: C.GoString(&p.name[0]), Major: int(p.major), Minor: int(p.minor), Memory: int64(p.memory)}
}

// CUDAVersions returns the versions of what the program runs on.
func CUDAVersions() Versions {
	var runtime, driver, cudnn, nccl C.int
	C.tc_versions(&runtime, &driver, &cudnn, &nccl)
	return Versions{Runtime: int(runtime), Driver: int(driver), CUDNN: int(cudnn), NCCL: int(nccl)}
}

// Pinned returns uninitialised CPU memory, page-locked where a CUDA device is there.
func Pinned(shape []int64, dtype int8) T {
	if CUDADeviceCount() == 0 {
		return pageable(shape, dtype)
	}
	s, n := ints(shape)
	return one("pinned", C.tc_pinned(s, n, C.int(dtype)))
}

func (s Stream) c() C.tc_stream { return C.tc_stream{id: C.int64_t(s.ID), device: C.int(s.Device)} }

func streamOf(s C.tc_stream) Stream { return Stream{ID: int64(s.id), Device: int(s.device)} }

// NewStream returns a stream of libtorch's pool.
func NewStream(device int, highPriority bool) Stream {
	var s C.tc_stream
	done("stream", C.tc_new_stream(C.int(device), C.bool(highPriority), &s))
	return streamOf(s)
}

// SwapStream makes a stream and its device current on this thread, and returns what was.
func SwapStream(next Stream) Current {
	var was C.tc_current
	done("stream", C.tc_swap_stream(next.c(), &was))
	return Current{Device: int(was.device), Stream: streamOf(was.stream)}
}

// RestoreStream undoes SwapStream.
func RestoreStream(was Current) {
	done("stream", C.tc_restore_stream(C.tc_current{device: C.int(was.Device), stream: was.Stream.c()}))
}

// SynchronizeStream waits until a stream is empty.
func SynchronizeStream(s Stream) { done("synchronize", C.tc_synchronize_stream(s.c())) }

// StreamWait makes the work to come on a stream wait for an event.
func StreamWait(s Stream, e unsafe.Pointer) { done("wait", C.tc_wait_event(s.c(), C.tc_event(e))) }

// NewEvent returns an event.
func NewEvent() unsafe.Pointer {
	var e C.tc_event
	done("event", C.tc_new_event(&e))
	return unsafe.Pointer(e)
}

// RecordEvent moves an event to the end of a stream.
func RecordEvent(e unsafe.Pointer, s Stream) { done("event", C.tc_record_event(C.tc_event(e), s.c())) }

// EventDone tells whether everything before the event has run.
func EventDone(e unsafe.Pointer) bool {
	var out C.bool
	done("event", C.tc_event_done(C.tc_event(e), &out))
	return bool(out)
}

// SynchronizeEvent waits for an event.
func SynchronizeEvent(e unsafe.Pointer) { done("event", C.tc_synchronize_event(C.tc_event(e))) }

// FreeEvent frees an event.
func FreeEvent(e unsafe.Pointer) { C.tc_free_event(C.tc_event(e)) }

// NewGraph returns an empty graph.
func NewGraph() unsafe.Pointer {
	var g C.tc_graph
	done("graph", C.tc_new_graph(&g))
	return unsafe.Pointer(g)
}

// BeginCapture begins to capture the current stream, in the memory of another graph if pool is not nil. On an error
// nothing is being captured.
func BeginCapture(g, pool unsafe.Pointer) {
	done("capture", C.tc_begin_capture(C.tc_graph(g), C.tc_graph(pool)))
}

// EndCapture ends a capture. After an error AbandonCapture must be called.
func EndCapture(g unsafe.Pointer) { done("capture", C.tc_end_capture(C.tc_graph(g))) }

// AbandonCapture ends a capture that failed.
func AbandonCapture(g unsafe.Pointer) { C.tc_abandon_capture(C.tc_graph(g)) }

// ReplayGraph queues what was captured on the current stream.
func ReplayGraph(g unsafe.Pointer) { done("replay", C.tc_replay_graph(C.tc_graph(g))) }

// FreeGraph frees a graph.
func FreeGraph(g unsafe.Pointer) { C.tc_free_graph(C.tc_graph(g)) }

// SynchronizeDevice waits until a device is idle.
func SynchronizeDevice(device int) { done("synchronize", C.tc_synchronize_device(C.int(device))) }

// MemoryAllocated returns the bytes of tensors on a device, now and at most.
func MemoryAllocated(device int) (current, peak int64) {
	var now, most C.int64_t
	done("memory", C.tc_memory_allocated(C.int(device), &now, &most))
	return int64(now), int64(most)
}

// EmptyCache gives kept memory back to the devices.
func EmptyCache() { done("empty_cache", C.tc_empty_cache()) }
