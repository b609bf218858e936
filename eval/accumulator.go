package eval

import (
	"fmt"
	"math"

	"augmix/run"
)

// Accumulator collects the predictions for one set of images. How the set is cut
// into batches changes no bit of the scores. It is for one goroutine at a time.
type Accumulator struct {
	classes int
	wrong   int
	nll     float64
	brier   float64
	// One entry an image: the highest probability, and whether its class is the
	// label.
	confidence []float32
	correct    []bool
}

// NewAccumulator returns an empty Accumulator for so many classes. n images are
// expected; more or fewer may come.
func NewAccumulator(classes, n int) *Accumulator {
	if classes < 1 {
		panic("eval: NewAccumulator needs at least one class")
	}
	return &Accumulator{classes: classes, confidence: make([]float32, 0, n), correct: make([]bool, 0, n)}
}

// Len returns the number of images added.
func (a *Accumulator) Len() int { return len(a.correct) }

// Add takes the probabilities of a batch, an N×K matrix row by row, and its N
// labels. The prediction is the first of the most probable classes. A label that
// is no class, or a row that is no distribution, is an error that names the image;
// the Accumulator is of no use after it. Add panics where the lengths do not fit.
func (a *Accumulator) Add(probabilities []float32, labels []int64) error {
	if len(probabilities) != len(labels)*a.classes {
		panic(fmt.Sprintf("eval: %d probabilities for %d labels of %d classes", len(probabilities), len(labels), a.classes))
	}
	for i, label := range labels {
		if label < 0 || label >= int64(a.classes) {
			return fmt.Errorf("image %d: label %d is not one of %d classes", a.Len(), label, a.classes)
		}
		if err := a.add(probabilities[i*a.classes:(i+1)*a.classes], int(label)); err != nil {
			return fmt.Errorf("image %d: %w", a.Len(), err)
		}
	}
	return nil
}

// sumTolerance is how far from 1 the probabilities of an image may sum: far above
// the rounding of float32, and of bfloat16 where a network gives that.
const sumTolerance = 0.01

func (a *Accumulator) add(p []float32, label int) error {
	best := 0
	var sum, brier float64
	for k, v := range p {
		if v > p[best] {
			best = k
		}
		d := float64(v)
		sum += d
		if k == label {
			d--
		}
		brier += float64(d * d)
	}
	// Written so that NaN is refused too.
	if !(math.Abs(sum-1) <= sumTolerance) {
		return fmt.Errorf("the probabilities sum to %v, want 1: the network's output is not finite or not a softmax", sum)
	}
	// A probability that underflowed in float32 is not zero: the smallest positive
	// one keeps the mean finite.
	a.nll -= math.Log(max(float64(p[label]), math.SmallestNonzeroFloat32))
	a.brier += brier
	if best != label {
		a.wrong++
	}
	a.confidence = append(a.confidence, p[best])
	a.correct = append(a.correct, best == label)
	return nil
}

// Scores returns the figures of the images added so far: rates in percent, NLL in
// nats, Brier from 0 to 2. It panics if there are none.
func (a *Accumulator) Scores() run.Scores {
	n := float64(a.Len())
	if n == 0 {
		panic("eval: Scores of no images")
	}
	var confidence float64
	for _, c := range a.confidence {
		confidence += float64(c)
	}
	bins := binsOf100(a.confidence, a.correct)
	return run.Scores{
		Error:                   100 * float64(a.wrong) / n,
		NLL:                     a.nll / n,
		Brier:                   a.brier / n,
		RMSCalibration:          percent(publishedRMS(bins)),
		RMSCalibrationAllBins:   percent(rms(bins)),
		ECE:                     100 * ece(a.confidence, a.correct),
		ConfidenceMinusAccuracy: 100 * (confidence - (n - float64(a.wrong))) / n,
	}
}

// percent turns a fraction into a figure in percent; NaN becomes "there is none".
func percent(x float64) run.Number { return run.Number(100 * x) }
