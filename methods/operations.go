package methods

import (
	"math"

	"augmix/pixel"
	"augmix/rng"
)

// A space says what a policy's operations do and what their magnitudes mean.
type space struct {
	name   string
	most   float64 // Magnitudes are from 0 to most,
	whole  bool    // and whole numbers only.
	list   []operation
	byName map[string]*operation
}

// operation is one image operation of a space.
type operation struct {
	name     string
	leveled  bool // It has a magnitude.
	signed   bool // Its direction is drawn: either with probability one half.
	anywhere bool // Its place is drawn.
	apply    func(dst, src *pixel.Image, magnitude float64, at place)
}

// place is what is drawn about one use of an operation.
type place struct {
	negative bool
	x, y     float64 // In [0, 1).
}

// sign returns v in the direction that was drawn.
func (p place) sign(v float64) float64 {
	if p.negative {
		return -v
	}
	return v
}

// draw draws what the operation needs.
func (o *operation) draw(r *rng.Stream) (p place) {
	if o.signed {
		p.negative = r.Bool()
	}
	if o.anywhere {
		p.x, p.y = r.Float64(), r.Float64()
	}
	return p
}

func newSpace(name string, most float64, whole bool, list []operation) *space {
	s := &space{name: name, most: most, whole: whole, list: list, byName: map[string]*operation{}}
	for i := range list {
		s.byName[list[i].name] = &list[i]
	}
	return s
}

// autoAugmentSpace is that of AutoAugment as DeepVoltaire/AutoAugment has it: magnitudes are indices 0 to 9 into ten
// values from one end of a range to the other; shears are bicubic, translations and rotations take the nearest pixel,
// and what comes from outside the image is grey 128.
var autoAugmentSpace = newSpace("autoaugment", 9, true, []operation{
	filledShear("shear_x", pixel.ShearXBicubic),
	filledShear("shear_y", pixel.ShearYBicubic),
	{name: "translate_x", leveled: true, signed: true, apply: func(dst, src *pixel.Image, m float64, p place) {
		pixel.TranslateNearest(dst, src, p.sign(tenth(m, 0, 150./331)*float64(src.W)), 0, 128)
	}},
	{name: "translate_y", leveled: true, signed: true, apply: func(dst, src *pixel.Image, m float64, p place) {
		pixel.TranslateNearest(dst, src, 0, p.sign(tenth(m, 0, 150./331)*float64(src.H)), 128)
	}},
	{name: "rotate", leveled: true, signed: true, apply: func(dst, src *pixel.Image, m float64, p place) {
		pixel.RotateNearest(dst, src, p.sign(tenth(m, 0, 30)), 128)
	}},
	always("autocontrast", pixel.Autocontrast),
	always("invert", pixel.Invert),
	always("equalize", pixel.Equalize),
	{name: "solarize", leveled: true, apply: func(dst, src *pixel.Image, m float64, _ place) {
		solarize(dst, src, tenth(m, 256, 0))
	}},
	{name: "posterize", leveled: true, apply: func(dst, src *pixel.Image, m float64, _ place) {
		pixel.Posterize(dst, src, int(math.RoundToEven(tenth(m, 8, 4))))
	}},
	signedEnhance("contrast", pixel.Contrast),
	signedEnhance("color", pixel.Color),
	signedEnhance("brightness", pixel.Brightness),
	signedEnhance("sharpness", pixel.Sharpness),
})

// tenth is the value at index i of ten from one end to the other, as NumPy's linspace computes it.
func tenth(i, from, to float64) float64 {
	if i == 9 {
		return to
	}
	return from + float64(i*((to-from)/9))
}

// solarize inverts values of at least threshold, which need not be whole.
func solarize(dst, src *pixel.Image, threshold float64) {
	pixel.Solarize(dst, src, int(math.Ceil(threshold)))
}

func always(name string, f func(dst, src *pixel.Image)) operation {
	return operation{name: name, apply: func(dst, src *pixel.Image, _ float64, _ place) { f(dst, src) }}
}

func filledShear(name string, f func(dst, src *pixel.Image, v float64, fill uint8)) operation {
	return operation{name: name, leveled: true, signed: true, apply: func(dst, src *pixel.Image, m float64, p place) {
		f(dst, src, p.sign(tenth(m, 0, 0.3)), 128)
	}}
}

func signedEnhance(name string, f func(dst, src *pixel.Image, factor float64)) operation {
	return operation{name: name, leveled: true, signed: true, apply: func(dst, src *pixel.Image, m float64, p place) {
		f(dst, src, 1+p.sign(tenth(m, 0, 0.9)))
	}}
}

// fastSpace is that of Fast AutoAugment (kakaobrain/fast-autoaugment, augmentations.py): magnitudes are from 0 to 1, from
// one end of an operation's range to the other, which for the geometric ones goes from a negative value to a positive
// one; the nearest pixel is taken, and what comes from outside the image is black.
var fastSpace = newSpace("fast-autoaugment", 1, false, []operation{
	blackShear("shear_x", pixel.ShearXNearest),
	blackShear("shear_y", pixel.ShearYNearest),
	{name: "translate_x", leveled: true, signed: true, apply: func(dst, src *pixel.Image, m float64, p place) {
		pixel.TranslateNearest(dst, src, p.sign(between(m, -0.45, 0.45))*float64(src.W), 0, 0)
	}},
	{name: "translate_y", leveled: true, signed: true, apply: func(dst, src *pixel.Image, m float64, p place) {
		pixel.TranslateNearest(dst, src, 0, p.sign(between(m, -0.45, 0.45))*float64(src.H), 0)
	}},
	{name: "rotate", leveled: true, signed: true, apply: func(dst, src *pixel.Image, m float64, p place) {
		pixel.RotateNearest(dst, src, p.sign(between(m, -30, 30)), 0)
	}},
	always("autocontrast", pixel.Autocontrast),
	always("invert", pixel.Invert),
	always("equalize", pixel.Equalize),
	{name: "solarize", leveled: true, apply: func(dst, src *pixel.Image, m float64, _ place) {
		solarize(dst, src, between(m, 0, 256))
	}},
	{name: "posterize", leveled: true, apply: func(dst, src *pixel.Image, m float64, _ place) {
		pixel.Posterize(dst, src, int(between(m, 4, 8)))
	}},
	enhance("contrast", pixel.Contrast),
	enhance("color", pixel.Color),
	enhance("brightness", pixel.Brightness),
	enhance("sharpness", pixel.Sharpness),
	{name: "cutout", leveled: true, anywhere: true, apply: func(dst, src *pixel.Image, m float64, p place) {
		paintSquare(dst, src, between(m, 0, 0.2)*float64(src.W), p)
	}},
})

func between(m, low, high float64) float64 { return float64(m*(high-low)) + low }

func blackShear(name string, f func(dst, src *pixel.Image, v float64, fill uint8)) operation {
	return operation{name: name, leveled: true, signed: true, apply: func(dst, src *pixel.Image, m float64, p place) {
		f(dst, src, p.sign(between(m, -0.3, 0.3)), 0)
	}}
}

func enhance(name string, f func(dst, src *pixel.Image, factor float64)) operation {
	return operation{name: name, leveled: true, apply: func(dst, src *pixel.Image, m float64, _ place) {
		f(dst, src, between(m, 0.1, 1.9))
	}}
}

// paintSquare is the Cutout of Fast AutoAugment: a square of the given side in one colour. Its centre is uniform between
// pixel 1 and the image's end (numpy.random.uniform(w) draws between w and 1), its corner is truncated, and its last
// row and column are part of it, as Pillow's rectangle has it.
func paintSquare(dst, src *pixel.Image, side float64, p place) {
	dst.CopyFrom(src)
	if side <= 0 {
		return
	}
	w, h := float64(src.W), float64(src.H)
	centreX, centreY := w+float64((1-w)*p.x), h+float64((1-h)*p.y)
	left, top := int(max(0, centreX-side/2)), int(max(0, centreY-side/2))
	right, bottom := int(min(w, float64(left)+side)), int(min(h, float64(top)+side))
	for y := top; y <= min(bottom, src.H-1); y++ {
		for x := left; x <= min(right, src.W-1); x++ {
			copy(dst.Pix[(y*src.W+x)*src.C:][:src.C], []uint8{125, 123, 114})
		}
	}
}
