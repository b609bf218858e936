package methods

import (
	torch "github.com/wangkuiyi/gotorch"
	F "github.com/wangkuiyi/gotorch/nn/functional"
)

// adversarial trains on images changed by projected gradient descent (Madry et al., ICLR 2018), and on these alone. In
// pixels of [0, 1] it begins at a uniform point of the ℓ∞ ball of radius epsilon around the image, and steps times goes
// by step along the gradient's sign, back into the ball and into [0, 1].
//
// The defaults (epsilon 8/255, step 2/255, 10 steps) and the network's training mode meanwhile are those of the AugMix
// authors' other code, hendrycks/pre-training, robustness/adversarial; what the AugMix paper used is not known. In
// training mode the attack sees the batch's own statistics, and its passes move batch normalisation's running ones, as
// there. One thing is not as there: its random start is added to the clean images themselves, so that the ball is
// around a noisy image and reaches up to 2·epsilon from the clean one; here the ball is around the clean image.
type adversarial struct {
	standard
	epsilon, step float64
	steps         int
}

func (m adversarial) Batch(b Batch) (torch.Tensor, Targets) {
	n, c, h, w := b.Images.Shape()[0], b.Images.Shape()[1], b.Images.Shape()[2], b.Images.Shape()[3]
	noise := torch.Rand([]int64{n, h, w, c}, false)
	start := noise.MulScalar(2 * m.epsilon).AddScalar(-m.epsilon)
	return m.attack(b, start), b.targets()
}

// attack returns the images after all steps from the given start, which is relative to them and [N, H, W, C].
func (m adversarial) attack(b Batch, start torch.Tensor) torch.Tensor {
	clean := b.Images.Permute([]int64{0, 2, 3, 1})
	changed := clean.Add(start, 1)
	for range m.steps {
		// A scope of its own frees the pass's activations before the next one.
		torch.Scope(func() {
			x := changed.Detach()
			x.SetRequiresGrad(true)
			logits := b.Forward(x.Permute([]int64{0, 3, 1, 2}))
			loss := F.CrossEntropy(logits, b.Labels, torch.Tensor{}, -100, "sum")
			direction := loss.GradientOf(x).Sign()
			torch.NoGrad(func() {
				changed.AddI(direction, float32(m.step))
				change := changed.Sub(clean, 1).Clamp(-m.epsilon, m.epsilon)
				changed.Copy(clean.Add(change, 1).Clamp(0, 1))
			})
		})
	}
	return changed.Permute([]int64{0, 3, 1, 2})
}
