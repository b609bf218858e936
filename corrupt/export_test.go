package corrupt

import "augmix/pixel"

// MotionBlur blurs by motion at a given angle, for comparison with ImageMagick.
func MotionBlur(dst, src *pixel.Image, radius, sigma, angle float64) {
	var m motion
	m.apply(dst, src, newStreak(radius, sigma), angle)
}

// Relief returns the light on a picture of drops, for comparison with OpenCV.
func Relief(liquid []uint8, w, h int) []uint8 {
	var r relief
	return r.of(liquid, w, h)
}
