package methods

import (
	"math"

	"augmix/rng"

	torch "github.com/wangkuiyi/gotorch"
)

// cutMix pastes a box of another image of the batch, the same box for all, and weighs the labels by the areas (Yun et
// al., ICCV 2019, as in clovaai/CutMix-PyTorch, train.py). A batch is mixed with probability prob. β = 1 with
// probability 0.5 on CIFAR and 1 on ImageNet are those authors'; what the AugMix paper used is not known.
type cutMix struct {
	standard
	beta, prob float64
}

// cutMixProb is the authors' probability for a dataset.
func cutMixProb(dataset string) float64 {
	if photographs(dataset) {
		return 1
	}
	return 0.5
}

func (cutMix) Mixes() bool { return true }

func (m cutMix) Draw(d *Draws, n int, r *rng.Stream) {
	mixed := r.Float64() < m.prob
	share := r.Beta(m.beta, m.beta)
	d.permute(n, r)
	w, h := d.size()
	x, y := r.IntN(w), r.IntN(h)
	if !mixed {
		d.setMask(box{})
		d.setShare(1)
		return
	}
	b := cutMixBox(share, x, y, w, h)
	d.setMask(b)
	d.setShare(1 - float64(b.area())/float64(w*h))
}

// cutMixBox is the box about (x, y) whose sides are √(1 − share) of the image's, halved and clipped as rand_bbox does.
func cutMixBox(share float64, x, y, w, h int) box {
	ratio := math.Sqrt(1 - share)
	return around(x, y, int(float64(w)*ratio)/2, int(float64(h)*ratio)/2, w, h)
}

func (m cutMix) Batch(b Batch) (torch.Tensor, Targets) {
	own, others, labels := b.partners()
	mixed := blend(others, own, b.Draws.mask)
	y := b.targets()
	y.Others, y.Share = labels, b.Draws.share
	return mixed.Permute([]int64{0, 3, 1, 2}), y
}
