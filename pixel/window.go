package pixel

// AffineWindow fills dst with the window from (left, top) on of src mapped bilinearly
// by m, from output to input: what Pillow's Image.transform(src's size, AFFINE, m,
// BILINEAR) gives there. (m0·x + m1·y + m2, m3·x + m4·y + m5) is the point that the
// output shows at (x, y). What lies outside of src is fill.
func AffineWindow(dst, src *Image, m [6]float64, left, top int, fill uint8) {
	if dst.C != src.C || left < 0 || top < 0 || left+dst.W > src.W || top+dst.H > src.H {
		panic("pixel: AffineWindow of another image's channels or outside of the image")
	}
	c := src.C
	for y := range dst.H {
		row := dst.Pix[y*dst.W*c : (y+1)*dst.W*c]
		first, end := left+dst.W, left+dst.W
		if c == 3 {
			first, end = alongBoth.inside(src, m, y+top)
			first = min(max(first, left), left+dst.W)
			end = min(max(end, first), left+dst.W)
		}
		for x := left; x < first; x++ {
			samplePixel(row[(x-left)*c:][:c], src, m, x, y+top, fill)
		}
		if first < end {
			alongBoth.row(row[(first-left)*c:(end-left)*c], src, m, first, y+top)
		}
		for x := end; x < left+dst.W; x++ {
			samplePixel(row[(x-left)*c:][:c], src, m, x, y+top, fill)
		}
	}
}
