package cli

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"augmix/benchmark"
	"augmix/data"
	"augmix/eval"
	"augmix/run"
	"augmix/train"
	"augmix/weights"
)

// TestProgressLines checks that without a terminal progress is a line now and
// then, and nothing when quiet.
func TestProgressLines(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, false)
	p.every = 0
	p.show(3, 10, "contrast 2", "loss 1.5")
	p.every = time.Hour
	p.show(4, 10, "contrast 2", "loss 1.5")
	p.say("saved %s", "x")
	p.close()
	if want := "contrast 2: 3 of 10  loss 1.5\nsaved x\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	out.Reset()
	quiet := newProgress(&out, true)
	quiet.every = 0
	quiet.show(3, 10, "contrast 2", "")
	quiet.say("saved")
	if out.Len() > 0 {
		t.Errorf("a quiet progress wrote %q", out.String())
	}
}

// TestProgressBar draws the bar as on a terminal: messages stand on lines of their
// own, and the bar is gone at the end.
func TestProgressBar(t *testing.T) {
	var out bytes.Buffer
	p := newProgress(&out, false)
	p.terminal = true
	for i := range 5 {
		p.show(i, 5, "epoch 1/2", "loss 0.5")
		time.Sleep(100 * time.Millisecond) // the bar is drawn every 200
	}
	p.say("saved")
	p.close()
	p.close()
	text := out.String()
	if missing := missingWord(text, "epoch 1/2 loss 0.5 saved"); missing != "" || !strings.Contains(text, clearLine+"saved\n") {
		t.Errorf("lacks %q: %q", missing, text)
	}
	if !strings.HasSuffix(strings.ReplaceAll(text, "\x1b[0m", ""), "\r") {
		t.Errorf("the bar is still there: %q", text[max(0, len(text)-80):])
	}
}

// TestForward checks that the first signal goes to training and a second interrupt
// ends the program.
func TestForward(t *testing.T) {
	for _, c := range []struct {
		signals []os.Signal
		passed  os.Signal
		exits   []int
	}{
		{[]os.Signal{syscall.SIGINT}, syscall.SIGINT, nil},
		{[]os.Signal{syscall.SIGINT, syscall.SIGINT}, syscall.SIGINT, []int{130}},
		{[]os.Signal{syscall.SIGTERM, syscall.SIGINT}, syscall.SIGTERM, nil},
		{[]os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGINT}, syscall.SIGTERM, []int{130}},
		{[]os.Signal{syscall.SIGUSR1, syscall.SIGUSR1}, syscall.SIGUSR1, nil},
	} {
		in, out := make(chan os.Signal, len(c.signals)), make(chan os.Signal, 1)
		for _, s := range c.signals {
			in <- s
		}
		close(in)
		var exits []int
		forward(in, out, &bytes.Buffer{}, "saving", func(code int) { exits = append(exits, code) })
		if got := <-out; got != c.passed || !slices.Equal(exits, c.exits) {
			t.Errorf("%v: passed %v and exited %v, want %v and %v", c.signals, got, exits, c.passed, c.exits)
		}
	}
}

// TestSignalBeforeTraining sends a real signal while the data are being opened.
func TestSignalBeforeTraining(t *testing.T) {
	log := newProgress(&bytes.Buffer{}, true)
	stop, release := catchSignals(log, "saving")
	defer release()
	if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
		t.Fatal(err)
	}
	select {
	case s := <-stop:
		if got := exitCode(&stoppedError{signal: s}); got != exitRequeue {
			t.Errorf("SIGUSR1: exit code %d, want %d", got, exitRequeue)
		}
	case <-time.After(10 * time.Second):
		t.Error("the signal does not arrive")
	}
}

// TestExitCodes checks the code of every kind of error, also when it is wrapped.
func TestExitCodes(t *testing.T) {
	for _, c := range []struct {
		err  error
		want int
	}{
		{errors.New("disk full"), 1},
		{usage("x"), 2},
		{&run.ExistsError{}, 2},
		{&run.ForeignError{}, 2},
		{&train.ResumeError{}, 2},
		{&benchmark.ConflictError{}, 2},
		{&data.Error{}, 3},
		{&weights.Error{}, 4},
		{&eval.MismatchError{}, 4},
		{&train.CheckpointError{}, 4},
		{&run.LockedError{}, 4},
		{&train.NonFiniteError{}, 5},
		{&train.Interrupted{Signal: syscall.SIGUSR1}, 75},
		{&train.Interrupted{Signal: syscall.SIGINT}, 130},
		{&train.Interrupted{Signal: syscall.SIGTERM}, 143},
		{&stoppedError{signal: syscall.SIGTERM}, 143},
	} {
		if got := exitCode(c.err); got != c.want {
			t.Errorf("%T: got %d, want %d", c.err, got, c.want)
		}
		if got := exitCode(fmt.Errorf("around it: %w", c.err)); got != c.want {
			t.Errorf("a wrapped %T: got %d, want %d", c.err, got, c.want)
		}
	}
}
