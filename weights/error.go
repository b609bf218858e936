package weights

import (
	"fmt"
	"strings"
)

// Error says why a file was refused, for the person who passed the file.
type Error struct {
	Path   string // the file; empty when it was read from memory
	Record string // the entry of a zip archive that is meant; empty for the file itself
	Offset int64  // the byte, in the file or in Record, where the fault lies; 0 when it has no place
	Reason string // what is wrong, naming the tensor, opcode, global or field
	Advice string // what to do about it; empty when Reason says enough
	Err    error  // the operating system's error when reading failed; else nil
}

// maxReason keeps a message readable when the name that it quotes is very long.
const maxReason = 1000

// Error gives the file, the place, the reason and the advice on one line.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Path != "" {
		fmt.Fprintf(&b, "%s: ", e.Path)
	}
	b.WriteString(e.Reason[:min(len(e.Reason), maxReason)])
	if e.Err != nil {
		fmt.Fprintf(&b, ": %v", e.Err)
	}
	switch {
	case e.Offset > 0 && e.Record != "":
		fmt.Fprintf(&b, " (at byte %d of %s)", e.Offset, e.Record)
	case e.Offset > 0:
		fmt.Fprintf(&b, " (at byte %d)", e.Offset)
	case e.Record != "":
		fmt.Fprintf(&b, " (in %s)", e.Record)
	}
	if e.Advice != "" {
		fmt.Fprintf(&b, "; %s", e.Advice)
	}
	return b.String()
}

// Unwrap gives the operating system's error, so that errors.Is(err, fs.ErrNotExist)
// tells a missing file from a bad one.
func (e *Error) Unwrap() error { return e.Err }

// refuse makes an Error that has no place in the file.
func refuse(format string, args ...any) *Error {
	return &Error{Reason: fmt.Sprintf(format, args...)}
}

// refuseAt makes an Error about the byte at offset.
func refuseAt(offset int64, format string, args ...any) *Error {
	return &Error{Offset: offset, Reason: fmt.Sprintf(format, args...)}
}

// advise adds what to do.
func (e *Error) advise(format string, args ...any) *Error {
	e.Advice = fmt.Sprintf(format, args...)
	return e
}

// damaged is the advice for a file whose bytes are not those that were written.
const damaged = "the file is damaged or was not copied completely: get it again"
