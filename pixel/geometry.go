package pixel

// FlipH writes src mirrored left to right (PIL.ImageOps.mirror). dst and src may
// be the same image.
func FlipH(dst, src *Image) {
	mustMatch(dst, src)
	c := src.C
	for y := range src.H {
		s := src.Pix[y*src.W*c : (y+1)*src.W*c]
		d := dst.Pix[y*src.W*c : (y+1)*src.W*c]
		for l, r := 0, (src.W-1)*c; l <= r; l, r = l+c, r-c {
			for k := range c {
				d[l+k], d[r+k] = s[r+k], s[l+k]
			}
		}
	}
}

// Crop writes the window of src whose top-left corner is (x, y) and whose size is
// dst's; what lies outside src is black. Cropping a padded image at (i, j) is
// Crop at (j-pad, i-pad): torchvision's RandomCrop(32, padding=4) draws both from
// -4..4. dst and src may differ in size but not in channels, and may not overlap.
func Crop(dst, src *Image, x, y int) {
	if dst.C != src.C {
		panic("pixel: destination and source differ in channels")
	}
	window(dst, src, x, y, 0)
}

// window is Crop with fill for what lies outside.
func window(dst, src *Image, x, y int, fill uint8) {
	c := src.C
	left, right := max(0, -x), min(dst.W, src.W-x)
	for row := range dst.H {
		d := dst.Pix[row*dst.W*c : (row+1)*dst.W*c]
		sy := row + y
		if sy < 0 || sy >= src.H || left >= right {
			set(d, fill)
			continue
		}
		set(d[:left*c], fill)
		set(d[right*c:], fill)
		copy(d[left*c:right*c], src.Pix[(sy*src.W+x+left)*c:])
	}
}

// set writes v everywhere.
func set(p []uint8, v uint8) {
	for i := range p {
		p[i] = v
	}
}
