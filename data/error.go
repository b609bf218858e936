package data

import (
	"errors"
	"fmt"
	"io/fs"
)

// Kind says in which of two ways data can be unusable.
type Kind int

const (
	// Missing data are not there (or may not be read).
	Missing Kind = iota
	// Invalid data are there and are not what they should be.
	Invalid
)

// String returns "missing" or "invalid".
func (k Kind) String() string {
	if k == Missing {
		return "missing"
	}
	return "invalid"
}

// Error is every complaint about a dataset's files. It is written for the person
// who has to put the files right.
type Error struct {
	Kind   Kind
	Path   string // the file or folder
	Reason string // what is wrong with it
	Remedy string // what to do, in full sentences; may be empty
	Err    error  // the cause, where there is one
}

// Error returns "path: reason", and the remedy on lines of its own.
func (e *Error) Error() string {
	text := e.Path + ": " + e.Reason
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	if e.Remedy != "" {
		text += "\n" + e.Remedy
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// invalid returns an Error about the content of a file.
func invalid(path, format string, args ...any) *Error {
	return &Error{Kind: Invalid, Path: path, Reason: fmt.Sprintf(format, args...)}
}

// cannotRead returns the Error for a file that the system would not open or read.
func cannotRead(path string, err error) *Error {
	// The path is in front already; *fs.PathError would say it twice.
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		err = pathErr.Err
	}
	if errors.Is(err, fs.ErrNotExist) {
		return &Error{Kind: Missing, Path: path, Reason: "there is no such file"}
	}
	if errors.Is(err, fs.ErrPermission) {
		return &Error{Kind: Missing, Path: path, Reason: "cannot be read", Err: err,
			Remedy: "Check the permissions of the file and of its folder."}
	}
	return &Error{Kind: Invalid, Path: path, Reason: "cannot be read", Err: err}
}
