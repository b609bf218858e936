package eval

import (
	"math"

	"augmix/run"
)

// bin is a group of images of similar confidence.
type bin struct {
	n          int
	share      float64 // of all images
	confidence float64 // mean
	gap        float64 // mean confidence less accuracy
}

// sums are those over the images of a bin.
type sums struct{ n, confidence, right float64 }

func (s *sums) add(o outcome) {
	s.n++
	s.confidence += o.confidence
	if o.correct {
		s.right++
	}
}

// of returns the bin of these sums in a sample of n images.
func (s sums) of(n int) bin {
	if s.n == 0 {
		return bin{}
	}
	return bin{n: int(s.n), share: s.n / float64(n), confidence: s.confidence / s.n, gap: (s.confidence - s.right) / s.n}
}

// binSize is the published code's β: outlier-exposure, utils/calibration_tools.py.
const binSize = 100

// binsOf100 cuts a sample, the least confident images first, into ⌊N/100⌋ bins of
// 100; the last bin takes the rest too. It is nil below 100 images.
func binsOf100(images []outcome, sample []int) []bin {
	if len(sample) < binSize {
		return nil
	}
	bins := make([]bin, len(sample)/binSize)
	for i := range bins {
		members := sample[i*binSize : (i+1)*binSize]
		if i == len(bins)-1 {
			members = sample[i*binSize:]
		}
		var s sums
		for _, j := range members {
			s.add(images[j])
		}
		bins[i] = s.of(len(sample))
	}
	return bins
}

// published returns those of binsOf100 that the published code counts: its loop
// over the bins stops one short, so that the most confident images do not count
// (and one bin alone gives 0). Of nil, where the published code fails, it is nil.
func published(bins []bin) []bin {
	if bins == nil {
		return nil
	}
	return bins[:len(bins)-1]
}

// rms is the root of the mean squared gap, each bin weighted by its share of the
// images; NaN of nil.
func rms(bins []bin) float64 {
	if bins == nil {
		return math.NaN()
	}
	var sum float64
	for _, b := range bins {
		sum += float64(b.share * float64(b.gap*b.gap))
	}
	return math.Sqrt(sum)
}

// mad is the mean absolute gap, each bin weighted by its share of the images; NaN
// of nil.
func mad(bins []bin) float64 {
	if bins == nil {
		return math.NaN()
	}
	var sum float64
	for _, b := range bins {
		sum += float64(b.share * math.Abs(b.gap))
	}
	return sum
}

// eceBins is the number of bins of Guo et al., "On Calibration of Modern Neural
// Networks" (2017), section 5.
const eceBins = 15

// equalWidthBins puts the images into bins by confidence, (i/15, (i+1)/15]; mad of
// these is the expected calibration error.
func equalWidthBins(images []outcome, sample []int) []bin {
	var all [eceBins]sums
	for _, i := range sample {
		b := 0
		for b < eceBins-1 && images[i].confidence > float64(b+1)/eceBins {
			b++
		}
		all[b].add(images[i])
	}
	bins := make([]bin, eceBins)
	for b, s := range all {
		bins[b] = s.of(len(sample))
	}
	return bins
}

// reliabilityOf turns bins of equal width into what a reliability diagram draws.
func reliabilityOf(bins []bin) []run.Bin {
	out := make([]run.Bin, len(bins))
	for i, b := range bins {
		out[i] = run.Bin{N: b.n, Confidence: run.None(), Accuracy: run.None()}
		if b.n > 0 {
			out[i].Confidence, out[i].Accuracy = percent(b.confidence), percent(b.confidence-b.gap)
		}
	}
	return out
}

// softF1 is the F1 score of finding the wrong images where one of confidence c
// counts as found by 1-c (outlier-exposure, utils/calibration_tools.py):
// 2·Σ(1-c)·wrong / Σ(1-c+wrong). NaN where all are right at confidence 1.
func softF1(images []outcome, sample []int) float64 {
	var found, total float64
	for _, i := range sample {
		doubt := 1 - images[i].confidence
		total += doubt
		if !images[i].correct {
			found += doubt
			total++
		}
	}
	return 2 * found / total
}

// aurra is the area under the response rate accuracy curve (ibid.): the mean over j
// of the accuracy among the j most confident images.
func aurra(images []outcome, sample []int) float64 {
	var right, sum float64
	for j := range sample {
		if images[sample[len(sample)-1-j]].correct {
			right++
		}
		sum += right / float64(j+1)
	}
	return sum / float64(len(sample))
}

// merge adds the images of two lists of bins of equal width, bin by bin; the first
// may be nil. Shares are of no use afterwards.
func merge(a, b []bin) []bin {
	if a == nil {
		return b
	}
	out := make([]bin, len(b))
	for i := range b {
		n := a[i].n + b[i].n
		if n > 0 {
			of := func(x, y float64) float64 { return (x*float64(a[i].n) + y*float64(b[i].n)) / float64(n) }
			out[i] = bin{n: n, confidence: of(a[i].confidence, b[i].confidence), gap: of(a[i].gap, b[i].gap)}
		}
	}
	return out
}
