package dist

// #include "c10d.h"
import "C"

import (
	"runtime"
	"unsafe"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/internal/aten"
)

// BatchNorm normalises the channels of x [N, C, H, W], float32 or bfloat16, in training by the statistics of all ranks'
// images, and updates the running ones, the same on every rank. All other tensors are [C] float32. All ranks call it, as
// well as backward, in the same order; one that has no images brings some that are not counted. The gradients of weight and
// bias are of this rank's images.
//
// It panics with a *torch.Error, as operations do.
func (g *Group) BatchNorm(x, mean, variance, weight, bias torch.Tensor, momentum, eps float64, counted bool) torch.Tensor {
	all := []torch.Tensor{x, weight, bias, mean, variance}
	for _, t := range all {
		if !t.Defined() {
			panic(&torch.Error{Op: "batch_norm", Msg: "undefined tensor"})
		}
	}
	p := func(t torch.Tensor) C.tb_tensor { return C.tb_tensor(*t.T) }
	r := C.td_batch_norm(g.ptr, p(x), p(weight), p(bias), p(mean), p(variance), C.double(momentum), C.double(eps), C.bool(counted))
	runtime.KeepAlive(all)
	return torch.Tensor{T: aten.Result("batch_norm", unsafe.Pointer(r.tensor), int64(r.scope), unsafe.Pointer(r.error))}
}
