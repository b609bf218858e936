package data

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Slot is the memory of one rank's part of a batch. The pipeline's caller provides
// it (torch owns it, page-locked for CUDA) and keeps it alive until Close has
// returned.
type Slot struct {
	Pixels []float32 // at least Views×Share(BatchSize)×H×W×C
	// Bytes, in the place of Pixels, takes images as they are read, 8 bits a value: at
	// least Share(BatchSize)×H×W×C. Then there is one view, and no viewer.
	Bytes  []uint8
	Labels []int64 // at least Share(BatchSize)
}

// Batch is a filled slot. Its slices are valid until Release.
type Batch struct {
	Slot   int       // index in PipelineConfig.Slots
	Pixels []float32 // Views×N×H×W×C in [0,1]: view v of sample i is row v·N+i
	Bytes  []uint8   // N×H×W×C, in the place of Pixels where the slot has them
	Labels []int64   // N
	Index  []int     // N: the samples' indices in the dataset
	Bad    []Bad     // samples that could not be read, in the order of their positions
	N      int       // samples of this rank; fewer than its share of BatchSize, or none, only in an epoch's last batch
	Of     int       // samples of all ranks together
	Views  int
	Epoch  int
	Step   int  // within the epoch
	Last   bool // the epoch's last batch
}

// PipelineConfig describes a pipeline.
type PipelineConfig struct {
	Dataset   Dataset
	Sampler   Sampler
	BatchSize int  // samples per batch, of all ranks together
	Views     int  // views of each sample
	Train     bool // samples are read for training: flipped and cropped at random
	// MaxBad 0 makes a sample that cannot be read an error. Otherwise the next one of
	// the dataset that can be read takes its place, with its label and the draws of the
	// one that is missing, and the batch names it; more than MaxBad in a row are an
	// error.
	MaxBad    int
	NewViewer func() Viewer // called once per worker; nil means Plain
	Workers   int           // goroutines that make samples
	Seed      uint64        // of the augmentation draws
	Epochs    int           // epochs 0 … Epochs-1 exist; io.EOF follows the last
	Slots     []Slot        // the ring; 2 or more let workers run ahead
}

// Pipeline fills batches with a fixed set of goroutines, a bounded number of
// batches ahead of its reader, and hands them over in order. What a batch holds
// depends on the configuration's seed, its epoch and its step, never on the
// number of workers or on where the pipeline started. One goroutine may call
// Start, Next, Release and Close; any may call Waited.
type Pipeline struct {
	cfg    PipelineConfig
	floats int // H×W×C

	jobs   []job     // one per slot
	free   chan int  // slots that may be filled
	ready  chan *job // jobs in the order of delivery, filled or not
	chunks chan chunk
	quit   chan struct{}
	wg     sync.WaitGroup

	started, closed bool
	held            []bool // slots that the reader has
	failed          error  // what Next returned last, if an error
	waited          atomic.Int64
}

// job is one batch in the making.
type job struct {
	Batch
	left   atomic.Int64  // chunks that are not made yet
	filled chan struct{} // one token when left reaches 0

	mu       sync.Mutex // guards what follows, and Batch.Bad
	err      error      // of the first sample that failed,
	errIndex int        // which is this one of the batch
}

// chunk is what a worker takes at a time: samples lo … hi-1 of a job, all views.
type chunk struct {
	job    *job
	lo, hi int
}

// maxChunk bounds the samples of a chunk: enough of them to make the hand-over
// cheap beside a plain copy, few enough to keep all workers busy on one batch.
const maxChunk = 16

// ErrClosed is what Next returns on a closed pipeline.
var ErrClosed = errors.New("data: the pipeline is closed")

// NewPipeline returns a pipeline that does nothing until Start. The error says
// which part of the configuration cannot work.
func NewPipeline(cfg PipelineConfig) (*Pipeline, error) {
	plain := cfg.NewViewer == nil && cfg.Views == 1
	if cfg.NewViewer == nil {
		cfg.NewViewer = func() Viewer { return Plain{} }
	}
	switch {
	case cfg.Dataset == nil || cfg.Dataset.Len() == 0:
		return nil, errors.New("pipeline: the dataset is empty")
	case cfg.Sampler.Len != cfg.Dataset.Len():
		return nil, fmt.Errorf("pipeline: the sampler orders %d samples, the dataset has %d", cfg.Sampler.Len, cfg.Dataset.Len())
	case cfg.BatchSize < 1 || cfg.Views < 1 || cfg.Workers < 1 || cfg.Epochs < 1 || len(cfg.Slots) < 1:
		return nil, fmt.Errorf("pipeline: batch size %d, views %d, workers %d, epochs %d, slots %d: each must be at least 1",
			cfg.BatchSize, cfg.Views, cfg.Workers, cfg.Epochs, len(cfg.Slots))
	}
	if cfg.BatchSize < cfg.Sampler.World {
		return nil, fmt.Errorf("pipeline: a batch of %d is too small for %d ranks", cfg.BatchSize, cfg.Sampler.World)
	}
	share := cfg.Sampler.Share(cfg.BatchSize)
	w, h, c := cfg.Dataset.Size()
	p := &Pipeline{
		cfg:    cfg,
		floats: w * h * c,
		jobs:   make([]job, len(cfg.Slots)),
		free:   make(chan int, len(cfg.Slots)),
		ready:  make(chan *job, len(cfg.Slots)),
		chunks: make(chan chunk, 2*cfg.Workers),
		quit:   make(chan struct{}),
		held:   make([]bool, len(cfg.Slots)),
	}
	for i, s := range cfg.Slots {
		if s.Bytes != nil && !plain {
			return nil, fmt.Errorf("pipeline: slot %d is of bytes, which take one view of each image as it is read", i)
		}
		if max(len(s.Pixels), len(s.Bytes)) < cfg.Views*share*p.floats || len(s.Labels) < share {
			return nil, fmt.Errorf("pipeline: slot %d has room for %d values and %d labels, a batch needs %d and %d",
				i, max(len(s.Pixels), len(s.Bytes)), len(s.Labels), cfg.Views*share*p.floats, share)
		}
		p.jobs[i].Slot = i
		p.jobs[i].Index = make([]int, share)
		p.jobs[i].filled = make(chan struct{}, 1)
		p.free <- i
	}
	return p, nil
}

// Start begins to fill batches from a step of an epoch on; the epochs after it
// follow without a pause. A step past the epoch's last means the next epoch. It
// panics when called twice.
func (p *Pipeline) Start(epoch, firstStep int) {
	if p.started {
		panic("data: Pipeline.Start called twice")
	}
	p.started = true
	p.wg.Add(1 + p.cfg.Workers)
	go p.dispatch(epoch, firstStep)
	for range p.cfg.Workers {
		go p.work()
	}
}

// dispatch is the goroutine that assigns samples to free slots and slots to
// workers.
func (p *Pipeline) dispatch(epoch, step int) {
	defer p.wg.Done()
	defer close(p.chunks)
	defer close(p.ready)
	steps := p.cfg.Sampler.Steps(p.cfg.BatchSize)
	var order []int
	for ; epoch < p.cfg.Epochs; epoch, step = epoch+1, 0 {
		order = p.cfg.Sampler.Order(epoch, order)
		for ; step < steps; step++ {
			select {
			case slot := <-p.free:
				if !p.assign(&p.jobs[slot], epoch, step, order) {
					return
				}
			case <-p.quit:
				return
			}
		}
	}
}

// assign turns a free slot into the batch of a step and passes it to the workers.
// It returns false when the pipeline is being closed.
func (p *Pipeline) assign(j *job, epoch, step int, order []int) bool {
	lo := step * p.cfg.BatchSize
	hi := min(lo+p.cfg.BatchSize, len(order))
	n := p.cfg.Sampler.Share(hi - lo)
	slot := p.cfg.Slots[j.Slot]
	j.Batch = Batch{
		Slot: j.Slot, N: n, Of: hi - lo, Views: p.cfg.Views, Epoch: epoch, Step: step, Last: hi == len(order),
		Labels: slot.Labels[:n],
		Index:  p.cfg.Sampler.Deal(order[lo:hi], j.Index),
	}
	if slot.Bytes != nil {
		j.Bytes = slot.Bytes[:n*p.floats]
	} else {
		j.Pixels = slot.Pixels[:p.cfg.Views*n*p.floats]
	}
	j.err = nil
	if n == 0 {
		j.filled <- struct{}{}
	}
	// Four chunks a worker even out samples of unequal cost.
	size := min(max(1, n/(4*p.cfg.Workers)), maxChunk)
	j.left.Store(int64((n + size - 1) / size))
	p.ready <- j // has room: it holds every slot
	for lo := 0; lo < n; lo += size {
		select {
		case p.chunks <- chunk{j, lo, min(lo+size, n)}:
		case <-p.quit:
			return false
		}
	}
	return true
}

// work is the goroutine that makes samples.
func (p *Pipeline) work() {
	defer p.wg.Done()
	w := newWorker(&p.cfg)
	defer w.close()
	for c := range p.chunks {
		for i := c.lo; i < c.hi; i++ {
			bad, err := w.fill(&c.job.Batch, i)
			if err != nil {
				c.job.fail(i, err)
				break
			}
			if len(bad) > 0 {
				c.job.replace(bad)
			}
		}
		if c.job.left.Add(-1) == 0 {
			c.job.filled <- struct{}{}
		}
		select {
		case <-p.quit:
			return
		default:
		}
	}
}

// fail records the error of a batch's i-th sample; the first in the batch's order
// is the one that is reported, whichever worker met it.
func (j *job) fail(i int, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil || i < j.errIndex {
		j.err, j.errIndex = err, i
	}
}

// replace notes samples that another took the place of.
func (j *job) replace(bad []Bad) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.Bad = append(j.Bad, bad...)
}

// Next returns the next batch, waiting for it if it must. io.EOF follows the last
// batch of the last epoch. A sample that could not be read is an error that names
// it; the pipeline then returns the same error again.
func (p *Pipeline) Next() (Batch, error) {
	if !p.started {
		panic("data: Pipeline.Next before Start")
	}
	if p.closed {
		return Batch{}, ErrClosed
	}
	if p.failed != nil {
		return Batch{}, p.failed
	}
	begin := time.Now()
	defer func() { p.waited.Add(int64(time.Since(begin))) }()
	j, ok := <-p.ready
	if !ok {
		p.failed = io.EOF
		return Batch{}, p.failed
	}
	<-j.filled
	if j.err != nil {
		p.failed = j.err
		return Batch{}, p.failed
	}
	slices.SortStableFunc(j.Bad, func(a, b Bad) int { return cmp.Compare(a.Position, b.Position) })
	p.held[j.Slot] = true
	return j.Batch, nil
}

// Release gives a batch's memory back to be filled again. It panics on a batch
// that Next did not return, or that was released before.
func (p *Pipeline) Release(b Batch) {
	if !p.held[b.Slot] {
		panic("data: Pipeline.Release of a batch that is not held")
	}
	p.held[b.Slot] = false
	p.free <- b.Slot // has room: it holds every slot
}

// Waited returns the time that Next has spent waiting since the pipeline was made.
func (p *Pipeline) Waited() time.Duration { return time.Duration(p.waited.Load()) }

// Close ends all goroutines and returns when they have ended, within the time
// that one chunk takes. Batches that are still held keep their content. Closing
// twice is allowed.
func (p *Pipeline) Close() {
	if p.closed {
		return
	}
	p.closed = true
	close(p.quit)
	p.wg.Wait()
}
