package train

import (
	"fmt"
	"runtime"
	"syscall"
	"time"

	"augmix/data"
	"augmix/run"

	torch "github.com/wangkuiyi/gotorch"
)

// BenchConfig is a measurement of the training step on one synthetic batch that lies in memory.
type BenchConfig struct {
	Config run.Config // Model, method, batch size, precision and threads are used.
	Size   int        // The side of the images in pixels.
	Steps  int        // Timed.
	Warmup int        // Before them.
}

// BenchResult is what BenchStep measured. Images are clean ones: the views of one count once.
type BenchResult struct {
	StepsPerSecond  float64 `json:"steps_per_second"`
	ImagesPerSecond float64 `json:"images_per_second"`
	CPUSeconds      float64 `json:"cpu_seconds_per_step"` // Of all threads.
	PeakRSSBytes    int64   `json:"peak_rss_bytes"`
	Device          string  `json:"device"`
	DeviceName      string  `json:"device_name"`       // Of a GPU.
	PeakDeviceBytes int64   `json:"peak_device_bytes"` // Of tensors on a GPU.
	Graph           bool    `json:"graph"`             // The steps were replays of a CUDA graph.
	NoGraphReason   string  `json:"no_graph_reason"`   // Why they could not be.
	Precision       string  `json:"precision"`
	Model           string  `json:"model"`
	Size            int     `json:"size"`
	BatchSize       int     `json:"batch_size"`
	Views           int     `json:"views"`
	Threads         int     `json:"threads"`
	Steps           int     `json:"steps"`
	Loss            float64 `json:"loss"` // After the last step.
}

// benchClasses is how many classes the synthetic images have.
const benchClasses = 10

// BenchStep times the step of a run: forward, loss, backward, update, with no data pipeline; on CUDA from the batch in the
// CPU's page-locked memory on. say is told why steps are not captured as a CUDA graph, if they cannot be. The error is a
// *torch.Error, or names a flag.
func BenchStep(b BenchConfig, say func(format string, args ...any)) (r BenchResult, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	caught := torch.Maybe(func() {
		Prepare(b.Config)
		place(b.Config).Do(func() { r, err = b.run(say) })
	})
	if caught != nil {
		return BenchResult{}, caught
	}
	return r, err
}

func (b BenchConfig) run(say func(format string, args ...any)) (BenchResult, error) {
	cfg := b.Config
	method, err := NewMethod(cfg)
	if err != nil {
		return BenchResult{}, err
	}
	net, err := newNet(cfg, benchClasses)
	if err != nil {
		return BenchResult{}, err
	}
	defer net.Close()
	if err := net.Config().CheckSize(b.Size, b.Size, 3); err != nil {
		return BenchResult{}, err
	}
	m := newMachine(cfg, method, net, b.Size, b.Size, 3, say)
	defer m.close()
	batch := m.synthetic()

	train := func(steps int) {
		for i := range steps {
			m.step(batch, cfg.LearningRate, uint64(i))
			if m.meter.full() {
				m.meter.read()
			}
		}
		m.place.Wait()
	}
	train(b.Warmup)
	before, err := usage()
	if err != nil {
		return BenchResult{}, err
	}
	start := time.Now()
	train(b.Steps)
	seconds := time.Since(start).Seconds()
	after, err := usage()
	if err != nil {
		return BenchResult{}, err
	}
	m.meter.startEpoch()
	m.step(batch, cfg.LearningRate, 0)
	m.meter.read()
	name := ""
	if m.place.IsCUDA() {
		name = torch.CUDADeviceName(m.place.Index())
	}
	_, peak := m.place.Memory()
	reason := ""
	if err := m.graphs.Refused(); err != nil {
		reason = err.Error()
	}
	return BenchResult{
		StepsPerSecond: float64(b.Steps) / seconds, ImagesPerSecond: float64(b.Steps*imagesPerStep(cfg)) / seconds,
		CPUSeconds: (processorTime(after) - processorTime(before)).Seconds() / float64(b.Steps), PeakRSSBytes: after.Maxrss * 1024,
		Device: cfg.Device, DeviceName: name, PeakDeviceBytes: peak, Graph: m.graphs.Captured() > 0 && reason == "", NoGraphReason: reason,
		Precision: cfg.Precision, Model: net.Describe(), Size: b.Size, BatchSize: cfg.BatchSize, Views: method.Views(),
		Threads: cfg.Threads, Steps: b.Steps, Loss: m.meter.average,
	}, nil
}

func usage() (u syscall.Rusage, err error) {
	if err = syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		err = fmt.Errorf("read what the process has used: %w", err)
	}
	return u, err
}

// processorTime is what all threads have spent, in the program and in the system on its behalf.
func processorTime(u syscall.Rusage) time.Duration {
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// synthetic fills slot 0 with a pattern that is not constant, and labels in turn.
func (m *machine) synthetic() data.Batch {
	slot := m.feed.slots()[0]
	state := uint32(1)
	for i := range slot.Pixels {
		state = state*1664525 + 1013904223 // Numerical Recipes' generator: any spread of values will do.
		slot.Pixels[i] = float32(state>>8) / (1 << 24)
	}
	for i := range slot.Labels {
		slot.Labels[i] = int64(i % m.net.Config().Classes)
	}
	return data.Batch{Slot: 0, N: imagesPerStep(m.cfg), Of: imagesPerStep(m.cfg), Views: m.method.Views()}
}
