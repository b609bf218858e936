package train

import (
	"slices"
	"testing"

	"augmix/data"
	"augmix/device"

	torch "github.com/wangkuiyi/gotorch"
)

// A machine whose batches take the way to a device, here with the CPU at its other end, trains as one that reads them where
// the pipeline writes them, on whole and partial batches, with the draws of methods that mix and of others. Batches are
// given back in their order, all but at most the last.
func TestDistantFeed(t *testing.T) {
	for _, method := range []string{"augmix", "cutmix"} {
		cfg, _, _ := small(t)
		cfg.Method, cfg.BatchSize, cfg.GradAccum = method, 4, 2
		if err := ResolveMethod(&cfg); err != nil {
			t.Fatal(err)
		}
		near, far := testMachine(t, cfg), testMachine(t, cfg)
		far.static.Do(func() { far.feed = newDistantFeed(cfg, far.method, device.Place{}, 32, 32, 3) })
		var released []int
		far.feed.release = func(b data.Batch) { released = append(released, b.Step) }
		for step := range 6 {
			images := 8 - step%2*3
			for _, m := range []*machine{near, far} {
				b := m.synthetic()
				b.N, b.Step, b.Slot = images, step, step%len(m.feed.ring)
				for i := range m.feed.slots()[b.Slot].Pixels {
					m.feed.slots()[b.Slot].Pixels[i] = float32((i*31+step*7)%256) / 255
				}
				for i := range m.feed.slots()[b.Slot].Labels {
					m.feed.slots()[b.Slot].Labels[i] = int64((i + step) % benchClasses)
				}
				m.step(b, 0.1, uint64(step))
			}
		}
		near.meter.read()
		far.meter.read()
		if got, want := far.meter.meanLoss(), near.meter.meanLoss(); got != want {
			t.Errorf("%s: the mean loss is %v over the way, %v directly", method, got, want)
		}
		if got, want := far.meter.errors, near.meter.errors; got != want {
			t.Errorf("%s: %v errors over the way, %v directly", method, got, want)
		}
		if worst, where := farthest(values(near.net), values(far.net)); worst != 0 {
			t.Errorf("%s: %s differs by %.2g of its largest value", method, where, worst)
		}
		if want := []int{0, 1, 2, 3, 4, 5}; !slices.Equal(released, want) && !slices.Equal(released, want[:5]) {
			t.Errorf("%s: the batches that were given back are %v, want %v or all but the last", method, released, want)
		}
	}
}

// The staging and the fixed tensors are of the device, and only the ring is the CPU's to fill.
func TestDistantFeedHasDrawsOfItsOwn(t *testing.T) {
	cfg, _, _ := small(t)
	cfg.Method = "mixup"
	m := testMachine(t, cfg)
	torch.Scope(func() {
		f := newDistantFeed(cfg, m.method, device.Place{}, 32, 32, 3)
		seen := map[any]bool{}
		for _, in := range append(slices.Clone(f.ring), f.staging[0], f.staging[1], f.fixed) {
			for _, d := range in.draws {
				if seen[d] {
					t.Error("two batches share their draws, which the copies of one may still read while the other's are written")
				}
				seen[d] = true
			}
		}
		if len(f.ring) != slots+1 || len(seen) != slots+1+device.Stages+1 {
			t.Errorf("there are %d slots and %d sets of draws, want %d and %d", len(f.ring), len(seen), slots+1, slots+1+device.Stages+1)
		}
	})
}
