package data

import (
	"augmix/pixel"
	"augmix/rng"
)

// worker makes samples; one goroutine owns it and its scratch images.
type worker struct {
	cfg       *PipelineConfig
	viewer    Viewer
	raw       *pixel.Image // as the dataset has it
	tmp, crop *pixel.Image
	stream    rng.Stream // of the view that is being made
	floats    int        // H×W×C
}

func newWorker(cfg *PipelineConfig) *worker {
	w, h, c := cfg.Dataset.Size()
	return &worker{
		cfg:    cfg,
		viewer: cfg.NewViewer(),
		raw:    pixel.New(w, h, c),
		tmp:    pixel.New(w, h, c),
		crop:   pixel.New(w, h, c),
		floats: w * h * c,
	}
}

// fill makes every view and the label of a batch's i-th sample. A sample's views
// are made one after the other on one core, whose cache then still holds it.
func (w *worker) fill(b *Batch, i int) error {
	index := b.Index[i]
	if err := w.cfg.Dataset.Image(index, w.raw); err != nil {
		return err
	}
	b.Labels[i] = int64(w.cfg.Dataset.Label(index))
	src := w.raw
	for view := range b.Views {
		w.stream = rng.New(w.cfg.Seed, uint64(b.Epoch), uint64(index), uint64(view))
		if view == 0 && w.cfg.FlipCrop {
			flipCrop(w.crop, w.tmp, w.raw, &w.stream)
			src = w.crop
		}
		row := view*b.N + i
		w.viewer.View(b.Pixels[row*w.floats:(row+1)*w.floats], view, src, &w.stream)
	}
	return nil
}
