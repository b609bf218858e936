package cli

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// catchSignals returns a channel with the first of SIGINT, SIGTERM and SIGUSR1 that
// comes until release is called. The second SIGINT ends the program at once.
func catchSignals(log io.Writer) (stop <-chan os.Signal, release func()) {
	in := make(chan os.Signal, 4)
	out := make(chan os.Signal, 1)
	signal.Notify(in, syscall.SIGINT, syscall.SIGTERM, syscall.SIGUSR1)
	go forward(in, out, log, os.Exit)
	return out, func() {
		signal.Stop(in)
		close(in)
	}
}

// forward passes the first signal on. exit does not return.
func forward(in <-chan os.Signal, out chan<- os.Signal, log io.Writer, exit func(int)) {
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
			fmt.Fprintf(log, "%v: finishing the step and saving; a second interrupt ends at once\n", s)
		default: // one is enough
		}
	}
}
