package eval

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"augmix/run"
)

// Accumulator collects the predictions for one set of images. How the set is cut
// into batches changes no bit of the scores. It is for one goroutine at a time.
type Accumulator struct {
	classes int
	images  []outcome
}

// outcome is what the metrics need of one image.
type outcome struct {
	confidence float64 // the highest probability
	nll        float64 // of the label, nats
	brier      float64 // 0 to 2
	correct    bool    // the most probable class is the label
}

// NewAccumulator returns an empty Accumulator for so many classes. n images are
// expected; more or fewer may come.
func NewAccumulator(classes, n int) *Accumulator {
	if classes < 1 {
		panic("eval: NewAccumulator needs at least one class")
	}
	return &Accumulator{classes: classes, images: make([]outcome, 0, n)}
}

// Len returns the number of images added.
func (a *Accumulator) Len() int { return len(a.images) }

// Add takes the natural logarithms of the probabilities of a batch, an N×K matrix
// row by row, and its N labels. The prediction is the first of the most probable
// classes. A label that is no class, or a row that is no distribution, is an error
// that names the image; the Accumulator is of no use after it. Add panics where the
// lengths do not fit.
func (a *Accumulator) Add(logProbabilities []float64, labels []int64) error {
	if len(logProbabilities) != len(labels)*a.classes {
		panic(fmt.Sprintf("eval: %d probabilities for %d labels of %d classes", len(logProbabilities), len(labels), a.classes))
	}
	for i, label := range labels {
		if label < 0 || label >= int64(a.classes) {
			return fmt.Errorf("image %d: label %d is not one of %d classes", a.Len(), label, a.classes)
		}
		image, err := outcomeOf(logProbabilities[i*a.classes:(i+1)*a.classes], int(label))
		if err != nil {
			return fmt.Errorf("image %d: %w", a.Len(), err)
		}
		a.images = append(a.images, image)
	}
	return nil
}

// sumTolerance is how far from 1 the probabilities of an image may sum: far above
// any rounding, far below what is not a softmax.
const sumTolerance = 0.01

func outcomeOf(logP []float64, label int) (outcome, error) {
	best := 0
	var sum, brier float64
	for k, v := range logP {
		if v > logP[best] {
			best = k
		}
		p := math.Exp(v)
		sum += p
		if k == label {
			p--
		}
		brier += float64(p * p)
	}
	// Written so that NaN is refused too.
	if !(math.Abs(sum-1) <= sumTolerance) || math.IsInf(logP[label], 0) {
		return outcome{}, fmt.Errorf("the probabilities sum to %v, the label's is %v: the network's output is not finite or not a softmax",
			sum, math.Exp(logP[label]))
	}
	return outcome{confidence: math.Exp(logP[best]), nll: -logP[label], brier: brier, correct: best == label}, nil
}

// Scores returns the figures of the images added so far: rates in percent, NLL in
// nats, Brier from 0 to 2. It panics if there are none.
func (a *Accumulator) Scores() run.Scores { return scoresOf(a.images, byConfidence(a.images)) }

// byConfidence returns the images' positions, the least confident first. Images
// whose confidence is the same in float32, which is what the published code sorts,
// keep their order: its sort leaves it open, and nothing hangs on the last bit.
func byConfidence(images []outcome) []int {
	order := make([]int, len(images))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(float32(images[a].confidence), float32(images[b].confidence)) })
	return order
}

// scoresOf returns the figures of a sample of images: their positions, the least
// confident first; one may be there several times. It panics if there are none.
func scoresOf(images []outcome, sample []int) run.Scores {
	n := float64(len(sample))
	if n == 0 {
		panic("eval: Scores of no images")
	}
	var right, confidence, nll, brier float64
	for _, i := range sample {
		if images[i].correct {
			right++
		}
		confidence += images[i].confidence
		nll += images[i].nll
		brier += images[i].brier
	}
	bins := binsOf100(images, sample)
	return run.Scores{
		Error:                   100 * (n - right) / n,
		NLL:                     nll / n,
		Brier:                   brier / n,
		RMSCalibration:          percent(rms(published(bins))),
		RMSCalibrationAllBins:   percent(rms(bins)),
		MADCalibration:          percent(mad(published(bins))),
		MADCalibrationAllBins:   percent(mad(bins)),
		ECE:                     100 * mad(equalWidthBins(images, sample)),
		ConfidenceMinusAccuracy: 100 * (confidence - right) / n,
		SoftF1:                  percent(softF1(images, sample)),
		AURRA:                   100 * aurra(images, sample),
	}
}

// percent turns a fraction into a figure in percent; NaN becomes "there is none".
func percent(x float64) run.Number { return run.Number(100 * x) }
