package eval

import "math"

// The range that a temperature is searched in is the published code's
// (outlier-exposure, utils/calibration_tools.py), which stops at a width of 1e-4.
const (
	coldest          = 0.2
	hottest          = 5
	temperatureWidth = 1e-12
)

// fitTemperature returns the temperature that minimises the mean NLL of
// softmax(log p/T) over images with the logarithms of their probabilities, N×K, by
// bisection on its derivative: the NLL is convex in 1/T. atEnd tells that the best
// is at or beyond an end of the range.
func fitTemperature(logProbabilities []float64, labels []int64, classes int) (t float64, atEnd bool) {
	lo, hi := float64(coldest), float64(hottest)
	if coolingHelps(logProbabilities, labels, classes, lo) {
		return lo, true
	}
	if !coolingHelps(logProbabilities, labels, classes, hi) {
		return hi, true
	}
	for hi-lo > temperatureWidth {
		t := (lo + hi) / 2
		if coolingHelps(logProbabilities, labels, classes, t) {
			hi = t
		} else {
			lo = t
		}
	}
	return (lo + hi) / 2, false
}

// coolingHelps reports whether the NLL falls as the temperature t does: whether its
// derivative, Σ (z_label - Σ_k p_k z_k)/t², is positive, z being the logarithms.
func coolingHelps(logProbabilities []float64, labels []int64, classes int, t float64) bool {
	var slope float64
	p := make([]float64, classes)
	for i, label := range labels {
		z := logProbabilities[i*classes : (i+1)*classes]
		rescale(p, z, classes, t)
		slope += z[label]
		for k, v := range p {
			slope -= float64(math.Exp(v) * z[k])
		}
	}
	return slope > 0
}
