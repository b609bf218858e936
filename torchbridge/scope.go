package gotorch

import "github.com/wangkuiyi/gotorch/internal/aten"

// GC frees every tensor made on this thread since the last GC, and keeps the goroutine on its thread until FinishGC.
// Call it at the head of each iteration.
func GC() { aten.GC() }

// FinishGC frees what the last GC left and ends the loop of GC calls.
func FinishGC() { aten.FinishGC() }

// Scope runs f and frees the tensors that f made, also when f panics. Scopes nest.
func Scope(f func()) { aten.Scope(f) }

// Keep moves a tensor of the current scope to the scope around it, or out of every scope.
func Keep(t Tensor) Tensor {
	aten.Keep(t.T)
	return t
}

// Static is a scope that outlives steps: weights, inputs and optimizer state belong into one.
type Static = aten.Static

// NewStatic returns an empty static scope.
func NewStatic() *Static { return aten.NewStatic() }

// LiveTensors counts the tensors that are not freed, in the whole process.
func LiveTensors() int { return aten.LiveTensors() }

// NoGrad runs f without recording for autograd.
func NoGrad(f func()) { aten.NoGrad(f) }

// Autocast runs f with operations cast to dtype where libtorch's rules say so.
func Autocast(dtype int8, f func()) { aten.Autocast(dtype, f) }

// RecordOperations runs f and returns the names of the operations that it ran on this thread, in the order in which they
// began: aten::relu, or with the overload aten::add.Tensor. Operations that others consist of are listed after those,
// and backward passes like everything else. The bridge's own kernels are not operations: SetFastKernels switches them off.
func RecordOperations(f func()) []string { return aten.Record(f) }
