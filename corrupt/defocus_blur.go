package corrupt

import (
	"math"

	"augmix/pixel"
	"augmix/rng"
)

// defocus is a disk's radius in pixels and the σ of the Gaussian that smooths its
// edge.
type defocus struct{ radius, alias float64 }

var defocusBlurLevels = levels[defocus]{
	{{0.3, 0.4}, {0.4, 0.5}, {0.5, 0.6}, {1, 0.2}, {1.5, 0.1}},
	{{0.5, 0.6}, {1, 0.1}, {1.5, 0.1}, {2.5, 0.01}, {3, 0.1}},
	{{3, 0.1}, {4, 0.5}, {6, 0.5}, {8, 0.5}, {10, 0.5}},
	{{4, 0.1}, {5, 0.5}, {7, 0.5}, {10, 0.5}, {12, 0.5}},
}

// defocusBlur correlates with a smoothed disk.
type defocusBlur struct {
	kernels [Severities]*kernel
	filter  filter
}

func newDefocusBlur(t table) corruption {
	var d defocusBlur
	for i, level := range defocusBlurLevels[t] {
		d.kernels[i] = newKernel(level.disk())
	}
	return &d
}

func (d *defocusBlur) apply(dst, src *pixel.Image, severity int, _ *rng.Stream) {
	d.filter.correlate(dst, src, d.kernels[severity])
}

// disk returns the kernel, row by row, and its odd side: a disk of sum 1, then a
// Gaussian of 3×3 taps, 5×5 for radii over 8, in float32 as OpenCV 5.0 with AVX2
// computes it on a float32 array; the published bytes depend on it.
func (d defocus) disk() (taps []float32, side int) {
	half, alias := 8, 1
	if d.radius > 8 {
		half, alias = int(d.radius), 2
	}
	side = 2*half + 1
	taps = make([]float32, side*side)
	var sum float32
	for i := range taps {
		x, y := float64(i%side-half), float64(i/side-half)
		if float64(x*x)+float64(y*y) <= d.radius*d.radius {
			taps[i] = 1
			sum++
		}
	}
	for i := range taps {
		taps[i] /= sum
	}
	gauss := gaussianTaps(alias, d.alias)
	rows := make([]float32, len(taps))
	for i := range rows {
		at := func(k int) float32 { return taps[i/side*side+mirror(i%side+k, side)] }
		if alias == 1 {
			// OpenCV's row filter of three taps adds the centre to the pair.
			rows[i] = fma(gauss[0], at(0), gauss[1]*(at(1)+at(-1)))
		} else {
			rows[i] = smooth(gauss, at, fma)
		}
	}
	for i := range taps {
		add := fma
		if alias > 1 && i%side >= side/8*8 {
			add = multiplyAdd // what its vectors of eight leave over
		}
		taps[i] = smooth(gauss, func(k int) float32 { return rows[mirror(i/side+k, side)*side+i%side] }, add)
	}
	return taps, side
}

// smooth sums symmetric taps over the values at -n … n around a point, the centre
// first and then pair by pair, as OpenCV's symmetric filters do; add is x·y + z.
func smooth(gauss []float32, at func(k int) float32, add func(x, y, z float32) float32) float32 {
	sum := gauss[0] * at(0)
	for k := 1; k < len(gauss); k++ {
		sum = add(gauss[k], at(k)+at(-k), sum)
	}
	return sum
}

// fma is x·y + z, the product not rounded.
func fma(x, y, z float32) float32 {
	return float32(math.FMA(float64(x), float64(y), float64(z)))
}

// multiplyAdd is x·y + z, the product rounded.
func multiplyAdd(x, y, z float32) float32 { return float32(x*y) + z }

// gaussianTaps returns the taps 0 … n of a Gaussian of 2n+1 taps with sum 1:
// OpenCV's getGaussianKernel for float32.
func gaussianTaps(n int, sigma float64) []float32 {
	taps := make([]float64, n+1)
	var sum float64
	for i := range taps {
		taps[i] = math.Exp(-0.5 / (sigma * sigma) * float64(i*i))
		sum += taps[i]
		if i > 0 {
			sum += taps[i]
		}
	}
	out := make([]float32, n+1)
	for i, v := range taps {
		out[i] = float32(v / sum)
	}
	return out
}
