package data

import "math"

// window is a window of an image: its top left corner, width and height in pixels.
type window struct{ x, y, w, h int }

// The defaults of torchvision.transforms.RandomResizedCrop, which ImageNet's
// recipes use.
const (
	minCropArea, maxCropArea   = 0.08, 1.0 // of the image's
	minCropRatio, maxCropRatio = 3.0 / 4, 4.0 / 3
	cropTries                  = 10
)

// draws gives random numbers; *rng.Stream does.
type draws interface {
	Float64() float64 // in [0,1)
	IntN(n int) int   // in [0,n)
}

// randomResizedCrop draws the window of RandomResizedCrop.get_params (torchvision
// 0.26) in an image of w×h pixels: a tenth try that does not fit gives the largest
// window in the middle of a permitted ratio.
func randomResizedCrop(w, h int, r draws) window {
	uniform := func(lo, hi float64) float64 { return lo + float64((hi-lo)*r.Float64()) }
	area := float64(w * h)
	for range cropTries {
		target := area * uniform(minCropArea, maxCropArea)
		ratio := math.Exp(uniform(math.Log(minCropRatio), math.Log(maxCropRatio)))
		cw := round(math.Sqrt(target * ratio))
		ch := round(math.Sqrt(target / ratio))
		if 0 < cw && cw <= w && 0 < ch && ch <= h {
			y := r.IntN(h - ch + 1)
			return window{r.IntN(w - cw + 1), y, cw, ch}
		}
	}
	b := window{w: w, h: h}
	switch ratio := float64(w) / float64(h); {
	case ratio < minCropRatio:
		b.h = round(float64(w) / minCropRatio)
	case ratio > maxCropRatio:
		b.w = round(float64(h) * maxCropRatio)
	}
	b.x, b.y = (w-b.w)/2, (h-b.h)/2
	return b
}

// evaluationSide returns how long the shorter side of an image becomes before its
// centre of side×side pixels is cut out: 256 for 224, as in torchvision's recipes,
// and in that proportion for others.
func evaluationSide(side int) int { return (2*side*256 + 224) / (2 * 224) }

// round rounds as Python's round does: halves to the even number.
func round(x float64) int { return int(math.RoundToEven(x)) }
