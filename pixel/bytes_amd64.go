package pixel

import "math/bits"

// The functions named ...Vectors do the beginning of an operation in assembly and
// return how many bytes of it they did.

func maskVectors(dst, src []uint8, mask uint8) int {
	n := len(src) &^ 31
	if !avx2 || n == 0 {
		return 0
	}
	maskBytes(&dst[0], &src[0], n, mask)
	return n
}

func invertVectors(dst, src []uint8, threshold uint8) int {
	n := len(src) &^ 31
	if !avx2 || n == 0 {
		return 0
	}
	invertBytes(&dst[0], &src[0], n, threshold)
	return n
}

func floatVectors(dst []float32, src []uint8) int {
	n := len(src) &^ 7
	if !avx2 || n == 0 {
		return 0
	}
	floatBytes(&dst[0], &src[0], n)
	return n
}

// extremaVectors also returns the smallest and largest values of the bytes that it
// looked at.
func extremaVectors(p []uint8, channels int) (n int, lo, hi [3]uint8) {
	lo = [3]uint8{255, 255, 255}
	n = len(p) / 96 * 96
	if !avx2 || n == 0 {
		return 0, lo, hi
	}
	var low, high [16]uint8
	extremaBytes(&p[0], n, &low, &high)
	for i := range low {
		c := i % channels
		lo[c], hi[c] = min(lo[c], low[i]), max(hi[c], high[i])
	}
	return n, lo, hi
}

// stretchVectors does Autocontrast for one or three channels, unless the scale of one
// does not fit.
//
// A channel's values v become ⌊255·d/r⌋ with d = v-first and r = last-first, but for
// roundings of Pillow's double precision: where 255·d/r is whole it may fall below it.
// stretchBytes computes the quotient as d·⌈255·2^(8+shift)/r⌉ >> (8+shift), shift being
// the number of bits of r less 1. For r from 2 on the scale has 16 bits and the
// quotients are right, but for one value each of five r (oneTooHigh) that come out 1
// too high. The candidates for a difference of 1 are compared with Pillow's arithmetic.
func stretchVectors(dst, src []uint8, channels []contrast) int {
	n := len(src) / 96 * 96
	if !avx2 || n == 0 {
		return 0
	}
	var s stretch
	for i := range 3 {
		if !s.set(i, &channels[i%len(channels)]) {
			return 0
		}
	}
	stretchBytes(&dst[0], &src[0], n, &s)
	return n
}

// oneTooHigh has the d for which stretchBytes' quotient needs a correction.
var oneTooHigh = [256]uint{211: 187, 223: 216, 247: 216, 251: 188, 254: 253}

// mostExceptions is how many a channel can have (counted over all extrema).
const mostExceptions = 17

// stretch is what stretchBytes does to each of three channels, whose entries come first
// in the arrays: the value v becomes ((v-low)·scale >> 8) >> shift, and 1 less if it is
// an exception.
type stretch struct {
	lows, scalesLow, scalesHigh [16]uint8
	shifts                      [16]uint8 // 1 << (8 - shift)
	rounds                      int       // the most exceptions of a channel
	_                           int
	exceptions                  [mostExceptions]struct{ value, valid [16]uint8 }
}

// set prepares a channel. It returns false where the scale does not fit.
func (s *stretch) set(channel int, c *contrast) bool {
	low, r := c.first, uint(c.last-c.first)
	switch r {
	case 0:
		low, r = 0, 255 // leaves all values as they are
	case 1:
		return false
	}
	shift := bits.Len(r) - 1
	scale := (255<<(8+shift) + r - 1) / r
	s.lows[channel] = low
	s.scalesLow[channel], s.scalesHigh[channel] = uint8(scale), uint8(scale>>8)
	s.shifts[channel] = 1 << (8 - shift)

	found := 0
	if d := oneTooHigh[r]; d != 0 {
		s.except(channel, found, c.first+uint8(d))
		found++
	}
	step := r
	for _, factor := range [3]uint{3, 5, 17} { // of 255
		if step%factor == 0 {
			step /= factor
		}
	}
	if step&(step-1) == 0 {
		return true // Pillow's scale, 255/r, has no rounding
	}
	for d := step; d <= r; d += step {
		v := c.first + uint8(d)
		if c.of(v) != uint8(d*255/r) {
			s.except(channel, found, v)
			found++
		}
	}
	return true
}

// except makes v the channel's exception of the given number.
func (s *stretch) except(channel, number int, v uint8) {
	e := &s.exceptions[number]
	e.value[channel], e.valid[channel] = v, 0xFF
	s.rounds = max(s.rounds, number+1)
}

// maskBytes writes src & mask for n bytes, a multiple of 32 that is not 0.
//
//go:noescape
func maskBytes(dst, src *uint8, n int, mask uint8)

// invertBytes writes 255-src where src >= threshold and src elsewhere, for n bytes, a
// multiple of 32 that is not 0.
//
//go:noescape
func invertBytes(dst, src *uint8, n int, threshold uint8)

// extremaBytes writes the smallest and largest of every third of n bytes, a multiple of
// 96 that is not 0: byte i of the results is one of channel i%3, and the bytes of a
// channel together cover all its values.
//
//go:noescape
func extremaBytes(p *uint8, n int, lo, hi *[16]uint8)

// stretchBytes writes src through s for n bytes, a multiple of 96 that is not 0.
//
//go:noescape
func stretchBytes(dst, src *uint8, n int, s *stretch)

// floatBytes writes src/255 for n bytes, a multiple of 8 that is not 0.
//
//go:noescape
func floatBytes(dst *float32, src *uint8, n int)
