package data

import (
	"slices"
	"testing"
)

func TestOrderIsAPermutation(t *testing.T) {
	s := Sampler{Len: 1000, Seed: 3, Shuffle: true}
	first := slices.Clone(s.Order(0, nil))
	if got := slices.Sorted(slices.Values(first)); !slices.Equal(got, ascending(1000)) {
		t.Fatal("epoch 0 is not a permutation of the samples")
	}
	if slices.Equal(first, ascending(1000)) {
		t.Error("epoch 0 is not shuffled")
	}
	if again := s.Order(0, make([]int, 3)); !slices.Equal(again, first) {
		t.Error("epoch 0 is different the second time")
	}
	if slices.Equal(s.Order(1, nil), first) {
		t.Error("epochs 0 and 1 have the same order")
	}
	s.Seed = 4
	if slices.Equal(s.Order(0, nil), first) {
		t.Error("seeds 3 and 4 have the same order")
	}
	s.Shuffle = false
	if !slices.Equal(s.Order(5, nil), ascending(1000)) {
		t.Error("without shuffling the order is not the dataset's")
	}
}

// At each step the ranks together take the samples that a single process does, each
// once, and differ by one sample at most.
func TestRanksShareEachBatch(t *testing.T) {
	for _, length := range []int{1, 2, 7, 100, 101, 257} {
		for _, batch := range []int{4, 8, 13} {
			whole := Sampler{Len: length, Seed: 1, Shuffle: true}.Order(2, nil)
			for world := 1; world <= 4; world++ {
				for lo := 0; lo < length; lo += batch {
					want := whole[lo:min(lo+batch, length)]
					var got []int
					least, most := len(want), 0
					for rank := range world {
						s := Sampler{Len: length, Seed: 1, Rank: rank, World: world, Shuffle: true}
						order := s.Order(2, nil)
						mine := s.Deal(order[lo:min(lo+batch, length)], nil)
						if share := s.Share(len(want)); share != len(mine) {
							t.Errorf("rank %d of %d: %d of %d samples are dealt, Share says %d", rank, world, len(mine), len(want), share)
						}
						least, most = min(least, len(mine)), max(most, len(mine))
						got = append(got, mine...)
					}
					if !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) {
						t.Errorf("%d samples in batches of %d, %d ranks, from %d: got %v, want %v", length, batch, world, lo, got, want)
					}
					if most > least+1 {
						t.Errorf("%d samples in batches of %d, %d ranks, from %d: a rank has %d, another %d", length, batch, world, lo, most, least)
					}
				}
			}
		}
	}
}

func TestShares(t *testing.T) {
	for rank, want := range []int{43, 43, 42} {
		if got := (Sampler{Len: 1000, Rank: rank, World: 3}).Share(128); got != want {
			t.Errorf("rank %d of 3 has %d of 128, want %d", rank, got, want)
		}
	}
	if got := (Sampler{Len: 1000, Rank: 3, World: 4}).Share(2); got != 0 {
		t.Errorf("rank 3 of 4 has %d of 2, want none", got)
	}
}

func TestSteps(t *testing.T) {
	tests := []struct {
		s           Sampler
		batch, want int
	}{
		{Sampler{Len: 50000}, 128, 391}, // the reference's CIFAR epoch
		{Sampler{Len: 128}, 128, 1},
		{Sampler{Len: 129}, 128, 2},
		{Sampler{Len: 129, Rank: 1, World: 2}, 128, 2}, // also where the last batch has nothing for it
		{Sampler{}, 128, 0},
	}
	for _, tt := range tests {
		if got := tt.s.Steps(tt.batch); got != tt.want {
			t.Errorf("%+v.Steps(%d) = %d, want %d", tt.s, tt.batch, got, tt.want)
		}
	}
}

func TestSamplerPanicsOnRank(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("rank 2 of 2 did not panic")
		}
	}()
	Sampler{Len: 10, Rank: 2, World: 2}.Share(10)
}

func ascending(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}
