package eval

import (
	"math"

	"augmix/run"
)

// Flips collects the predictions for sequences of one perturbation: how often they
// change, and how far the five best classes move. It is for one goroutine at a time.
type Flips struct {
	classes, frames int
	noise           bool // frames are compared with the first, else with the one before
	sequences       int
	flipped         float64 // sum over sequences of the mean over frames
	distance        float64 // the same of the top-5 distance
}

// NewFlips returns an empty Flips for sequences of so many frames, at least 2.
func NewFlips(classes, frames int, noise bool) *Flips {
	if classes < 1 || frames < 2 {
		panic("eval: NewFlips needs a class and two frames")
	}
	return &Flips{classes: classes, frames: frames, noise: noise}
}

// Add takes the logits, or anything in their order, of whole sequences: a matrix of a
// row a frame. It panics where the length does not fit.
func (f *Flips) Add(logits []float32) {
	size := f.frames * f.classes
	if len(logits)%size != 0 {
		panic("eval: Flips.Add of a part of a sequence")
	}
	for ; len(logits) > 0; logits = logits[size:] {
		flipped, distance := 0, 0
		for j := 1; j < f.frames; j++ {
			before := j - 1
			if f.noise {
				before = 0
			}
			a, b := logits[before*f.classes:][:f.classes], logits[j*f.classes:][:f.classes]
			if best(a) != best(b) {
				flipped++
			}
			distance += topFiveDistance(a, b)
		}
		f.sequences++
		f.flipped += float64(flipped) / float64(f.frames-1)
		f.distance += float64(distance) / float64(f.frames-1)
	}
}

// Len returns the number of sequences added.
func (f *Flips) Len() int { return f.sequences }

// Scores returns the figures of the sequences added so far; of none it panics. Below
// six classes there is no top-5 distance.
func (f *Flips) Scores() run.PerturbationScores {
	if f.sequences == 0 {
		panic("eval: Flips.Scores of no sequences")
	}
	s := run.PerturbationScores{
		FlipProbability: 100 * f.flipped / float64(f.sequences), FlipRate: run.None(), Top5Distance: run.None(), Frames: f.frames,
	}
	if f.classes > topFive {
		s.Top5Distance = run.Number(f.distance / float64(f.sequences))
	}
	return s
}

// best returns the first of the classes with the highest logit.
func best(logits []float32) int {
	best := 0
	for k, v := range logits {
		if v > logits[best] {
			best = k
		}
	}
	return best
}

// topFive is how many classes the top-5 distance is about.
const topFive = 5

// topFiveDistance is the sum over the five best classes of a of how far each moved in
// b's order, all places after the fifth being one: hendrycks/robustness,
// ImageNet-P/test.py. Of equal logits the first class is the better.
func topFiveDistance(a, b []float32) int {
	var taken [topFive]int
	sum := 0
	for place := range min(topFive, len(a)) {
		next, highest := -1, float32(math.Inf(-1))
		for k, v := range a {
			if (next < 0 || v > highest) && !contains(taken[:place], k) {
				next, highest = k, v
			}
		}
		taken[place] = next
		moved := min(rank(b, next), topFive) - place
		sum += max(moved, -moved)
	}
	return sum
}

func contains(list []int, k int) bool {
	for _, v := range list {
		if v == k {
			return true
		}
	}
	return false
}

// rank returns how many classes are better than class k.
func rank(logits []float32, k int) int {
	n := 0
	for i, v := range logits {
		if v > logits[k] || v == logits[k] && i < k {
			n++
		}
	}
	return n
}
