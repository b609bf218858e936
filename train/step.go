package train

import (
	"augmix/data"
	"augmix/device"
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
	// reduce makes the gradients those of the batches of all ranks, after the last part's backward; share is this one's of
	// the step's images. It is nil in a single process.
	reduce      func(share float64)
	rank, ranks int
	counted     bool // The part that is in the network has images of this rank's.

	place  device.Place  // Where the network is.
	static *torch.Static // Owns the batches' memory and the meter.
	feed   *feed
	graphs *device.Graphs
}

// newMachine returns a machine at the place of the network. say is told why steps are not captured, if they cannot be.
func newMachine(cfg run.Config, method methods.Method, net *nets.Net, w, h, c int, say func(format string, args ...any)) *machine {
	m := &machine{cfg: cfg, method: method, net: net, ranks: 1, static: torch.NewStatic(), place: device.At(net.Device())}
	m.graphs = device.NewGraphs(m.place, !cfg.NoGraph, say)
	net.SetBF16(cfg.Precision == "bf16")
	m.place.Do(func() {
		if m.place.IsCUDA() && cfg.Precision == "bf16" {
			net.CopyWeights()
		}
		m.sgd = torch.SGD(cfg.LearningRate, cfg.Momentum, 0, cfg.Decay, !cfg.NoNesterov)
		m.sgd.AddParameters(net.Parameters())
		m.static.Do(func() {
			m.meter = newMeter()
			if m.place.IsCUDA() {
				m.feed = newDistantFeed(cfg, method, m.place, w, h, c)
			} else {
				m.feed = newFeed(cfg, method, w, h, c)
			}
		})
	})
	return m
}

// close frees everything but the network.
func (m *machine) close() {
	m.place.Wait()
	m.graphs.Close()
	m.feed.close()
	if m.average != nil {
		m.average.close()
	}
	m.sgd.Close()
	m.static.Close()
}

// step trains on one batch at a learning rate. seed seeds the method's draws on the batch and libtorch's (dropout, the
// start of an attack).
func (m *machine) step(b data.Batch, rate float64, seed uint64) {
	m.place.Do(func() {
		torch.Seed(m.ownSeed(seed))
		m.draw(b, seed)
		in := m.feed.load(b)
		m.sgd.SetLR(rate)
		m.graphs.Run(in.of, func() { m.update(in) })
		m.meter.Next(in.n)
		m.feed.used(b)
	})
}

// update is the part of a step that is the same from step to step: it reads and writes tensors that stay where they are,
// changes nothing else, and reads no number back, so that it can be captured as a CUDA graph.
func (m *machine) update(in inputs) {
	torch.Scope(func() {
		m.sgd.ZeroGrad()
		m.meter.Begin()
		for i := range m.parts(in.of) {
			torch.Scope(func() { // Frees the part's activations before the next one.
				part := m.part(in, i)
				m.counted = part.share > 0
				x, y := m.method.Batch(part.Batch)
				logits := m.net.Forward(x)
				loss := part.weigh(m.method.Loss(logits, y))
				loss.Backward()
				m.net.TakeGradients(i > 0)
				if part.share > 0 {
					m.meter.Add(loss, logits, y)
				}
			})
		}
		if m.reduce != nil {
			m.reduce(float64(in.n) / float64(in.of))
		}
		if m.cfg.ClipGrad > 0 {
			m.sgd.ClipGradNorm(m.cfg.ClipGrad)
		}
		m.sgd.Step()
		m.net.Refresh()
		if m.average != nil {
			m.average.follow()
		}
	})
}

// join makes the machine one of several. The tensors that this takes are freed with the machine's.
func (m *machine) join(c *company) {
	if c == nil {
		return
	}
	m.rank, m.ranks = c.rank(), c.size()
	m.meter.sum = c.sum
	m.place.Do(func() {
		m.static.Do(func() { m.reduce = newReducer(c, m).reduce })
		for _, in := range m.feed.all() { // What a rank without images takes must be finite.
			in.pixels.Fill(0)
			in.labels.Fill(0)
		}
	})
	if m.cfg.SyncBN {
		m.net.NormalizeBy(func(x, mean, variance, weight, bias torch.Tensor, momentum, eps float64) torch.Tensor {
			return c.device.BatchNorm(x, mean, variance, weight, bias, momentum, eps, m.counted)
		})
	}
}

// ownSeed is the seed of libtorch's draws on a rank, of that of the step.
func (m *machine) ownSeed(seed uint64) uint64 {
	if m.rank == 0 {
		return seed
	}
	return stepSeed(seed, uint64(m.rank))
}

// evaluated is the network that is measured.
func (m *machine) evaluated() *nets.Net {
	if m.average != nil {
		return m.average.net
	}
	return m.net
}
