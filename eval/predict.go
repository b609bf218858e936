package eval

import (
	"fmt"
	"io"

	"augmix/data"
	"augmix/device"
	"augmix/nets"

	torch "github.com/wangkuiyi/gotorch"
)

// Predictor computes the logits of one network, or of several with the same classes, for sets of images of one size. It
// is used by the goroutine that owns torch.
type Predictor struct {
	nets    []*nets.Net
	bad     *data.BadSamples // nil makes an image that cannot be read an error
	workers int
	batch   int
	frames  int // of a sample; 1 of images
	classes int

	static *torch.Static
	pixels []torch.Tensor // One a slot: [batch, H, W, C] float32.
	slots  []data.Slot

	distant *distant // Of networks on a CUDA device; nil on the CPU.
}

// ring is how many batches may be ready or in the making at once.
const ring = 3

// NewPredictor returns a predictor for images of w×h pixels in c channels, that many a batch. Its memory lives until
// Close.
func NewPredictor(net *nets.Net, w, h, c, batch, workers int) *Predictor {
	return NewSequencePredictor(net, w, h, c, 1, batch, workers)
}

// NewSequencePredictor returns a predictor for samples that are sequences of so many frames of w×h pixels, one below the
// other, that many sequences a batch. There is a row of logits for each frame.
func NewSequencePredictor(net *nets.Net, w, h, c, frames, batch, workers int) *Predictor {
	p := &Predictor{nets: []*nets.Net{net}, workers: workers, batch: batch, frames: frames, classes: net.Config().Classes, static: torch.NewStatic()}
	if place := device.At(net.Device()); place.IsCUDA() {
		p.goDistant(place, w, h, c)
		return p
	}
	p.static.Do(func() {
		for range ring {
			x := torch.EmptyOf([]int64{int64(batch * frames), int64(h), int64(w), int64(c)}, torch.Float)
			p.pixels = append(p.pixels, x)
			p.slots = append(p.slots, data.Slot{Pixels: x.MemoryFloat32(), Labels: make([]int64, batch)})
		}
	})
	return p
}

// PassOver makes the predictor leave images out that cannot be read, and collect them in bad. Without it the first is
// an error.
func (p *Predictor) PassOver(bad *data.BadSamples) { p.bad = bad }

// Also makes the predictor run another network on the same images. It panics if that has other classes.
func (p *Predictor) Also(net *nets.Net) {
	if net.Config().Classes != p.classes {
		panic(fmt.Sprintf("eval: networks of %d and %d classes in one predictor", p.classes, net.Config().Classes))
	}
	p.nets = append(p.nets, net)
	if p.distant != nil {
		p.distant.add()
	}
}

// Close frees the predictor's memory, not the networks.
func (p *Predictor) Close() {
	if p.distant != nil {
		p.distant.close()
	}
	p.static.Close()
}

// Outputs is what the networks make of a batch, without images that are passed over.
type Outputs struct {
	Logits [][]float32 // One of each network: [n, classes], row-major.
	Labels []int64     // [n]
	Index  []int       // [n]: the images' positions in the set.
}

// Run calls visit for each batch of a set, in the set's order: with the logits [n, classes], row-major, that the (first)
// network in evaluation mode gives, and the labels [n], without those of images that are passed over. The slices are valid
// during the call; an error ends the run. The network is put back into the mode it was in.
func (p *Predictor) Run(set data.Dataset, visit func(logits []float32, labels []int64) error) error {
	return p.Each(set, func(o Outputs) error { return visit(o.Logits[0], o.Labels) })
}

// Each is Run of all networks.
func (p *Predictor) Each(set data.Dataset, visit func(Outputs) error) error {
	if p.distant != nil {
		return p.distant.each(set, visit)
	}
	return p.Batches(set, func(pixels torch.Tensor, b data.Batch) error {
		return visit(p.without(b.Bad, Outputs{p.logits(pixels), b.Labels, b.Index}))
	})
}

// Batches calls visit for each batch of a set, in the set's order, with its pixels [n, H, W, C] in [0, 1], the networks
// being in evaluation mode. Both are valid during the call; an error ends the run.
func (p *Predictor) Batches(set data.Dataset, visit func(pixels torch.Tensor, b data.Batch) error) error {
	if p.distant != nil {
		return p.distant.batches(set, visit)
	}
	return p.read(set, func(b data.Batch, release func()) error {
		defer release()
		return visit(p.pixels[b.Slot].Slice(0, 0, int64(b.N*p.frames), 1), b)
	})
}

// read calls use for each batch of a set as the pipeline fills it, in a scope. What is called release lets the batch be
// filled again. The networks are in evaluation mode meanwhile.
func (p *Predictor) read(set data.Dataset, use func(b data.Batch, release func()) error) error {
	pipeline, err := data.NewPipeline(data.PipelineConfig{
		Dataset: set, Sampler: data.Sampler{Len: set.Len()}, BatchSize: p.batch, Views: 1, Workers: p.workers,
		MaxBad: p.maxBad(), Epochs: 1, Slots: p.slots,
	})
	if err != nil {
		return err
	}
	defer pipeline.Close()
	defer p.evaluating()()

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
		torch.Scope(func() { err = use(b, func() { pipeline.Release(b) }) })
		if err != nil {
			return fmt.Errorf("%s: %w", set.Name(), err)
		}
	}
}

// evaluating puts the networks into evaluation mode and returns what puts them back into the one they were in.
func (p *Predictor) evaluating() (back func()) {
	var training []bool
	for _, net := range p.nets {
		training = append(training, net.IsTraining())
		net.Train(false)
	}
	return func() {
		for i, net := range p.nets {
			net.Train(training[i])
		}
	}
}

func (p *Predictor) maxBad() int {
	if p.bad == nil {
		return 0
	}
	return p.bad.Limit()
}

// without takes the rows at the positions of bad, which are sorted, out of a batch.
func (p *Predictor) without(bad []data.Bad, o Outputs) Outputs {
	if len(bad) == 0 {
		return o
	}
	kept, row := 0, p.frames*p.classes
	for i := range o.Labels {
		for len(bad) > 0 && bad[0].Position < i {
			bad = bad[1:]
		}
		if len(bad) > 0 && bad[0].Position == i {
			continue
		}
		for _, logits := range o.Logits {
			copy(logits[kept*row:], logits[i*row:(i+1)*row])
		}
		o.Labels[kept], o.Index[kept] = o.Labels[i], o.Index[i]
		kept++
	}
	for i := range o.Logits {
		o.Logits[i] = o.Logits[i][:kept*row]
	}
	o.Labels, o.Index = o.Labels[:kept], o.Index[:kept]
	return o
}

// logits runs all networks on a batch, NHWC.
func (p *Predictor) logits(pixels torch.Tensor) [][]float32 {
	out := make([][]float32, len(p.nets))
	for i, net := range p.nets {
		torch.Scope(func() {
			torch.NoGrad(func() {
				logits := net.Forward(pixels.Permute([]int64{0, 3, 1, 2}))
				out[i] = logits.Float32s()
			})
		})
	}
	return out
}
