package pixel

// Affine transforms sample as Pillow's Geometry.c does with BILINEAR: the centre of
// an output pixel, (x+0.5, y+0.5), is mapped into the source; outside it the output
// is the fill value; inside, half a pixel is taken off again, the four neighbours (clamped
// at the border) are mixed in double precision, and the result is truncated to 8
// bits. Truncation makes the last bit of every product count, so each is rounded
// by an explicit conversion before it is added: no processor may fuse the two.

// matrix maps output to input: u = m0·x + m1·y + m2, v = m3·x + m4·y + m5.
type matrix [6]float64

// at returns where the centre of output pixel (x, y) lies in the source.
func (m matrix) at(x, y int) (u, v float64) {
	xc, yc := float64(x)+0.5, float64(y)+0.5
	return float64(m[0]*xc) + float64(m[1]*yc) + m[2], float64(m[3]*xc) + float64(m[4]*yc) + m[5]
}

// A sampler is the fast way for one kind of matrix: row writes consecutive RGB
// pixels of row y from column x on. One-dimensional interpolation gives the same
// bits where the other coordinate falls on whole pixels, because a + (b-a)·0 is a.
type sampler struct {
	row func(out []uint8, src *Image, m matrix, x, y int)
	// mixesX and mixesY say in which directions row reads neighbours, both of which
	// must be inside the source.
	mixesX, mixesY bool
}

// transform writes src mapped by m. It leaves pixels whose neighbours reach over
// the border, and grey images, to the general samplePixel.
func transform(dst, src *Image, m matrix, fast sampler, fill uint8) {
	c := src.C
	for y := range src.H {
		row := dst.Pix[y*src.W*c : (y+1)*src.W*c]
		first, end := src.W, src.W
		if c == 3 {
			first, end = fast.inside(src, m, y)
		}
		samplePixels(row, src, m, 0, first, y, fill)
		if first < end {
			fast.row(row[first*c:end*c], src, m, first, y)
		}
		samplePixels(row, src, m, end, src.W, y, fill)
	}
}

// inside returns the columns of row y that the sampler may write. Both coordinates
// are monotone in x, so they form one range.
func (s sampler) inside(src *Image, m matrix, y int) (first, end int) {
	right, bottom := float64(src.W)-0.5, float64(src.H)-0.5
	may := func(x int) bool {
		u, v := m.at(x, y)
		return (!s.mixesX || u >= 0.5 && u < right) && (!s.mixesY || v >= 0.5 && v < bottom)
	}
	for first < src.W && !may(first) {
		first++
	}
	for end = src.W; end > first && !may(end-1); end-- {
	}
	return first, end
}

// samplePixels writes pixels first to end-1 of row y into the row out.
func samplePixels(out []uint8, src *Image, m matrix, first, end, y int, fill uint8) {
	c := src.C
	for x := first; x < end; x++ {
		samplePixel(out[x*c:x*c+c], src, m, x, y, fill)
	}
}

// samplePixel writes all channels of one pixel, wherever it comes from.
func samplePixel(out []uint8, src *Image, m matrix, x, y int, fill uint8) {
	u, v := m.at(x, y)
	if u < 0 || u >= float64(src.W) || v < 0 || v >= float64(src.H) {
		set(out, fill)
		return
	}
	u -= 0.5
	v -= 0.5
	left, top := floor(u), floor(v)
	du, dv := u-float64(left), v-float64(top)
	stride := src.W * src.C
	x0, x1 := max(left, 0)*src.C, min(left+1, src.W-1)*src.C
	y0, y1 := max(top, 0)*stride, min(top+1, src.H-1)*stride
	for k := range out {
		upper := lerp(src.Pix[y0+x0+k], src.Pix[y0+x1+k], du)
		lower := lerp(src.Pix[y1+x0+k], src.Pix[y1+x1+k], du)
		out[k] = truncate(upper + float64((lower-upper)*dv))
	}
}

// alongX samples for a matrix (1, v, 0, 0, 1, 0).
var alongX = sampler{sampleX, true, false}

func sampleX(out []uint8, src *Image, m matrix, x, y int) {
	shift := m[1] * (float64(y) + 0.5)
	in := src.Pix[y*src.W*3 : (y+1)*src.W*3]
	for xc := float64(x) + 0.5; len(out) >= 3; xc++ {
		u := xc + shift - 0.5
		left := int(u)
		t := u - float64(left)
		o, p := (*[3]uint8)(out), (*[6]uint8)(in[3*left:])
		o[0] = truncate(lerp(p[0], p[3], t))
		o[1] = truncate(lerp(p[1], p[4], t))
		o[2] = truncate(lerp(p[2], p[5], t))
		out = out[3:]
	}
}

// alongY samples for a matrix (1, 0, 0, v, 1, 0).
var alongY = sampler{sampleY, false, true}

func sampleY(out []uint8, src *Image, m matrix, x, y int) {
	stride := src.W * 3
	yc := float64(y) + 0.5
	at := 3 * x
	for xc := float64(x) + 0.5; len(out) >= 3; xc++ {
		v := float64(m[3]*xc) + yc - 0.5
		top := int(v)
		t := v - float64(top)
		o := (*[3]uint8)(out)
		p, q := (*[3]uint8)(src.Pix[top*stride+at:]), (*[3]uint8)(src.Pix[(top+1)*stride+at:])
		o[0] = truncate(lerp(p[0], q[0], t))
		o[1] = truncate(lerp(p[1], q[1], t))
		o[2] = truncate(lerp(p[2], q[2], t))
		out = out[3:]
		at += 3
	}
}

// alongBoth samples for any matrix.
var alongBoth = sampler{sampleXY, true, true}

func sampleXY(out []uint8, src *Image, m matrix, x, y int) {
	stride := src.W * 3
	yc := float64(y) + 0.5
	uShift, vShift := m[1]*yc, m[4]*yc
	for xc := float64(x) + 0.5; len(out) >= 3; xc++ {
		u := float64(m[0]*xc) + uShift + m[2] - 0.5
		v := float64(m[3]*xc) + vShift + m[5] - 0.5
		left, top := int(u), int(v)
		du, dv := u-float64(left), v-float64(top)
		o := (*[3]uint8)(out)
		p, q := (*[6]uint8)(src.Pix[top*stride+3*left:]), (*[6]uint8)(src.Pix[(top+1)*stride+3*left:])
		upper, lower := lerp(p[0], p[3], du), lerp(q[0], q[3], du)
		o[0] = truncate(upper + float64((lower-upper)*dv))
		upper, lower = lerp(p[1], p[4], du), lerp(q[1], q[4], du)
		o[1] = truncate(upper + float64((lower-upper)*dv))
		upper, lower = lerp(p[2], p[5], du), lerp(q[2], q[5], du)
		o[2] = truncate(upper + float64((lower-upper)*dv))
		out = out[3:]
	}
}

// floor returns the largest integer not above v, for v of at least -1.
func floor(v float64) int {
	if v < 0 {
		return -1
	}
	return int(v)
}

// lerp returns a + (b-a)·t.
func lerp(a, b uint8, t float64) float64 {
	from := real[a]
	return from + float64((real[b]-from)*t)
}

// truncate drops the fraction of a value in [0,256). The detour over int32 is one
// instruction.
func truncate(v float64) uint8 { return uint8(int32(v)) }

// real holds the 8-bit values as float64: a load is cheaper than a conversion.
var real = func() (t [256]float64) {
	for v := range t {
		t[v] = float64(v)
	}
	return t
}()
