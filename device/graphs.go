package device

import "github.com/wangkuiyi/gotorch/cuda"

// Runs of work before it is captured: libraries load, choose their kernels and take their workspaces. What is left to do
// for another shape is the choice of kernels.
const (
	warmup      = 3
	warmupShape = 1
)

// Graphs runs work that repeats itself, on CUDA as captured graphs: one launch for all of its kernels. There is a graph for
// each shape of the work's tensors; all of them share their memory, so that what a run leaves must be read, or copied out
// by the work itself, before the next run. The zero Graphs runs work as it is, as on the CPU.
type Graphs struct {
	place   Place
	capture bool
	say     func(format string, args ...any)
	shapes  map[int]*shape
	first   *cuda.Graph // Whose memory the others share.
	refused error       // Why work could not be captured.
}

// shape is the work on tensors of one shape.
type shape struct {
	runs  int         // That were not replays.
	graph *cuda.Graph // nil until it is captured.
}

// NewGraphs returns graphs of work at a place; on the CPU, or without capture, they run it as it is. say is told of a
// capture that failed.
func NewGraphs(p Place, capture bool, say func(format string, args ...any)) *Graphs {
	return &Graphs{place: p, capture: capture && p.IsCUDA(), say: say, shapes: map[int]*shape{}}
}

// Run does work on tensors of a shape, which the caller numbers: the first times by calling work, which each time queues
// the same kernels on the same memory, then by a replay. A capture calls work once more without effect on the device, so it
// may change nothing else. Where work cannot be captured that is said once, and it goes on being called.
func (g *Graphs) Run(number int, work func()) {
	if !g.capture {
		work()
		return
	}
	s := g.shapes[number]
	if s == nil {
		s = &shape{}
		g.shapes[number] = s
	}
	if s.graph == nil && s.runs < g.runsBefore() {
		s.runs++
		work()
		return
	}
	if s.graph == nil && !g.captureInto(s, work) {
		work()
		return
	}
	s.graph.Replay()
}

// Settled tells whether a run of work that was run before is all that the next one is: a replay, where it is captured.
func (g *Graphs) Settled() bool { return !g.capture || g.first != nil }

// Captured counts the graphs that there are.
func (g *Graphs) Captured() (n int) {
	for _, s := range g.shapes {
		if s.graph != nil {
			n++
		}
	}
	return n
}

// Refused is why work could not be captured; nil where nothing was tried in vain.
func (g *Graphs) Refused() error { return g.refused }

func (g *Graphs) runsBefore() int {
	if g.first != nil {
		return warmupShape
	}
	return warmup
}

// captureInto captures the work on a shape. It returns false where that fails, and then for good.
func (g *Graphs) captureInto(s *shape, work func()) bool {
	g.place.Wait()
	cuda.EmptyCache() // What the runs before took is taken anew, from the graph's own memory.
	graph := cuda.NewGraph()
	if err := graph.Capture(g.first, work); err != nil {
		graph.Close()
		g.capture, g.refused = false, err
		g.say("cannot capture the work on the device as a CUDA graph: %v; it goes on without one, more slowly (--no-graph leaves this message out)", err)
		return false
	}
	s.graph = graph
	if g.first == nil {
		g.first = graph
	}
	return true
}

// Close frees the graphs. It must come before the tensors that they read and write are freed.
func (g *Graphs) Close() {
	if g.first == nil {
		return
	}
	g.place.Wait()
	for _, s := range g.shapes {
		if s.graph != nil && s.graph != g.first {
			s.graph.Close()
		}
	}
	g.first.Close()
	g.first, g.shapes = nil, map[int]*shape{}
}
