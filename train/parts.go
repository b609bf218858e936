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
//
// Where several ranks share a batch, each cuts its own part of it in the same way, and an image's weight is what it is in
// the whole batch. Every rank goes through as many parts as the one with the most images: one that has none left takes any
// image and gives it no weight. So ranks that do something together in each part do it equally often.

// partsPerStep is how many parts a full batch has.
func partsPerStep(cfg run.Config) int { return max(cfg.GradAccum, 1) }

// imagesPerStep is how many images a step trains on, the last of an epoch excepted.
func imagesPerStep(cfg run.Config) int { return cfg.BatchSize * partsPerStep(cfg) }

// part is some images of a batch.
type part struct {
	methods.Batch
	share float64 // Of the images of the step, of all ranks; 0 where there is none and Batch is there for its shape.
}

// weigh returns the part's share of the loss of the batch.
func (p part) weigh(loss torch.Tensor) torch.Tensor {
	if p.share == 1 {
		return loss
	}
	return loss.MulScalar(p.share)
}

// localConfig is a configuration as one of several ranks takes its steps: with the largest share of a batch for a batch.
func localConfig(cfg run.Config, ranks int) run.Config {
	cfg.BatchSize = (cfg.BatchSize + ranks - 1) / ranks
	return cfg
}

// parts is how many parts a batch of so many images of all ranks has on each.
func (m *machine) parts(of int) int {
	most := (of + m.ranks - 1) / m.ranks
	return (most + m.cfg.BatchSize - 1) / m.cfg.BatchSize
}

// bounds are the images of a part of a rank's n: from first to before end.
func (m *machine) bounds(n, i int) (first, end int) {
	return min(i*m.cfg.BatchSize, n), min((i+1)*m.cfg.BatchSize, n)
}

// draw writes the method's draws on each part of a batch.
func (m *machine) draw(b data.Batch, seed uint64) {
	stream := rng.Named("batch", seed)
	for i := range m.parts(b.Of) {
		first, end := m.bounds(b.N, i)
		m.method.Draw(m.feed.ring[b.Slot].draws[i], max(end-first, 1), &stream)
	}
}

// part views a part of a batch as images [views·N, C, H, W], channels_last, and labels [N]. The whole batch is viewed
// without a copy.
func (m *machine) part(in inputs, i int) part {
	first, end := m.bounds(in.n, i)
	share := float64(end-first) / float64(in.of)
	if first == end {
		first, end = 0, 1
	}
	n, there := end-first, max(in.n, 1)
	rows := in.pixels.Slice(0, 0, int64(in.views*there), 1)
	if n < there {
		shape := rows.Shape()
		byView := rows.View(int64(in.views), int64(there), shape[1], shape[2], shape[3]).Slice(1, int64(first), int64(end), 1)
		rows = byView.Contiguous().View(int64(in.views*n), shape[1], shape[2], shape[3])
	}
	return part{
		Batch: methods.Batch{
			Images: rows.Permute([]int64{0, 3, 1, 2}), Labels: in.labels.Slice(0, int64(first), int64(end), 1),
			Draws: in.draws[i], LabelSmoothing: m.cfg.LabelSmoothing, Forward: m.net.Forward,
		},
		share: share,
	}
}
