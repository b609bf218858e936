package eval

import (
	"fmt"
	"runtime"
	"slices"
	"time"

	"augmix/data"
	"augmix/nets"
	"augmix/run"

	torch "github.com/wangkuiyi/gotorch"
)

// FourierOptions is what a Fourier map is made of.
type FourierOptions struct {
	Dataset   data.Dataset // The test images of the map: square.
	Epsilon   float64      // The Euclidean norm of what is added to a channel.
	Side      int          // Of the map, odd and less than the images' side: it shows the lowest frequencies.
	BatchSize int
	Workers   int
	BF16      bool
	NoGraph   bool              // On CUDA the network is not captured as a graph.
	Note      func(text string) // Is told why it cannot be, if so; may be nil.
	// State goes on from an interrupted call's; nil begins. Save, which may be nil, is given the state every few seconds.
	State    *FourierState
	Save     func(FourierState) error
	Progress func(done, total int) // Counts classified images; may be nil.
}

// FourierState is how far a map is: batches of images are done one after the other, each with all frequencies.
type FourierState struct {
	Images int   `json:"images"` // That are done with all frequencies.
	Maps   int   `json:"maps"`   // Frequencies that the next batch is done with.
	Batch  int   `json:"batch"`  // Images a batch.
	Wrong  []int `json:"wrong"`  // For each frequency: errors so far.
}

// DefaultFourier returns the published perturbation for images of a side: epsilon 4 and all frequencies but Nyquist's for
// CIFAR, 15.7 and the lowest 63×63 for ImageNet (gatheluck/FourierHeatmap).
func DefaultFourier(side int) (epsilon float64, mapSide int) {
	if side < 64 {
		return 4, side - 1 - side%2
	}
	return 15.7, 63
}

// saveEvery is how often a state is saved; a test saves every one.
var saveEvery = 5 * time.Second

// Fourier measures a network on images to which one Fourier basis image after the other is added: in every channel with a
// random sign of its own, then clamped to [0, 1]. The error is a *torch.Error, *data.Error or that of Save.
func Fourier(net *nets.Net, o FourierOptions) (m run.FourierMap, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if caught := torch.Maybe(func() { m, err = o.run(net) }); caught != nil {
		return m, caught
	}
	return m, err
}

func (o FourierOptions) run(net *nets.Net) (run.FourierMap, error) {
	w, h, channels := o.Dataset.Size()
	if w != h || o.Side%2 == 0 || o.Side < 1 || o.Side >= w {
		return run.FourierMap{}, fmt.Errorf("a Fourier map of side %d of images of %d×%d pixels: want an odd side below that of square images", o.Side, w, h)
	}
	net.SetBF16(o.BF16)
	all := frequencies(o.Side)
	state := FourierState{Batch: o.BatchSize, Wrong: make([]int, len(all))}
	if o.State != nil {
		state = *o.State
		state.Wrong = slices.Clone(state.Wrong)
	}
	predictor := NewPredictor(net, w, h, channels, state.Batch, o.Workers)
	defer predictor.Close()
	predictor.Capture(!o.NoGraph, o.note)
	f := &fourier{FourierOptions: o, predictor: predictor, state: state, all: all, side: w, channels: channels, saved: time.Now()}
	if err := predictor.Batches(o.Dataset, f.batch); err != nil {
		return run.FourierMap{}, err
	}
	return f.assemble(), nil
}

func (o FourierOptions) note(format string, args ...any) {
	if o.Note != nil {
		o.Note(fmt.Sprintf(format, args...))
	}
}

// fourier is a map in the making.
type fourier struct {
	FourierOptions
	predictor      *Predictor
	state          FourierState
	all            []Frequency
	side, channels int
	first          int // The number of the next batch's first image.
	saved          time.Time
}

// batch adds all basis images to a batch, NHWC, that has not been done.
func (f *fourier) batch(pixels torch.Tensor, b data.Batch) error {
	labels, first := b.Labels, f.first
	f.first += len(labels)
	if first < f.state.Images {
		return nil
	}
	for f.state.Maps < len(f.all) {
		k := f.state.Maps
		f.state.Wrong[k] += f.wrong(pixels, labels, k, first)
		f.state.Maps++
		if f.Progress != nil {
			f.Progress(f.state.Images*len(f.all)+f.state.Maps*len(labels), f.Dataset.Len()*len(f.all))
		}
		if f.Save != nil && time.Since(f.saved) >= saveEvery {
			if err := f.Save(f.state); err != nil {
				return err
			}
			f.saved = time.Now()
		}
	}
	f.state.Images, f.state.Maps = f.first, 0
	return nil
}

// wrong counts the errors on a batch with the basis image of frequency number k.
func (f *fourier) wrong(pixels torch.Tensor, labels []int64, k, first int) int {
	signs := make([]float32, 0, len(labels)*f.channels)
	for i := range labels {
		signs = append(signs, FourierSigns(f.all[k], first+i, f.channels)...)
	}
	var predictions []int64
	torch.Scope(func() {
		torch.NoGrad(func() {
			sign := torch.FromFloat32(signs, int64(len(labels)), 1, 1, int64(f.channels))
			wave := torch.FromFloat32(basis(f.side, f.all[k]), 1, int64(f.side), int64(f.side), 1)
			noise := torch.Mul(wave, sign)
			x := torch.Add(pixels, noise, float32(f.Epsilon)).Clamp(0, 1)
			predictions = f.predictor.Logits(x).Argmax(1).Int64s()
		})
	})
	wrong := 0
	for i, label := range labels {
		if predictions[i] != label {
			wrong++
		}
	}
	return wrong
}

// assemble puts the low frequencies into the middle and reflects the half spectrum.
func (f *fourier) assemble() run.FourierMap {
	m := run.FourierMap{Epsilon: f.Epsilon, N: f.first, Side: f.Side, Error: make([][]float64, f.Side)}
	for y := range m.Error {
		m.Error[y] = make([]float64, f.Side)
	}
	middle := (f.Side - 1) / 2
	for k, at := range f.all {
		e := 100 * float64(f.state.Wrong[k]) / float64(f.first)
		m.Error[middle+at.Row][middle+at.Column] = e
		m.Mean += e / float64(f.Side*f.Side)
		if at.Column > 0 { // The others' reflections are frequencies of their own.
			m.Error[middle-at.Row][middle-at.Column] = e
			m.Mean += e / float64(f.Side*f.Side)
		}
	}
	return m
}

// Check refuses a state that no map of a side can have been in.
func (s FourierState) Check(side int) error {
	n := len(frequencies(side))
	if s.Images < 0 || s.Batch < 1 || s.Batch > maxFourierBatch || s.Maps < 0 || s.Maps > n || len(s.Wrong) != n || s.Images%s.Batch != 0 && s.Maps > 0 {
		return fmt.Errorf("it is no state of a Fourier map of side %d", side)
	}
	for _, wrong := range s.Wrong {
		if wrong < 0 || wrong > s.Images+s.Batch {
			return fmt.Errorf("it counts %d errors on %d images", wrong, s.Images+s.Batch)
		}
	}
	return nil
}

// maxFourierBatch bounds what a damaged state can ask memory for.
const maxFourierBatch = 100_000
