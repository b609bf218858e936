package corrupt

import "math"

// waves smooths with very wide kernels. Noise that is reflected at its borders is a
// sum of cosines (a DCT-II), of which a wide Gaussian leaves a few; only these are
// computed.
type waves struct{ x, y axisWaves }

// axisWaves are the waves of n positions.
type axisWaves struct {
	n, reach int
	gains    []float64
	values   []float64 // values[k*n+i], each wave of length 1
	sums     []float64 // scratch memory
}

// negligible is the gain from which on waves are left out. What is cut off from a
// Gaussian at 3σ makes gains of this size up to the highest frequencies; the
// displacements that they add are below a fiftieth of a pixel.
const negligible = 2e-3

// set computes the waves of n positions that the kernel does not extinguish.
func (a *axisWaves) set(n int, kernel bell) {
	if a.n == n && a.reach == len(kernel) {
		return
	}
	a.n, a.reach, a.gains, a.values = n, len(kernel), nil, nil
	for k := range n {
		frequency := math.Pi * float64(k) / float64(n)
		gain := kernel[0]
		for j, w := range kernel[1:] {
			gain += 2 * w * math.Cos(frequency*float64(j+1))
		}
		length := math.Sqrt(2 / float64(n))
		if k == 0 {
			length = math.Sqrt(1 / float64(n))
		}
		if math.Abs(gain) < negligible {
			break
		}
		a.gains = append(a.gains, gain)
		for i := range n {
			a.values = append(a.values, length*math.Cos(frequency*(float64(i)+0.5)))
		}
	}
}

// smooth convolves m, h rows of w values, with a kernel along both axes; borders are
// reflected.
func (s *waves) smooth(m []float64, w, h int, kernel bell) {
	s.x.set(w, kernel)
	s.y.set(h, kernel)
	s.x.rows(m, w)
	s.y.columns(m, w)
}

// rows replaces every row by the sum of its waves times their gains.
func (a *axisWaves) rows(m []float64, w int) {
	for y := 0; y < len(m); y += w {
		row := m[y : y+w]
		a.sums = grow(a.sums, len(a.gains))
		for k, gain := range a.gains {
			wave, sum := a.values[k*w:][:len(row)], 0.0
			for i, v := range row {
				sum += v * wave[i]
			}
			a.sums[k] = gain * sum
		}
		clear(row)
		for k, sum := range a.sums {
			wave := a.values[k*w:][:len(row)]
			for i := range row {
				row[i] += sum * wave[i]
			}
		}
	}
}

// columns does the same with columns, all at once.
func (a *axisWaves) columns(m []float64, w int) {
	a.sums = grow(a.sums, len(a.gains)*w)
	clear(a.sums)
	for k, gain := range a.gains {
		sums := a.sums[k*w:][:w]
		for y := range a.n {
			weight := gain * a.values[k*a.n+y]
			for i, v := range m[y*w:][:w] {
				sums[i] += weight * v
			}
		}
	}
	clear(m)
	for k := range a.gains {
		sums := a.sums[k*w:][:w]
		for y := range a.n {
			row, weight := m[y*w:][:w], a.values[k*a.n+y]
			for i, v := range sums {
				row[i] += weight * v
			}
		}
	}
}
