package device

import (
	"slices"
	"testing"
)

// On the CPU a lane copies at once and gives batches back in their order, all but at most the last.
func TestLaneOnTheCPU(t *testing.T) {
	l := NewLane(Place{})
	defer l.Close()
	var steps []string
	var released, stages []int
	for b := range 5 {
		l.Load(
			func(i int) { stages = append(stages, i); steps = append(steps, "stage") },
			func(i int) {
				if i != stages[len(stages)-1] {
					t.Errorf("batch %d is taken from staging %d, it is in %d", b, i, stages[len(stages)-1])
				}
				steps = append(steps, "take")
			},
			func() { released = append(released, b) })
	}
	if want := []int{0, 1, 0, 1, 0}; !slices.Equal(stages, want) {
		t.Errorf("the staging tensors were taken in the order %v, want %v", stages, want)
	}
	if !slices.Equal(steps[:4], []string{"stage", "take", "stage", "take"}) {
		t.Errorf("got the steps %v", steps)
	}
	if want := []int{0, 1, 2, 3, 4}; !slices.Equal(released, want) && !slices.Equal(released, want[:4]) {
		t.Errorf("the batches that were given back are %v", released)
	}
}

// On the CPU work is called each time, whether capture is asked for or not.
func TestGraphsOnTheCPU(t *testing.T) {
	for _, capture := range []bool{true, false} {
		g := NewGraphs(Place{}, capture, t.Logf)
		calls := 0
		for run := range 6 {
			g.Run(run%2, func() { calls++ })
		}
		if calls != 6 || g.Captured() != 0 || !g.Settled() {
			t.Errorf("capture %v: %d calls of 6 runs, %d graphs", capture, calls, g.Captured())
		}
		g.Close()
	}
}
