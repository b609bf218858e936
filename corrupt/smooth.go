package corrupt

import "math/big"

// bell is half of a symmetric kernel: the weight of the centre, then those on
// either side of it.
type bell []float64

// newBell returns the Gaussian of sum 1 that scipy.ndimage.gaussian_filter takes:
// cut off at truncate·sigma, in its order of operations.
func newBell(sigma, truncate float64) bell {
	reach := int(truncate*sigma + 0.5)
	all := make([]float64, 2*reach+1)
	scale := -0.5 / (sigma * sigma)
	for i := range all {
		x := float64(i - reach)
		all[i] = exp(scale * float64(x*x))
	}
	sum := pairwiseSum(all)
	half := make(bell, reach+1)
	for i := range half {
		half[i] = all[reach+i] / sum
	}
	return half
}

// exp returns e^x for x ≤ 0, rounded correctly: math.Exp is off by one in the last
// place now and then, and where a sum is near a whole byte the image then shows it.
func exp(x float64) float64 {
	const halvings, precision = 16, 160
	// The Taylor series of e^(x/2^16), then squared as often; |x| is below 100.
	power := new(big.Float).SetPrec(precision).SetFloat64(x)
	power.SetMantExp(power, -halvings)
	term, sum := new(big.Float).SetPrec(precision).SetInt64(1), new(big.Float).SetPrec(precision).SetInt64(1)
	for n := int64(1); n <= 14; n++ {
		term.Mul(term, power)
		term.Quo(term, new(big.Float).SetInt64(n))
		sum.Add(sum, term)
	}
	for range halvings {
		sum.Mul(sum, sum)
	}
	y, _ := sum.Float64()
	return y
}

// sincos returns the sine and the cosine of x for |x| ≤ π, rounded correctly: a matrix
// whose entry should be 1 moves the pixels at the edges where it is off by one in the
// last place.
func sincos(x float64) (sin, cos float64) {
	const precision, terms = 160, 50
	term, v := new(big.Float).SetPrec(precision).SetInt64(1), new(big.Float).SetPrec(precision).SetFloat64(x)
	sums := [2]*big.Float{new(big.Float).SetPrec(precision).SetInt64(1), new(big.Float).SetPrec(precision)}
	for n := int64(1); n <= terms; n++ {
		term.Mul(term, v)
		term.Quo(term, new(big.Float).SetInt64(n))
		// The signs of the series go + + − −.
		if n%4 < 2 {
			sums[n%2].Add(sums[n%2], term)
		} else {
			sums[n%2].Sub(sums[n%2], term)
		}
	}
	cos, _ = sums[0].Float64()
	sin, _ = sums[1].Float64()
	return sin, cos
}

// pairwiseSum adds numbers in the order of NumPy's sum.
func pairwiseSum(x []float64) float64 {
	switch {
	case len(x) < 8:
		var sum float64
		for _, v := range x {
			sum += v
		}
		return sum
	case len(x) > 128:
		half := len(x) / 2
		half -= half % 8
		return pairwiseSum(x[:half]) + pairwiseSum(x[half:])
	}
	var s [8]float64
	copy(s[:], x)
	x = x[8:]
	for ; len(x) >= 8; x = x[8:] {
		for i := range s {
			s[i] += x[i]
		}
	}
	sum := ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]))
	for _, v := range x {
		sum += v
	}
	return sum
}

// smoother holds the scratch memory of smooth.
type smoother struct{ padded []float64 }

// smooth convolves data, rows of w pixels of c interleaved values, with a kernel
// along columns and then along rows. outside maps a position outside 0 … n-1 into
// it. Sums are those of scipy.ndimage.
func (s *smoother) smooth(data []float64, w, c int, kernel bell, outside func(i, n int) int) {
	reach, row := len(kernel)-1, w*c
	if reach == 0 {
		return // of one weight, 1
	}
	h := len(data) / row
	s.padded = grow(s.padded, max((h+2*reach)*row, row+2*reach*c))
	for y := range h + 2*reach {
		copy(s.padded[y*row:(y+1)*row], data[outside(y-reach, h)*row:])
	}
	kernel.convolve(data, s.padded, row)
	line := s.padded[:row+2*reach*c]
	for y := range h {
		out := data[y*row : (y+1)*row]
		copy(line[reach*c:], out)
		for x := range reach {
			copy(line[x*c:(x+1)*c], out[outside(x-reach, w)*c:])
			copy(line[(reach+w+x)*c:(reach+w+x+1)*c], out[outside(w+x, w)*c:])
		}
		kernel.convolve(out, line, c)
	}
}

// convolve fills out with the sums over in around each value, whose neighbours are
// stride values apart; in begins as many strides earlier as the kernel reaches.
func (k bell) convolve(out, in []float64, stride int) {
	reach := len(k) - 1
	i := 0
	for ; i+4 <= len(out); i += 4 {
		p := in[reach*stride+i:][:4]
		a, b, c, d := k[0]*p[0], k[0]*p[1], k[0]*p[2], k[0]*p[3]
		low, high := i, i+2*reach*stride
		for j := reach; j > 0; j-- {
			p, q, t := in[low:][:4], in[high:][:4], k[j]
			a += float64((p[0] + q[0]) * t)
			b += float64((p[1] + q[1]) * t)
			c += float64((p[2] + q[2]) * t)
			d += float64((p[3] + q[3]) * t)
			low, high = low+stride, high-stride
		}
		q := out[i:][:4]
		q[0], q[1], q[2], q[3] = a, b, c, d
	}
	for ; i < len(out); i++ {
		sum := k[0] * in[reach*stride+i]
		for j := reach; j > 0; j-- {
			sum += float64((in[i+(reach-j)*stride] + in[i+(reach+j)*stride]) * k[j])
		}
		out[i] = sum
	}
}

// nearestInside is the border of repeated edges.
func nearestInside(i, n int) int { return min(max(i, 0), n-1) }

// reflect maps a position outside 0 … n-1 into it as in a mirror behind the last
// position, which is repeated.
func reflect(i, n int) int {
	if i %= 2 * n; i < 0 {
		i += 2 * n
	}
	return min(i, 2*n-1-i)
}

// grow returns s with n elements, newly made where it is too small.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
