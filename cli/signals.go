package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// catchSignals returns a channel with the first of SIGINT, SIGTERM and SIGUSR1 that
// comes until release is called; log is told of it, and what is done then. The second
// SIGINT ends the program at once.
func catchSignals(log io.Writer, then string) (stop <-chan os.Signal, release func()) {
	in := make(chan os.Signal, 4)
	out := make(chan os.Signal, 1)
	signal.Notify(in, syscall.SIGINT, syscall.SIGTERM, syscall.SIGUSR1)
	go forward(in, out, log, then, os.Exit)
	return out, func() {
		signal.Stop(in)
		close(in)
	}
}

// forward passes the first signal on. exit does not return.
func forward(in <-chan os.Signal, out chan<- os.Signal, log io.Writer, then string, exit func(int)) {
	interrupts := 0
	for s := range in {
		if s == syscall.SIGINT {
			interrupts++
		}
		if interrupts == 2 {
			exit(exitInterrupt)
			return
		}
		select {
		case out <- s:
			fmt.Fprintf(log, "%v: %s; a second interrupt ends at once\n", s, then)
		default: // one is enough
		}
	}
}

// untilSignal returns a context that ends at release or with the first signal that catchSignals
// would pass on; its cause is then a *stoppedError with the given state.
func untilSignal(log io.Writer, then, state string) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	stop, release := catchSignals(log, then)
	go func() {
		select {
		case s := <-stop:
			cancel(&stoppedError{s, state})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		cancel(nil)
		release()
	}
}
