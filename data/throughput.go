package data

import "time"

// Throughput measures how many samples a pipeline makes in a second, all their
// views, over about the given time after its first batch. The configuration's
// sampler, epochs and slots do not matter: samples are shuffled without end.
func Throughput(cfg PipelineConfig, d time.Duration) (float64, error) {
	const slots = 3
	w, h, c := cfg.Dataset.Size()
	cfg.Sampler = Sampler{Len: cfg.Dataset.Len(), Shuffle: true}
	cfg.Epochs = 1 << 30
	cfg.Slots = make([]Slot, slots)
	for i := range cfg.Slots {
		cfg.Slots[i] = Slot{Pixels: make([]float32, cfg.Views*cfg.BatchSize*w*h*c), Labels: make([]int64, cfg.BatchSize)}
	}
	p, err := NewPipeline(cfg)
	if err != nil {
		return 0, err
	}
	defer p.Close()
	p.Start(0, 0)
	var begin time.Time
	samples := 0
	for {
		b, err := p.Next()
		if err != nil {
			return 0, err
		}
		if begin.IsZero() {
			begin = time.Now()
		} else if samples += b.N; time.Since(begin) >= d {
			return float64(samples) / time.Since(begin).Seconds(), nil
		}
		p.Release(b)
	}
}
