package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"augmix/pixel"
	"augmix/rng"
)

// drawing is a Viewer that mixes the image with draws of every kind of length, so
// that a stream that is not the view's own shows.
type drawing struct{}

func (drawing) View(dst []float32, view int, src *pixel.Image, r *rng.Stream) {
	for range r.IntN(5) {
		r.Uint64()
	}
	for i, v := range src.Pix {
		dst[i] = float32(v)/255*float32(r.Float64()) + float32(view)
	}
}

// slots returns n slots for batches of d.
func slots(d Dataset, n, views, batch int) []Slot {
	w, h, c := d.Size()
	out := make([]Slot, n)
	for i := range out {
		out[i] = Slot{Pixels: make([]float32, views*batch*w*h*c), Labels: make([]int64, batch)}
	}
	return out
}

func config(d Dataset) PipelineConfig {
	return PipelineConfig{
		Dataset: d, Sampler: Sampler{Len: d.Len(), Seed: 9, Shuffle: true}, BatchSize: 16, Views: 3,
		Train: true, NewViewer: func() Viewer { return drawing{} },
		Workers: 2, Seed: 9, Epochs: 3, Slots: slots(d, 3, 3, 16),
	}
}

// record is what a batch held.
type record struct {
	epoch, step, n int
	last           bool
	hash           [32]byte
}

func summarize(b Batch) record {
	var buf bytes.Buffer
	binary.Write(&buf, binary.LittleEndian, b.Pixels)
	binary.Write(&buf, binary.LittleEndian, b.Labels)
	fmt.Fprint(&buf, b.Index)
	return record{b.Epoch, b.Step, b.N, b.Last, sha256.Sum256(buf.Bytes())}
}

// drain runs a pipeline from a place to its end.
func drain(t *testing.T, cfg PipelineConfig, epoch, step int) []record {
	t.Helper()
	p, err := NewPipeline(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.Start(epoch, step)
	var out []record
	for {
		b, err := p.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, summarize(b))
		p.Release(b)
	}
}

func TestPipelineEpochs(t *testing.T) {
	d := numbered(100)
	cfg := config(d)
	got := drain(t, cfg, 0, 0)
	if len(got) != 3*7 {
		t.Fatalf("got %d batches, want 21", len(got))
	}
	for i, r := range got {
		want := record{epoch: i / 7, step: i % 7, n: 16, last: i%7 == 6, hash: r.hash}
		if want.last {
			want.n = 100 - 6*16
		}
		if r != want {
			t.Errorf("batch %d: got %+v, want %+v", i, r, want)
		}
	}
	hashes := map[[32]byte]bool{}
	for _, r := range got {
		hashes[r.hash] = true
	}
	if len(hashes) != len(got) {
		t.Error("two batches are the same")
	}
}

func TestPipelineIgnoresWorkers(t *testing.T) {
	d := numbered(100)
	want := drain(t, config(d), 0, 0)
	for _, workers := range []int{1, 2, 5, 16} {
		for _, ring := range []int{1, 2, 4} {
			cfg := config(d)
			cfg.Workers, cfg.Slots = workers, slots(d, ring, 3, 16)
			if got := drain(t, cfg, 0, 0); !slices.Equal(got, want) {
				t.Errorf("%d workers, %d slots: other batches than 2 workers, 3 slots", workers, ring)
			}
		}
	}
}

func TestPipelineResumes(t *testing.T) {
	d := numbered(100)
	all := drain(t, config(d), 0, 0)
	for _, at := range []int{1, 6, 7, 13, 20} {
		if got := drain(t, config(d), at/7, at%7); !slices.Equal(got, all[at:]) {
			t.Errorf("from epoch %d step %d: not the rest of the whole run", at/7, at%7)
		}
	}
	// A checkpoint at an epoch's end names the step past its last.
	if got := drain(t, config(d), 0, 7); !slices.Equal(got, all[7:]) {
		t.Error("from epoch 0 step 7: not epoch 1")
	}
	if got := drain(t, config(d), 3, 0); len(got) != 0 {
		t.Errorf("past the end: got %d batches", len(got))
	}
}

// What was flipped and cropped before goes on being so: a run that was begun by an
// earlier program is resumed exactly. The digest is from before Reader existed.
func TestTrainingSamplesStayTheSame(t *testing.T) {
	cfg := config(Subset(openShapes("train"), 100, false))
	cfg.NewViewer = nil
	h := sha256.New()
	for _, r := range drain(t, cfg, 0, 0) {
		h.Write(r.hash[:])
	}
	const want = "80f87e810dbb4d17fbd9654fc3c5dc5ffcc537b5717ccc8a2d01715b0329cf52"
	if got := hex.EncodeToString(h.Sum(nil)); got != want {
		t.Errorf("the digest of three epochs is %s, want %s", got, want)
	}
}

// The layout that the trainer relies on: view-major rows, each sample's label, and
// the partial batch packed.
func TestPipelineLayout(t *testing.T) {
	d := numbered(10)
	cfg := PipelineConfig{
		Dataset: d, Sampler: Sampler{Len: 10}, BatchSize: 4, Views: 2, Workers: 3, Epochs: 1, Slots: slots(d, 2, 2, 4),
	}
	p, err := NewPipeline(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.Start(0, 0)
	for step, n := range []int{4, 4, 2} {
		b, err := p.Next()
		if err != nil {
			t.Fatal(err)
		}
		if b.N != n || len(b.Pixels) != 2*n*4 || len(b.Labels) != n || &b.Pixels[0] != &cfg.Slots[b.Slot].Pixels[0] {
			t.Fatalf("step %d: got %d samples, %d floats, %d labels", step, b.N, len(b.Pixels), len(b.Labels))
		}
		for v := range 2 {
			for i := range n {
				sample := step*4 + i
				row := b.Pixels[(v*n+i)*4 : (v*n+i+1)*4]
				var want []float32
				for value := sample; value < sample+4; value++ {
					want = append(want, float32(value)/255)
				}
				if !slices.Equal(row, want) || b.Labels[i] != int64(sample%7) || b.Index[i] != sample {
					t.Errorf("step %d view %d sample %d: got %v label %d, want %v label %d", step, v, i, row, b.Labels[i], want, sample%7)
				}
			}
		}
		p.Release(b)
	}
}

// broken fails on some samples.
type broken struct {
	*arrays
	bad map[int]bool
}

var errRotten = errors.New("the file is rotten")

func (b broken) NewReader(train bool) Reader { return brokenReader{b.arrays.NewReader(train), b.bad} }

type brokenReader struct {
	Reader
	bad map[int]bool
}

func (b brokenReader) Read(i int, dst *pixel.Image, r *rng.Stream) error {
	if b.bad[i] {
		return errRotten
	}
	return b.Reader.Read(i, dst, r)
}

func TestPipelineNamesTheSample(t *testing.T) {
	for _, workers := range []int{1, 4} {
		cfg := config(broken{numbered(100), map[int]bool{40: true, 44: true}})
		cfg.Sampler.Shuffle, cfg.Workers = false, workers
		p, err := NewPipeline(cfg)
		if err != nil {
			t.Fatal(err)
		}
		p.Start(0, 0)
		for step := range 2 {
			b, err := p.Next()
			if err != nil {
				t.Fatalf("step %d: %v", step, err)
			}
			p.Release(b)
		}
		for range 2 {
			_, err = p.Next()
			if !errors.Is(err, errRotten) || !strings.Contains(err.Error(), "image 40 of numbered") {
				t.Errorf("%d workers: got %v, want image 40 named", workers, err)
			}
		}
		p.Close()
	}
}

// With MaxBad the next sample that can be read stands in, whatever the number of
// workers and wherever the pipeline began.
func TestPipelinePassesOverBadSamples(t *testing.T) {
	bad := map[int]bool{40: true, 44: true, 45: true, 99: true}
	configure := func(workers int) PipelineConfig {
		cfg := config(broken{numbered(100), bad})
		cfg.Workers, cfg.MaxBad = workers, 2
		return cfg
	}
	all := drain(t, configure(2), 0, 0)
	for _, workers := range []int{1, 5, 16} {
		if got := drain(t, configure(workers), 0, 0); !slices.Equal(got, all) {
			t.Errorf("%d workers: other batches than 2 workers", workers)
		}
	}
	if got := drain(t, configure(3), 1, 2); !slices.Equal(got, all[9:]) {
		t.Error("from epoch 1 step 2: not the rest of the whole run")
	}

	cfg := configure(3)
	cfg.Sampler.Shuffle, cfg.Train, cfg.NewViewer, cfg.Epochs = false, false, nil, 1
	p, err := NewPipeline(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.Start(0, 0)
	place := map[int]int{40: 41, 44: 46, 45: 46, 99: 0}
	wantBad := map[int][]Bad{2: {{8, 40, errRotten}, {12, 44, errRotten}, {12, 45, errRotten}, {13, 45, errRotten}}, 6: {{3, 99, errRotten}}}
	for step := range 7 {
		b, err := p.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(b.Bad, wantBad[step]) {
			t.Errorf("step %d: got the bad samples %v, want %v", step, b.Bad, wantBad[step])
		}
		for i, index := range b.Index {
			want, replaced := place[16*step+i]
			if !replaced {
				want = 16*step + i
			}
			if index != want || b.Labels[i] != int64(want%7) || b.Pixels[4*i] != float32(want)/255 {
				t.Errorf("step %d, position %d: got sample %d labelled %d, want %d", step, i, index, b.Labels[i], want)
			}
		}
		p.Release(b)
	}
}

// A folder of which nothing can be read ends the run, and soon.
func TestPipelineGivesUp(t *testing.T) {
	bad := map[int]bool{}
	for i := range 100 {
		bad[i] = true
	}
	for _, most := range []int{3, 1000} {
		cfg := config(broken{numbered(100), bad})
		cfg.Sampler.Shuffle, cfg.MaxBad = false, most
		p, err := NewPipeline(cfg)
		if err != nil {
			t.Fatal(err)
		}
		p.Start(0, 0)
		_, err = p.Next()
		wantError(t, fmt.Sprintf("MaxBad %d", most), err, Invalid, "image 0 of numbered", errRotten.Error(),
			fmt.Sprintf("nor can the %d samples after it", min(most, 99)))
		p.Close()
	}
}

// Close ends every goroutine wherever the pipeline stands.
func TestPipelineClose(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, taken := range []int{-1, 0, 1, 2, 5, 21, 22} {
		p, err := NewPipeline(config(numbered(100)))
		if err != nil {
			t.Fatal(err)
		}
		if taken >= 0 {
			p.Start(0, 0)
		}
		for range taken {
			b, err := p.Next()
			if err == io.EOF {
				break
			}
			p.Release(b)
		}
		if taken == 2 {
			time.Sleep(5 * time.Millisecond) // the ring is full, everybody waits
		}
		p.Close()
		p.Close()
		if taken >= 0 {
			if _, err := p.Next(); err != ErrClosed {
				t.Errorf("Next after Close: got %v, want ErrClosed", err)
			}
		}
		// A goroutine that has said that it is done still needs a moment to end.
		for begin := time.Now(); runtime.NumGoroutine() > before && time.Since(begin) < time.Second; {
			time.Sleep(time.Millisecond)
		}
		if after := runtime.NumGoroutine(); after > before {
			t.Errorf("closed after %d batches: %d goroutines, %d before", taken, after, before)
		}
	}
}

// counting counts the samples that were made.
type counting struct{ n *atomic.Int64 }

func (c counting) View([]float32, int, *pixel.Image, *rng.Stream) { c.n.Add(1) }

// Workers never run further ahead than the ring.
func TestPipelineIsBounded(t *testing.T) {
	var n atomic.Int64
	cfg := config(numbered(100))
	cfg.Views, cfg.NewViewer = 1, func() Viewer { return counting{&n} }
	p, err := NewPipeline(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.Start(0, 0)
	first, err := p.Next()
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	if got := n.Load(); got != 3*16 {
		t.Errorf("with one of 3 slots held, %d samples were made, want %d", got, 3*16)
	}
	p.Release(first)
	time.Sleep(20 * time.Millisecond)
	if got := n.Load(); got != 4*16 {
		t.Errorf("after its release, %d samples were made, want %d", got, 4*16)
	}
}

// slow makes the reader wait.
type slow struct{}

func (slow) View([]float32, int, *pixel.Image, *rng.Stream) { time.Sleep(5 * time.Millisecond) }

func TestPipelineWaited(t *testing.T) {
	cfg := config(numbered(16))
	cfg.Views, cfg.Epochs, cfg.NewViewer = 1, 1, func() Viewer { return slow{} }
	p, err := NewPipeline(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.Start(0, 0)
	if _, err := p.Next(); err != nil {
		t.Fatal(err)
	}
	// 16 samples of 5 ms by 2 workers.
	if got := p.Waited(); got < 35*time.Millisecond {
		t.Errorf("waited %v, want at least 35ms", got)
	}
}

// A rank whose part of an epoch's last batch is empty gets an empty batch.
func TestRankWithoutSamples(t *testing.T) {
	for rank, want := range []int{1, 0} {
		cfg := config(numbered(17))
		cfg.Sampler.Rank, cfg.Sampler.World, cfg.Epochs = rank, 2, 1
		p, err := NewPipeline(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		p.Start(0, 0)
		for step, n := range []int{8, want} {
			b, err := p.Next()
			if err != nil {
				t.Fatal(err)
			}
			if of := []int{16, 1}[step]; b.N != n || b.Of != of || b.Last != (step == 1) || len(b.Index) != n {
				t.Errorf("rank %d, step %d: got %d of %d samples, last %v, want %d of %d", rank, step, b.N, b.Of, b.Last, n, of)
			}
			p.Release(b)
		}
		if _, err := p.Next(); err != io.EOF {
			t.Errorf("rank %d: after the last batch: got %v, want io.EOF", rank, err)
		}
	}
}

func TestPipelineRefuses(t *testing.T) {
	d := numbered(10)
	tests := map[string]func(*PipelineConfig){
		"empty dataset":   func(c *PipelineConfig) { c.Dataset = numbered(0) },
		"no dataset":      func(c *PipelineConfig) { c.Dataset = nil },
		"other sampler":   func(c *PipelineConfig) { c.Sampler.Len = 9 },
		"ranks without":   func(c *PipelineConfig) { c.Sampler.World = 17 },
		"no batch":        func(c *PipelineConfig) { c.BatchSize = 0 },
		"no views":        func(c *PipelineConfig) { c.Views = 0 },
		"no workers":      func(c *PipelineConfig) { c.Workers = 0 },
		"no epochs":       func(c *PipelineConfig) { c.Epochs = 0 },
		"no slots":        func(c *PipelineConfig) { c.Slots = nil },
		"slots too small": func(c *PipelineConfig) { c.Slots = slots(d, 2, 2, 16) },
		"labels missing":  func(c *PipelineConfig) { c.Slots[1].Labels = nil },
	}
	for name, change := range tests {
		cfg := config(d)
		change(&cfg)
		if _, err := NewPipeline(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestReleaseTwicePanics(t *testing.T) {
	p, err := NewPipeline(config(numbered(100)))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	p.Start(0, 0)
	b, err := p.Next()
	if err != nil {
		t.Fatal(err)
	}
	p.Release(b)
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	p.Release(b)
}

// A worker allocates nothing per sample.
func TestWorkerAllocation(t *testing.T) {
	cfg := config(numbered(16))
	w := newWorker(&cfg)
	b := Batch{Pixels: cfg.Slots[0].Pixels, Labels: cfg.Slots[0].Labels, Index: ascending(16), N: 16, Views: 3}
	if n := testing.AllocsPerRun(100, func() {
		if _, err := w.fill(&b, 5); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations a sample, want 0", n)
	}
}

// The pipeline's own cost beside a view: plain copies of CIFAR-sized images.
func BenchmarkPipeline(b *testing.B) {
	d := &arrays{name: "noise", classes: make([]string, 10), w: 32, h: 32, c: 3,
		pixels: make([]uint8, 4096*3072), labels: make([]uint8, 4096)}
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			p, err := NewPipeline(PipelineConfig{
				Dataset: d, Sampler: Sampler{Len: d.Len(), Shuffle: true}, BatchSize: 128, Views: 1, Train: true,
				Workers: workers, Epochs: 1 << 30, Slots: slots(d, 3, 1, 128),
			})
			if err != nil {
				b.Fatal(err)
			}
			defer p.Close()
			p.Start(0, 0)
			b.ReportAllocs()
			for b.Loop() {
				batch, err := p.Next()
				if err != nil {
					b.Fatal(err)
				}
				p.Release(batch)
			}
			b.ReportMetric(float64(b.N)*128/b.Elapsed().Seconds(), "images/s")
		})
	}
}

// Slots of bytes take the samples as they are read, in the same batches as slots of pixels, and refuse views.
func TestSlotsOfBytes(t *testing.T) {
	d := openShapes("test")
	d = Subset(d, 50, false)
	w, h, c := d.Size()
	cfg := config(d)
	cfg.Views, cfg.Train, cfg.NewViewer, cfg.Epochs = 1, false, nil, 1
	of := func(slots []Slot) (out []Batch) {
		cfg.Slots = slots
		p, err := NewPipeline(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		p.Start(0, 0)
		for {
			b, err := p.Next()
			if err == io.EOF {
				return out
			}
			if err != nil {
				t.Fatal(err)
			}
			copied := b
			copied.Pixels, copied.Bytes = slices.Clone(b.Pixels), slices.Clone(b.Bytes)
			copied.Labels, copied.Index = slices.Clone(b.Labels), slices.Clone(b.Index)
			out = append(out, copied)
			p.Release(b)
		}
	}
	bytesOf := slots(d, 3, 0, 16)
	for i := range bytesOf {
		bytesOf[i].Pixels, bytesOf[i].Bytes = nil, make([]uint8, 16*w*h*c)
	}
	want, got := of(slots(d, 3, 1, 16)), of(bytesOf)
	if len(want) != 4 || len(got) != 4 {
		t.Fatalf("50 samples make %d and %d batches of 16", len(want), len(got))
	}
	for i, b := range got {
		if !slices.Equal(b.Labels, want[i].Labels) || !slices.Equal(b.Index, want[i].Index) || len(b.Bytes) != len(want[i].Pixels) || len(b.Pixels) != 0 {
			t.Fatalf("batch %d holds other samples", i)
		}
		for j, v := range b.Bytes {
			if float32(v)/255 != want[i].Pixels[j] {
				t.Fatalf("batch %d, value %d: got %d, want %v of 255", i, j, v, want[i].Pixels[j]*255)
			}
		}
	}
	cfg.NewViewer = func() Viewer { return drawing{} }
	if _, err := NewPipeline(cfg); err == nil || !strings.Contains(err.Error(), "bytes") {
		t.Errorf("a viewer for slots of bytes: got error %v", err)
	}
}
