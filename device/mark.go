package device

import "github.com/wangkuiyi/gotorch/cuda"

// Mark is a point in the work that is queued at a place, which can be waited for.
type Mark struct {
	place Place
	event *cuda.Event // nil on the CPU, where work that was queued has run.
}

// NewMark returns a mark that is set nowhere.
func NewMark(p Place) *Mark {
	m := &Mark{place: p}
	if p.IsCUDA() {
		m.event = cuda.NewEvent()
	}
	return m
}

// Set moves the mark behind everything that is queued now.
func (m *Mark) Set() {
	if m.event != nil {
		m.event.Record(m.place.stream)
	}
}

// Wait waits until everything before the mark has run.
func (m *Mark) Wait() {
	if m.event != nil {
		m.event.Synchronize()
	}
}

// Close frees the mark.
func (m *Mark) Close() {
	if m.event != nil {
		m.event.Close()
	}
}
