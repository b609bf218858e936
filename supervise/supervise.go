// Package supervise starts the local processes of a group, one a rank, and sees
// that they end together: when one dies the others are ended, the rank that began
// it is named, and all start again where that is asked for. It decides nothing of
// what they compute and knows no torch.
//
// Each child is in a process group of its own, so that a terminal's interrupt
// reaches it once: through the supervisor. Children die with the supervisor, even
// when that is killed.
package supervise

import (
	"errors"
	"io"
	"os"
	"runtime"
	"time"

	"augmix/ranks"
)

// Group is what Run starts and watches.
type Group struct {
	Worlds  []ranks.World // The local processes. Where they have no port a free one is taken, anew at each start.
	Path    string        // The program.
	Args    []string      // Its arguments.
	Env     []string      // The environment of all; each gets its World's variables and device besides.
	Devices []string      // CUDA_VISIBLE_DEVICES of each; nil leaves it as it is.

	Stdout, Stderr io.Writer        // Rank 0's go there as they are, other ranks' lines to Stderr with their rank in front.
	Signals        <-chan os.Signal // Passed on to all.
	Grace          time.Duration    // From SIGTERM to SIGKILL after a rank has failed; 0 is DefaultGrace.

	MaxRestarts int
	Again       func() []string              // The arguments after a restart.
	Restartable func(code int) bool          // Whether starting again may help where a rank ended with this exit code.
	Stopped     func(code int) bool          // The exit codes of a rank that a signal stopped in an orderly way.
	SignalCode  func(s os.Signal) (code int) // The one of these for a signal.
}

// DefaultGrace leaves the others time to say why they end, and lets all be gone
// within 5 seconds of a death.
const DefaultGrace = 3 * time.Second

// FailedError says which rank failed.
type FailedError struct {
	Rank int
	Code int    // The exit code, or 128 and the signal.
	Text string // The rank, its process and what happened to it.
}

func (e *FailedError) Error() string { return e.Text }

// StoppedError says that a signal ended the group in an orderly way.
type StoppedError struct{ Code int }

func (e *StoppedError) Error() string { return "every rank has ended, as a signal asked for" }

// Run starts the group and returns when all its processes have ended: nil when each
// ended with 0, *FailedError or *StoppedError, or what kept a process from starting.
func Run(g Group) error {
	// A child gets its death signal when the thread that started it ends, which may be long before the process does.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	out := &output{w: g.Stderr}
	for restart := 0; ; restart++ {
		r := &round{Group: g, out: out, exits: make(chan *child, len(g.Worlds))}
		err := r.run(restart)
		failed, ok := errors.AsType[*FailedError](err)
		if !ok || r.stop != nil || restart >= g.MaxRestarts || !g.Restartable(failed.Code) {
			return err
		}
		out.say("%v; starting all again (restart %d of at most %d)", failed, restart+1, g.MaxRestarts)
	}
}
