package methods

import (
	"augmix/rng"

	torch "github.com/wangkuiyi/gotorch"
)

// Draws are the random numbers of a step that concern a whole batch, in tensors that stay where they are from step to
// step, as a captured step needs. Methods that mix images write them, in the CPU's memory.
type Draws struct {
	share torch.Tensor // 0-dim float32: the weight of an image's own label.
	order torch.Tensor // [batch] int64: which image each is mixed with.
	mask  torch.Tensor // [1, H, W, 1] float32: 1 where the other image shows.
}

// NewDraws returns draws for batches of up to n images of w×h pixels, in tensors made by an allocator such as
// torch.EmptyOf. They belong to the current scope.
func NewDraws(n, w, h int, empty func(shape []int64, dtype int8) torch.Tensor) *Draws {
	return &Draws{
		share: empty(nil, torch.Float),
		order: empty([]int64{int64(n)}, torch.Long),
		mask:  empty([]int64{1, int64(h), int64(w), 1}, torch.Float),
	}
}

// CopyAsync queues a copy of another's draws, which may lie elsewhere.
func (d *Draws) CopyAsync(from *Draws) {
	d.share.CopyAsync(from.share)
	d.order.CopyAsync(from.order)
	d.mask.CopyAsync(from.mask)
}

// setShare writes the weight of an image's own label.
func (d *Draws) setShare(share float64) { d.share.MemoryFloat32()[0] = float32(share) }

// permute draws a permutation of n images.
func (d *Draws) permute(n int, r *rng.Stream) {
	order := make([]int, n)
	r.Perm(order)
	memory := d.order.MemoryInt64()
	for i, v := range order {
		memory[i] = int64(v)
	}
}

// setMask writes 1 inside the box and 0 outside.
func (d *Draws) setMask(b box) {
	w := int(d.mask.Shape()[2])
	for i := range d.mask.MemoryFloat32() {
		d.mask.MemoryFloat32()[i] = 0
		if b.contains(i%w, i/w) {
			d.mask.MemoryFloat32()[i] = 1
		}
	}
}

// size is that of the images.
func (d *Draws) size() (w, h int) {
	s := d.mask.Shape()
	return int(s[2]), int(s[1])
}

// partners returns a batch's images as [N, H, W, C], the images that each is mixed with, and their labels.
func (b Batch) partners() (own, others, labels torch.Tensor) {
	order := b.Draws.order.Slice(0, 0, b.Labels.Shape()[0], 1)
	own = b.Images.Permute([]int64{0, 2, 3, 1})
	return own, own.IndexSelect(0, order), b.Labels.IndexSelect(0, order)
}
