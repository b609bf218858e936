package data

import (
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
// holds it.
func (w *worker) fill(b *Batch, i int) error {
	index := b.Index[i]
	w.stream = w.viewStream(b, index, 0)
	if err := w.reader.Read(index, w.image, &w.stream); err != nil {
		return err
	}
	b.Labels[i] = int64(w.cfg.Dataset.Label(index))
	for view := range b.Views {
		if view > 0 {
			w.stream = w.viewStream(b, index, view)
		}
		row := view*b.N + i
		w.viewer.View(b.Pixels[row*w.floats:(row+1)*w.floats], view, w.image, &w.stream)
	}
	return nil
}

func (w *worker) viewStream(b *Batch, index, view int) rng.Stream {
	return rng.New(w.cfg.Seed, uint64(b.Epoch), uint64(index), uint64(view))
}
