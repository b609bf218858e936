// Package dist lets processes on one machine or several train together: a store where they meet, groups in which they add
// tensors up, and a watch that says which of them is gone. It is c10d, the layer below torch.distributed: TCPStore, and
// the process groups of gloo on the host and of NCCL on CUDA devices.
//
// The processes of a group are its ranks, from 0 on; each calls the same functions in the same order. Errors are of type
// *Error. A call waits for the other ranks, at most for the timeout of the store or group.
package dist

// #cgo CFLAGS: -I${SRCDIR}/../internal/c10d -I${SRCDIR}/../internal/c
// #include <stdlib.h>
// #include "c10d.h"
import "C"

import (
	"fmt"
	"strings"
	"time"
	"unsafe"

	_ "github.com/wangkuiyi/gotorch/internal/c10d" // The implementation of c10d.h.
)

// Kind is what went wrong with other processes.
type Kind int

const (
	Other      Kind = iota // Anything else, such as a tensor that a group cannot add up.
	Timeout                // The others were not there in time.
	Connection             // There is none, or it broke.
)

// Error says what could not be done together with other processes.
type Error struct {
	Op   string
	Kind Kind
	Msg  string
	Rank int // The rank that is to blame; −1 where that is not known.
}

// Error returns "op: message".
func (e *Error) Error() string { return e.Op + ": " + e.Msg }

// failed returns nil for no error, else an *Error; it frees the text.
func failed(op string, e C.td_error) error {
	if e.text == nil {
		return nil
	}
	defer C.free(unsafe.Pointer(e.text))
	return &Error{Op: op, Kind: Kind(e.kind), Msg: firstLine(C.GoString(e.text)), Rank: -1}
}

// firstLine cuts off the stack that c10d adds to some messages.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// milliseconds is a timeout as c10d takes it, at least 1.
func milliseconds(d time.Duration) C.int64_t { return C.int64_t(max(d.Milliseconds(), 1)) }

// Store holds values by key, in the memory of the process that is its server. It may be used by several goroutines; while
// one waits for a key, those of the same store wait for it.
type Store struct {
	ptr     C.td_store
	prefix  string // Of every key.
	host    string
	port    int
	timeout time.Duration
}

// NewTCPStore connects to the store at host:port, or serves it there; port 0 of a server is any that is free. A client
// tries until the timeout, which is also that of Get. world is how many processes use the store, from 1 on.
func NewTCPStore(host string, port int, server bool, world int, timeout time.Duration) (*Store, error) {
	op := fmt.Sprintf("connect to the store at %s:%d", host, port)
	if server {
		op = fmt.Sprintf("serve a store at %s:%d", host, port)
	}
	if port < 0 || port > 65535 || world < 1 {
		return nil, &Error{Op: op, Rank: -1, Msg: fmt.Sprintf("port %d of %d processes: a port is 0 to 65535, and there is at least one process", port, world)}
	}
	h := C.CString(host)
	defer C.free(unsafe.Pointer(h))
	s := &Store{host: host, timeout: timeout}
	var used C.int
	if err := failed(op, C.td_store_new(h, C.int(port), C.bool(server), milliseconds(timeout), &s.ptr, &used)); err != nil {
		return nil, err
	}
	s.port = int(used)
	return s, nil
}

// Below returns the same store with a prefix to every key. Closing either closes both.
func (s *Store) Below(prefix string) *Store {
	below := *s
	below.prefix += prefix
	return &below
}

// Port returns the port of the server.
func (s *Store) Port() int { return s.port }

// Set writes a value.
func (s *Store) Set(key string, value []byte) error {
	k := C.CString(s.prefix + key)
	defer C.free(unsafe.Pointer(k))
	v := C.CBytes(value)
	defer C.free(v)
	return failed("set "+key, C.td_store_set(s.ptr, k, (*C.char)(v), C.int64_t(len(value))))
}

// Get waits for a key and returns its value.
func (s *Store) Get(key string) ([]byte, error) {
	k := C.CString(s.prefix + key)
	defer C.free(unsafe.Pointer(k))
	var value *C.char
	var n C.int64_t
	if err := failed("get "+key, C.td_store_get(s.ptr, k, &value, &n)); err != nil {
		return nil, err
	}
	defer C.free(unsafe.Pointer(value))
	return C.GoBytes(unsafe.Pointer(value), C.int(n)), nil
}

// Add adds to a number, which begins at 0, and returns the sum.
func (s *Store) Add(key string, delta int64) (int64, error) {
	k := C.CString(s.prefix + key)
	defer C.free(unsafe.Pointer(k))
	var sum C.int64_t
	err := failed("add to "+key, C.td_store_add(s.ptr, k, C.int64_t(delta), &sum))
	return int64(sum), err
}

// Wait waits until all keys are there, for each of them at most so long.
func (s *Store) Wait(keys []string, timeout time.Duration) error {
	for _, key := range keys {
		k := C.CString(s.prefix + key)
		err := failed("wait for "+key, C.td_store_wait(s.ptr, k, milliseconds(timeout)))
		C.free(unsafe.Pointer(k))
		if err != nil {
			return err
		}
	}
	return nil
}

// Close ends the connection, and the store where this process is its server. Closing it twice does nothing.
func (s *Store) Close() {
	if s.ptr != nil {
		C.td_store_free(s.ptr)
		s.ptr = nil
	}
}
