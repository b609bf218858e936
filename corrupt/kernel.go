package corrupt

import "augmix/pixel"

// kernel is a square of odd side without the zeros around it.
type kernel struct {
	reach int // pixels on each side of the centre
	taps  []tap
}

// tap is one weight that is not zero, at an offset from the centre.
type tap struct {
	dx, dy int
	weight float64
}

// newKernel returns the kernel of taps given row by row.
func newKernel(taps []float32, side int) *kernel {
	k, half := &kernel{}, side/2
	for i, w := range taps {
		if w == 0 {
			continue
		}
		t := tap{dx: i%side - half, dy: i/side - half, weight: float64(w)}
		k.reach = max(k.reach, abs(t.dx), abs(t.dy))
		k.taps = append(k.taps, t)
	}
	return k
}

// filter holds the scratch memory of correlate.
type filter struct {
	padded  []float64 // (H+2·reach)×(W+2·reach)×C
	offsets []int     // of the kernel's taps in padded
	weights []float64
}

// correlate fills dst with src correlated with a kernel: float64 sums over the
// values in [0,1], the taps row by row, with the border mirrored without its edge
// (OpenCV's BORDER_REFLECT_101).
func (f *filter) correlate(dst, src *pixel.Image, k *kernel) {
	stride := f.pad(src, k.reach)
	f.offsets, f.weights = f.offsets[:0], f.weights[:0]
	for _, t := range k.taps {
		f.offsets = append(f.offsets, (t.dy+k.reach)*stride+(t.dx+k.reach)*src.C)
		f.weights = append(f.weights, t.weight)
	}
	row := src.W * src.C
	for y := range src.H {
		f.sums(dst.Pix[y*row:(y+1)*row], f.padded[y*stride:])
	}
}

// sums computes one row of output; in begins at the row's first pixel less the
// kernel's reach.
func (f *filter) sums(out []uint8, in []float64) {
	weights := f.weights[:len(f.offsets)]
	i := 0
	// Four independent sums hide the latency of the additions, whose order within
	// each must stay.
	for ; i+4 <= len(out); i += 4 {
		var a, b, c, d float64
		for j, offset := range f.offsets {
			p, w := in[offset+i:offset+i+4:offset+i+4], weights[j]
			a += float64(w * p[0])
			b += float64(w * p[1])
			c += float64(w * p[2])
			d += float64(w * p[3])
		}
		out[i], out[i+1], out[i+2], out[i+3] = toByte(a), toByte(b), toByte(c), toByte(d)
	}
	for ; i < len(out); i++ {
		var sum float64
		for j, offset := range f.offsets {
			sum += float64(weights[j] * in[offset+i])
		}
		out[i] = toByte(sum)
	}
}

// pad fills f.padded with src in [0,1] and a mirrored border of reach pixels. It
// returns the length of a row.
func (f *filter) pad(src *pixel.Image, reach int) (stride int) {
	width, height := src.W+2*reach, src.H+2*reach
	stride = width * src.C
	f.padded = grow(f.padded, height*stride)
	for y := range height {
		in := src.Pix[mirror(y-reach, src.H)*src.W*src.C:]
		out := f.padded[y*stride : (y+1)*stride]
		for x := range width {
			at := mirror(x-reach, src.W) * src.C
			for ch := range src.C {
				out[x*src.C+ch] = fraction[in[at+ch]]
			}
		}
	}
	return stride
}

// mirror maps a position outside 0 … n-1 into it as in a mirror on the first and
// the last position, which are not repeated.
func mirror(i, n int) int {
	if n == 1 {
		return 0
	}
	period := 2 * (n - 1)
	if i %= period; i < 0 {
		i += period
	}
	return min(i, period-i)
}
