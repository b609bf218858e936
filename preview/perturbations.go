package preview

import (
	"fmt"
	"image"

	"augmix/benchmark"
	"augmix/corrupt"
	"augmix/pixel"
)

// frameSide is the side of a frame on a strip: three times a CIFAR image, half of
// ImageNet-P's.
const frameSide = 112

// Perturbations draws the named sequences of an image, with the random numbers that a
// benchmark of its dataset has: a strip for each, of so many of its frames, at least 2,
// from the first to the last, or of all where it has no more. A name that is not known
// is an error.
func Perturbations(named Named, names []string, frames int, m benchmark.Making) (*image.NRGBA, error) {
	src, whole := named.Image, named.Whole
	if whole == nil {
		whole = src
	}
	s := sheet{side: frameSide}
	for _, name := range names {
		perturber, err := corrupt.NewPerturber(name, min(src.W, src.H))
		if err != nil {
			return nil, err
		}
		count := perturber.Frames()
		sequence := pixel.New(src.W, src.H*count, src.C)
		stream := corrupt.PerturbationStream(name, m.Seed, named.Index)
		perturber.Apply(sequence, whole, &stream)
		r := row{label: title(name)}
		for _, j := range spread(count, frames) {
			size := len(src.Pix)
			frame := &pixel.Image{Pix: sequence.Pix[j*size : (j+1)*size], W: src.W, H: src.H, C: src.C}
			r.cells = append(r.cells, cell{picture: frame, lines: []line{{fmt.Sprintf("frame %d", j), true}}})
		}
		s.rows = append(s.rows, r)
	}
	return s.draw(), nil
}

// spread returns n of the numbers below count, at least 2, evenly from the first to
// the last; all of them where there are no more.
func spread(count, n int) []int {
	n = min(n, count)
	out := make([]int, n)
	for k := range out {
		out[k] = (k*(count-1) + (n-1)/2) / (n - 1)
	}
	return out
}
