package train

import (
	"runtime"
	"testing"

	"augmix/data"
	"augmix/ranks"
	"augmix/run"
	"augmix/weights"

	torch "github.com/wangkuiyi/gotorch"
)

// emulate returns the digest of what so many ranks train to, each of which is a machine of its own in this process.
func emulate(t *testing.T, cfg run.Config, train data.Dataset, size int) string {
	t.Helper()
	w := &emulation{turns: make([]chan any, size), waiting: make([]torch.Tensor, size)}
	for i := range w.turns {
		w.turns[i] = make(chan any, 1)
	}
	digests := make(chan string, size)
	for rank := range size {
		go func() {
			runtime.LockOSThread() // libtorch's modes are a thread's.
			<-w.turns[rank]
			digests <- w.train(t, cfg, train, rank)
			w.pass(rank)
		}()
	}
	w.turns[0] <- nil
	digest := <-digests
	for range size - 1 {
		if other := <-digests; other != digest {
			t.Errorf("two emulated ranks end with different weights")
		}
	}
	return digest
}

// emulation lets ranks in one process take turns: one computes until it adds up, then the next, and when the last does the sum
// is made. So libtorch's generator serves one at a time.
type emulation struct {
	turns   []chan any
	waiting []torch.Tensor
}

func (w *emulation) train(t *testing.T, cfg run.Config, train data.Dataset, rank int) string {
	method, err := NewMethod(cfg)
	if err != nil {
		t.Error(err)
		return ""
	}
	net, err := newNet(cfg, len(cfg.Classes))
	if err != nil {
		t.Error(err)
		return ""
	}
	defer net.Close()
	width, height, channels := train.Size()
	size := len(w.turns)
	torch.SetNumThreads(int32(cfg.Threads))
	m := newMachine(localConfig(cfg, size), method, net, width, height, channels, t.Logf)
	defer m.close()
	if size > 1 {
		m.join(&company{world: ranks.World{Rank: rank, Size: size}, device: emulatedRank{w, rank}})
	}
	sampler := data.Sampler{Len: train.Len(), Seed: cfg.Seed, Rank: rank, World: size, Shuffle: true}
	rate := newSchedule(cfg, sampler.Steps(cfg.BatchSize))
	pipeline, err := data.NewPipeline(data.PipelineConfig{
		Dataset: train, Sampler: sampler, BatchSize: imagesPerStep(cfg), Views: method.Views(), Train: true,
		NewViewer: func() data.Viewer { return method.NewViewer() },
		Workers:   1, Seed: cfg.Seed, Epochs: cfg.Epochs, Slots: m.feed.slots(),
	})
	if err != nil {
		t.Error(err)
		return ""
	}
	defer pipeline.Close()
	m.feed.release = pipeline.Release
	pipeline.Start(0, 0)
	for step := range uint64(cfg.Epochs * sampler.Steps(cfg.BatchSize)) {
		batch, err := pipeline.Next()
		if err != nil {
			t.Error(err)
			return ""
		}
		m.step(batch, rate.at(step), stepSeed(cfg.Seed, step, 0))
		m.meter.filled = 0 // Nobody reads it.
	}
	return weights.Digest(m.tensors())
}

// pass lets the next rank compute.
func (w *emulation) pass(rank int) {
	w.turns[(rank+1)%len(w.turns)] <- nil
}

// emulatedRank adds up with the other ranks of an emulation.
type emulatedRank struct {
	*emulation
	rank int
}

func (r emulatedRank) AllReduce(t torch.Tensor) error {
	r.waiting[r.rank] = t
	if r.rank == len(r.turns)-1 {
		addAsGloo(r.waiting)
	}
	r.pass(r.rank)
	<-r.turns[r.rank]
	return nil
}

// addAsGloo replaces every tensor by the sum of all, added in the order of gloo's ring. It cuts a tensor into a chunk for
// each rank. Chunk c starts at rank c−1 and goes down the ring to c; each rank adds its own values to what comes.
func addAsGloo(tensors []torch.Tensor) {
	size := len(tensors)
	var values [][]float32
	for _, t := range tensors {
		values = append(values, t.MemoryFloat32())
	}
	const element, largest = 4, 1 << 20
	total := len(values[0]) * element
	segment := roundUp(min((total+2*size-1)/(2*size), largest), element)
	segments := roundUp(max((total+segment-1)/segment, 2*size), size)
	for i := range values[0] {
		chunk := i * element / segment / (segments / size)
		from := (chunk - 1 + size) % size
		sum := values[from][i]
		for k := 1; k < size; k++ {
			sum += values[(from-k+size)%size][i]
		}
		for _, v := range values {
			v[i] = sum
		}
	}
}

func roundUp(n, multiple int) int { return (n + multiple - 1) / multiple * multiple }

func (emulatedRank) Broadcast(torch.Tensor, int) error {
	panic("an emulated rank begins as all others do")
}

func (emulatedRank) BatchNorm(x, _, _, _, _ torch.Tensor, _, _ float64, _ bool) torch.Tensor {
	panic("emulated ranks normalise by themselves")
}
