package train

import (
	"augmix/data"
	"augmix/methods"
	"augmix/rng"
	"augmix/run"

	torch "github.com/wangkuiyi/gotorch"
)

// A step's batch goes through the network in parts of cfg.BatchSize images, each with all its views, whose gradients add
// up (--grad-accum): one part, unless that is given. The loss of a part weighs as much as its share of the images, so that
// the sum is the loss of the whole batch; batch normalisation takes its statistics from each part alone.

// partsPerStep is how many parts a full batch has.
func partsPerStep(cfg run.Config) int { return max(cfg.GradAccum, 1) }

// imagesPerStep is how many images a step trains on, the last of an epoch excepted.
func imagesPerStep(cfg run.Config) int { return cfg.BatchSize * partsPerStep(cfg) }

// part is some images of a batch.
type part struct {
	methods.Batch
	share float64 // Of the batch's images.
}

// weigh returns the part's share of the loss of the batch.
func (p part) weigh(loss torch.Tensor) torch.Tensor {
	if p.share == 1 {
		return loss
	}
	return loss.MulScalar(p.share)
}

// parts is how many parts a batch has.
func (m *machine) parts(b data.Batch) int { return (b.N + m.cfg.BatchSize - 1) / m.cfg.BatchSize }

// bounds are the images of a part: from first to before end.
func (m *machine) bounds(b data.Batch, i int) (first, end int) {
	return i * m.cfg.BatchSize, min((i+1)*m.cfg.BatchSize, b.N)
}

// draw writes the method's draws on each part of a batch.
func (m *machine) draw(b data.Batch, seed uint64) {
	stream := rng.Named("batch", seed)
	for i := range m.parts(b) {
		first, end := m.bounds(b, i)
		m.method.Draw(m.draws[i], end-first, &stream)
	}
}

// part views a part of a batch as images [views·N, C, H, W], channels_last, and labels [N]. The whole batch is viewed
// without a copy.
func (m *machine) part(b data.Batch, i int) part {
	first, end := m.bounds(b, i)
	n := end - first
	rows := m.pixels[b.Slot].Slice(0, 0, int64(b.Views*b.N), 1)
	if n < b.N {
		shape := rows.Shape()
		byView := rows.View(int64(b.Views), int64(b.N), shape[1], shape[2], shape[3]).Slice(1, int64(first), int64(end), 1)
		rows = byView.Contiguous().View(int64(b.Views*n), shape[1], shape[2], shape[3])
	}
	return part{
		Batch: methods.Batch{
			Images: rows.Permute([]int64{0, 3, 1, 2}), Labels: m.labels[b.Slot].Slice(0, int64(first), int64(end), 1),
			Draws: m.draws[i], LabelSmoothing: m.cfg.LabelSmoothing, Forward: m.net.Forward,
		},
		share: float64(n) / float64(b.N),
	}
}
