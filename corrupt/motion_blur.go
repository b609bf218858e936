package corrupt

import (
	"math"

	"augmix/pixel"
	"augmix/rng"
)

// motionLevel is a radius and a σ in pixels.
type motionLevel struct{ radius, sigma float64 }

var motionBlurLevels = levels[motionLevel]{
	{{6, 1}, {6, 1.5}, {6, 2}, {8, 2}, {9, 2.5}},
	{{10, 1}, {10, 1.5}, {10, 2}, {10, 2.5}, {12, 3}},
	{{10, 3}, {15, 5}, {15, 8}, {15, 12}, {20, 15}},
	{{12, 4}, {17, 6}, {17, 9}, {17, 13}, {22, 16}},
}

type motionBlur struct {
	streaks [Severities]streak
	motion  motion
}

func newMotionBlur(t table) corruption {
	var m motionBlur
	for i, level := range motionBlurLevels[t] {
		m.streaks[i] = newStreak(level.radius, level.sigma)
	}
	return &m
}

func (m *motionBlur) apply(dst, src *pixel.Image, severity int, r *rng.Stream) {
	m.motion.apply(dst, src, m.streaks[severity], r.Uniform(-45, 45))
}

// streak holds the weights along the way of a moving point: half a Gaussian of
// sum 1.
type streak []float64

// newStreak returns ImageMagick's, of 2·radius+1 weights.
func newStreak(radius, sigma float64) streak {
	s := make(streak, 2*int(math.Ceil(radius))+1)
	var sum float64
	for i := range s {
		s[i] = math.Exp(-float64(i*i)/(2*sigma*sigma)) / (math.Sqrt(2*math.Pi) * sigma)
		sum += s[i]
	}
	for i := range s {
		s[i] /= sum
	}
	return s
}

// motion holds the scratch memory of apply.
type motion struct {
	padded  []float64
	offsets []int // of the streak's points in padded
}

// apply blurs src along a streak in the direction of angle, in degrees, as
// ImageMagick 6 with 16 bits a value does (MagickMotionBlurImage): the points of the
// streak are rounded to pixels, edges are repeated, and sums are rounded to 16 bits
// and then cut to 8.
func (m *motion) apply(dst, src *pixel.Image, s streak, angle float64) {
	sin, cos := math.Sincos(angle * math.Pi / 180)
	m.along(dst, src, s, sin, cos)
}

// along is apply of an angle with the given sine and cosine.
func (m *motion) along(dst, src *pixel.Image, s streak, sin, cos float64) {
	reach := len(s)
	// Written as ImageMagick does, because at 30° and 60° the points are at halves.
	across, down := float64(reach)*cos, float64(reach)*sin
	length := hypot(across, down)
	point := func(i int) (x, y int) {
		return stepped(float64(i) * across / length), stepped(float64(i) * down / length)
	}
	x, y := point(reach - 1)
	left, top, right, bottom := max(0, -x), max(0, -y), max(0, x), max(0, y)
	stride := (left + src.W + right) * src.C
	m.pad(src, left, right, top, bottom)
	m.offsets = grow(m.offsets, reach)
	for i := range m.offsets {
		x, y := point(i)
		m.offsets[i] = (top+y)*stride + (left+x)*src.C
	}
	row := src.W * src.C
	for y := range src.H {
		m.sums(dst.Pix[y*row:(y+1)*row], m.padded[y*stride:], s)
	}
}

// hypot is the root of the sum of the squares, nearer to the true value than math's,
// as the C library's is.
func hypot(x, y float64) float64 {
	h := math.Sqrt(x*x + y*y)
	square := h * h
	excess := math.FMA(h, h, -square)
	xx, yy := x*x, y*y
	lost := math.FMA(x, x, -xx) + math.FMA(y, y, -yy)
	return h + (((xx-square)+yy)-excess+lost)/(2*h)
}

// stepped rounds to the nearest whole number, halves down.
func stepped(x float64) int { return int(math.Ceil(x - 0.5)) }

// pad fills m.padded with src on ImageMagick's scale of 0 to 65535 and its edges
// repeated.
func (m *motion) pad(src *pixel.Image, left, right, top, bottom int) {
	c, row := src.C, src.W*src.C
	stride := (left + src.W + right) * c
	m.padded = grow(m.padded, (top+src.H+bottom)*stride)
	for y := range top + src.H + bottom {
		in := src.Pix[nearestInside(y-top, src.H)*row:][:row]
		out := m.padded[y*stride:][:stride]
		middle := out[left*c:][:row]
		for i, v := range in {
			middle[i] = float64(v) * 257
		}
		for x := range left {
			copy(out[x*c:(x+1)*c], middle)
		}
		for x := range right {
			copy(out[left*c+row+x*c:], middle[row-c:])
		}
	}
}

// sums computes one row of output; in begins at the first point that it may need.
func (m *motion) sums(out []uint8, in []float64, s streak) {
	offsets := m.offsets[:len(s)]
	i := 0
	for ; i+4 <= len(out); i += 4 {
		var a, b, c, d float64
		for j, w := range s {
			p := in[offsets[j]+i:][:4]
			a += float64(w * p[0])
			b += float64(w * p[1])
			c += float64(w * p[2])
			d += float64(w * p[3])
		}
		out[i], out[i+1], out[i+2], out[i+3] = from16(a), from16(b), from16(c), from16(d)
	}
	for ; i < len(out); i++ {
		var sum float64
		for j, w := range s {
			sum += float64(w * in[offsets[j]+i])
		}
		out[i] = from16(sum)
	}
}

// from16 rounds a value on the scale of 0 to 65535 and cuts it to 8 bits, as
// ImageMagick writes a PNG.
func from16(x float64) uint8 { return uint8(uint32(min(x+0.5, 65535)) / 257) }
