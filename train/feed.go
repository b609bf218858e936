package train

import (
	"augmix/data"
	"augmix/device"
	"augmix/methods"
	"augmix/run"

	torch "github.com/wangkuiyi/gotorch"
)

// feed is the memory of the batches: a ring that the pipeline fills and, on CUDA, the way from there to the device.
type feed struct {
	ring    []inputs         // One a slot, in the CPU's memory. There, only one has draws: nothing reads them after its step.
	release func(data.Batch) // Gives a batch back to the pipeline; nil where there is none.

	lane    *device.Lane // nil on the CPU, and what follows is empty.
	staging [device.Stages]inputs
	fixed   inputs // What every step reads.
}

// inputs are the tensors that a step reads.
type inputs struct {
	n, views int              // Images of the batch, and the views of each.
	of       int              // Images of all ranks' batches.
	pixels   torch.Tensor     // [views·images, H, W, C] float32, where images is imagesPerStep and the first views·n rows are used.
	labels   torch.Tensor     // [images] int64, of which n are used.
	draws    []*methods.Draws // Of each part of the step's batch.
}

// slots is how many batches may be ready or in the making at once.
const slots = 3

// allocator makes a tensor, as torch.EmptyOf does.
type allocator func(shape []int64, dtype int8) torch.Tensor

// newFeed returns the memory for batches of images of w×h pixels in c channels on the CPU. It belongs to the current scope.
func newFeed(cfg run.Config, method methods.Method, w, h, c int) *feed {
	f := &feed{}
	draws := newDraws(cfg, w, h, torch.EmptyOf)
	for range slots {
		in := newInputs(cfg, method.Views(), w, h, c, torch.EmptyOf)
		in.draws = draws
		f.ring = append(f.ring, in)
	}
	return f
}

// newDistantFeed is newFeed for batches that go to a device.
func newDistantFeed(cfg run.Config, method methods.Method, place device.Place, w, h, c int) *feed {
	f, views := &feed{}, method.Views()
	for range slots + 1 { // One more, which is on its way.
		in := newInputs(cfg, views, w, h, c, torch.Pinned)
		in.draws = newDraws(cfg, w, h, torch.Pinned)
		f.ring = append(f.ring, in)
	}
	for i := range f.staging {
		f.staging[i] = newInputs(cfg, views, w, h, c, torch.EmptyOf)
		if method.Mixes() {
			f.staging[i].draws = newDraws(cfg, w, h, torch.EmptyOf)
		}
	}
	f.fixed = newInputs(cfg, views, w, h, c, torch.EmptyOf)
	f.fixed.draws = newDraws(cfg, w, h, torch.EmptyOf)
	f.lane = device.NewLane(place)
	return f
}

// newInputs returns tensors for full batches, without draws.
func newInputs(cfg run.Config, views, w, h, c int, empty allocator) inputs {
	images := int64(imagesPerStep(cfg))
	return inputs{
		pixels: empty([]int64{int64(views) * images, int64(h), int64(w), int64(c)}, torch.Float),
		labels: empty([]int64{images}, torch.Long),
	}
}

// newDraws returns the draws of each part of a full batch.
func newDraws(cfg run.Config, w, h int, empty allocator) []*methods.Draws {
	var out []*methods.Draws
	for range partsPerStep(cfg) {
		out = append(out, methods.NewDraws(cfg.BatchSize, w, h, empty))
	}
	return out
}

// all lists all tensors that a step may read.
func (f *feed) all() []inputs {
	if f.lane == nil {
		return f.ring
	}
	return append(append([]inputs{f.fixed}, f.ring...), f.staging[:]...)
}

// slots is the ring's memory as the pipeline fills it.
func (f *feed) slots() []data.Slot {
	var out []data.Slot
	for _, in := range f.ring {
		out = append(out, data.Slot{Pixels: in.pixels.MemoryFloat32(), Labels: in.labels.MemoryInt64()})
	}
	return out
}

// load returns the tensors of a batch where a step reads them: on the CPU the ring's, on CUDA always the same, and their
// content is on its way.
func (f *feed) load(b data.Batch) inputs {
	from := f.ring[b.Slot]
	from.n, from.of, from.views = b.N, b.Of, b.Views
	if f.lane == nil {
		return from
	}
	f.fixed.n, f.fixed.of, f.fixed.views = b.N, b.Of, b.Views
	f.lane.Load(
		func(i int) { f.staging[i].copyFrom(from, from) },
		func(i int) { f.fixed.copyFrom(f.staging[i], from) },
		func() { f.give(b) })
	return f.fixed
}

// copyFrom queues a copy of what a batch uses of another's tensors.
func (in inputs) copyFrom(from, batch inputs) {
	torch.Scope(func() {
		rows, n := int64(batch.views*batch.n), int64(batch.n)
		in.pixels.Slice(0, 0, rows, 1).CopyAsync(from.pixels.Slice(0, 0, rows, 1))
		in.labels.Slice(0, 0, n, 1).CopyAsync(from.labels.Slice(0, 0, n, 1))
		for i := range min(len(in.draws), len(from.draws)) {
			in.draws[i].CopyAsync(from.draws[i])
		}
	})
}

// used tells that the step on a batch has run or, on CUDA, is queued. There the batch is given back when it has arrived.
func (f *feed) used(b data.Batch) {
	if f.lane == nil {
		f.give(b)
	}
}

func (f *feed) give(b data.Batch) {
	if f.release != nil {
		f.release(b)
	}
}

// close ends the copies.
func (f *feed) close() {
	if f.lane != nil {
		f.lane.Close()
	}
}
