package corrupt

import (
	"augmix/pixel"
	"augmix/rng"
)

// snowLevel describes the flakes: normal noise of a mean and a standard deviation,
// enlarged, without what is below a threshold, then blurred by motion of a radius
// and a σ. keep is how much of the image is not whitened.
type snowLevel struct{ mean, std, zoom, threshold, radius, sigma, keep float64 }

var snowLevels = levels[snowLevel]{
	{
		{0.1, 0.2, 1, 0.6, 8, 3, 0.95}, {0.1, 0.2, 1, 0.5, 10, 4, 0.9}, {0.15, 0.3, 1.75, 0.55, 10, 4, 0.9},
		{0.25, 0.3, 2.25, 0.6, 12, 6, 0.85}, {0.3, 0.3, 1.25, 0.65, 14, 12, 0.8},
	}, {
		{0.1, 0.2, 1, 0.6, 8, 3, 0.8}, {0.1, 0.2, 1, 0.5, 10, 4, 0.8}, {0.15, 0.3, 1.75, 0.55, 10, 4, 0.7},
		{0.25, 0.3, 2.25, 0.6, 12, 6, 0.65}, {0.3, 0.3, 1.25, 0.65, 14, 12, 0.6},
	}, {
		{0.1, 0.3, 3, 0.5, 10, 4, 0.8}, {0.2, 0.3, 2, 0.5, 12, 4, 0.7}, {0.55, 0.3, 4, 0.9, 12, 8, 0.7},
		{0.55, 0.3, 4.5, 0.85, 12, 8, 0.65}, {0.55, 0.3, 2.5, 0.85, 12, 12, 0.55},
	}, {
		{0.1, 0.3, 3, 0.5, 10, 4, 0.8}, {0.2, 0.3, 2, 0.5, 12, 4, 0.7}, {0.55, 0.3, 4, 0.9, 12, 8, 0.7},
		{0.55, 0.3, 4.5, 0.85, 12, 8, 0.65}, {0.55, 0.3, 2.5, 0.85, 12, 12, 0.55},
	},
}

type snow struct {
	levels  [Severities]snowLevel
	streaks [Severities]streak
	w, h    int
	zooms   [Severities]zoom // of images of w×h
	noise   []float64
	flakes  pixel.Image
	fallen  pixel.Image
	motion  motion
}

func newSnow(t table) corruption {
	s := &snow{levels: snowLevels[t]}
	for i, level := range s.levels {
		s.streaks[i] = newStreak(level.radius, level.sigma)
	}
	return s
}

// apply whitens the image and adds the flakes and the same turned by 180°.
func (s *snow) apply(dst, src *pixel.Image, severity int, r *rng.Stream) {
	level, n := s.levels[severity], src.W*src.H
	s.resize(src.W, src.H)
	if s.zooms[severity].x == nil {
		s.zooms[severity] = newZoom(src.W, src.H, level.zoom)
	}
	s.drift(s.zooms[severity], level, r)
	s.motion.apply(&s.fallen, &s.flakes, s.streaks[severity], r.Uniform(-135, -45))

	keep, whiten := float32(level.keep), float32(1-level.keep)
	for i := range n {
		flake := fraction[s.fallen.Pix[i]] + fraction[s.fallen.Pix[n-1-i]]
		p, q := src.Pix[i*src.C:][:src.C], dst.Pix[i*src.C:][:src.C]
		grey := float32(luma(p)*1.5) + 0.5
		for ch, v := range p {
			x := unit[v]
			x = float32(keep*x) + float32(whiten*max(x, grey))
			q[ch] = toByte(float64(x) + flake)
		}
	}
}

// luma is the brightness of a pixel, in the order of operations of OpenCV.
func luma(p []uint8) float32 {
	red, green, blue := unit[p[0]], unit[p[len(p)/2]], unit[p[len(p)-1]]
	return float32(red*0.299) + float32(green*0.587) + float32(blue*0.114)
}

// resize makes room for flakes on images of w×h.
func (s *snow) resize(w, h int) {
	if s.w == w && s.h == h {
		return
	}
	s.w, s.h, s.zooms = w, h, [Severities]zoom{}
	s.flakes = pixel.Image{Pix: grow(s.flakes.Pix, w*h), W: w, H: h, C: 1}
	s.fallen = pixel.Image{Pix: grow(s.fallen.Pix, w*h), W: w, H: h, C: 1}
}

// drift fills s.flakes with enlarged noise. Only the noise in the middle of the
// image, which is enlarged, is drawn.
func (s *snow) drift(z zoom, level snowLevel, r *rng.Stream) {
	w := s.flakes.W
	s.noise = grow(s.noise, w*s.flakes.H)
	left, right, top, bottom := s.middle(z)
	for y := top; y < bottom; y++ {
		for x := left; x < right; x++ {
			s.noise[y*w+x] = level.mean + float64(level.std*r.Norm())
		}
	}
	s.enlarge(z, level.threshold)
}

// middle returns the columns and rows of noise that are enlarged.
func (s *snow) middle(z zoom) (left, right, top, bottom int) {
	w, h := s.flakes.W, s.flakes.H
	return z.x[0].at, min(z.x[w-1].at+2, w), z.y[0].at, min(z.y[h-1].at+2, h)
}

// enlarge fills s.flakes from s.noise.
func (s *snow) enlarge(z zoom, threshold float64) {
	w := s.flakes.W
	_, right, _, bottom := s.middle(z)
	for y, v := range z.y {
		above, below := s.noise[v.at*w:], s.noise[min(v.at+1, bottom-1)*w:]
		for x, h := range z.x {
			next := min(h.at+1, right-1)
			upper := float64(above[h.at]*h.first) + float64(above[next]*h.next)
			lower := float64(below[h.at]*h.first) + float64(below[next]*h.next)
			flake := float64(upper*v.first) + float64(lower*v.next)
			if flake < threshold {
				flake = 0
			}
			s.flakes.Pix[y*w+x] = toByte(flake)
		}
	}
}
