package train

import (
	"strings"

	torch "github.com/wangkuiyi/gotorch"
)

// reducer makes the gradients of a step those of all ranks' images, and the running statistics of batch normalisation the
// mean of the ranks'. Both lie in flat float32 buckets, one addition over all ranks each, in the order of the network.
//
// A rank's loss weighs as much as its share of the step's images, so that the sum of the gradients is the gradient of the
// mean over all images. The statistics are weighed in the same way here. After a step every rank has the same weights and
// the same statistics, bit for bit.
type reducer struct {
	company *company
	params  []torch.Tensor
	stats   []torch.Tensor // None where batch normalisation is over all ranks anyway.
	buckets []torch.Tensor
	parts   []torch.Tensor // Of the buckets: as params, then as stats.
	weighed []torch.Tensor // Of the buckets: where stats lie.
}

// bucketSize is how many values a bucket has at most; a tensor that is larger has one to itself. The smaller networks have
// one; 32 MiB are enough for a full-speed ring.
const bucketSize = 8 << 20

// newReducer returns what adds up over the ranks of c. Its tensors belong to the current scope and lie where the network is.
func newReducer(c *company, m *machine) *reducer {
	r := &reducer{company: c, params: m.net.Parameters()}
	if !m.cfg.SyncBN {
		r.stats = statistics(m)
	}
	all := append(append([]torch.Tensor{}, r.params...), r.stats...)
	for first := 0; first < len(all); {
		size, end := all[first].Numel(), first+1
		for end < len(all) && size+all[end].Numel() <= bucketSize {
			size += all[end].Numel()
			end++
		}
		bucket := torch.EmptyOf([]int64{size}, torch.Float)
		bucket.Fill(0)
		offset, begin := int64(0), size
		for i, t := range all[first:end] {
			if first+i == max(first, len(r.params)) {
				begin = offset
			}
			r.parts = append(r.parts, bucket.PartLike(offset, t))
			offset += t.Numel()
		}
		if begin < size {
			r.weighed = append(r.weighed, bucket.Slice(0, begin, size, 1))
		}
		r.buckets = append(r.buckets, bucket)
		first = end
	}
	return r
}

// statistics lists the running statistics of batch normalisation.
func statistics(m *machine) []torch.Tensor {
	var out []torch.Tensor
	for _, t := range m.net.NamedTensors() {
		if t.Buffer && (strings.HasSuffix(t.Name, "running_mean") || strings.HasSuffix(t.Name, "running_var")) {
			out = append(out, t.Tensor)
		}
	}
	return out
}

// reduce adds up over all ranks; share is this rank's of the step's images.
func (r *reducer) reduce(share float64) {
	torch.NoGrad(func() {
		torch.Scope(func() {
			torch.MoveGradients(r.params, r.params, r.parts[:len(r.params)], false)
			if len(r.stats) > 0 {
				torch.CopyAll(r.parts[len(r.params):], r.stats)
			}
			for _, t := range r.weighed {
				t.MulI(torch.Full(nil, float32(share), false))
			}
			for _, b := range r.buckets {
				r.company.must(r.company.device.AllReduce(b))
			}
			if len(r.stats) > 0 {
				torch.CopyAll(r.stats, r.parts[len(r.params):])
			}
		})
	})
}

// spread gives every rank the first one's tensors.
func (c *company) spread(tensors []torch.Tensor) error {
	if c == nil {
		return nil
	}
	var err error
	for _, t := range tensors {
		torch.Scope(func() {
			torch.NoGrad(func() {
				flat := torch.EmptyOf([]int64{t.Numel()}, t.Dtype())
				part := flat.PartLike(0, t)
				part.Copy(t)
				if err = c.device.Broadcast(flat, 0); err == nil {
					t.Copy(part)
				}
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}
