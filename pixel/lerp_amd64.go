package pixel

import "math"

// The shears interpolate in one direction with a fraction t that is the same along
// a whole row (ShearX) or column (ShearY), so that bytes can stand for doubles.
//
// Pillow's result is the truncated a + (b-a)·t in double precision. Let m = |b-a|
// and M = m·t. In real numbers the result is a + ⌊M⌋ where a <= b and a - ⌈M⌉
// elsewhere, and ⌈M⌉ = ⌊M⌋ + 1 unless M is whole. lerp_amd64.s knows t to 2^-32 and
// drops less than 2^-16 of m·T0, so that M lies between F + frac/2^16 and
// F + (frac+1)/2^16 + 255·2^-32. Pillow's own roundings move its M by less than
// 1e-9 for coordinates up to longestSide. Hence, unless frac is 0 or 0xFFFF, M and
// Pillow's M are both farther than 1e-6 from any whole number and have the same
// floor F. The rest is doubtful, 3 bytes in 100,000, and left to samplePixel, except
// m = 0, where both give a.

// longestSide and leastFraction bound the shears that take this way: fractions
// nearer to 0 or 1 might be rounded to the other side of it.
const (
	longestSide   = 1 << 13
	leastFraction = 1e-6
)

// lerpRow writes a + (b-a)·t for n >= 32 bytes at a and b, t in units of 2^-32, 32 at
// a time; the last 32 may overlap those before. It returns n, or after 32 bytes with
// a doubtful one among them their offset.
//
//go:noescape
func lerpRow(dst, a, b *uint8, n int, t uint32) int

// columns are the fractions of 32 bytes that stand side by side: high and low
// halves of 16 bits, first those of the bytes 0 to 7 and 16 to 23, then the rest.
type columns struct {
	high1, low1, high2, low2 [16]uint16
	below                    [32]uint8 // 0xFF: interpolates from the row after top on
	write                    [32]uint8 // 0xFF: is written
}

// lerpColumns writes 32 bytes of each of dst's rows from y to h-1, which are stride
// bytes apart. A byte comes from rows y+top and y+top+1, or from those after them;
// rows over the border are replaced by the nearest. It returns h, or the row that it
// wrote last because it has a doubtful byte.
//
//go:noescape
func lerpColumns(dst, src *uint8, stride, y, h, top int, c *columns) int

// split returns the whole part and the fraction of a shift, the latter in units of
// 2^-32, and whether it is far enough from 0 and 1.
func split(shift float64) (whole int, units uint32, ok bool) {
	floor := math.Floor(shift)
	t := shift - floor
	return int(floor), uint32(t * (1 << 32)), t >= leastFraction && t <= 1-leastFraction
}

// lerps says whether a shear by v may take this way.
func lerps(src *Image, v float64) bool {
	return avx2 && max(src.W, src.H) <= longestSide && math.Abs(v) <= 1
}

// shearX is ShearX by lerpRow. It returns false where that is not fit for it.
func shearX(dst, src *Image, v float64, fill uint8) bool {
	if !lerps(src, v) {
		return false
	}
	m := matrix{1, v, 0, 0, 1, 0}
	w, c := src.W, src.C
	for y := range src.H {
		out := dst.Pix[y*w*c : (y+1)*w*c]
		left, t, ok := split(v * (float64(y) + 0.5))
		if !ok {
			samplePixels(out, src, m, 0, w, y, fill)
			continue
		}
		// Column x comes from columns x+left and x+left+1, which are inside from first
		// to end-1. The next column, where the image moves in, may still show the
		// border's pixel; those beyond it show nothing of the image.
		first, end := max(0, min(-left, w)), max(0, min(w-1-left, w))
		if first < end {
			lerpSpan(out, src, m, first, end, y, left, t)
		}
		in := src.Pix[y*w*c : (y+1)*w*c]
		if left < 0 {
			set(out[:first*c], fill)
			if u, _ := m.at(first-1, y); u >= 0 {
				copy(out[(first-1)*c:first*c], in)
			}
		} else if end < w {
			set(out[end*c:], fill)
			if u, _ := m.at(end, y); u < float64(w) {
				copy(out[end*c:(end+1)*c], in[(w-1)*c:])
			}
		}
	}
	return true
}

// lerpSpan writes columns first to end-1 of row y, which come from those left and
// left+1 further to the right.
func lerpSpan(out []uint8, src *Image, m matrix, first, end, y, left int, t uint32) {
	c := src.C
	in := src.Pix[(y*src.W+first+left)*c : (y*src.W+end+left+1)*c]
	n := (end - first) * c
	to := out[first*c : end*c]
	if n < 32 {
		// Less than a vector: let the assembly work on copies.
		var from, result [36]uint8
		copy(from[:], in)
		if lerpRow(&result[0], &from[0], &from[c], 32, t) < 32 {
			samplePixels(out, src, m, first, end, y, 0)
			return
		}
		copy(to, result[:])
		return
	}
	for next := 0; next < n; {
		start := min(next, n-32)
		rest := n - start
		stop := lerpRow(&to[start], &in[start], &in[start+c], rest, t)
		if stop == rest {
			return
		}
		doubtful := start + stop
		samplePixels(out, src, m, first+doubtful/c, first+(doubtful+31)/c+1, y, 0)
		next = doubtful + 32
	}
}

// shearY is ShearY by lerpColumns. It returns false where that is not fit for it.
func shearY(dst, src *Image, v float64, fill uint8) bool {
	stride := src.W * src.C
	if !lerps(src, v) || stride < 32 {
		return false
	}
	m := matrix{1, 0, 0, v, 1, 0}
	complete := true
	for start := 0; start < stride; start += 32 {
		complete = lerpBlock(dst, src, m, min(start, stride-32)) && complete
	}
	for x := 0; x < src.W && !complete; x++ {
		if _, _, ok := split(v * (float64(x) + 0.5)); !ok {
			for y := range src.H {
				samplePixels(dst.Pix[y*stride:], src, m, x, x+1, y, fill)
			}
		}
	}
	fillUncovered(dst, src, m, fill)
	return true
}

// lerpBlock writes 32 bytes of each row from the given one on, as if the first and
// the last row were repeated over the border. It returns false where samplePixels
// has to write some of these columns because their fraction is near 0 or 1.
func lerpBlock(dst, src *Image, m matrix, start int) (complete bool) {
	c, stride := src.C, src.W*src.C
	var p columns
	var tops [32]int
	complete = true
	x, k := start/c, start%c
	top, t, ok := split(m[3] * (float64(x) + 0.5))
	for j := range tops {
		if k == c {
			x, k = x+1, 0
			top, t, ok = split(m[3] * (float64(x) + 0.5))
		}
		k++
		if !ok {
			t, complete = 1<<31, false // a fraction that is seldom doubtful
		}
		tops[j] = top
		high, low := &p.high1, &p.low1
		if j/8%2 == 1 {
			high, low = &p.high2, &p.low2
		}
		high[j/16*8+j%8], low[j/16*8+j%8] = uint16(t>>16), uint16(t)
	}
	least, most := min(tops[0], tops[31]), max(tops[0], tops[31])
	for top := least; top <= most; top += 2 {
		for j, own := range tops {
			p.below[j], p.write[j] = 0, 0
			switch own {
			case top + 1:
				p.below[j], p.write[j] = 0xFF, 0xFF
			case top:
				p.write[j] = 0xFF
			}
		}
		for y := 0; y < src.H; y++ {
			y = lerpColumns(&dst.Pix[start], &src.Pix[start], stride, y, src.H, top, &p)
			if y < src.H {
				samplePixels(dst.Pix[y*stride:], src, m, start/c, (start+31)/c+1, y, 0)
			}
		}
	}
	return complete
}

// fillUncovered fills what ShearY uncovers: a corner on the right side, where the
// columns move most.
func fillUncovered(dst, src *Image, m matrix, fill uint8) {
	stride := src.W * src.C
	uncovered := func(x, y int) bool {
		_, v := m.at(x, y)
		return v < 0 || v >= float64(src.H)
	}
	y, step := src.H-1, -1
	if m[3] < 0 {
		y, step = 0, 1
	}
	for x := 0; y >= 0 && y < src.H && uncovered(src.W-1, y); y += step {
		for !uncovered(x, y) {
			x++
		}
		set(dst.Pix[y*stride+x*src.C:(y+1)*stride], fill)
	}
}
