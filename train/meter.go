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
	ring   torch.Tensor // [ringSize] float32: the losses since the last reading, then zeros.
	filled int
	wrong  torch.Tensor // Scalar float64: images since the last reading that are classified wrongly by their first view.

	// Sums of the epoch until the last reading.
	loss    float64 // Of the steps' losses.
	errors  float64
	images  float64
	steps   float64
	average float64 // The reference's moving average of the loss, over all epochs (cifar.py: 0.9·ema + 0.1·loss).

	pending int // Images since the last reading.
}

func newMeter() *meter {
	return &meter{ring: torch.Zeros([]int64{ringSize}, false), wrong: torch.Zeros(nil, false).CastTo(torch.Double)}
}

// Add notes a part of a step: its share of the loss, and how many of its N images the logits [views·N, K] classify wrongly.
func (m *meter) Add(loss, logits torch.Tensor, y methods.Targets) {
	torch.NoGrad(func() {
		i := int64(m.filled)
		sum := m.ring.Slice(0, i, i+1, 1)
		sum.AddI(loss, 1)
		m.wrong.AddI(y.Wrong(logits), 1)
		m.pending += int(y.Labels.Shape()[0])
	})
}

// Next ends a step.
func (m *meter) Next() { m.filled++ }

// full tells whether the meter must be read before the next step.
func (m *meter) full() bool { return m.filled == ringSize }

// read takes the tensors' values into the sums. It returns how many steps ago the first loss that is not finite was
// added, and that loss; −1 where all are finite.
func (m *meter) read() (ago int, loss float64) {
	ago = -1
	losses := m.ring.Float32s()[:m.filled]
	for i, l := range losses {
		v := float64(l)
		if ago < 0 && (math.IsNaN(v) || math.IsInf(v, 0)) {
			ago, loss = m.filled-1-i, v
		}
		m.loss += v
		m.steps++
		m.average = float64(m.average*0.9) + float64(v*0.1)
	}
	m.errors += m.wrong.Float64()
	m.images += float64(m.pending)
	m.ring.Fill(0)
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
