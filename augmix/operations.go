package augmix

import (
	"fmt"

	"augmix/pixel"
)

// Operation is one of the image operations that chains are made of.
type Operation struct {
	Name    string // as the reference's augmentations.py spells it
	Leveled bool   // whether a level is drawn
	Signed  bool   // whether a sign is drawn after it
	// apply writes src changed at a level in [0,10], negated where the sign says, with
	// fill where nothing of it lies.
	apply func(dst, src *pixel.Image, level float64, negative bool, fill uint8)
	// text says in a few letters what apply does.
	text func(w, h int, level float64, negative bool) string
}

// Operations lists the reference's operations in its order: the first nine are
// the paper's; the last four overlap with corruptions of ImageNet-C and take part
// with --all-ops only (augmentations.py, augmentations and augmentations_all).
var Operations = [13]Operation{
	{Name: "autocontrast", apply: plain(pixel.Autocontrast), text: nameOnly("autocontrast")},
	{Name: "equalize", apply: plain(pixel.Equalize), text: nameOnly("equalize")},
	{Name: "posterize", Leveled: true,
		apply: func(dst, src *pixel.Image, level float64, _ bool, _ uint8) {
			pixel.Posterize(dst, src, posterizeBits(level))
		},
		text: func(_, _ int, level float64, _ bool) string {
			return fmt.Sprintf("posterize %d bit", posterizeBits(level))
		}},
	{Name: "rotate", Leveled: true, Signed: true,
		apply: func(dst, src *pixel.Image, level float64, negative bool, fill uint8) {
			pixel.Rotate(dst, src, float64(signed(intParameter(level, 30), negative)), fill)
		},
		text: func(_, _ int, level float64, negative bool) string {
			return fmt.Sprintf("rotate %+d°", signed(intParameter(level, 30), negative))
		}},
	{Name: "solarize", Leveled: true,
		apply: func(dst, src *pixel.Image, level float64, _ bool, _ uint8) {
			pixel.Solarize(dst, src, solarizeThreshold(level))
		},
		text: func(_, _ int, level float64, _ bool) string {
			return fmt.Sprintf("solarize ≥ %d", solarizeThreshold(level))
		}},
	shear("shear_x", pixel.ShearX),
	shear("shear_y", pixel.ShearY),
	translate("translate_x", pixel.TranslateX, func(w, _ int) int { return w }),
	translate("translate_y", pixel.TranslateY, func(_, h int) int { return h }),
	enhance("color", pixel.Color),
	enhance("contrast", pixel.Contrast),
	enhance("brightness", pixel.Brightness),
	enhance("sharpness", pixel.Sharpness),
}

// The parameters follow augmentations.py: intParameter and floatParameter scale a
// level of 10 to a maximum, one truncating.

func intParameter(level, maximum float64) int { return int(level * maximum / 10) }

func floatParameter(level, maximum float64) float64 { return level * maximum / 10 }

func posterizeBits(level float64) int { return 4 - intParameter(level, 4) }

func solarizeThreshold(level float64) int { return 256 - intParameter(level, 256) }

// enhanceFactor is never 0, which would be a picture of one colour.
func enhanceFactor(level float64) float64 { return floatParameter(level, 1.8) + 0.1 }

func signed[T int | float64](v T, negative bool) T {
	if negative {
		return -v
	}
	return v
}

func plain(f func(dst, src *pixel.Image)) func(dst, src *pixel.Image, level float64, negative bool, fill uint8) {
	return func(dst, src *pixel.Image, _ float64, _ bool, _ uint8) { f(dst, src) }
}

func nameOnly(name string) func(w, h int, level float64, negative bool) string {
	return func(int, int, float64, bool) string { return name }
}

func shear(name string, f func(dst, src *pixel.Image, v float64, fill uint8)) Operation {
	return Operation{Name: name, Leveled: true, Signed: true,
		apply: func(dst, src *pixel.Image, level float64, negative bool, fill uint8) {
			f(dst, src, signed(floatParameter(level, 0.3), negative), fill)
		},
		text: func(_, _ int, level float64, negative bool) string {
			return fmt.Sprintf("%s %+.3f", name, signed(floatParameter(level, 0.3), negative))
		}}
}

// translate scales by a third of the image's own width or height, where the
// reference has one IMAGE_SIZE for both.
func translate(name string, f func(dst, src *pixel.Image, px int, fill uint8), side func(w, h int) int) Operation {
	pixels := func(w, h int, level float64, negative bool) int {
		return signed(intParameter(level, float64(side(w, h))/3), negative)
	}
	return Operation{Name: name, Leveled: true, Signed: true,
		apply: func(dst, src *pixel.Image, level float64, negative bool, fill uint8) {
			f(dst, src, pixels(src.W, src.H, level, negative), fill)
		},
		text: func(w, h int, level float64, negative bool) string {
			return fmt.Sprintf("%s %+d", name, pixels(w, h, level, negative))
		}}
}

func enhance(name string, f func(dst, src *pixel.Image, factor float64)) Operation {
	return Operation{Name: name, Leveled: true,
		apply: func(dst, src *pixel.Image, level float64, _ bool, _ uint8) { f(dst, src, enhanceFactor(level)) },
		text: func(_, _ int, level float64, _ bool) string {
			return fmt.Sprintf("%s %.2f", name, enhanceFactor(level))
		}}
}
