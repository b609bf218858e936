package supervise

import (
	"bytes"
	"fmt"
	"io"
	"sync"
)

// output is the supervisor's standard error, on which lines of several ranks meet.
type output struct {
	mutex sync.Mutex
	w     io.Writer
}

func (o *output) Write(p []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.w.Write(p)
}

func (o *output) say(format string, args ...any) {
	fmt.Fprintf(o, "augmix: "+format+"\n", args...)
}

// maxLine bounds what is kept of a line that does not end.
const maxLine = 64 << 10

// lines writes whole lines with a prefix. One goroutine writes to it, then another
// calls flush.
type lines struct {
	out    io.Writer
	prefix string
	rest   []byte // of a line that has not ended
}

func (l *lines) Write(p []byte) (int, error) {
	l.rest = append(l.rest, p...)
	for {
		end := bytes.IndexByte(l.rest, '\n')
		if end < 0 && len(l.rest) < maxLine {
			return len(p), nil
		}
		if end < 0 {
			end = len(l.rest) - 1
		}
		if err := l.line(l.rest[:end+1]); err != nil {
			return len(p), err
		}
		l.rest = append(l.rest[:0], l.rest[end+1:]...)
	}
}

// line writes in one call, so that no other rank's line comes between.
func (l *lines) line(text []byte) error {
	text = bytes.TrimSuffix(text, []byte("\n"))
	_, err := l.out.Write(append(append([]byte(l.prefix), text...), '\n'))
	return err
}

// flush writes what is left of a line that a dying process did not end.
func (l *lines) flush() {
	if len(l.rest) > 0 {
		l.line(l.rest)
		l.rest = nil
	}
}
