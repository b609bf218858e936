package corrupt

import "augmix/pixel"

// MotionBlur blurs by motion at a given angle, for comparison with ImageMagick.
func MotionBlur(dst, src *pixel.Image, radius, sigma, angle float64) {
	var m motion
	m.apply(dst, src, newStreak(radius, sigma), angle)
}

// Disk returns the kernel of defocus_blur, for comparison with OpenCV.
func Disk(radius, alias float64) []float32 {
	taps, _ := defocus{radius, alias}.disk()
	return taps
}

// Relief returns the light on a picture of drops, for comparison with OpenCV.
func Relief(liquid []uint8, w, h int) []uint8 {
	var r relief
	return r.of(liquid, w, h)
}

// ApplyNoise makes a sequence of snow or spatter from given noise instead of drawn, for
// comparison with the original.
func (p *Perturber) ApplyNoise(frames []pixel.Image, src *pixel.Image, left, top int, noise func(x, y int) float64) {
	fill := func(to []float64, w int, mean, std float64) {
		for i := range to {
			to[i] = mean + float64(std*noise(i%w, i/w))
		}
	}
	w, h := frames[0].W, frames[0].H
	switch s := p.kind.(type) {
	case *snowSequence:
		s.snow.resize(w, h)
		s.snow.noise = grow(s.snow.noise, w*h)
		fill(s.snow.noise, w, s.level.mean, s.level.std)
		s.snow.enlarge(newZoom(w, h, s.level.zoom), s.level.threshold)
		s.fall(frames, s.crop.of(src, &frames[0], left, top))
	case *spatterSequence:
		s.spatter.layer, s.spatter.opacity = grow(s.spatter.layer, w*h), grow(s.spatter.opacity, w*h)
		fill(s.spatter.layer, w, s.level.mean, s.level.std)
		s.spatter.gather(w, s.level.threshold, s.drops)
		s.run(frames, s.crop.of(src, &frames[0], left, top))
	}
}
