package corrupt

import (
	"augmix/pixel"
	"augmix/rng"
)

// brightnessSequence goes from darker to brighter; the middle frame is the image.
type brightnessSequence struct {
	percent float64 // added to V from one frame to the next
	crop    crop
}

func newBrightnessSequence(t pTable, _, _ int) perturbation {
	return &brightnessSequence{percent: [...]float64{1.5, 2}[t]}
}

func (b *brightnessSequence) apply(frames []pixel.Image, whole *pixel.Image, left, top int, _ *rng.Stream) {
	clean := b.crop.of(whole, &frames[0], left, top)
	for i := range frames {
		brighten(&frames[i], clean, float64(i-len(frames)/2)*b.percent/100)
	}
}

// snowSequence lets the same flakes drift in turning directions.
type snowSequence struct {
	level  snowLevel
	snow   snow
	motion motionSequence // of the flakes
	white  []float64      // the image, whitened
	crop   crop
}

func newSnowSequence(t pTable, _, frames int) perturbation {
	s := &snowSequence{level: snowLevel{mean: 0.05, std: 0.3, zoom: 2, threshold: 0.5, radius: 10, sigma: 2, keep: 0.85}}
	if t == 1 {
		s.level.zoom, s.level.radius, s.level.sigma = 3, 14, 4
	}
	s.motion.streak = newStreak(s.level.radius, s.level.sigma)
	for i := range frames {
		s.motion.turn(4*i - 150)
	}
	return s
}

func (s *snowSequence) apply(frames []pixel.Image, whole *pixel.Image, left, top int, r *rng.Stream) {
	clean := s.crop.of(whole, &frames[0], left, top)
	s.snow.resize(clean.W, clean.H)
	if s.snow.zooms[0].x == nil {
		s.snow.zooms[0] = newZoom(clean.W, clean.H, s.level.zoom)
	}
	s.snow.drift(s.snow.zooms[0], s.level, r)
	s.fall(frames, clean)
}

// fall draws s.snow.flakes. Unlike those of the corruption its sums are in float64.
func (s *snowSequence) fall(frames []pixel.Image, clean *pixel.Image) {
	n, c := clean.W*clean.H, clean.C
	s.white = grow(s.white, len(clean.Pix))
	keep := s.level.keep
	whiten := 1 - keep
	for i := range n {
		p := clean.Pix[i*c:][:c]
		light := float64(float32(luma(p)*1.5) + 0.5)
		for ch, v := range p {
			s.white[i*c+ch] = float64(keep*fraction[v]) + float64(whiten*max(fraction[v], light))
		}
	}
	fallen := &s.snow.fallen
	for f := range frames {
		s.motion.motion.along(fallen, &s.snow.flakes, s.motion.streak, s.motion.sin[f], s.motion.cos[f])
		for i := range n {
			flake, turned := fraction[fallen.Pix[i]], fraction[fallen.Pix[n-1-i]]
			for ch := range c {
				frames[f].Pix[i*c+ch] = toByte(s.white[i*c+ch] + flake + turned)
			}
		}
	}
}

// spatterSequence lets drops of water run down.
type spatterSequence struct {
	level   spatterLevel
	drops   bell
	flow    []float64 // What of a row comes from the next row, itself, the one above, ….
	ahead   int       // how many of flow are of rows below
	spatter spatter
	column  []float64
	crop    crop
}

func newSpatterSequence(t pTable, _, _ int) perturbation {
	s := &spatterSequence{level: spatterLevel{mean: 0.6, std: 0.265, sigma: 1.75, threshold: 0.7, amount: 0.6}, flow: []float64{0.2, 0.8}}
	if t == 1 {
		s.level = spatterLevel{mean: 0.65, std: 0.27, sigma: 3.7, threshold: 0.69, amount: 0.6}
		s.flow, s.ahead = []float64{0.05, 0.1, 0.15, 0.7}, 1
	}
	s.drops = newBell(s.level.sigma, 4)
	return s
}

func (s *spatterSequence) apply(frames []pixel.Image, whole *pixel.Image, left, top int, r *rng.Stream) {
	clean := s.crop.of(whole, &frames[0], left, top)
	s.spatter.rain(clean.W, clean.H, s.level, s.drops, r)
	s.run(frames, clean)
}

// run draws s.spatter.layer as it flows.
func (s *spatterSequence) run(frames []pixel.Image, clean *pixel.Image) {
	for i := range frames {
		s.spatter.trickle(clean.W, clean.H, float32(s.level.amount))
		s.spatter.cover(&frames[i], clean, waterColour, false)
		s.descend(clean.W, clean.H)
	}
}

// descend convolves the columns of the layer with s.flow, as NumPy's convolve with the
// mode "same" does.
func (s *spatterSequence) descend(w, h int) {
	s.column = grow(s.column, h)
	layer := s.spatter.layer
	for x := range w {
		for y := range h {
			s.column[y] = layer[y*w+x]
		}
		for y := range h {
			var sum float64
			// From the row farthest above on, as NumPy sums.
			for j := len(s.flow) - 1; j >= 0; j-- {
				if from := y + s.ahead - j; from >= 0 && from < h {
					sum += float64(s.column[from] * s.flow[j])
				}
			}
			layer[y*w+x] = sum
		}
	}
}
