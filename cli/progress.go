package cli

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"augmix/data/fetch"

	"github.com/cheggaaa/pb/v3"
	"golang.org/x/sys/unix"
)

// barTemplate shows what is done, of how much, and a text. The figures in the text
// are the caller's own: pb's speed counts a resumed run's earlier steps.
const barTemplate = `{{string . "prefix"}} {{counters . }} {{bar . }} {{percent . }} {{string . "suffix"}}`

// lineEvery is the time between two lines of progress where there is no terminal.
const lineEvery = 5 * time.Second

// clearLine takes the cursor to the left and blanks the line (ECMA-48, EL).
const clearLine = "\r\x1b[K"

// progress shows how far a command is: with a bar on a terminal, else with a line
// every few seconds. Messages that are written to it do not tear the bar.
type progress struct {
	quiet    bool
	bytes    bool // what is counted
	terminal bool
	every    time.Duration

	mu   sync.Mutex // the bar is drawn by a goroutine of its own, and signals are told by another
	out  io.Writer
	bar  *pb.ProgressBar
	last time.Time // when the last line was written
}

func newProgress(stderr io.Writer, quiet bool) *progress {
	return &progress{quiet: quiet, terminal: isTerminal(stderr), every: lineEvery, out: stderr, last: time.Now()}
}

// isTerminal reports whether w is a terminal with room for a bar: one that does
// not know its width (0, as some build systems give) would show nothing.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	return err == nil && size.Col > 0
}

// show says that done of total are done; what names the part of the work and text
// holds figures.
func (p *progress) show(done, total int, what, text string) {
	if p.quiet {
		return
	}
	if !p.terminal {
		if now := time.Now(); now.Sub(p.last) >= p.every {
			p.last = now
			p.say("%s", strings.TrimSpace(fmt.Sprintf("%s: %s of %s  %s", what, p.count(done), p.count(total), text)))
		}
		return
	}
	if p.bar == nil {
		bar := pb.ProgressBarTemplate(barTemplate).New(total)
		// Set before the writer: pb recognises terminals by *os.File only.
		bar.Set(pb.Terminal, true).Set(pb.CleanOnFinish, true).Set(pb.Bytes, p.bytes).Set(pb.SIBytesPrefix, p.bytes)
		bar.SetWriter(barWriter{p}).Start()
		p.setBar(bar)
	}
	p.bar.SetTotal(int64(total)).SetCurrent(int64(done)).Set("prefix", what).Set("suffix", text)
}

// count writes a number of what is counted.
func (p *progress) count(n int) string {
	if p.bytes && n == 0 {
		return "an unknown size" // of which something is done
	}
	if p.bytes {
		return fetch.Bytes(int64(n))
	}
	return strconv.Itoa(n)
}

// barWriter is where the bar is drawn.
type barWriter struct{ p *progress }

func (b barWriter) Write(text []byte) (int, error) {
	b.p.mu.Lock()
	defer b.p.mu.Unlock()
	return b.p.out.Write(text)
}

// Write passes a message on, on a line of its own; the bar appears again below it.
// A quiet progress drops it.
func (p *progress) Write(text []byte) (int, error) {
	if p.quiet {
		return len(text), nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bar != nil {
		if _, err := io.WriteString(p.out, clearLine); err != nil {
			return 0, err
		}
	}
	return p.out.Write(text)
}

// say writes a message as a line.
func (p *progress) say(format string, args ...any) { fmt.Fprintf(p, format+"\n", args...) }

// close takes the bar away.
func (p *progress) close() {
	if p.bar != nil {
		p.bar.Finish() // draws once more, so the lock must be free
		p.setBar(nil)
	}
}

func (p *progress) setBar(bar *pb.ProgressBar) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bar = bar
}
