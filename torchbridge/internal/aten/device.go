package aten

// #include "bridge.h"
import "C"

import "runtime"

// CPU is the number of the CPU where a function takes or returns a device; the CUDA device N is N.
const CPU = -1

// Device returns where a lies.
func Device(a T) int { return int(C.tb_device(must("device", a))) }

// To returns a on a device in a data type, −1 for a's own. It returns another handle on a where both are a's.
func To(a T, device int, dtype int8) T {
	return one("to", C.tb_to(must("to", a), C.int(device), C.int(dtype)), a)
}

// OnDevice runs f with new tensors on a device, and restores what was before.
func OnDevice(device int, f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	was := C.tb_swap_device(C.int(device))
	defer C.tb_swap_device(was)
	f()
}

// pageable returns an uninitialised CPU tensor, whatever the current device.
func pageable(shape []int64, dtype int8) (t T) {
	OnDevice(CPU, func() { t = Empty(shape, dtype) })
	return t
}

// Properties describes a CUDA device.
type Properties struct {
	Name         string
	Major, Minor int   // Compute capability.
	Memory       int64 // Bytes.
}

// Versions are those of what the CUDA build runs on, numbered as each numbers itself; 0 where there is none.
type Versions struct {
	Runtime, Driver, CUDNN, NCCL int
}

// Stream is a queue of work on a CUDA device.
type Stream struct {
	ID     int64 // c10::StreamId
	Device int
}

// Current is what SwapStream changes: the current device, and the current stream of the new stream's device.
type Current struct {
	Device int
	Stream Stream
}
