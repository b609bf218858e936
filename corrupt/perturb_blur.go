package corrupt

import (
	"math"

	"augmix/pixel"
	"augmix/rng"
)

// motionSequence turns the direction of a motion blur.
type motionSequence struct {
	streak   streak
	sin, cos []float64 // of each frame's angle
	motion   motion
	crop     crop
}

func newMotionSequence(t pTable, _, frames int) perturbation {
	m, last, degrees := &motionSequence{streak: newStreak(6, 1.8)}, 20, 9
	if t == 1 {
		m.streak, last, degrees = newStreak(10, 3), 30, 4
	}
	for i := range frames {
		m.turn((i - last) * degrees)
	}
	return m
}

// turn adds a frame of an angle in degrees.
func (m *motionSequence) turn(degrees int) {
	sin, cos := sincos(float64(degrees) * math.Pi / 180)
	m.sin, m.cos = append(m.sin, sin), append(m.cos, cos)
}

func (m *motionSequence) apply(frames []pixel.Image, whole *pixel.Image, left, top int, _ *rng.Stream) {
	clean := m.crop.of(whole, &frames[0], left, top)
	for i := range frames {
		m.motion.along(&frames[i], clean, m.streak, m.sin[i], m.cos[i])
	}
}

// zoomSequence shows the mean of the image and of all enlargements up to the frame's.
type zoomSequence struct {
	crop crop
	sums []float32
}

func newZoomSequence(pTable, int, int) perturbation { return &zoomSequence{} }

// apply sums in float32, as the original's tensors do.
func (z *zoomSequence) apply(frames []pixel.Image, whole *pixel.Image, left, top int, _ *rng.Stream) {
	frames[0].CopyFrom(z.crop.of(whole, &frames[0], left, top))
	z.sums = grow(z.sums, len(frames[0].Pix))
	for i, v := range frames[0].Pix {
		z.sums[i] = unit[v]
	}
	for i := 1; i < len(frames); i++ {
		frame := &frames[i]
		m := affineMatrix(whole.W, whole.H, 0, 1+float64(0.004*float64(i)), 0)
		pixel.AffineWindow(frame, whole, m, left, top, 0)
		count := float32(i + 1)
		for j, v := range frame.Pix {
			z.sums[j] += unit[v]
			frame.Pix[j] = uint8(float32(z.sums[j]/count) * 255)
		}
	}
}

// gaussianBlurSequence blurs more and more.
type gaussianBlurSequence struct {
	kernels []bell
	blurred blurred
	crop    crop
}

func newGaussianBlurSequence(t pTable, _, frames int) perturbation {
	least, step, truncate := 0.3, 0.015, 7.0
	if t == 1 {
		least, step, truncate = 0.25, 0.035, 6
	}
	g := &gaussianBlurSequence{}
	for i := range frames {
		g.kernels = append(g.kernels, newBell(least+float64(step*float64(i)), truncate))
	}
	return g
}

func (g *gaussianBlurSequence) apply(frames []pixel.Image, whole *pixel.Image, left, top int, _ *rng.Stream) {
	clean := g.crop.of(whole, &frames[0], left, top)
	for i := range frames {
		g.blurred.apply(&frames[i], clean, g.kernels[i])
	}
}
