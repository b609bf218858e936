package corrupt

import (
	"math"
	"sync"

	"augmix/pixel"
	"augmix/rng"
)

// tint is the mean colour of a texture and how much its ice differs from it.
type tint struct {
	mean     [3]float64
	contrast float64
}

// tints are like those of the original's photographs: two pale ones, two grey and a
// blue one.
var tints = []tint{
	{[3]float64{78, 149, 166}, 22}, {[3]float64{201, 205, 214}, 22}, {[3]float64{201, 205, 214}, 22},
	{[3]float64{138, 153, 165}, 30}, {[3]float64{112, 123, 135}, 43},
}

// frostSide is the side of the program's own textures: they cover an image of 299
// pixels, and one of 64 at a scale of 0.3.
const frostSide = 512

// ownFrost grows the textures once.
var ownFrost = sync.OnceValue(func() []*pixel.Image {
	var textures []*pixel.Image
	for i, t := range tints {
		textures = append(textures, growFrost(t, uint64(i)))
	}
	return textures
})

// growFrost returns a texture: ferns of ice on a plasma.
func growFrost(t tint, number uint64) *pixel.Image {
	r := rng.Named("corrupt/frost texture", number)
	ice := make([]float64, frostSide*frostSide)
	lowest, highest := plasma(ice, frostSide, 1.9, &r)
	for i, v := range ice {
		ice[i] = 1.5 * (v - lowest) / (highest - lowest)
	}
	f := fern{ice, &r}
	for range 14 {
		x, y, angle := r.Uniform(0, frostSide), r.Uniform(0, frostSide), r.Uniform(0, 2*math.Pi)
		for arm := range 6 {
			f.grow(x, y, angle+float64(arm)*math.Pi/3, r.Uniform(60, 180), 3)
		}
	}
	var s smoother
	s.smooth(ice, frostSide, 1, newBell(0.8, 4), reflect)

	var sum, squares float64
	for _, v := range ice {
		sum += v
		squares += v * v
	}
	n := float64(len(ice))
	mean := sum / n
	deviation := math.Sqrt(squares/n - mean*mean)
	m := pixel.New(frostSide, frostSide, 3)
	for i, v := range ice {
		for ch, base := range t.mean {
			m.Pix[3*i+ch] = uint8(min(max(base+t.contrast*(v-mean)/deviation, 0), 255))
		}
	}
	return m
}

// fern draws ice on a torus.
type fern struct {
	ice []float64
	r   *rng.Stream
}

// grow draws a bent stem that gets thinner, with twigs at 60° to both sides.
func (f fern) grow(x, y, angle, length float64, depth int) {
	bend, next := f.r.Uniform(-0.004, 0.004), f.r.Uniform(3, 9)
	for at := 0.0; at < length; at++ {
		f.add(x, y, 0.35+0.5*(1-at/length))
		angle += bend
		x, y = x+math.Cos(angle), y+math.Sin(angle)
		if at < next || depth == 0 {
			continue
		}
		next = at + f.r.Uniform(6, 14)
		twig := (length - at) * f.r.Uniform(0.25, 0.5)
		f.grow(x, y, angle+math.Pi/3, twig, depth-1)
		f.grow(x, y, angle-math.Pi/3, twig, depth-1)
	}
}

// add lays ice at a point, up to a thickness.
func (f fern) add(x, y, amount float64) {
	const mask = frostSide - 1
	at := &f.ice[int(math.Floor(y))&mask*frostSide+int(math.Floor(x))&mask]
	*at = min(*at+amount, 3)
}
