package device

import "github.com/wangkuiyi/gotorch/cuda"

// Stages is how many batches may be on their way to a device: while one is read, the next arrives.
const Stages = 2

// Lane brings batches to a device on a stream of its own, so that copies over the bus and work on the device go on side by
// side. Everything that it copies has Stages staging tensors on the device, which it takes by turns. On the CPU, where a
// test may send batches the same way, it copies at once.
type Lane struct {
	place   Place
	stream  *cuda.Stream        // nil on the CPU, and so are the events.
	arrived [Stages]*cuda.Event // The batch is in the staging tensors: its page-locked memory is free.
	read    [Stages]*cuda.Event // The batch is out of them: the next may come.
	turn    int
	held    []load // Oldest first.
}

// load is a batch whose page-locked memory may still be read.
type load struct {
	arrived *cuda.Event
	release func()
}

// NewLane returns a lane to a device, once the staging tensors are made.
func NewLane(p Place) *Lane {
	l := &Lane{place: p}
	if p.IsCUDA() {
		p.Wait() // For what is queued on the staging tensors' memory.
		l.stream = cuda.NewStream(p.Device, true)
		for i := range Stages {
			l.arrived[i], l.read[i] = cuda.NewEvent(), cuda.NewEvent()
		}
	}
	return l
}

// Load queues the way of a batch: stage copies it from page-locked memory into the staging tensors of the given number, on
// the lane's stream, then take out of these on the device's, to where the work that is queued next finds it. It waits for
// neither. When the page-locked memory may be written again, release is called: by this call or a later one, which waits
// so long that at most one batch is held after it.
func (l *Lane) Load(stage, take func(i int), release func()) {
	i := l.turn
	l.turn = (i + 1) % Stages
	l.queue(i, stage, take)
	l.held = append(l.held, load{l.arrived[i], release})
	for len(l.held) > 1 || len(l.held) > 0 && l.held[0].done() {
		l.free()
	}
}

func (l *Lane) queue(i int, stage, take func(i int)) {
	if l.stream == nil {
		stage(i)
		take(i)
		return
	}
	l.stream.Do(func() {
		l.stream.Wait(l.read[i])
		stage(i)
		l.arrived[i].Record(l.stream)
	})
	l.place.stream.Wait(l.arrived[i])
	take(i)
	l.read[i].Record(l.place.stream)
}

func (b load) done() bool { return b.arrived == nil || b.arrived.Done() }

// free waits for the oldest batch and releases it.
func (l *Lane) free() {
	oldest := l.held[0]
	l.held = l.held[1:]
	if oldest.arrived != nil {
		oldest.arrived.Synchronize()
	}
	oldest.release()
}

// Close ends the copies and frees the lane, not the staging tensors. Held batches are not released.
func (l *Lane) Close() {
	if l.stream == nil {
		return
	}
	l.stream.Synchronize()
	l.place.Wait()
	for i := range Stages {
		l.arrived[i].Close()
		l.read[i].Close()
	}
}
