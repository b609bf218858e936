package data

import (
	"fmt"
	"slices"

	"augmix/rng"
)

// Subset returns n samples of d: the first n, or, of a dataset whose files are
// sorted by class (spread), every ⌊len/n⌋-th. It returns d itself where n is 0
// or at least d.Len().
func Subset(d Dataset, n int, spread bool) Dataset {
	if n <= 0 || n >= d.Len() {
		return d
	}
	step := 1
	if spread {
		step = d.Len() / n
	}
	indices := make([]int, n)
	for i := range indices {
		indices[i] = i * step
	}
	return &subset{Dataset: d, indices: indices}
}

// Dealt returns what one of so many ranks has of d: samples rank, rank+ranks, ….
func Dealt(d Dataset, rank, ranks int) Dataset {
	var indices []int
	for i := rank; i < d.Len(); i += ranks {
		indices = append(indices, i)
	}
	return &subset{Dataset: d, indices: indices}
}

// Original returns the index of sample i in the dataset that d is a part of; i where it
// is of none.
func Original(d Dataset, i int) int {
	for s, ok := d.(*subset); ok; s, ok = s.Dataset.(*subset) {
		i = s.indices[i]
	}
	return i
}

// wholeOf returns the dataset that d is a part of, d itself where it is of none.
func wholeOf(d Dataset) Dataset {
	for s, ok := d.(*subset); ok; s, ok = d.(*subset) {
		d = s.Dataset
	}
	return d
}

// SortedByClass tells whether the samples of a class stand together, the classes in
// their order, as the files of a folder do.
func SortedByClass(d Dataset) bool {
	for i := 1; i < d.Len(); i++ {
		if d.Label(i) < d.Label(i-1) {
			return false
		}
	}
	return true
}

// Split holds n samples of d out, drawn by the seed alone, and returns the others
// and the held-out ones, both in d's order. n = 0 holds nothing out: held is nil.
func Split(d Dataset, n int, seed uint64) (train, held Dataset, err error) {
	if n == 0 {
		return d, nil, nil
	}
	if n < 0 || n >= d.Len() {
		return nil, nil, fmt.Errorf("cannot hold %d of the %d training samples out for validation: want 1 to %d",
			n, d.Len(), d.Len()-1)
	}
	order := make([]int, d.Len())
	stream := rng.Named("val-split", seed)
	stream.Perm(order)
	heldOut, rest := order[:n], order[n:]
	slices.Sort(heldOut)
	slices.Sort(rest)
	return &subset{Dataset: d, indices: rest}, &subset{Dataset: d, indices: heldOut}, nil
}
