package pixel

// The four enhancements blend an image with a degenerate of itself
// (PIL.ImageEnhance): factor 0 gives the degenerate, 1 the image, more exaggerates.

// blend returns Pillow's Image.blend of two values: float32 arithmetic, clipped,
// truncated.
func blend(degenerate, value uint8, factor float32) uint8 {
	v := float32(degenerate) + float32(factor*float32(int(value)-int(degenerate)))
	return uint8(min(max(v, 0), 255))
}

// blendWith writes src blended with one grey value everywhere.
func blendWith(dst, src *Image, degenerate uint8, factor float32) {
	var t table
	for v := range t[0] {
		t[0][v] = blend(degenerate, uint8(v), factor)
	}
	t[1], t[2] = t[0], t[0]
	t.apply(dst, src)
}

// Brightness blends with black. dst and src may be the same image.
func Brightness(dst, src *Image, factor float64) {
	mustMatch(dst, src)
	blendWith(dst, src, 0, float32(factor))
}

// Contrast blends with the mean of the grey image, rounded. dst and src may be the
// same image.
func Contrast(dst, src *Image, factor float64) {
	mustMatch(dst, src)
	var sum int
	if src.C == 1 {
		for _, v := range src.Pix {
			sum += int(v)
		}
	} else {
		for p := src.Pix; len(p) >= 3; p = p[3:] {
			sum += int(luma(p[0], p[1], p[2]))
		}
	}
	mean := float64(sum) / float64(src.W*src.H)
	blendWith(dst, src, uint8(mean+0.5), float32(factor))
}

// luma returns Pillow's conversion of a colour to grey: ITU-R 601-2 in 16-bit
// fixed point (Convert.c).
func luma(r, g, b uint8) uint8 {
	return uint8((uint32(r)*19595 + uint32(g)*38470 + uint32(b)*7471 + 0x8000) >> 16)
}

// Color blends each pixel with its own grey value; a grey image stays. dst and src
// may be the same image.
func Color(dst, src *Image, factor float64) {
	mustMatch(dst, src)
	if src.C == 1 {
		dst.CopyFrom(src)
		return
	}
	f := float32(factor)
	s, d := src.Pix, dst.Pix[:len(src.Pix)]
	for len(s) >= 3 && len(d) >= 3 {
		grey := luma(s[0], s[1], s[2])
		d[0], d[1], d[2] = blend(grey, s[0], f), blend(grey, s[1], f), blend(grey, s[2], f)
		s, d = s[3:], d[3:]
	}
}

// Sharpness blends with the image smoothed by the kernel 1 1 1 / 1 5 1 / 1 1 1
// over 13 (PIL.ImageFilter.SMOOTH), which leaves the border, and images under 3
// pixels wide or high, as they are.
func Sharpness(dst, src *Image, factor float64) {
	dst.CopyFrom(src)
	if src.W < 3 || src.H < 3 {
		return
	}
	f := float32(factor)
	c, stride := src.C, src.W*src.C
	for y := 1; y < src.H-1; y++ {
		above := src.Pix[(y-1)*stride : y*stride]
		here := src.Pix[y*stride : (y+1)*stride]
		below := src.Pix[(y+1)*stride : (y+2)*stride]
		out := dst.Pix[y*stride : (y+1)*stride]
		for i := c; i < stride-c; i++ {
			sum := int(above[i-c]) + int(above[i]) + int(above[i+c]) +
				int(here[i-c]) + 5*int(here[i]) + int(here[i+c]) +
				int(below[i-c]) + int(below[i]) + int(below[i+c])
			// Pillow sums in float32 from 0.5 on and truncates. sum/13 + 0.5 is never
			// within 1/26 of an integer, so that integers give the same.
			out[i] = blend(uint8((2*sum+13)/26), here[i], f)
		}
	}
}
