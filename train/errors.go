package train

import (
	"fmt"
	"os"
)

// Interrupted says that a signal ended training after a step whose checkpoint is saved.
type Interrupted struct {
	Signal os.Signal
	Epoch  int // Epochs done.
	Epochs int
	Step   uint64
}

func (e *Interrupted) Error() string {
	return fmt.Sprintf("stopped by %v after step %d (%d of %d epochs done); the checkpoint is saved, go on with --resume auto",
		e.Signal, e.Step, e.Epoch, e.Epochs)
}

// NonFiniteError says that the loss or a weight became infinite or not a number. No checkpoint holds that state.
type NonFiniteError struct {
	What  string // "loss", or the name of a tensor.
	Value float64
	Step  uint64 // The first step that gave it, counted from 1.
	Epoch int    // Counted from 1.
	Rate  float64
}

func (e *NonFiniteError) Error() string {
	return fmt.Sprintf("%s is %v at step %d (epoch %d, learning rate %.4g); no checkpoint holds that state: train again with a lower --learning-rate, or with --precision fp32",
		e.What, e.Value, e.Step, e.Epoch, e.Rate)
}

// ResumeError says that a checkpoint cannot be gone on with as asked: a matter of flags.
type ResumeError struct{ Reason string }

func (e *ResumeError) Error() string { return e.Reason }

// CheckpointError says that a checkpoint that verifies does not fit the run.
type CheckpointError struct{ Path, Reason string }

func (e *CheckpointError) Error() string { return e.Path + ": " + e.Reason }
