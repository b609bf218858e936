//go:build cuda

package dist

// #include "c10d.h"
import "C"

import (
	"time"

	"github.com/wangkuiyi/gotorch/internal/aten"
)

func (g *Group) joinNCCL(op string, store *Store, prefix *C.char, timeout time.Duration) error {
	g.device = aten.CurrentDevice()
	return failed(op, C.td_nccl_new(store.ptr, prefix, C.int(g.rank), C.int(g.size), C.int(g.device), milliseconds(timeout), &g.ptr))
}
