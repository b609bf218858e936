package eval

import (
	"cmp"
	"math"
	"slices"
)

// bin is a group of images of similar confidence.
type bin struct {
	share float64 // of all images
	gap   float64 // mean confidence less accuracy
}

// binSize is the published code's β: outlier-exposure, utils/calibration_tools.py.
const binSize = 100

// binsOf100 sorts the images by confidence and cuts them into ⌊N/100⌋ bins of 100,
// the least confident first; the last bin takes the rest too. Images of equal
// confidence keep their order: the published code's sort leaves it open.
func binsOf100(confidence []float32, correct []bool) []bin {
	n := len(confidence)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(confidence[a], confidence[b]) })
	bins := make([]bin, n/binSize)
	for i := range bins {
		images := order[i*binSize : (i+1)*binSize]
		if i == len(bins)-1 {
			images = order[i*binSize:]
		}
		var gap float64
		for _, j := range images {
			gap += float64(confidence[j])
			if correct[j] {
				gap--
			}
		}
		size := float64(len(images))
		bins[i] = bin{share: size / float64(n), gap: gap / size}
	}
	return bins
}

// rms is the root of the mean squared gap, each bin weighted by its share of the
// images; NaN where there is no bin.
func rms(bins []bin) float64 {
	if len(bins) == 0 {
		return math.NaN()
	}
	return rootOfSquares(bins)
}

// publishedRMS is what the published code computes: its loop over the bins stops
// one short, so that the most confident images do not count (and one bin alone
// gives 0). NaN where there is no bin; the published code fails there.
func publishedRMS(bins []bin) float64 {
	if len(bins) == 0 {
		return math.NaN()
	}
	return rootOfSquares(bins[:len(bins)-1])
}

func rootOfSquares(bins []bin) float64 {
	var sum float64
	for _, b := range bins {
		sum += float64(b.share * float64(b.gap*b.gap))
	}
	return math.Sqrt(sum)
}

// eceBins is the number of bins of Guo et al., "On Calibration of Modern Neural
// Networks" (2017), section 5.
const eceBins = 15

// ece is the expected calibration error: the mean |confidence - accuracy| over bins
// of equal width (i/15, (i+1)/15], each weighted by its images.
func ece(confidence []float32, correct []bool) float64 {
	var gaps [eceBins]float64
	for i, c := range confidence {
		// A bin includes its upper edge.
		b := min(max(int(math.Ceil(float64(c)*eceBins))-1, 0), eceBins-1)
		gaps[b] += float64(c)
		if correct[i] {
			gaps[b]--
		}
	}
	var sum float64
	for _, gap := range gaps {
		sum += math.Abs(gap)
	}
	return sum / float64(len(confidence))
}
