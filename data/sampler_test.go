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

// Every sample exactly once in an epoch, whatever the number of ranks, and the
// batches of all ranks at one step are one large batch of one rank.
func TestRanksShareAnEpoch(t *testing.T) {
	for _, length := range []int{1, 2, 7, 100, 101, 257} {
		for world := 1; world <= min(4, length); world++ {
			const batch = 8
			whole := Sampler{Len: length, Seed: 1, Shuffle: true}.Order(2, nil)
			var all []int
			steps := make([][]int, (length+batch*world-1)/(batch*world))
			for rank := range world {
				s := Sampler{Len: length, Seed: 1, Rank: rank, World: world, Shuffle: true}
				order := s.Order(2, nil)
				if len(order) != s.Count() {
					t.Errorf("len %d, rank %d/%d: got %d samples, Count says %d", length, rank, world, len(order), s.Count())
				}
				all = append(all, order...)
				for i, sample := range order {
					steps[i/batch] = append(steps[i/batch], sample)
				}
			}
			slices.Sort(all)
			if !slices.Equal(all, ascending(length)) {
				t.Errorf("len %d, %d ranks: the ranks do not visit each sample once", length, world)
			}
			for step, got := range steps {
				want := slices.Clone(whole[step*batch*world : min((step+1)*batch*world, length)])
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) {
					t.Errorf("len %d, %d ranks, step %d: got %v, want %v", length, world, step, got, want)
				}
			}
		}
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
		{Sampler{Len: 129, Rank: 1, World: 2}, 64, 1},
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
	Sampler{Len: 10, Rank: 2, World: 2}.Count()
}

func ascending(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}
