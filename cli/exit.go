package cli

import (
	"errors"
	"fmt"
	"os"
	"syscall"

	"augmix/benchmark"
	"augmix/data"
	"augmix/eval"
	"augmix/run"
	"augmix/supervise"
	"augmix/train"
	"augmix/weights"
)

// The exit codes. The last three follow a signal: 75 asks a scheduler to start the
// program again (EX_TEMPFAIL of sysexits.h), the others are the shell's 128+n.
const (
	exitDone       = 0
	exitFailed     = 1
	exitUsage      = 2
	exitData       = 3
	exitCheckpoint = 4
	exitNonFinite  = 5
	exitRequeue    = 75
	exitInterrupt  = 130
	exitTerminate  = 143
)

// usageError says what is wrong with a command line.
type usageError struct {
	command string // whose help tells more; empty until it is known
	reason  string
}

func (e *usageError) Error() string { return e.reason }

// usage returns a usageError of a command that is not named yet.
func usage(format string, args ...any) error {
	return &usageError{reason: fmt.Sprintf(format, args...)}
}

// stoppedError says that a signal ended a command.
type stoppedError struct {
	signal os.Signal
	left   string // what it left behind
}

func (e *stoppedError) Error() string { return fmt.Sprintf("stopped by %v; %s", e.signal, e.left) }

// exitCode returns the exit code of a command that failed with err.
func exitCode(err error) int {
	if is[*usageError](err) || is[*run.ExistsError](err) || is[*run.ForeignError](err) || is[*train.ResumeError](err) ||
		is[*benchmark.ConflictError](err) {
		return exitUsage
	}
	if is[*data.Error](err) {
		return exitData
	}
	if is[*weights.Error](err) || is[*eval.MismatchError](err) || is[*train.CheckpointError](err) || is[*run.LockedError](err) {
		return exitCheckpoint
	}
	if is[*train.NonFiniteError](err) {
		return exitNonFinite
	}
	if stop, ok := errors.AsType[*train.Interrupted](err); ok {
		return signalCode(stop.Signal)
	}
	if stop, ok := errors.AsType[*stoppedError](err); ok {
		return signalCode(stop.signal)
	}
	if failed, ok := errors.AsType[*supervise.FailedError](err); ok {
		return failed.Code
	}
	if stop, ok := errors.AsType[*supervise.StoppedError](err); ok {
		return stop.Code
	}
	return exitFailed
}

// is reports whether err is or wraps an E.
func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

func signalCode(s os.Signal) int {
	switch s {
	case syscall.SIGUSR1:
		return exitRequeue
	case syscall.SIGTERM:
		return exitTerminate
	}
	return exitInterrupt
}
