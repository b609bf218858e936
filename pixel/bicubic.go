package pixel

// Shears with BICUBIC, as Pillow's Geometry.c samples: in double precision, clipped, truncated. Each product is rounded
// by an explicit conversion before it is added, as in the bilinear ones.

// ShearXBicubic applies the matrix (1, v, 0, 0, 1, 0) bicubically: row y moves left by v·(y+0.5).
func ShearXBicubic(dst, src *Image, v float64, fill uint8) {
	mustMatch(dst, src)
	bicubic(dst, src, matrix{1, v, 0, 0, 1, 0}, fill)
}

// ShearYBicubic applies the matrix (1, 0, 0, v, 1, 0) bicubically: column x moves up by v·(x+0.5).
func ShearYBicubic(dst, src *Image, v float64, fill uint8) {
	mustMatch(dst, src)
	bicubic(dst, src, matrix{1, 0, 0, v, 1, 0}, fill)
}

func bicubic(dst, src *Image, m matrix, fill uint8) {
	c, stride := src.C, src.W*src.C
	for y := range src.H {
		for x := range src.W {
			out := dst.Pix[y*stride+x*c : y*stride+x*c+c]
			u, v := m.at(x, y)
			if u < 0 || u >= float64(src.W) || v < 0 || v >= float64(src.H) {
				set(out, fill)
				continue
			}
			u -= 0.5
			v -= 0.5
			left, top := floor(u), floor(v)
			du, dv := u-float64(left), v-float64(top)
			var columns, rows [4]int
			for i := range 4 {
				columns[i] = min(max(left-1+i, 0), src.W-1) * c
				rows[i] = min(max(top-1+i, 0), src.H-1) * stride
			}
			for k := range out {
				var across [4]float64
				for i, row := range rows {
					p := src.Pix[row+k:]
					across[i] = cubic(real[p[columns[0]]], real[p[columns[1]]], real[p[columns[2]]], real[p[columns[3]]], du)
				}
				out[k] = truncate(min(max(cubic(across[0], across[1], across[2], across[3], dv), 0), 255))
			}
		}
	}
}

// cubic interpolates between b and c at t of [0, 1): Pillow's BICUBIC, Keys' kernel with a = -1.
func cubic(a, b, c, d, t float64) float64 {
	p2 := -a + c
	p3 := float64(2*(a-b)) + c - d
	p4 := -a + b - c + d
	return b + float64(t*(p2+float64(t*(p3+float64(t*p4)))))
}
