package train

import (
	"math"

	"augmix/methods"

	torch "github.com/wangkuiyi/gotorch"
)

// ringSize is how many steps go by between two readings of the loss.
const ringSize = 16

// meter sums the loss and the errors of an epoch in tensors, so that no step waits for a number. Its values are read
// every ringSize steps, which is also when a loss that is not finite is noticed.
type meter struct {
	cell   torch.Tensor // [1] float32: the loss of the step. It stays where it is, as a captured step needs.
	ring   torch.Tensor // [ringSize] float32: the losses of the steps since the last reading.
	filled int
	wrong  torch.Tensor // Scalar float64: images since the last reading that are classified wrongly by their first view.

	// Sums of the epoch until the last reading.
	loss    float64 // Of the steps' losses.
	errors  float64
	images  float64
	steps   float64
	average float64 // The reference's moving average of the loss, over all epochs (cifar.py: 0.9·ema + 0.1·loss).

	pending int // Images since the last reading.

	sum func([]float64) // Adds numbers of all ranks up; nil where there is one.
}

func newMeter() *meter {
	return &meter{
		cell: torch.Zeros([]int64{1}, false), ring: torch.Zeros([]int64{ringSize}, false),
		wrong: torch.Zeros(nil, false).CastTo(torch.Double),
	}
}

// Begin begins a step.
func (m *meter) Begin() { m.cell.Fill(0) }

// Add notes a part of a step: its share of the loss, and how many of its N images the logits [views·N, K] classify wrongly.
func (m *meter) Add(loss, logits torch.Tensor, y methods.Targets) {
	torch.NoGrad(func() {
		m.cell.AddI(loss, 1)
		m.wrong.AddI(y.Wrong(logits), 1)
	})
}

// Next ends a step on so many images. It is not part of what is captured: where the ring goes on is a number of Go's.
func (m *meter) Next(images int) {
	torch.Scope(func() {
		i := int64(m.filled)
		m.ring.Slice(0, i, i+1, 1).Copy(m.cell)
	})
	m.filled++
	m.pending += images
}

// full tells whether the meter must be read before the next step.
func (m *meter) full() bool { return m.filled == ringSize }

// read takes the tensors' values into the sums. It returns how many steps ago the first loss that is not finite was
// added, and that loss; −1 where all are finite.
func (m *meter) read() (ago int, loss float64) {
	ago = -1
	var values []float64
	for _, l := range m.ring.Float32s()[:m.filled] {
		values = append(values, float64(l))
	}
	values = append(values, m.wrong.Float64(), float64(m.pending))
	if m.sum != nil {
		m.sum(values)
	}
	for i, v := range values[:m.filled] {
		if ago < 0 && (math.IsNaN(v) || math.IsInf(v, 0)) {
			ago, loss = m.filled-1-i, v
		}
		m.loss += v
		m.steps++
		m.average = float64(m.average*0.9) + float64(v*0.1)
	}
	m.errors += values[m.filled]
	m.images += values[m.filled+1]
	m.wrong.Fill(0)
	m.filled, m.pending = 0, 0
	return ago, loss
}

// startEpoch clears the sums of an epoch; the moving average goes on.
func (m *meter) startEpoch() { m.loss, m.errors, m.images, m.steps = 0, 0, 0, 0 }

// meanLoss returns the mean loss of the epoch so far.
func (m *meter) meanLoss() float64 { return m.loss / max(m.steps, 1) }

// errorRate returns the training error of the epoch so far, in percent.
func (m *meter) errorRate() float64 { return 100 * m.errors / max(m.images, 1) }
