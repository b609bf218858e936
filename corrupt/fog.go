package corrupt

import (
	"augmix/pixel"
	"augmix/rng"
)

// fogLevel is the fog's strength and how fast its plasma gets smooth.
type fogLevel struct{ strength, decay float64 }

var fogLevels = levels[fogLevel]{
	{{0.2, 3}, {0.5, 3}, {0.75, 2.5}, {1, 2}, {1.5, 1.75}},
	{{0.4, 3}, {0.7, 3}, {1, 2.5}, {1.5, 2}, {2, 1.75}},
	{{1.5, 2}, {2, 2}, {2.5, 1.7}, {2.5, 1.5}, {3, 1.4}},
	{{1.5, 2}, {2, 2}, {2.5, 1.8}, {2.5, 1.6}, {3, 1.5}},
}

// fog adds a plasma and darkens the sum, so that white stays white.
type fog struct {
	levels [Severities]fogLevel
	plasma []float64
}

func newFog(t table) corruption { return &fog{levels: fogLevels[t]} }

func (f *fog) apply(dst, src *pixel.Image, severity int, r *rng.Stream) {
	level := f.levels[severity]
	side := 1 // of the plasma, a power of two
	for side < max(src.W, src.H) {
		side *= 2
	}
	f.plasma = grow(f.plasma, side*side)
	lowest, highest := plasma(f.plasma, side, level.decay, r)
	scale := level.strength / max(highest-lowest, smallest)

	var brightest uint8
	for _, v := range src.Pix {
		brightest = max(brightest, v)
	}
	white := fraction[brightest]
	white /= white + level.strength
	for y := range src.H {
		height := f.plasma[y*side:][:src.W]
		in, out := src.Pix[y*src.W*src.C:], dst.Pix[y*src.W*src.C:]
		for x, v := range height {
			v = float64((v - lowest) * scale)
			for i := x * src.C; i < (x+1)*src.C; i++ {
				out[i] = toByte((fraction[in[i]] + v) * white)
			}
		}
	}
}

// smallest keeps a division by a range of zero, that of a single pixel, finite.
const smallest = 1e-300

// plasma fills m, side×side heights, by the diamond-square algorithm on a torus and
// returns the lowest and the highest. As in the original the noise of one step is
// wibble·U(-wibble, wibble), with a wibble of 100 that decay divides after each.
func plasma(m []float64, side int, decay float64, r *rng.Stream) (lowest, highest float64) {
	m[0] = 0
	mask := side - 1
	amplitude := 100.0 * 100
	for step := side; step >= 2; step /= 2 {
		half := step / 2
		// Middles of squares from their corners.
		for y := 0; y < side; y += step {
			row, next := m[y*side:][:side], m[(y+step)&mask*side:][:side]
			out := m[(y+half)*side:][:side]
			for x := 0; x < side; x += step {
				right := (x + step) & mask
				out[x+half] = (row[x]+row[right]+next[x]+next[right])/4 + r.Uniform(-amplitude, amplitude)
			}
		}
		// Middles of edges from their ends and the middles on both sides.
		for y := 0; y < side; y += step {
			row, next := m[y*side:][:side], m[(y+step)&mask*side:][:side]
			before, middle := m[(y-half)&mask*side:][:side], m[(y+half)*side:][:side]
			for x := 0; x < side; x += step {
				right, left := (x+step)&mask, (x-half)&mask
				row[x+half] = (before[x+half]+middle[x+half]+row[x]+row[right])/4 + r.Uniform(-amplitude, amplitude)
				middle[x] = (middle[left]+middle[x+half]+row[x]+next[x])/4 + r.Uniform(-amplitude, amplitude)
			}
		}
		amplitude /= decay * decay
	}
	lowest, highest = m[0], m[0]
	for _, v := range m {
		lowest, highest = min(lowest, v), max(highest, v)
	}
	return lowest, highest
}
