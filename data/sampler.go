package data

import "augmix/rng"

// Sampler decides the order of an epoch: a permutation that depends on the seed
// and the epoch alone, dealt to the ranks in turn. Rank r of n takes positions r,
// r+n, …: together the ranks visit every sample exactly once, and the batches of
// n ranks at one step hold the samples that one rank would take with n times the
// batch.
type Sampler struct {
	Len         int    // samples of the dataset
	Seed        uint64 // of the run
	Rank, World int    // World 0 means 1
	Shuffle     bool   // false: the dataset's own order
}

// Count returns the number of samples that this rank visits in an epoch. It
// panics unless 0 <= Rank < World.
func (s Sampler) Count() int {
	world := max(s.World, 1)
	if s.Len < 0 || s.Rank < 0 || s.Rank >= world {
		panic("data: Sampler needs Len >= 0 and 0 <= Rank < World")
	}
	return (s.Len - s.Rank + world - 1) / world
}

// Steps returns the number of batches in an epoch; the last one may be partial.
func (s Sampler) Steps(batchSize int) int { return (s.Count() + batchSize - 1) / batchSize }

// Order appends this rank's samples of an epoch to dst[:0], in the order in which
// they are visited, and returns it.
func (s Sampler) Order(epoch int, dst []int) []int {
	count, world := s.Count(), max(s.World, 1)
	if cap(dst) < s.Len {
		dst = make([]int, s.Len)
	}
	dst = dst[:s.Len]
	if s.Shuffle {
		stream := rng.Named("shuffle", s.Seed, uint64(epoch))
		stream.Perm(dst)
	} else {
		for i := range dst {
			dst[i] = i
		}
	}
	for k := range count {
		dst[k] = dst[s.Rank+k*world]
	}
	return dst[:count]
}
