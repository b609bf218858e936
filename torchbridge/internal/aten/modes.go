package aten

// #include <stdlib.h>
// #include "bridge.h"
import "C"

import (
	"runtime"
	"strings"
	"unsafe"
)

// Version returns the version of the libtorch that the bridge was compiled with.
func Version() string { return C.GoString(C.tb_version()) }

// CacheMemory makes the process keep the memory of freed tensors for new ones.
func CacheMemory() { C.tb_cache_memory() }

// ReleaseMemory gives back to the system what is kept and not used.
func ReleaseMemory() { C.tb_release_memory() }

// SetNumThreads sets how many threads an operation may use.
func SetNumThreads(n int) { done("set_num_threads", C.tb_set_num_threads(C.int(n))) }

// NumThreads returns how many threads an operation may use.
func NumThreads() int { return int(C.tb_num_threads()) }

// ManualSeed seeds libtorch's default generators.
func ManualSeed(seed uint64) { done("manual_seed", C.tb_manual_seed(C.uint64_t(seed))) }

// SetDeterministic makes operations without a deterministic kernel fail instead of drifting.
func SetDeterministic(on bool) { C.tb_set_deterministic(C.bool(on)) }

// SetFastKernels switches the bridge's own kernels and returns what was before.
func SetFastKernels(on bool) bool { return bool(C.tb_set_fast_kernels(C.bool(on))) }

// SetCUDNNBenchmark makes cuDNN time its algorithms for each new shape and take the fastest.
func SetCUDNNBenchmark(on bool) { C.tb_set_cudnn_benchmark(C.bool(on)) }

// SetTF32 lets CUDA round the factors of float32 products to TF32.
func SetTF32(on bool) { C.tb_set_tf32(C.bool(on)) }

// NoGrad runs f without recording for autograd, and restores what was before.
func NoGrad(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	was := C.tb_set_grad_enabled(false)
	defer C.tb_set_grad_enabled(was)
	f()
}

// Autocast runs f with autocasting to dtype on every kind of device, and restores what was before.
func Autocast(dtype int8, f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var was C.tb_autocast
	done("autocast", C.tb_autocast_begin(C.int(dtype), &was))
	defer C.tb_autocast_end(was)
	f()
}

// Record runs f and returns the names of the operations that it ran on this thread, in the order in which they began.
func Record(f func()) []string {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	done("record", C.tb_record_begin())
	var names []string
	func() {
		defer func() {
			var text *C.char
			done("record", C.tb_record_end(&text))
			defer C.free(unsafe.Pointer(text))
			names = strings.Fields(C.GoString(text))
		}()
		f()
	}()
	return names
}
