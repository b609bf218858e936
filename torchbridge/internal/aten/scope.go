package aten

// #include "bridge.h"
import "C"

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"
)

// scope owns the tensors that were made while it was current. Only the thread on which it is current adds to it.
type scope struct {
	id      int64
	outer   int64 // The scope that was current when this one was opened; 0 for none.
	step    bool  // Opened by GC.
	handles []*handle
}

var (
	scopes  sync.Map // id → *scope
	scopeID atomic.Int64
)

func newScope() *scope {
	s := &scope{id: scopeID.Add(1)}
	scopes.Store(s.id, s)
	return s
}

func lookup(id int64) *scope {
	s, _ := scopes.Load(id)
	return s.(*scope)
}

// swap makes a scope current on this thread and returns the previous one's id.
func swap(id int64) int64 { return int64(C.tb_swap_scope(C.int64_t(id))) }

func current() int64 {
	id := swap(0)
	swap(id)
	return id
}

func (s *scope) add(h *handle) {
	h.scope = s
	s.handles = append(s.handles, h)
}

// remove forgets a handle; those made last are looked at first.
func (s *scope) remove(h *handle) {
	for i := len(s.handles) - 1; i >= 0; i-- {
		if s.handles[i] == h {
			s.handles = slices.Delete(s.handles, i, i+1)
			return
		}
	}
}

// clear frees every tensor of the scope in one call; the scope stays usable.
func (s *scope) clear() {
	ptrs := make([]unsafe.Pointer, len(s.handles))
	for i, h := range s.handles {
		ptrs[i] = h.ptr
		h.ptr = nil
	}
	clear(s.handles)
	s.handles = s.handles[:0]
	free(ptrs)
	orphans.drain()
}

func (s *scope) close() {
	s.clear()
	scopes.Delete(s.id)
}

// Scope runs f in a new scope and frees the tensors that f made, also when f panics. The goroutine stays on its thread
// meanwhile. Scopes nest.
func Scope(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s := newScope()
	s.outer = swap(s.id)
	defer func() {
		swap(s.outer)
		s.close()
	}()
	f()
}

// Keep moves a tensor of the current scope to the scope around it; from the outermost it becomes a tensor outside every
// scope. It does nothing to a tensor of another scope or of none.
func Keep(t T) {
	if t == nil || *t == nil {
		return
	}
	h := handleOf(t)
	s := h.scope
	if s == nil || s.id != current() {
		return
	}
	s.remove(h)
	if s.outer == 0 {
		h.own()
		return
	}
	lookup(s.outer).add(h)
}

// GC closes the step scope of this thread, if one is open, and opens the next: every tensor made on this thread since
// the last GC is freed. The goroutine is locked to its thread until FinishGC.
func GC() {
	if id := current(); id != 0 {
		s := lookup(id)
		if !s.step {
			panic(&Error{Op: "GC", Msg: "called inside Scope"})
		}
		s.clear()
		return
	}
	runtime.LockOSThread()
	s := newScope()
	s.step = true
	swap(s.id)
}

// FinishGC closes the step scope of this thread and opens no other. Without one it does nothing.
func FinishGC() {
	id := current()
	if id == 0 {
		return
	}
	s := lookup(id)
	if !s.step {
		return
	}
	swap(0)
	s.close()
	runtime.UnlockOSThread()
}

// Static is a scope that outlives steps: it holds weights, inputs and optimizer state until it is closed.
type Static struct{ s *scope }

// NewStatic returns an empty static scope.
func NewStatic() *Static { return &Static{newScope()} }

// Do runs f with the static scope current: what f makes lives until Close.
func (s *Static) Do(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	outer := swap(s.s.id)
	defer swap(outer)
	f()
}

// Close frees the tensors of the scope. It may not be current.
func (s *Static) Close() { s.s.close() }
