package corrupt

import (
	"math"

	"augmix/pixel"
	"augmix/rng"
)

// spatterLevel describes the drops: normal noise of a mean and a standard deviation,
// smoothed, where it is over a threshold. amount is how opaque water is, or the σ in
// pixels by which mud is smoothed.
type spatterLevel struct {
	mean, std, sigma, threshold, amount float64
	mud                                 bool
}

var spatterLevels = levels[spatterLevel]{
	{
		{0.62, 0.1, 0.7, 0.7, 0.5, false}, {0.65, 0.1, 0.8, 0.7, 0.5, false}, {0.65, 0.3, 1, 0.69, 0.5, false},
		{0.65, 0.1, 0.7, 0.69, 0.6, true}, {0.65, 0.1, 0.5, 0.68, 0.6, true},
	}, {
		{0.62, 0.1, 0.7, 0.7, 0.6, false}, {0.65, 0.1, 0.8, 0.7, 0.6, false}, {0.65, 0.3, 1, 0.69, 0.6, false},
		{0.65, 0.1, 0.7, 0.68, 0.6, true}, {0.65, 0.1, 0.5, 0.67, 0.6, true},
	}, {
		{0.65, 0.3, 4, 0.69, 0.6, false}, {0.65, 0.3, 3, 0.68, 0.6, false}, {0.65, 0.3, 2, 0.68, 0.5, false},
		{0.65, 0.3, 1, 0.65, 1.5, true}, {0.67, 0.4, 1, 0.65, 1.5, true},
	}, {
		{0.65, 0.3, 4, 0.69, 0.9, false}, {0.65, 0.3, 3.5, 0.68, 0.9, false}, {0.65, 0.3, 3, 0.68, 0.8, false},
		{0.65, 0.3, 1.2, 0.65, 1.8, true}, {0.67, 0.4, 1.2, 0.65, 1.8, true},
	},
}

// waterColour and mudColour are RGB. On a grey image their luma is drawn.
var (
	waterColour = [3]float32{175.0 / 255, 238.0 / 255, 238.0 / 255}
	mudColour   = [3]float32{63.0 / 255, 42.0 / 255, 20.0 / 255}
)

type spatter struct {
	levels   [Severities]spatterLevel
	drops    [Severities]bell
	soft     [Severities]bell // of mud
	layer    []float64
	smoother smoother
	liquid   []uint8
	opacity  []float32
	relief   relief
}

func newSpatter(t table) corruption {
	s := &spatter{levels: spatterLevels[t]}
	for i, level := range s.levels {
		s.drops[i] = newBell(level.sigma, 4)
		if level.mud {
			s.soft[i] = newBell(level.amount, 4)
		}
	}
	return s
}

// apply adds water, which brightens, or covers with mud.
func (s *spatter) apply(dst, src *pixel.Image, severity int, r *rng.Stream) {
	level, n := s.levels[severity], src.W*src.H
	s.layer, s.opacity = grow(s.layer, n), grow(s.opacity, n)
	for i := range s.layer {
		s.layer[i] = level.mean + float64(level.std*r.Norm())
	}
	s.smoother.smooth(s.layer, src.W, 1, s.drops[severity], nearestInside)
	for i, v := range s.layer {
		if v < level.threshold {
			s.layer[i] = 0
		}
	}
	colour := waterColour
	if level.mud {
		colour = mudColour
		s.splash(src.W, s.soft[severity])
	} else {
		s.trickle(src.W, src.H, float32(level.amount))
	}
	if src.C == 1 {
		colour[0] = colour[0]*0.299 + colour[1]*0.587 + colour[2]*0.114
	}
	for i, m := range s.opacity {
		p, q := src.Pix[i*src.C:][:src.C], dst.Pix[i*src.C:][:src.C]
		for ch, v := range p {
			x := unit[v]
			if level.mud {
				x = float32(x * (1 - m))
			}
			q[ch] = uint8(min(x+float32(m*colour[ch]), 1) * 255)
		}
	}
}

// splash makes mud of the layer: where it is nearly opaque.
func (s *spatter) splash(w int, soft bell) {
	for i, v := range s.layer {
		if v > 0 {
			s.layer[i] = 1
		}
	}
	s.smoother.smooth(s.layer, w, 1, soft, nearestInside)
	for i, v := range s.layer {
		if v < 0.8 {
			v = 0
		}
		s.opacity[i] = float32(v)
	}
}

// trickle makes water of the layer, as if lit from one side: amount opaque at the
// most. Without a drop there is none; the original divides by 0 there.
func (s *spatter) trickle(w, h int, amount float32) {
	s.liquid = grow(s.liquid, len(s.layer))
	for i, v := range s.layer {
		s.liquid[i] = uint8(int(v * 255))
	}
	light := s.relief.of(s.liquid, w, h)
	var highest float32
	for i, v := range s.liquid {
		s.opacity[i] = float32(v) * float32(light[i])
		highest = max(highest, s.opacity[i])
	}
	if highest == 0 {
		return
	}
	for i, m := range s.opacity {
		s.opacity[i] = float32(m/highest) * amount
	}
}

// relief lights drops by the distance from their edges.
type relief struct {
	edges    edges
	distance []float32
	light    []uint8
	between  []uint8
}

// The distance to the nearest edge, in pixels, is summed from steps of three kinds:
// OpenCV's distanceTransform for DIST_L2 and a mask of 5×5, which since version 5
// sums in float32.
const (
	straightStep = 1
	diagonalStep = 1.4
	knightStep   = 2.1969
	furthest     = 20
)

// of returns the light on a picture of drops.
func (r *relief) of(liquid []uint8, w, h int) []uint8 {
	n := w * h
	r.distance, r.light, r.between = grow(r.distance, n), grow(r.light, n), grow(r.between, n)
	for i, edge := range r.edges.find(liquid, w, h) {
		r.distance[i] = furthest
		if edge {
			r.distance[i] = 0
		}
	}
	distances(r.distance, w, h)
	for y := range h {
		for x := range w {
			var sum float64
			around(x, y, w, h, func(i, _ int) { sum += float64(r.distance[i]) })
			r.light[y*w+x] = uint8(float32(sum * (1.0 / 9)))
		}
	}
	equalise(r.light)
	for y := range h {
		for x := range w {
			sum := 0
			around(x, y, w, h, func(i, k int) { sum += lamp[k] * int(r.light[i]) })
			r.between[y*w+x] = uint8(min(max(sum, 0), 255))
		}
	}
	for y := range h {
		for x := range w {
			sum := 0
			around(x, y, w, h, func(i, _ int) { sum += int(r.between[i]) })
			r.light[y*w+x] = uint8((sum + 4) / 9)
		}
	}
	return r.light
}

// lamp weights the nine pixels of a relief.
var lamp = [9]int{-2, -1, 0, -1, 1, 1, 0, 1, 2}

// around calls f with the positions of the nine pixels around (x, y), row by row;
// borders are mirrored.
func around(x, y, w, h int, f func(i, k int)) {
	for k := range 9 {
		f(mirror(y+k/3-1, h)*w+mirror(x+k%3-1, w), k)
	}
}

// distances replaces every number of m, but 0, by the length of the shortest way to
// a 0, if that is less.
func distances(m []float32, w, h int) {
	steps := [...]struct {
		dx, dy int
		length float32
	}{
		{-1, 0, straightStep}, {0, -1, straightStep}, {-1, -1, diagonalStep}, {1, -1, diagonalStep},
		{-2, -1, knightStep}, {2, -1, knightStep}, {-1, -2, knightStep}, {1, -2, knightStep},
	}
	relax := func(x, y, sign int) {
		at := &m[y*w+x]
		for _, s := range steps {
			u, v := x+sign*s.dx, y+sign*s.dy
			if u >= 0 && u < w && v >= 0 && v < h {
				*at = min(*at, m[v*w+u]+s.length)
			}
		}
	}
	for i := range w * h {
		relax(i%w, i/w, 1)
	}
	for i := w*h - 1; i >= 0; i-- {
		relax(i%w, i/w, -1)
	}
}

// equalise spreads the histogram of m, as OpenCV's equalizeHist.
func equalise(m []uint8) {
	var counts [256]int
	lowest := uint8(255)
	for _, v := range m {
		counts[v]++
		lowest = min(lowest, v)
	}
	rest := len(m) - counts[lowest]
	if rest == 0 {
		return
	}
	var lut [256]uint8
	scale, sum := 255/float32(rest), 0
	for v := int(lowest) + 1; v < 256; v++ {
		sum += counts[v]
		lut[v] = uint8(math.RoundToEven(float64(float32(sum) * scale)))
	}
	for i, v := range m {
		m[i] = lut[v]
	}
}
