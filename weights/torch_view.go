package weights

import (
	"fmt"
	"math/bits"
)

// A view is a tensor of a PyTorch file: shape and strides, in elements, over a
// storage. newView has checked that it stays inside.
type view struct {
	storage       *storage
	dtype         DType
	offset        int64 // of the first element, in elements
	shape, stride []int64
}

// rebuildTensor is _rebuild_tensor(storage, offset, size, stride), which torch < 0.4
// and the checkpoints that descend from it use.
func rebuildTensor(args []any) (any, error) {
	if len(args) != 4 {
		return nil, fmt.Errorf("it has %d arguments, not 4", len(args))
	}
	return newView(args[:4], 0)
}

// rebuildTensorV2 adds requires_grad, backward_hooks and, from torch 2.0 on, metadata.
func rebuildTensorV2(args []any) (any, error) {
	if len(args) != 6 && len(args) != 7 {
		return nil, fmt.Errorf("it has %d arguments, not 6 or 7", len(args))
	}
	if err := plainTensor(args[4:6], args[6:]); err != nil {
		return nil, err
	}
	return newView(args[:4], 0)
}

// rebuildTensorV3 adds the element type, which its storage, being untyped, lacks.
func rebuildTensorV3(args []any) (any, error) {
	if len(args) != 7 && len(args) != 8 {
		return nil, fmt.Errorf("it has %d arguments, not 7 or 8", len(args))
	}
	d, ok := args[6].(DType)
	if !ok {
		return nil, fmt.Errorf("its element type is %s", describe(args[6]))
	}
	if err := plainTensor(args[4:6], args[7:]); err != nil {
		return nil, err
	}
	return newView(args[:4], d)
}

// plainTensor checks requires_grad and backward_hooks, which are ignored, and the
// metadata, which may say that the numbers mean something else: conjugate, negative.
func plainTensor(flags, metadata []any) error {
	if _, ok := flags[0].(bool); !ok {
		return fmt.Errorf("requires_grad is %s", describe(flags[0]))
	}
	if hooks, ok := flags[1].(*dict); flags[1] != nil && (!ok || len(hooks.keys) != 0) {
		return fmt.Errorf("the tensor has backward hooks")
	}
	if len(metadata) == 0 || metadata[0] == nil {
		return nil
	}
	if m, ok := metadata[0].(*dict); !ok || len(m.keys) != 0 {
		return fmt.Errorf("the tensor has metadata, such as a conjugate or negative bit, which is not supported")
	}
	return nil
}

// rebuildParameter is _rebuild_parameter(data, requires_grad, backward_hooks).
func rebuildParameter(args []any) (any, error) {
	if len(args) != 3 {
		return nil, fmt.Errorf("it has %d arguments, not 3", len(args))
	}
	if err := plainTensor(args[1:], nil); err != nil {
		return nil, err
	}
	return newParameter(args[:1])
}

// newParameter is Parameter(data): the tensor itself.
func newParameter(args []any) (any, error) {
	if len(args) == 1 || len(args) == 2 {
		if v, ok := args[0].(*view); ok {
			return v, nil
		}
	}
	return nil, fmt.Errorf("it is not made of a tensor")
}

// counts are the integers of a tuple or list, none negative.
func counts(v any) ([]int64, error) {
	list, ok := items(v)
	if !ok || len(list) > maxRank {
		return nil, fmt.Errorf("a shape or stride is not a tuple of at most %d integers", maxRank)
	}
	out := make([]int64, len(list))
	for i, n := range list {
		if out[i], ok = n.(int64); !ok || out[i] < 0 {
			return nil, fmt.Errorf("a size or stride is %v, not a number from 0 on", n)
		}
	}
	return out, nil
}

// newView makes a tensor of (storage, offset, size, stride), its elements of the given
// type, or of the storage's where that is 0. No byte is read before this has shown
// that the last element lies in the storage.
func newView(args []any, d DType) (*view, error) {
	st, ok := args[0].(*storage)
	if !ok {
		return nil, fmt.Errorf("the tensor's storage is %s", describe(args[0]))
	}
	v := &view{storage: st, dtype: d}
	if d == 0 {
		v.dtype = st.dtype
	}
	if v.offset, ok = args[1].(int64); !ok || v.offset < 0 {
		return nil, fmt.Errorf("the tensor's offset is %v", args[1])
	}
	var err error
	if v.shape, err = counts(args[2]); err != nil {
		return nil, err
	}
	if v.stride, err = counts(args[3]); err != nil {
		return nil, err
	}
	if len(v.shape) != len(v.stride) {
		return nil, fmt.Errorf("the tensor has %d sizes and %d strides", len(v.shape), len(v.stride))
	}
	if _, ok := byteLength(v.dtype, v.shape); !ok {
		return nil, fmt.Errorf("the tensor's shape %v is more than memory can have", v.shape)
	}
	have := st.size() / int64(v.dtype.Size())
	if end, ok := v.end(); !ok || end > have {
		return nil, fmt.Errorf("the tensor of shape %v, strides %v and offset %d reaches outside of its storage %s of %d elements",
			v.shape, v.stride, v.offset, st.key, have)
	}
	return v, nil
}

// end is one more than the greatest index that the view reads: offset + Σ(size-1)·stride
// + 1, or offset for a view of no elements.
func (v *view) end() (end int64, ok bool) {
	total := uint64(v.offset)
	for axis, n := range v.shape {
		if n == 0 {
			return v.offset, true
		}
		step, ok := mul(n-1, v.stride[axis])
		if !ok {
			return 0, false
		}
		var carry uint64
		if total, carry = bits.Add64(total, uint64(step), 0); carry != 0 || total > 1<<62 {
			return 0, false
		}
	}
	return int64(total) + 1, true
}

// dense tells whether the view's elements lie one after another in C order.
func (v *view) dense() bool {
	expect := int64(1)
	for axis := len(v.shape) - 1; axis >= 0; axis-- {
		n := v.shape[axis]
		if n == 0 {
			return true
		}
		if n != 1 && v.stride[axis] != expect {
			return false
		}
		expect *= n
	}
	return true
}

// gather copies the view's elements out of its storage's bytes, in C order.
func (v *view) gather(from []byte) []byte {
	size := int64(v.dtype.Size())
	n, _ := byteLength(v.dtype, v.shape)
	out := make([]byte, n)
	if n == 0 {
		return out
	}
	if v.dense() {
		copy(out, from[v.offset*size:])
		return out
	}
	index := make([]int64, len(v.shape))
	at := v.offset
	for to := int64(0); to < n; to += size {
		copy(out[to:to+size], from[at*size:])
		// The last axis counts up; one that is full starts over and carries.
		for axis := len(index) - 1; axis >= 0; axis-- {
			if index[axis]++; index[axis] < v.shape[axis] {
				at += v.stride[axis]
				break
			}
			at -= (v.shape[axis] - 1) * v.stride[axis]
			index[axis] = 0
		}
	}
	return out
}
