package corrupt

import (
	"sync"

	"augmix/pixel"
	"augmix/rng"
)

// sequenceNoises are the noises of a perturbation: for each table its strengths. Each
// is made when it is first asked for and then shared.
type sequenceNoises [len(pSizes)][3]func() *byteNoise

func newSequenceNoises(l [len(pSizes)][3]float64, cumulative func(p *[256]float64, v int, level float64)) sequenceNoises {
	var noises sequenceNoises
	for t := range l {
		for variant, level := range l[t] {
			noises[t][variant] = sync.OnceValue(func() *byteNoise {
				return newByteNoise(func(p *[256]float64, v int) { cumulative(p, v, level) })
			})
		}
	}
	return noises
}

// The constants are those of the corruptions of the same names.
var (
	gaussianSequences = newSequenceNoises([...][3]float64{{0.02, 0.04, 0.06}, {0.03, 0.05, 0.08}}, gaussianBelow)
	shotSequences     = newSequenceNoises([...][3]float64{{700, 400, 200}, {300, 120, 60}}, shotBelow)
	speckleSequences  = newSequenceNoises([...][3]float64{{0.05, 0.07, 0.1}, {0.05, 0.10, 0.15}}, speckleBelow)
)

// noiseSequence shows the image and then, in each frame, other noise on it.
type noiseSequence struct {
	noise func() *byteNoise
	crop  crop
}

func newGaussianSequence(t pTable, variant, _ int) perturbation {
	return &noiseSequence{noise: gaussianSequences[t][variant]}
}

func newShotSequence(t pTable, variant, _ int) perturbation {
	return &noiseSequence{noise: shotSequences[t][variant]}
}

func newSpeckleSequence(t pTable, variant, _ int) perturbation {
	return &noiseSequence{noise: speckleSequences[t][variant]}
}

func (n *noiseSequence) apply(frames []pixel.Image, whole *pixel.Image, left, top int, r *rng.Stream) {
	clean := n.crop.of(whole, &frames[0], left, top)
	frames[0].CopyFrom(clean)
	for i := range frames[1:] {
		n.noise().apply(frames[1+i].Pix, clean.Pix, r)
	}
}
