package nets

import (
	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
)

// copies are the bfloat16 copies of the weights and biases of all convolutions and of the head, which the network
// multiplies with where autocasting would convert each of them in every step.
type copies struct {
	weights   []torch.Tensor // The float32 ones, which are trained, stored and evaluated.
	copied    []torch.Tensor // Of each, a leaf of autograd.
	gradients []torch.Tensor // Of each, the memory of its float32 gradient; empty until there is one.
}

// CopyWeights makes Forward compute with copies of the weights while SetBF16 is on. Then a step calls TakeGradients after
// each backward and Refresh after the update. Calling it twice does nothing.
func (n *Net) CopyWeights() {
	if n.copies != nil {
		return
	}
	n.copies = &copies{}
	n.static.Do(func() { n.copies.weights, n.copies.copied = nn.CopyWeights(n.Body, torch.BFloat16) })
}

// TakeGradients makes the gradients that backward left in the copies those of the weights, in float32, or with add adds
// them to what is there. Without copies they are there already.
func (n *Net) TakeGradients(add bool) {
	c := n.copies
	if c == nil {
		return
	}
	if c.gradients == nil {
		n.static.Do(func() {
			torch.NoGrad(func() {
				for _, w := range c.weights {
					c.gradients = append(c.gradients, w.MulScalar(0)) // Laid out as the weight.
				}
			})
		})
	}
	torch.MoveGradients(c.copied, c.weights, c.gradients, add)
}

// Refresh copies the weights into the copies, if there are any. The weights have changed since.
func (n *Net) Refresh() {
	if n.copies != nil {
		torch.CopyAll(n.copies.copied, n.copies.weights)
	}
}

// Device is where the network's weights lie. To, which moves them, must come before CopyWeights.
func (n *Net) Device() torch.Device { return n.Normalize.Mu.Device() }
