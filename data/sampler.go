package data

import "augmix/rng"

// Sampler decides the order of an epoch: a permutation that depends on the seed
// and the epoch alone, cut into batches for all ranks together, each of which is
// dealt to the ranks in turn: of n ranks, rank r takes the batch's positions r,
// r+n, …. So a step trains on the same samples whatever the number of ranks, and
// ranks differ by one sample at most.
type Sampler struct {
	Len         int    // samples of the dataset
	Seed        uint64 // of the run
	Rank, World int    // World 0 means 1
	Shuffle     bool   // false: the dataset's own order
}

// Share returns how many samples of a batch of n for all ranks are this rank's,
// which may be none. It panics unless 0 <= Rank < World.
func (s Sampler) Share(n int) int {
	world := max(s.World, 1)
	if s.Len < 0 || s.Rank < 0 || s.Rank >= world {
		panic("data: Sampler needs Len >= 0 and 0 <= Rank < World")
	}
	return max(n-s.Rank+world-1, 0) / world
}

// Steps returns the number of steps of an epoch with batches of so many samples
// for all ranks; the last one may be partial.
func (s Sampler) Steps(batchSize int) int { return (s.Len + batchSize - 1) / batchSize }

// Order writes the samples of an epoch to dst[:0], in the order in which the ranks
// together visit them, and returns it.
func (s Sampler) Order(epoch int, dst []int) []int {
	if cap(dst) < s.Len {
		dst = make([]int, s.Len)
	}
	dst = dst[:s.Len]
	if s.Shuffle {
		stream := rng.Named("shuffle", s.Seed, uint64(epoch))
		stream.Perm(dst)
		return dst
	}
	for i := range dst {
		dst[i] = i
	}
	return dst
}

// Deal appends this rank's samples of a batch for all ranks to dst[:0], and
// returns it.
func (s Sampler) Deal(batch, dst []int) []int {
	dst = dst[:0]
	for i := s.Rank; i < len(batch); i += max(s.World, 1) {
		dst = append(dst, batch[i])
	}
	return dst
}
