package data

import "fmt"

// Part is how much of a benchmark the files of a folder hold, where that is not all.
type Part struct {
	Images     int   // of the test set, those that Subset takes of so many; 0 is all
	Severities []int // of corruptions, the mildest first; nil is all
}

// severities returns those that are held.
func (p Part) severities() []int {
	if p.Severities != nil {
		return p.Severities
	}
	all := make([]int, Severities)
	for i := range all {
		all[i] = i + 1
	}
	return all
}

// held returns the samples of a test set that are held. clean is that or a Subset.
func (p Part) held(clean Dataset) Dataset {
	whole := wholeOf(clean)
	return Subset(whole, p.Images, SortedByClass(whole))
}

// places returns where the samples of clean are in held, both being of one test set:
// nil where they are the same. One that is not held is an *Error about the benchmark
// in dir.
func places(dir string, clean, held Dataset) ([]int, error) {
	at := map[int]int{}
	for i := range held.Len() {
		at[Original(held, i)] = i
	}
	out := make([]int, clean.Len())
	same := clean.Len() == held.Len()
	for i := range out {
		place, ok := at[Original(clean, i)]
		if !ok {
			return nil, lacking(dir, clean, held.Len(), i)
		}
		out[i] = place
		same = same && place == i
	}
	if same {
		return nil, nil
	}
	return out, nil
}

// lacking is the error of a benchmark of n images in which image i of clean is not.
func lacking(dir string, clean Dataset, n, i int) *Error {
	return &Error{Kind: Missing, Path: dir, Remedy: limitRemedy(n),
		Reason: fmt.Sprintf("holds %d of the %d test images, and not %s", n, wholeOf(clean).Len(), clean.Describe(i))}
}

// picked returns the samples of set at places, or set where that is nil.
func picked(set Dataset, places []int) Dataset {
	if places == nil {
		return set
	}
	return &subset{Dataset: set, indices: places}
}

// originals returns the indices of clean's samples in the test set that it is a part
// of, nil where it is the test set.
func originals(clean Dataset) []int {
	if wholeOf(clean) == clean {
		return nil
	}
	out := make([]int, clean.Len())
	for i := range out {
		out[i] = Original(clean, i)
	}
	return out
}

// limitRemedy tells what to do where n of the test images are held.
func limitRemedy(n int) string {
	return fmt.Sprintf("Evaluate on those alone with --limit-eval %d, or write all in another folder. ", n)
}
