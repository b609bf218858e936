package train

import (
	"augmix/data"
	"augmix/methods"
	"augmix/nets"
	"augmix/rng"
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

	static *torch.Static  // Owns the slots, the draws and the meter.
	draws  *methods.Draws // Of the step.
	pixels []torch.Tensor // One a slot: [views·batch, H, W, C] float32.
	labels []torch.Tensor // One a slot: [batch] int64.
}

// slots is how many batches may be ready or in the making at once.
const slots = 3

func newMachine(cfg run.Config, method methods.Method, net *nets.Net, w, h, c int) *machine {
	m := &machine{cfg: cfg, method: method, net: net, static: torch.NewStatic()}
	net.SetBF16(cfg.Precision == "bf16")
	m.sgd = torch.SGD(cfg.LearningRate, cfg.Momentum, 0, cfg.Decay, true)
	m.sgd.AddParameters(net.Parameters())
	m.static.Do(func() {
		m.meter = newMeter()
		m.draws = methods.NewDraws(cfg.BatchSize, w, h)
		rows := int64(method.Views() * cfg.BatchSize)
		for range slots {
			m.pixels = append(m.pixels, torch.EmptyOf([]int64{rows, int64(h), int64(w), int64(c)}, torch.Float))
			m.labels = append(m.labels, torch.EmptyOf([]int64{int64(cfg.BatchSize)}, torch.Long))
		}
	})
	return m
}

// close frees everything but the network.
func (m *machine) close() {
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
	draws := rng.Named("batch", seed)
	m.method.Draw(m.draws, b.N, &draws)
	torch.Scope(func() {
		x, y := m.method.Batch(m.batch(b))
		logits := m.net.Forward(x)
		loss := m.method.Loss(logits, y)
		m.sgd.ZeroGrad()
		loss.Backward()
		m.sgd.SetLR(rate)
		m.sgd.Step()
		m.meter.Add(loss, logits, y)
	})
}

// batch views a batch's memory as images [views·N, C, H, W], channels_last without a copy, and labels [N].
func (m *machine) batch(b data.Batch) methods.Batch {
	rows := m.pixels[b.Slot].Slice(0, 0, int64(b.Views*b.N), 1)
	return methods.Batch{
		Images: rows.Permute([]int64{0, 3, 1, 2}), Labels: m.labels[b.Slot].Slice(0, 0, int64(b.N), 1),
		Draws: m.draws, Forward: m.net.Forward,
	}
}
