package augmix

import (
	"context"
	"sync"
	"time"

	"augmix/pixel"
	"augmix/rng"
)

// Throughput measures how many views of size×size RGB images the given number of
// goroutines make together in a second, over about the given time; batches of
// views are counted whole. The images are smooth with a little noise. The
// reference's counterpart is scripts/bench/view_reference.py.
func Throughput(cfg Config, size, workers int, d time.Duration) float64 {
	const images, batch = 64, 16
	set := make([]*pixel.Image, images)
	for i := range set {
		set[i] = benchImage(size, uint64(i))
	}
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	counts := make([]int, workers)
	start := time.Now()
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			mixer := NewMixer(cfg)
			dst := make([]float32, len(set[0].Pix))
			for n := 0; ctx.Err() == nil; {
				for range batch {
					stream := rng.New(0, 0, uint64(n*workers+w), 1)
					mixer.View(dst, set[n%images], &stream)
					n++
				}
				counts[w] = n
			}
		})
	}
	group.Wait()
	elapsed := time.Since(start)
	var total int
	for _, n := range counts {
		total += n
	}
	return float64(total) / elapsed.Seconds()
}

// benchImage returns an image of two colour gradients with noise of ±8.
func benchImage(size int, seed uint64) *pixel.Image {
	r := rng.Named("augmix/bench", seed)
	m := pixel.New(size, size, 3)
	var base, dx, dy [3]float64
	for c := range base {
		base[c], dx[c], dy[c] = r.Uniform(60, 190), r.Uniform(-60, 60), r.Uniform(-60, 60)
	}
	for i := range m.Pix {
		x, y, c := i/3%size, i/3/size, i%3
		v := base[c] + dx[c]*(float64(x)/float64(size)-0.5) + dy[c]*(float64(y)/float64(size)-0.5) + r.Uniform(-8, 8)
		m.Pix[i] = uint8(min(max(v, 0), 255))
	}
	return m
}
