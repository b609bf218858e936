package pixel

// Autocontrast stretches each channel so that its darkest value becomes 0 and its
// brightest 255 (PIL.ImageOps.autocontrast with cutoff 0); a channel of a single
// value stays. dst and src may be the same image.
func Autocontrast(dst, src *Image) {
	mustMatch(dst, src)
	lo, hi := extrema(src)
	var channels [3]contrast
	changes := false
	for c := range src.C {
		channels[c] = newContrast(lo[c], hi[c])
		changes = changes || channels[c].scale != 1
	}
	if !changes {
		dst.CopyFrom(src)
		return
	}
	n := stretchVectors(dst.Pix, src.Pix, channels[:src.C])
	if n == 0 {
		var t table
		for c := range src.C {
			for v := int(lo[c]); v <= int(hi[c]); v++ { // other values do not occur
				t[c][v] = channels[c].of(uint8(v))
			}
		}
		t.apply(dst, src)
		return
	}
	for i := n; i < len(src.Pix); i++ {
		dst.Pix[i] = channels[i%src.C].of(src.Pix[i])
	}
}

// contrast is a channel's smallest and largest value and what Pillow multiplies and
// adds to stretch the values between them; it keeps a single value.
type contrast struct {
	first, last   uint8
	scale, offset float64
}

func newContrast(first, last uint8) contrast {
	if first == last {
		return contrast{first, last, 1, 0}
	}
	scale := 255 / float64(last-first)
	return contrast{first, last, scale, -float64(first) * scale}
}

// of returns what v becomes: double precision, clipped, truncated.
func (c *contrast) of(v uint8) uint8 {
	stretched := int(float64(float64(v)*c.scale) + c.offset)
	return uint8(min(max(stretched, 0), 255))
}

// extrema returns each channel's smallest and largest value.
func extrema(m *Image) (lo, hi [3]uint8) {
	n, lo, hi := extremaVectors(m.Pix, m.C)
	p := m.Pix[n:]
	if m.C == 1 {
		for _, v := range p {
			lo[0], hi[0] = min(lo[0], v), max(hi[0], v)
		}
		return lo, hi
	}
	l0, l1, l2 := lo[0], lo[1], lo[2]
	h0, h1, h2 := hi[0], hi[1], hi[2]
	for ; len(p) >= 3; p = p[3:] {
		l0, h0 = min(l0, p[0]), max(h0, p[0])
		l1, h1 = min(l1, p[1]), max(h1, p[1])
		l2, h2 = min(l2, p[2]), max(h2, p[2])
	}
	return [3]uint8{l0, l1, l2}, [3]uint8{h0, h1, h2}
}
