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
	level := s.levels[severity]
	s.rain(src.W, src.H, level, s.drops[severity], r)
	colour := waterColour
	if level.mud {
		colour = mudColour
		s.splash(src.W, s.soft[severity])
	} else {
		s.trickle(src.W, src.H, float32(level.amount))
	}
	s.cover(dst, src, colour, level.mud)
}

// rain draws the layer of drops.
func (s *spatter) rain(w, h int, level spatterLevel, drops bell, r *rng.Stream) {
	s.layer, s.opacity = grow(s.layer, w*h), grow(s.opacity, w*h)
	for i := range s.layer {
		s.layer[i] = level.mean + float64(level.std*r.Norm())
	}
	s.gather(w, level.threshold, drops)
}

// gather makes drops of the noise in the layer.
func (s *spatter) gather(w int, threshold float64, drops bell) {
	s.smoother.smooth(s.layer, w, 1, drops, nearestInside)
	for i, v := range s.layer {
		if v < threshold {
			s.layer[i] = 0
		}
	}
}

// cover draws what is opaque, over the image or, of mud, in its place.
func (s *spatter) cover(dst, src *pixel.Image, colour [3]float32, mud bool) {
	if src.C == 1 {
		colour[0] = colour[0]*0.299 + colour[1]*0.587 + colour[2]*0.114
	}
	for i, m := range s.opacity {
		p, q := src.Pix[i*src.C:][:src.C], dst.Pix[i*src.C:][:src.C]
		for ch, v := range p {
			x := unit[v]
			if mud {
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
	padded   []float64
	light    []uint8
}

// of returns the light on a picture of drops.
func (r *relief) of(liquid []uint8, w, h int) []uint8 {
	r.distance, r.light = grow(r.distance, (w+4)*(h+4)), grow(r.light, w*h)
	distances(r.distance, r.edges.find(liquid, w, h), w, h)

	pad(r, w, h, r.distance[2*(w+4)+2:], w+4)
	r.sums(w, h, &[9]float64{1, 1, 1, 1, 1, 1, 1, 1, 1}, func(sum float64) uint8 { return uint8(float32(sum * (1.0 / 9))) })
	equalise(r.light)

	pad(r, w, h, r.light, w)
	r.sums(w, h, &[9]float64{-2, -1, 0, -1, 1, 1, 0, 1, 2}, func(sum float64) uint8 { return uint8(min(max(sum, 0), 255)) })

	pad(r, w, h, r.light, w)
	r.sums(w, h, &[9]float64{1, 1, 1, 1, 1, 1, 1, 1, 1}, func(sum float64) uint8 { return uint8(int(sum+4) / 9) })
	return r.light
}

// pad fills r.padded with m, h rows of w values that are stride apart, and a
// mirrored border of one value.
func pad[T uint8 | float32](r *relief, w, h int, m []T, stride int) {
	r.padded = grow(r.padded, (w+2)*(h+2))
	for y := range h + 2 {
		in, out := m[mirror(y-1, h)*stride:][:w], r.padded[y*(w+2):][:w+2]
		out[0], out[w+1] = float64(in[mirror(-1, w)]), float64(in[mirror(w, w)])
		for x, v := range in {
			out[x+1] = float64(v)
		}
	}
}

// sums fills r.light with what value makes of the weighted sums of nine neighbours
// in r.padded.
func (r *relief) sums(w, h int, weights *[9]float64, value func(sum float64) uint8) {
	for y := range h {
		p, q, s := r.padded[y*(w+2):][:w+2], r.padded[(y+1)*(w+2):][:w+2], r.padded[(y+2)*(w+2):][:w+2]
		for x := range w {
			sum := weights[0]*p[x] + weights[1]*p[x+1] + weights[2]*p[x+2]
			sum += weights[3]*q[x] + weights[4]*q[x+1] + weights[5]*q[x+2]
			sum += weights[6]*s[x] + weights[7]*s[x+1] + weights[8]*s[x+2]
			r.light[y*w+x] = value(sum)
		}
	}
}

// The distance to the nearest edge, in pixels, is summed from steps of three kinds:
// OpenCV's distanceTransform for DIST_L2 and a mask of 5×5, which since version 5
// sums in float32.
const (
	straightStep = 1
	diagonalStep = 1.4
	knightStep   = 2.1969
	furthest     = 20 // Longer distances are cut.
)

// distances fills m with the distances to the nearest edge. It has a border of two
// values on each side.
func distances(m []float32, edges []bool, w, h int) {
	stride := w + 4
	for i := range m {
		m[i] = furthest
	}
	for i, edge := range edges {
		if edge {
			m[(i/w+2)*stride+i%w+2] = 0
		}
	}
	for _, sign := range []int{-1, 1} {
		steps := [8]struct {
			offset int
			length float32
		}{
			{sign, straightStep}, {sign * stride, straightStep},
			{sign * (stride - 1), diagonalStep}, {sign * (stride + 1), diagonalStep},
			{sign * (stride - 2), knightStep}, {sign * (stride + 2), knightStep},
			{sign * (2*stride - 1), knightStep}, {sign * (2*stride + 1), knightStep},
		}
		for i := range w * h {
			if sign > 0 {
				i = w*h - 1 - i
			}
			at := (i/w+2)*stride + i%w + 2
			nearest := m[at]
			for _, s := range steps {
				nearest = min(nearest, m[at+s.offset]+s.length)
			}
			m[at] = nearest
		}
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
