package eval

import (
	"fmt"
	"slices"

	"augmix/data"
	"augmix/device"
	"augmix/nets"

	torch "github.com/wangkuiyi/gotorch"
)

// distant is a predictor's work on a device: images go there as bytes, beside what is computed, and become float32 there;
// each network is a graph for each shape of batch; logits come back once a batch, while the device works on the next.
type distant struct {
	*Predictor
	place device.Place
	lane  *device.Lane

	host    []torch.Tensor // One a slot, page-locked: [rows, H, W, C] uint8, where rows is batch·frames.
	staging [device.Stages]torch.Tensor
	bytes   torch.Tensor // [rows, H, W, C] uint8: the batch that arrived last.
	input   torch.Tensor // [rows, H, W, C] float32: what the networks read.
	white   torch.Tensor // Scalar float32: 255.

	graphs []*device.Graphs // One a network.
	logits []torch.Tensor   // One a network: [rows, classes] float32.
	back   [2]*answer       // Taken by turns.
	turn   int

	kept    []*keptSet
	capture bool
	say     func(format string, args ...any)
}

// answer is the logits of a batch on their way to the CPU.
type answer struct {
	here   *device.Mark
	logits []torch.Tensor // One a network, page-locked.
}

// keptSet is a set of images that stays on the device.
type keptSet struct {
	set     data.Dataset
	bytes   int64 // Of all batches.
	whole   bool  // All of them are there.
	batches []keptBatch
}

// keptBatch is a batch without its memory in the ring.
type keptBatch struct {
	bytes torch.Tensor
	batch data.Batch
}

// goDistant makes the predictor work at a place.
func (p *Predictor) goDistant(place device.Place, w, h, c int) {
	d := &distant{Predictor: p, place: place, say: func(string, ...any) {}}
	p.distant = d
	shape := []int64{int64(p.batch * p.frames), int64(h), int64(w), int64(c)}
	p.pixels, p.slots = nil, nil
	d.do(func() {
		for range ring + 1 { // One more, whose logits are on their way back.
			bytes := torch.Pinned(shape, torch.Byte)
			d.host = append(d.host, bytes)
			p.slots = append(p.slots, data.Slot{Bytes: bytes.MemoryBytes(), Labels: make([]int64, p.batch)})
		}
		for i := range d.staging {
			d.staging[i] = torch.EmptyOf(shape, torch.Byte)
		}
		d.bytes, d.input = torch.EmptyOf(shape, torch.Byte), torch.EmptyOf(shape, torch.Float)
		d.white = torch.Full(nil, 255, false)
		for i := range d.back {
			d.back[i] = &answer{here: device.NewMark(place)}
		}
		d.lane = device.NewLane(place)
	})
	for range p.nets {
		d.add()
	}
}

// do runs f at the place; what it makes lives until the predictor is closed.
func (d *distant) do(f func()) { d.place.Do(func() { d.static.Do(f) }) }

// add makes room for the logits of another network.
func (d *distant) add() {
	d.graphs = append(d.graphs, device.NewGraphs(d.place, d.capture, d.say))
	shape := []int64{int64(d.batch * d.frames), int64(d.classes)}
	d.do(func() {
		d.logits = append(d.logits, torch.EmptyOf(shape, torch.Float))
		for _, a := range d.back {
			a.logits = append(a.logits, torch.Pinned(shape, torch.Float))
		}
	})
}

// Capture makes a predictor on a CUDA device capture the networks as graphs, or not; it does not at first. say is told why
// they cannot be captured, if so. It has no effect on the CPU.
func (p *Predictor) Capture(on bool, say func(format string, args ...any)) {
	d := p.distant
	if d == nil {
		return
	}
	d.capture, d.say = on, say
	for i := range d.graphs {
		d.graphs[i].Close()
		d.graphs[i] = device.NewGraphs(d.place, on, say)
	}
}

// Keep makes a predictor on a CUDA device keep the images of a set there, at up to 1/keepShare of its memory in all, for
// when the same set is run again. It has no effect on the CPU.
func (p *Predictor) Keep(set data.Dataset) {
	d := p.distant
	if d == nil || slices.ContainsFunc(d.kept, func(k *keptSet) bool { return k.set == set }) {
		return
	}
	w, h, c := set.Size()
	bytes := int64(set.Len()) * int64(w*h*c)
	all := bytes
	for _, k := range d.kept {
		all += k.bytes
	}
	if all <= d.place.TotalMemory()/keepShare {
		d.kept = append(d.kept, &keptSet{set: set, bytes: bytes})
	}
}

// keepShare leaves most of a device's memory to training.
const keepShare = 8

// arrive calls use for each batch of a set, in a scope, when it is on its way to d.bytes. release gives it back to the
// pipeline.
func (d *distant) arrive(set data.Dataset, use func(b data.Batch, release func()) error) error {
	var keeps *keptSet
	for _, k := range d.kept {
		if k.set == set {
			keeps = k
		}
	}
	if keeps != nil && keeps.whole {
		return d.again(keeps, use)
	}
	if keeps != nil {
		keeps.batches = nil
	}
	err := d.read(set, func(b data.Batch, release func()) error {
		rows := int64(b.N * d.frames)
		d.lane.Load(
			func(i int) { first(d.staging[i], rows).CopyAsync(first(d.host[b.Slot], rows)) },
			func(i int) { first(d.bytes, rows).CopyAsync(first(d.staging[i], rows)) },
			func() {}) // The batch is held longer, for its labels.
		if keeps != nil {
			d.static.Do(func() { keeps.batches = append(keeps.batches, d.keep(b, rows)) })
		}
		return use(b, release)
	})
	if err == nil && keeps != nil {
		keeps.whole = true
	}
	return err
}

// keep copies the batch that arrives.
func (d *distant) keep(b data.Batch, rows int64) keptBatch {
	shape := d.bytes.Shape()
	shape[0] = rows
	k := keptBatch{torch.EmptyOf(shape, torch.Byte), b}
	torch.Scope(func() { k.bytes.Copy(first(d.bytes, rows)) })
	k.batch.Bytes = nil
	k.batch.Labels, k.batch.Index, k.batch.Bad = slices.Clone(b.Labels), slices.Clone(b.Index), slices.Clone(b.Bad)
	return k
}

// again is arrive of a set that is on the device.
func (d *distant) again(k *keptSet, use func(b data.Batch, release func()) error) error {
	defer d.evaluating()()
	for _, kept := range k.batches {
		var err error
		b := kept.batch
		b.Labels, b.Index = slices.Clone(b.Labels), slices.Clone(b.Index) // Those of images that are passed over are taken out.
		torch.Scope(func() {
			first(d.bytes, int64(b.N*d.frames)).Copy(kept.bytes)
			err = use(b, func() {})
		})
		if err != nil {
			return fmt.Errorf("%s: %w", k.set.Name(), err)
		}
	}
	return nil
}

// first returns the first rows of a tensor.
func first(t torch.Tensor, rows int64) torch.Tensor { return t.Slice(0, 0, rows, 1) }

// floats writes the bytes' values over 255 to pixels, each the float32 nearest to the quotient, as pixel.Float32s does.
// The divisor is a tensor: libtorch multiplies by the reciprocal of a number.
func (d *distant) floats(pixels torch.Tensor, rows int64) {
	x := first(pixels, rows)
	x.Copy(first(d.bytes, rows))
	x.DivI(d.white)
}

// forward runs network i on the first rows of d.input and leaves its logits in d.logits.
func (d *distant) forward(i int, rows int64) {
	d.graphs[i].Run(int(rows), func() {
		torch.Scope(func() {
			torch.NoGrad(func() {
				x := first(d.input, rows)
				first(d.logits[i], rows).Copy(d.nets[i].Forward(x.Permute([]int64{0, 3, 1, 2})))
			})
		})
	})
}

// each is Predictor.Each. While a batch is visited the device works on the next one.
func (d *distant) each(set data.Dataset, visit func(Outputs) error) (err error) {
	var before func() error // Visits the batch before.
	d.place.Do(func() {
		err = d.arrive(set, func(b data.Batch, release func()) error {
			rows, a := int64(b.N*d.frames), d.back[d.turn]
			d.turn = (d.turn + 1) % len(d.back)
			d.floats(d.input, rows)
			for i := range d.nets {
				d.forward(i, rows)
				first(a.logits[i], rows).CopyAsync(first(d.logits[i], rows))
			}
			a.here.Set()
			last := before
			before = func() error {
				defer release()
				a.here.Wait()
				return visit(d.without(b.Bad, Outputs{a.floats(rows), b.Labels, b.Index}))
			}
			if last == nil {
				return nil
			}
			return last()
		})
		if err == nil && before != nil {
			if err = before(); err != nil {
				err = fmt.Errorf("%s: %w", set.Name(), err)
			}
		}
	})
	return err
}

// floats copies the logits of so many rows of each network.
func (a *answer) floats(rows int64) (out [][]float32) {
	for _, logits := range a.logits {
		values := logits.MemoryFloat32()
		out = append(out, slices.Clone(values[:rows*logits.Shape()[1]]))
	}
	return out
}

// batches is Predictor.Batches.
func (d *distant) batches(set data.Dataset, visit func(pixels torch.Tensor, b data.Batch) error) (err error) {
	d.place.Do(func() {
		pixels := torch.EmptyOf(d.input.Shape(), torch.Float)
		defer pixels.Close()
		err = d.arrive(set, func(b data.Batch, release func()) error {
			defer release()
			rows := int64(b.N * d.frames)
			d.floats(pixels, rows)
			return visit(first(pixels, rows), b)
		})
	})
	return err
}

// Logits returns the (first) network's logits of images [n, H, W, C] made of a batch's, in evaluation mode. On a CUDA device
// they are valid until the next call.
func (p *Predictor) Logits(x torch.Tensor) (logits torch.Tensor) {
	if p.distant == nil {
		return p.nets[0].Forward(x.Permute([]int64{0, 3, 1, 2}))
	}
	d, rows := p.distant, x.Shape()[0]
	first(d.input, rows).Copy(x)
	d.forward(0, rows)
	return first(d.logits[0], rows)
}

func (d *distant) close() {
	d.place.Wait()
	for _, g := range d.graphs {
		g.Close()
	}
	d.lane.Close()
	for _, a := range d.back {
		a.here.Close()
	}
}

// Move takes a network to the device of a name and, where it is to compute in bfloat16 on CUDA, makes the copies of its
// weights for that. The error is a *torch.Error.
func Move(net *nets.Net, name string, bf16 bool) error {
	return torch.Maybe(func() {
		place := device.At(torch.NewDevice(name))
		place.Do(func() {
			net.To(place.Device)
			if place.IsCUDA() && bf16 {
				net.CopyWeights()
			}
		})
	})
}

// DeviceMemory returns the most bytes that tensors took on the CUDA device of a name so far; 0 on the CPU.
func DeviceMemory(name string) int64 {
	_, peak := device.At(torch.NewDevice(name)).Memory()
	return peak
}
