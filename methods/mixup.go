package methods

import (
	"augmix/rng"

	torch "github.com/wangkuiyi/gotorch"
)

// mixup blends each image with another of its batch, and their losses alike (Zhang et al., ICLR 2018; definition as in
// facebookresearch/mixup-cifar10: λ ~ Beta(α, α) once a batch). α = 1 is those authors' for CIFAR; which one the AugMix
// paper used is not known.
type mixup struct {
	standard
	alpha float64
}

func (mixup) Mixes() bool { return true }

func (m mixup) Draw(d *Draws, n int, r *rng.Stream) {
	d.setShare(r.Beta(m.alpha, m.alpha))
	d.permute(n, r)
}

func (m mixup) Batch(b Batch) (torch.Tensor, Targets) {
	own, others, labels := b.partners()
	mixed := blend(own, others, b.Draws.share)
	y := b.targets()
	y.Others, y.Share = labels, b.Draws.share
	return mixed.Permute([]int64{0, 3, 1, 2}), y
}
