//go:build !cuda

package aten

import "unsafe"

// CUDABuild tells whether the CUDA part is compiled in.
const CUDABuild = false

// NoCUDA says why no CUDA device can be used.
func NoCUDA() string { return "this build has no CUDA; make cuda builds build/cuda/augmix" }

func noCUDA(op string) { panic(&Error{Op: op, Msg: NoCUDA()}) }

// CUDADeviceCount returns how many CUDA devices can be used: none.
func CUDADeviceCount() int { return 0 }

// CUDAProperties panics: there is no device to describe.
func CUDAProperties(int) (p Properties) { noCUDA("device"); return }

// CUDAVersions returns zeros.
func CUDAVersions() (v Versions) { return }

// Pinned returns uninitialised CPU memory, which can only be locked for a CUDA device.
func Pinned(shape []int64, dtype int8) T { return pageable(shape, dtype) }

// The following panic: without a device there is no stream, event or graph to begin with.

func NewStream(int, bool) (s Stream)            { noCUDA("stream"); return }
func SwapStream(Stream) (was Current)           { noCUDA("stream"); return }
func RestoreStream(Current)                     { noCUDA("stream") }
func SynchronizeStream(Stream)                  { noCUDA("stream") }
func StreamWait(Stream, unsafe.Pointer)         { noCUDA("stream") }
func NewEvent() (e unsafe.Pointer)              { noCUDA("event"); return }
func RecordEvent(unsafe.Pointer, Stream)        { noCUDA("event") }
func EventDone(unsafe.Pointer) (done bool)      { noCUDA("event"); return }
func SynchronizeEvent(unsafe.Pointer)           { noCUDA("event") }
func FreeEvent(unsafe.Pointer)                  { noCUDA("event") }
func NewGraph() (g unsafe.Pointer)              { noCUDA("graph"); return }
func BeginCapture(g, pool unsafe.Pointer)       { noCUDA("graph") }
func EndCapture(g unsafe.Pointer)               { noCUDA("graph") }
func AbandonCapture(g unsafe.Pointer)           { noCUDA("graph") }
func ReplayGraph(g unsafe.Pointer)              { noCUDA("graph") }
func FreeGraph(g unsafe.Pointer)                { noCUDA("graph") }
func SynchronizeDevice(int)                     { noCUDA("synchronize") }
func MemoryAllocated(int) (current, peak int64) { noCUDA("memory"); return }
func EmptyCache()                               { noCUDA("empty_cache") }
