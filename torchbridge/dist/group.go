package dist

// #include <stdlib.h>
// #include "c10d.h"
import "C"

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"
	"unsafe"

	torch "github.com/wangkuiyi/gotorch"
)

// Group is this process among those that train together. It is for one goroutine at a time.
type Group struct {
	ptr        C.td_group
	rank, size int
	device     int // Of NCCL; −1 on the host.
	done       atomic.Uint64
}

// NewGroup joins a group of so many ranks that meet in a store, and returns when all are there or the timeout is over. The
// backend is gloo, for tensors on the host, or nccl, for tensors on the current CUDA device. A store serves several groups
// if all ranks make them in the same order.
//
// gloo listens at the address from which this machine reaches the store; GLOO_SOCKET_IFNAME names another interface.
func NewGroup(store *Store, rank, size int, backend string, timeout time.Duration) (*Group, error) {
	op := fmt.Sprintf("join %s as rank %d of %d", backend, rank, size)
	if rank < 0 || size < 1 || rank >= size {
		return nil, &Error{Op: op, Rank: -1, Msg: "a rank is from 0 to below the number of ranks"}
	}
	number, err := store.Add("groups/"+strconv.Itoa(rank), 1)
	if err != nil {
		return nil, err
	}
	prefix := fmt.Sprintf("group/%d/", number)
	if err := store.meet(prefix, rank, size, timeout); err != nil {
		return nil, err
	}
	g := &Group{rank: rank, size: size, device: -1}
	p := C.CString(store.prefix + prefix)
	defer C.free(unsafe.Pointer(p))
	switch backend {
	case "gloo":
		address, inter := C.CString(store.localAddress()), C.CString(os.Getenv("GLOO_SOCKET_IFNAME"))
		defer C.free(unsafe.Pointer(address))
		defer C.free(unsafe.Pointer(inter))
		err = failed(op, C.td_gloo_new(store.ptr, p, C.int(rank), C.int(size), address, inter, milliseconds(timeout), &g.ptr))
	case "nccl":
		err = g.joinNCCL(op, store, p, timeout)
	default:
		err = &Error{Op: op, Rank: -1, Msg: fmt.Sprintf("unknown backend %q; it is gloo or nccl", backend)}
	}
	if err != nil {
		return nil, err
	}
	return g, nil
}

// meet says that a rank is there, and waits for all others. An error names the first that is not.
func (s *Store) meet(prefix string, rank, size int, timeout time.Duration) error {
	if err := s.Set(prefix+strconv.Itoa(rank), nil); err != nil {
		return err
	}
	end := time.Now().Add(timeout)
	for r := range size {
		if err := s.Wait([]string{prefix + strconv.Itoa(r)}, time.Until(end)); err != nil {
			e := err.(*Error)
			if e.Kind == Timeout {
				return &Error{Op: "meet the other ranks", Kind: Timeout, Rank: r, Msg: fmt.Sprintf("rank %d of %d did not come within %v", r, size, timeout)}
			}
			return err
		}
	}
	return nil
}

// localAddress is the address from which this machine reaches the store.
func (s *Store) localAddress() string {
	// No packet is sent: connecting a datagram socket only chooses the route.
	c, err := net.Dial("udp", net.JoinHostPort(s.host, strconv.Itoa(s.port)))
	if err != nil {
		return s.host
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).IP.String()
}

// Rank is this process's number in the group.
func (g *Group) Rank() int { return g.rank }

// Size is how many ranks the group has.
func (g *Group) Size() int { return g.size }

// Done counts what the group has done together; a Watch tells by it which rank is behind.
func (g *Group) Done() uint64 { return g.done.Load() }

// AllReduce replaces t on every rank by the sum over all ranks, in place. t is dense, of the same shape, layout and data
// type everywhere. On a CUDA device it is queued on the current stream, where it can be captured.
//
// The sum has the same bits on every rank. gloo's ring adds in a fixed order; NCCL's may depend on its version and on how
// the devices are connected.
func (g *Group) AllReduce(t torch.Tensor) error {
	return g.call("all-reduce", t, func() C.td_error { return C.td_all_reduce(g.ptr, C.tb_tensor(*t.T)) })
}

// Broadcast replaces t on every rank by that of root.
func (g *Group) Broadcast(t torch.Tensor, root int) error {
	return g.call("broadcast", t, func() C.td_error { return C.td_broadcast(g.ptr, C.tb_tensor(*t.T), C.int(root)) })
}

// Barrier returns when every rank has called it.
func (g *Group) Barrier() error {
	err := failed("barrier", C.td_barrier(g.ptr, C.int(g.device)))
	g.done.Add(1)
	return err
}

func (g *Group) call(op string, t torch.Tensor, f func() C.td_error) error {
	if !t.Defined() {
		return &Error{Op: op, Rank: -1, Msg: "undefined tensor"}
	}
	err := failed(op, f())
	runtime.KeepAlive(t)
	g.done.Add(1)
	return err
}

// Close leaves the group. Graphs that have captured its operations must be gone. Closing twice does nothing.
func (g *Group) Close() {
	if g.ptr != nil {
		C.td_group_free(g.ptr)
		g.ptr = nil
	}
}
