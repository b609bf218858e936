package eval

import (
	"fmt"
	"io"

	"augmix/data"
	"augmix/nets"

	torch "github.com/wangkuiyi/gotorch"
)

// Predictor computes a network's class probabilities for sets of images of one size. It is used by the goroutine that
// owns torch.
type Predictor struct {
	net     *nets.Net
	bad     *data.BadSamples // nil makes an image that cannot be read an error
	workers int
	batch   int
	classes int

	static *torch.Static
	pixels []torch.Tensor // One a slot: [batch, H, W, C] float32.
	slots  []data.Slot
}

// ring is how many batches may be ready or in the making at once.
const ring = 3

// NewPredictor returns a predictor for images of w×h pixels in c channels, that many a batch. Its memory lives until
// Close.
func NewPredictor(net *nets.Net, w, h, c, batch, workers int) *Predictor {
	p := &Predictor{net: net, workers: workers, batch: batch, classes: net.Config().Classes, static: torch.NewStatic()}
	p.static.Do(func() {
		for range ring {
			x := torch.EmptyOf([]int64{int64(batch), int64(h), int64(w), int64(c)}, torch.Float)
			p.pixels = append(p.pixels, x)
			p.slots = append(p.slots, data.Slot{Pixels: x.MemoryFloat32(), Labels: make([]int64, batch)})
		}
	})
	return p
}

// PassOver makes the predictor leave images out that cannot be read, and collect them in bad. Without it the first is
// an error.
func (p *Predictor) PassOver(bad *data.BadSamples) { p.bad = bad }

// Close frees the predictor's memory, not the network.
func (p *Predictor) Close() { p.static.Close() }

// Run calls visit for each batch of a set, in the set's order: with the probabilities [n, classes], row-major, that the
// network in evaluation mode gives, and the labels [n], without those of images that are passed over. The slices are valid during the call; an error ends the run. The
// network is put back into the mode it was in.
func (p *Predictor) Run(set data.Dataset, visit func(probabilities []float32, labels []int64) error) error {
	pipeline, err := data.NewPipeline(data.PipelineConfig{
		Dataset: set, Sampler: data.Sampler{Len: set.Len()}, BatchSize: p.batch, Views: 1, Workers: p.workers,
		MaxBad: p.maxBad(), Epochs: 1, Slots: p.slots,
	})
	if err != nil {
		return err
	}
	defer pipeline.Close()
	training := p.net.IsTraining()
	p.net.Train(false)
	defer p.net.Train(training)

	pipeline.Start(0, 0)
	for {
		b, err := pipeline.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if p.bad != nil {
			if err := p.bad.Add(set, b.Bad); err != nil {
				return err
			}
		}
		probabilities, labels := p.without(b.Bad, p.probabilities(b), b.Labels)
		if err := visit(probabilities, labels); err != nil {
			return fmt.Errorf("%s: %w", set.Name(), err)
		}
		pipeline.Release(b)
	}
}

func (p *Predictor) maxBad() int {
	if p.bad == nil {
		return 0
	}
	return p.bad.Limit()
}

// without takes the rows at the positions of bad, which are sorted, out of a batch.
func (p *Predictor) without(bad []data.Bad, probabilities []float32, labels []int64) ([]float32, []int64) {
	if len(bad) == 0 {
		return probabilities, labels
	}
	kept := 0
	for i := range labels {
		for len(bad) > 0 && bad[0].Position < i {
			bad = bad[1:]
		}
		if len(bad) > 0 && bad[0].Position == i {
			continue
		}
		copy(probabilities[kept*p.classes:], probabilities[i*p.classes:(i+1)*p.classes])
		labels[kept] = labels[i]
		kept++
	}
	return probabilities[:kept*p.classes], labels[:kept]
}

func (p *Predictor) probabilities(b data.Batch) []float32 {
	var out []float32
	torch.Scope(func() {
		torch.NoGrad(func() {
			rows := p.pixels[b.Slot].Slice(0, 0, int64(b.N), 1)
			logits := p.net.Forward(rows.Permute([]int64{0, 3, 1, 2}))
			out = logits.Softmax(1).Float32s()
		})
	})
	return out
}
