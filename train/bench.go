package train

import (
	"fmt"
	"runtime"
	"syscall"
	"time"

	"augmix/data"
	"augmix/run"
)

// BenchConfig is a measurement of the training step on one synthetic batch that lies in memory.
type BenchConfig struct {
	Config run.Config // Model, method, batch size, precision and threads are used.
	Steps  int        // Timed.
	Warmup int        // Before them.
}

// BenchResult is what BenchStep measured. Images are clean ones: the views of one count once.
type BenchResult struct {
	StepsPerSecond  float64 `json:"steps_per_second"`
	ImagesPerSecond float64 `json:"images_per_second"`
	PeakRSSBytes    int64   `json:"peak_rss_bytes"`
	Precision       string  `json:"precision"`
	Model           string  `json:"model"`
	BatchSize       int     `json:"batch_size"`
	Views           int     `json:"views"`
	Threads         int     `json:"threads"`
	Steps           int     `json:"steps"`
	Loss            float64 `json:"loss"` // After the last step.
}

// The synthetic images are benchSize pixels wide and high, in benchClasses classes.
const (
	benchSize    = 32
	benchClasses = 10
)

// BenchStep times the step of a run: forward, loss, backward, update, with no data pipeline.
func BenchStep(b BenchConfig) (BenchResult, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cfg := b.Config
	method, err := NewMethod(cfg)
	if err != nil {
		return BenchResult{}, err
	}
	UseThreads(cfg.Threads)
	net, err := newNet(cfg, benchClasses)
	if err != nil {
		return BenchResult{}, err
	}
	defer net.Close()
	m := newMachine(cfg, method, net, benchSize, benchSize, 3)
	defer m.close()
	batch := m.synthetic()

	train := func(steps int) {
		for i := range steps {
			m.step(batch, cfg.LearningRate, uint64(i))
			if m.meter.full() {
				m.meter.read()
			}
		}
	}
	train(b.Warmup)
	start := time.Now()
	train(b.Steps)
	seconds := time.Since(start).Seconds()
	m.meter.startEpoch()
	m.step(batch, cfg.LearningRate, 0)
	m.meter.read()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return BenchResult{}, fmt.Errorf("read the peak memory: %w", err)
	}
	return BenchResult{
		StepsPerSecond: float64(b.Steps) / seconds, ImagesPerSecond: float64(b.Steps*cfg.BatchSize) / seconds,
		PeakRSSBytes: usage.Maxrss * 1024, Precision: cfg.Precision, Model: net.Describe(), BatchSize: cfg.BatchSize,
		Views: method.Views(), Threads: cfg.Threads, Steps: b.Steps, Loss: m.meter.average,
	}, nil
}

// synthetic fills slot 0 with a pattern that is not constant, and labels in turn.
func (m *machine) synthetic() data.Batch {
	slot := m.ring()[0]
	state := uint32(1)
	for i := range slot.Pixels {
		state = state*1664525 + 1013904223 // Numerical Recipes' generator: any spread of values will do.
		slot.Pixels[i] = float32(state>>8) / (1 << 24)
	}
	for i := range slot.Labels {
		slot.Labels[i] = int64(i % benchClasses)
	}
	return data.Batch{Slot: 0, N: m.cfg.BatchSize, Views: m.method.Views()}
}
