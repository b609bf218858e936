package eval

import (
	"math"

	"augmix/benchmark"
	"augmix/rng"
)

// Frequency is a coefficient of the half spectrum: Row of the vertical frequencies, from -(Side-1)/2 to (Side-1)/2 cycles an
// image, and Column of the horizontal ones, from 0 to (Side-1)/2.
type Frequency struct{ Row, Column int }

// frequencies lists the half spectrum of a map of side×side cells (side is odd), row by row: those of which the other half
// is the point reflection.
func frequencies(side int) []Frequency {
	var out []Frequency
	reach := (side - 1) / 2
	for row := -reach; row <= reach; row++ {
		for column := range reach + 1 {
			out = append(out, Frequency{row, column})
		}
	}
	return out
}

// basis returns the Fourier basis image of a frequency on n×n pixels, row by row, of Euclidean norm 1: the inverse real
// transform of a spectrum that is 1 at the frequency alone, which is a cosine, divided by its norm (Yin et al. 2019,
// gatheluck/FourierHeatmap).
func basis(n int, f Frequency) []float32 {
	values, squares := make([]float64, n*n), 0.0
	for y := range n {
		for x := range n {
			// The product is reduced modulo n first, so that equal phases are equal to the bit.
			phase := ((f.Row*y+f.Column*x)%n + n) % n
			v := math.Cos(2 * math.Pi * float64(phase) / float64(n))
			values[y*n+x] = v
			squares += float64(v * v)
		}
	}
	out, norm := make([]float32, n*n), math.Sqrt(squares)
	for i, v := range values {
		out[i] = float32(v / norm)
	}
	return out
}

// FourierSigns returns the signs, 1 or -1, with which the basis image of a frequency is added to the channels of image
// number i: one draw each of the stream of frequency and image.
func FourierSigns(f Frequency, i, channels int) []float32 {
	r := rng.Named("fourier", benchmark.Seed, uint64(int64(f.Row)), uint64(int64(f.Column)), uint64(i))
	out := make([]float32, channels)
	for c := range out {
		out[c] = 1
		if r.Bool() {
			out[c] = -1
		}
	}
	return out
}
