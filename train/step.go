package train

import (
	"augmix/data"
	"augmix/methods"
	"augmix/nets"
	"augmix/run"

	torch "github.com/wangkuiyi/gotorch"
)

// machine is what a step works on: the network, its optimizer, and the memory of the batches.
type machine struct {
	cfg    run.Config
	method methods.Method
	net    *nets.Net
	sgd    torch.Optimizer
	meter  *meter
	// average is the network that is evaluated: the moving average of net's weights; nil without --ema.
	average *average

	static *torch.Static    // Owns the slots, the draws and the meter.
	draws  []*methods.Draws // Of each part of the step's batch.
	pixels []torch.Tensor   // One a slot: [views·images, H, W, C] float32, where images is imagesPerStep.
	labels []torch.Tensor   // One a slot: [images] int64.
}

// slots is how many batches may be ready or in the making at once.
const slots = 3

func newMachine(cfg run.Config, method methods.Method, net *nets.Net, w, h, c int) *machine {
	m := &machine{cfg: cfg, method: method, net: net, static: torch.NewStatic()}
	net.SetBF16(cfg.Precision == "bf16")
	m.sgd = torch.SGD(cfg.LearningRate, cfg.Momentum, 0, cfg.Decay, !cfg.NoNesterov)
	m.sgd.AddParameters(net.Parameters())
	m.static.Do(func() {
		m.meter = newMeter()
		for range partsPerStep(cfg) {
			m.draws = append(m.draws, methods.NewDraws(cfg.BatchSize, w, h))
		}
		images := int64(imagesPerStep(cfg))
		rows := int64(method.Views()) * images
		for range slots {
			m.pixels = append(m.pixels, torch.EmptyOf([]int64{rows, int64(h), int64(w), int64(c)}, torch.Float))
			m.labels = append(m.labels, torch.EmptyOf([]int64{images}, torch.Long))
		}
	})
	return m
}

// close frees everything but the network.
func (m *machine) close() {
	if m.average != nil {
		m.average.close()
	}
	m.sgd.Close()
	m.static.Close()
}

// ring is the batches' memory as the pipeline fills it.
func (m *machine) ring() []data.Slot {
	out := make([]data.Slot, slots)
	for i := range out {
		out[i] = data.Slot{Pixels: m.pixels[i].MemoryFloat32(), Labels: m.labels[i].MemoryInt64()}
	}
	return out
}

// step trains on one batch at a learning rate. seed seeds the method's draws on the batch and libtorch's (dropout, the
// start of an attack).
func (m *machine) step(b data.Batch, rate float64, seed uint64) {
	torch.Seed(seed)
	m.draw(b, seed)
	torch.Scope(func() {
		m.sgd.ZeroGrad()
		for i := range m.parts(b) {
			torch.Scope(func() { // Frees the part's activations before the next one.
				part := m.part(b, i)
				x, y := m.method.Batch(part.Batch)
				logits := m.net.Forward(x)
				loss := part.weigh(m.method.Loss(logits, y))
				loss.Backward()
				m.meter.Add(loss, logits, y)
			})
		}
		if m.cfg.ClipGrad > 0 {
			m.sgd.ClipGradNorm(m.cfg.ClipGrad)
		}
		m.sgd.SetLR(rate)
		m.sgd.Step()
		if m.average != nil {
			m.average.follow()
		}
		m.meter.Next()
	})
}

// evaluated is the network that is measured.
func (m *machine) evaluated() *nets.Net {
	if m.average != nil {
		return m.average.net
	}
	return m.net
}
