package nn

import torch "github.com/wangkuiyi/gotorch"

// copies are a layer's weight and bias in another data type, which the layer multiplies inputs of that type with.
type copies struct {
	dtype        int8
	weight, bias torch.Tensor
}

// choose returns the copies for an input of their data type, else the weight and bias themselves.
func (c *copies) choose(x, weight, bias torch.Tensor) (w, b torch.Tensor) {
	if c == nil || x.Dtype() != c.dtype {
		return weight, bias
	}
	return c.weight, c.bias
}

// CopyWeights gives every convolution and linear layer of m copies of its weight and bias in a data type: leaves of
// autograd, laid out as the originals, that belong to the current scope. From then on these layers multiply inputs of that
// type with the copies, and leave the originals without gradients; inputs of other types meet the originals as before. It
// returns both in the same order. The copies are in neither view of the module's tensors, and whoever changes an original
// copies it anew (torch.CopyAll).
func CopyWeights(m IModule, dtype int8) (originals, copied []torch.Tensor) {
	duplicate := func(t torch.Tensor) torch.Tensor {
		if !t.Defined() {
			return t
		}
		var c torch.Tensor
		torch.NoGrad(func() { c = t.CastTo(dtype) })
		c.SetRequiresGrad(true)
		originals, copied = append(originals, t), append(copied, c)
		return c
	}
	m.Apply(func(m IModule) {
		switch m := m.(type) {
		case *Conv2dModule:
			m.copies = &copies{dtype, duplicate(m.Weight), duplicate(m.Bias)}
		case *LinearModule:
			m.copies = &copies{dtype, duplicate(m.Weight), duplicate(m.Bias)}
		}
	})
	return originals, copied
}
