package run

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Phase is how far the run in a folder came.
type Phase int

const (
	Absent     Phase = iota // no folder, or nothing of a run in it
	Started                 // killed before its first checkpoint
	Unfinished              // has a checkpoint to go on from
	Finished                // results/train.json is written
)

// State is how far the run in a folder came, and where it stopped.
type State struct {
	Phase  Phase
	Epoch  int    // epochs done at the newest checkpoint that verifies
	Epochs int    // epochs asked for
	Step   uint64 // steps done at that checkpoint
	// Damaged names the checkpoints newer than that one which do not verify.
	Damaged []string
}

// ExistsError says that a folder holds a run which would be overwritten. The
// command line exits with 2.
type ExistsError struct {
	Dir   string
	State State
}

func (e *ExistsError) Error() string {
	s := e.State
	switch {
	case s.Phase == Finished:
		return fmt.Sprintf("%s holds a finished run (%d epochs), which is never overwritten; choose another --save", e.Dir, s.Epochs)
	case s.Phase == Started && len(s.Damaged) > 0:
		return fmt.Sprintf("%s holds a run of which no checkpoint can be read (%s); add --resume auto to begin it again, or choose another --save",
			e.Dir, s.Damaged[0])
	case s.Phase == Started:
		return fmt.Sprintf("%s holds a run that stopped before its first checkpoint; add --resume auto to begin it again, or choose another --save", e.Dir)
	default:
		return fmt.Sprintf("%s: stopped at epoch %d of %d; add --resume auto to go on, or choose another --save", e.Dir, s.Epoch, s.Epochs)
	}
}

// Refuse returns nil when a new run may begin in the folder dir that has this
// state, else an *ExistsError.
func (s State) Refuse(dir string) error {
	if s.Phase == Absent {
		return nil
	}
	return &ExistsError{Dir: dir, State: s}
}

// Inspect returns the state of the run in dir without locking it, an absent or
// empty folder included. A folder with something else gives a *ForeignError.
func Inspect(dir string) (State, error) {
	if err := checkOwn(dir); err != nil {
		return State{}, err
	}
	f := &Folder{dir: dir, fs: disk{}}
	return f.State()
}

// State returns how far the run in the folder came. It verifies checkpoints
// from the newest down to the first good one.
func (f *Folder) State() (State, error) {
	c, err := f.Config()
	if errors.Is(err, os.ErrNotExist) {
		return State{}, nil
	}
	if err != nil {
		return State{}, err
	}
	s := State{Phase: Started, Epochs: c.Epochs}
	if _, err := os.Stat(f.Path(resultsDir, trainName+".json")); err == nil {
		return State{Phase: Finished, Epoch: c.Epochs, Epochs: c.Epochs}, nil
	}
	newest, metadata, damaged, err := f.newestGood()
	if err != nil {
		return State{}, err
	}
	for _, d := range damaged {
		s.Damaged = append(s.Damaged, filepath.Base(d.Path))
	}
	if newest != nil {
		s.Phase, s.Step = Unfinished, newest.Step
		s.Epoch, _ = strconv.Atoi(metadata[MetaEpoch])
	}
	return s, nil
}
