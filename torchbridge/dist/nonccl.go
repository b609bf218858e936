//go:build !cuda

package dist

import "C"

import "time"

func (g *Group) joinNCCL(op string, _ *Store, _ *C.char, _ time.Duration) error {
	return &Error{Op: op, Rank: -1, Msg: "this build has no CUDA"}
}
