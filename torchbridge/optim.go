package gotorch

import "github.com/wangkuiyi/gotorch/internal/aten"

// Optimizer updates parameters from their gradients. The zero Optimizer is not usable: make one with SGD.
type Optimizer struct {
	Opt *sgd
}

// sgd is stochastic gradient descent with momentum as one fused operation over all parameters. The learning rate is a
// 0-dim tensor, so that a captured step can follow a schedule.
type sgd struct {
	momentum, dampening, weightDecay float64
	nesterov                         bool

	state   *Static // Owns the learning rate and the momenta.
	lr      Tensor
	params  []aten.T
	momenta []aten.T
}

// SGD returns an optimizer with PyTorch's update rule: g += weightDecay·w; m = momentum·m + (1−dampening)·g;
// w −= lr·(g + momentum·m if nesterov, else m). Weight decay applies to every parameter. The first step is damped as all
// others are, where PyTorch's takes m = g.
func SGD(lr, momentum, dampening, weightDecay float64, nesterov bool) Optimizer {
	o := &sgd{momentum: momentum, dampening: dampening, weightDecay: weightDecay, nesterov: nesterov, state: NewStatic()}
	o.state.Do(func() { o.lr = Tensor{aten.Full(nil, lr, Float)} })
	return Optimizer{o}
}

// AddParameters gives the optimizer parameters to update, all on one device. Each gets a momentum of zeros, laid out as it
// is, and the learning rate moves to them.
func (opt Optimizer) AddParameters(tensors []Tensor) {
	o := opt.Opt
	o.state.Do(func() {
		for _, t := range tensors {
			if lr := o.lr.To(t.Device()); lr != o.lr {
				o.lr.Close()
				o.lr = lr
			}
			// Multiplying keeps the memory format, which an allocation by shape would lose.
			d := t.Detach()
			m := d.MulScalar(0)
			m.Fill(0)
			d.Close()
			o.params = append(o.params, t.T)
			o.momenta = append(o.momenta, m.T)
		}
	})
}

// ZeroGrad drops the gradients of all parameters.
func (opt Optimizer) ZeroGrad() { aten.ZeroGrad(opt.Opt.params) }

// SetLR sets the learning rate of the steps to come.
func (opt Optimizer) SetLR(lr float64) { opt.Opt.lr.Fill(lr) }

// ClipGradNorm scales all gradients by the same factor where their common Euclidean norm is above most, which it is then
// (torch.nn.utils.clip_grad_norm_). No number is read back, so that a step that clips can be captured.
func (opt Optimizer) ClipGradNorm(most float64) { aten.ClipGradNorm(opt.Opt.params, most) }

// Step updates every parameter that has a gradient.
func (opt Optimizer) Step() {
	o := opt.Opt
	aten.FusedSGD(o.params, o.momenta, o.lr.T, o.weightDecay, o.momentum, o.dampening, o.nesterov)
}

// MoveGradients gives each of the params the gradient that the leaf of the same index has, if it has one, converted into the
// memory of the same index, which from then on is the param's gradient; with add it is added to what is there. The leaves
// are left without gradients. So weights are trained whose copies in a smaller data type the network multiplies with.
func MoveGradients(leaves, params, memory []Tensor, add bool) {
	aten.MoveGradients(handles(leaves), handles(params), handles(memory), add)
}

// Momenta returns the momentum buffers in the order in which the parameters were added.
func (opt Optimizer) Momenta() []Tensor {
	out := make([]Tensor, len(opt.Opt.momenta))
	for i, m := range opt.Opt.momenta {
		out[i] = Tensor{m}
	}
	return out
}

// Close frees the optimizer's tensors. Closing twice does nothing.
func (opt Optimizer) Close() { opt.Opt.state.Close() }
