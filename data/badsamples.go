package data

import (
	"errors"
	"fmt"
)

// Bad is a sample that a pipeline could not read and left out of a batch.
type Bad struct {
	Position int // in the batch; another sample stands there
	Index    int // in the dataset
	Err      error
}

// BadSample is what is written down about a sample that cannot be read.
type BadSample struct {
	File   string // as Dataset.Describe names it
	Reason string
}

// BadSamples collects the samples that could not be read, each once, and refuses to
// go on when they are too many. It is for one goroutine at a time.
type BadSamples struct {
	limit  int
	report func(BadSample) error
	names  map[string]bool
}

// BadLimit is how many of n samples may be passed over: 0.01 %, at least one.
func BadLimit(n int) int { return max(1, n/10_000) }

// NewBadSamples returns a collection for at most limit samples, of which those that
// are known have been reported before. report is called with each other one when it
// is met first; its error ends the matter.
func NewBadSamples(limit int, known []BadSample, report func(BadSample) error) *BadSamples {
	b := &BadSamples{limit: limit, report: report, names: map[string]bool{}}
	for _, k := range known {
		b.names[k.File] = true
	}
	return b
}

// Limit returns how many samples may be bad.
func (b *BadSamples) Limit() int { return b.limit }

// Len returns how many samples are bad.
func (b *BadSamples) Len() int { return len(b.names) }

// Of returns how many samples of d are bad.
func (b *BadSamples) Of(d Dataset) int {
	if len(b.names) == 0 {
		return 0
	}
	n := 0
	for i := range d.Len() {
		if b.names[d.Describe(i)] {
			n++
		}
	}
	return n
}

// Add takes the samples of d that a batch was made without. One too many is an
// *Error.
func (b *BadSamples) Add(d Dataset, bad []Bad) error {
	for _, sample := range bad {
		if err := b.Note(BadSample{d.Describe(sample.Index), reason(sample.Err)}); err != nil {
			return err
		}
	}
	return nil
}

// Note takes a sample that could not be read, if it is not known yet. One too many is
// an *Error.
func (b *BadSamples) Note(sample BadSample) error {
	if b.names[sample.File] {
		return nil
	}
	b.names[sample.File] = true
	if err := b.report(sample); err != nil {
		return err
	}
	if len(b.names) > b.limit {
		return &Error{Kind: Invalid, Path: sample.File,
			Reason: fmt.Sprintf("is number %d of the samples that cannot be read, and --on-bad-sample skip passes over at most %d (0.01 %%, at least 1)",
				len(b.names), b.limit),
			Err:    errors.New(sample.Reason),
			Remedy: "Put the files right or remove them."}
	}
	return nil
}

// reason returns what is wrong with a sample, without the path of its file.
func reason(err error) string {
	e, ok := errors.AsType[*Error](err)
	switch {
	case !ok:
		return err.Error()
	case e.Err == nil:
		return e.Reason
	}
	return e.Reason + ": " + e.Err.Error()
}
