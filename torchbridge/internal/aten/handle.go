// Package aten is the Go side of the C interface: handles on tensors, the scopes that free them, and one thin function
// for each operation.
//
// # Ownership
//
// A handle T points to a Go word that holds the C pointer; every copy of a tensor shares that word. Freeing a tensor
// sets the word to nil, so a stale copy gives a clean panic ("used after its scope closed") and never touches freed
// memory.
//
// Each operating-system thread has a current scope, or none. A tensor belongs to the scope that was current where it
// was made, and closing the scope frees all of them in one call. A tensor made outside every scope lives until Close,
// or until the garbage collector finds it unreachable; then its C pointer is queued and freed by the next thread that
// closes a scope or makes a tensor outside one, never by the collector itself.
package aten

// #cgo CFLAGS: -I${SRCDIR}/../c
// #include <stdlib.h>
// #include "bridge.h"
import "C"

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"

	_ "github.com/wangkuiyi/gotorch/internal/c" // The implementation of bridge.h.
)

// T is a handle: a pointer to the word that holds the C pointer. A nil T is the undefined tensor, which operations read
// as "argument not given".
type T = *unsafe.Pointer

// handle is what a T points into; ptr must stay its first field.
type handle struct {
	ptr     unsafe.Pointer
	cleanup runtime.Cleanup
	scope   *scope // nil outside every scope.
}

func handleOf(t T) *handle { return (*handle)(unsafe.Pointer(t)) }

// Error is what operations panic with: the operation and what libtorch said.
type Error struct {
	Op  string
	Msg string
}

// Error returns "op: message".
func (e *Error) Error() string { return e.Op + ": " + e.Msg }

// check panics with an *Error if the C side returned a text, which it frees.
func check(op string, text *C.char) {
	if text == nil {
		return
	}
	msg := C.GoString(text)
	C.free(unsafe.Pointer(text))
	panic(&Error{Op: op, Msg: msg})
}

// p returns the C pointer of an operand, nil for the undefined tensor. It panics with an *Error if the tensor was freed.
func p(t T) C.tb_tensor {
	if t == nil {
		return nil
	}
	if *t == nil {
		panic(&Error{Op: "tensor", Msg: "used after its scope closed"})
	}
	return C.tb_tensor(*t)
}

// must returns the C pointer of an operand that may not be undefined.
func must(op string, t T) C.tb_tensor {
	if t == nil {
		panic(&Error{Op: op, Msg: "undefined tensor"})
	}
	return p(t)
}

// one adopts the single tensor of a result. The operands are named only to keep them alive until the call has returned.
func one(op string, r C.tb_result, operands ...T) T {
	check(op, r.error)
	runtime.KeepAlive(operands)
	return adopt(unsafe.Pointer(r.tensor), int64(r.scope))
}

// two adopts both tensors of a result.
func two(op string, r C.tb_result, operands ...T) (T, T) {
	check(op, r.error)
	runtime.KeepAlive(operands)
	return adopt(unsafe.Pointer(r.tensor), int64(r.scope)), adopt(unsafe.Pointer(r.second), int64(r.scope))
}

// Result adopts the single tensor of an operation that another package has called: its C pointer, its scope and its error
// text, which is freed.
func Result(op string, tensor unsafe.Pointer, scope int64, text unsafe.Pointer) T {
	check(op, (*C.char)(text))
	return adopt(tensor, scope)
}

// done checks a call that makes no tensor.
func done(op string, text *C.char, operands ...T) {
	runtime.KeepAlive(operands)
	check(op, text)
}

func adopt(ptr unsafe.Pointer, id int64) T {
	if ptr == nil {
		return nil
	}
	h := &handle{ptr: ptr}
	if id == 0 {
		h.own()
	} else {
		lookup(id).add(h)
	}
	return &h.ptr
}

// own makes the garbage collector the last resort for a handle outside every scope.
func (h *handle) own() {
	h.scope = nil
	h.cleanup = runtime.AddCleanup(h, orphans.add, h.ptr)
	orphans.drain()
}

// Close frees a tensor now. Closing the undefined tensor, or one that is closed, does nothing.
func Close(t T) {
	if t == nil || *t == nil {
		return
	}
	h := handleOf(t)
	if h.scope != nil {
		h.scope.remove(h)
	} else {
		h.cleanup.Stop()
	}
	free([]unsafe.Pointer{h.ptr})
	h.ptr = nil
}

// free deletes C tensors in one call.
func free(ptrs []unsafe.Pointer) {
	if len(ptrs) > 0 {
		C.tb_free_tensors((*C.tb_tensor)(unsafe.Pointer(&ptrs[0])), C.int64_t(len(ptrs)))
	}
}

// LiveTensors counts the tensors that the C side has handed out and that are not freed.
func LiveTensors() int { return int(C.tb_live_tensors()) }

// queue holds C pointers of tensors that the garbage collector found unreachable.
type queue struct {
	mu   sync.Mutex
	n    atomic.Int64
	ptrs []unsafe.Pointer
}

var orphans queue

func (q *queue) add(ptr unsafe.Pointer) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ptrs = append(q.ptrs, ptr)
	q.n.Store(int64(len(q.ptrs)))
}

func (q *queue) drain() {
	if q.n.Load() == 0 {
		return
	}
	q.mu.Lock()
	ptrs := q.ptrs
	q.ptrs = nil
	q.n.Store(0)
	q.mu.Unlock()
	free(ptrs)
}
