package corrupt

import "math"

// zoom enlarges the middle of a picture to the size of the picture: the original's
// clipped_zoom, whose scipy.ndimage.zoom interpolates linearly between the corners
// and sums in float64.
type zoom struct{ x, y []mixture }

// mixture is one row or column of the result: one of the picture and the next with
// their weights.
type mixture struct {
	at    int
	first float64
	next  float64 // 0 where there is no next
}

func newZoom(w, h int, factor float64) zoom {
	return zoom{mixtures(w, factor), mixtures(h, factor)}
}

// mixtures returns one axis of n positions.
func mixtures(n int, factor float64) []mixture {
	crop := int(math.Ceil(float64(n) / factor))
	large := int(math.RoundToEven(float64(crop) * factor))
	from, trim := (n-crop)/2, (large-n)/2
	scale := 1.0
	if large > 1 {
		scale = float64(crop-1) / float64(large-1)
	}
	all := make([]mixture, n)
	for i := range all {
		at := float64(i+trim) * scale
		if at > float64(crop-1) {
			all[i].at = from + crop - 1 // By rounding beyond the last: scipy takes 0 there.
			continue
		}
		whole := math.Floor(at)
		all[i] = mixture{from + int(whole), 1 - (at - whole), at - whole}
	}
	return all
}

// zoomRows are the two rows of a picture that one row of the result is mixed from,
// in float64 and times their weights, with a pixel of zeros behind them.
type zoomRows struct{ above, below []float64 }

// set takes row y of the result from in, rows of c interleaved values.
func (r *zoomRows) set(z zoom, y int, in []float32, c int) {
	row, m := len(z.x)*c, z.y[y]
	r.above, r.below = grow(r.above, row+c), grow(r.below, row+c)
	clear(r.above[row:])
	clear(r.below[row:])
	next := min((m.at+1)*row, len(in)-row)
	p, q := in[m.at*row:][:row], in[next:][:row]
	above, below := r.above[:len(p)], r.below[:len(p)]
	for i, v := range p {
		above[i] = float64(v) * m.first
		below[i] = float64(q[i]) * m.next
	}
}

// at returns the value of a column of the result, where i is its value of the first
// column.
func (r *zoomRows) at(i, c int, m mixture) float64 {
	sum := float64(r.above[i]*m.first) + float64(r.above[i+c]*m.next)
	sum += float64(r.below[i] * m.first)
	return sum + float64(r.below[i+c]*m.next)
}

// addTo adds the row of the result to sums, rounded to float32.
func (r *zoomRows) addTo(sums []float32, z zoom, c int) {
	if c != 3 {
		for x, m := range z.x {
			for ch := range c {
				sums[x*c+ch] += float32(r.at(m.at*c+ch, c, m))
			}
		}
		return
	}
	for x, m := range z.x {
		p, q, out := r.above[m.at*3:][:6], r.below[m.at*3:][:6], sums[x*3:][:3]
		out[0] += float32(float64(p[0]*m.first) + float64(p[3]*m.next) + float64(q[0]*m.first) + float64(q[3]*m.next))
		out[1] += float32(float64(p[1]*m.first) + float64(p[4]*m.next) + float64(q[1]*m.first) + float64(q[4]*m.next))
		out[2] += float32(float64(p[2]*m.first) + float64(p[5]*m.next) + float64(q[2]*m.first) + float64(q[5]*m.next))
	}
}
