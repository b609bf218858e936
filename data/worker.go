package data

import (
	"errors"
	"fmt"

	"augmix/pixel"
	"augmix/rng"
)

// worker makes samples; one goroutine owns it and its scratch memory.
type worker struct {
	cfg    *PipelineConfig
	reader Reader
	viewer Viewer
	image  *pixel.Image // the sample as its views take it
	stream rng.Stream   // of the view that is being made
	floats int          // H×W×C
}

func newWorker(cfg *PipelineConfig) *worker {
	w, h, c := cfg.Dataset.Size()
	return &worker{
		cfg:    cfg,
		reader: cfg.Dataset.NewReader(cfg.Train),
		viewer: cfg.NewViewer(),
		image:  pixel.New(w, h, c),
		floats: w * h * c,
	}
}

func (w *worker) close() { w.reader.Close() }

// fill makes every view and the label of a batch's i-th sample. A sample is read
// and its views are made one after the other on one core, whose cache then still
// holds it. It returns the samples that could not be read before one could.
func (w *worker) fill(b *Batch, i int) (bad []Bad, err error) {
	index := b.Index[i] // also of a replacement: two crops of its neighbour are not the same
	b.Index[i], bad, err = w.read(b, i)
	if err != nil {
		return nil, err
	}
	b.Labels[i] = int64(w.cfg.Dataset.Label(b.Index[i]))
	if b.Bytes != nil {
		copy(b.Bytes[i*w.floats:], w.image.Pix)
		return bad, nil
	}
	for view := range b.Views {
		if view > 0 {
			w.stream = w.viewStream(b, index, view)
		}
		row := view*b.N + i
		w.viewer.View(b.Pixels[row*w.floats:(row+1)*w.floats], view, w.image, &w.stream)
	}
	return bad, nil
}

// read reads a batch's i-th sample, or the first after it in the dataset that can
// be read, and returns which it is.
func (w *worker) read(b *Batch, i int) (index int, bad []Bad, err error) {
	asked, n := b.Index[i], w.cfg.Dataset.Len()
	for tries := range min(w.cfg.MaxBad+1, n) {
		index = (asked + tries) % n
		w.stream = w.viewStream(b, asked, 0)
		if err = w.reader.Read(index, w.image, &w.stream); err == nil {
			return index, bad, nil
		}
		bad = append(bad, Bad{i, index, err})
	}
	name := w.cfg.Dataset.Describe(asked)
	if len(bad) > 1 {
		return asked, nil, &Error{Kind: Invalid, Path: name,
			Reason: fmt.Sprintf("cannot be read, nor can the %d samples after it, more than --on-bad-sample skip passes over", len(bad)-1),
			Err:    errors.New(reason(bad[0].Err)), Remedy: "Put the files right or remove them."}
	}
	if _, named := errors.AsType[*Error](err); !named {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return asked, nil, err
}

func (w *worker) viewStream(b *Batch, index, view int) rng.Stream {
	return rng.New(w.cfg.Seed, uint64(b.Epoch), uint64(index), uint64(view))
}
