package weights

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// An allowList is all that the machine may do for one kind of file: everything that
// it does not name is refused.
type allowList struct {
	what    string // the kind of file, for messages
	advice  string // what to do when something else is in one
	opcodes string // as bytes
	// globals maps "module name" to a *global or to a plain value. The names are
	// pickle's two lines joined by one space, which neither may contain, so that
	// "torch" + "_utils.x" is not "torch._utils" + "x".
	globals map[string]any
	// persistent gives BINPERSID its meaning; nil when the list has no BINPERSID.
	persistent func(id any) (any, error)
	// build gives BUILD its meaning: it returns object with state applied.
	build func(object, state any) (any, error)
	// maxString bounds BINSTRING's bytes; other text is bounded by maxText.
	maxString int64
}

const (
	// maxStack is far above what Python's pickler needs: it appends in batches of 1000.
	maxStack = 100_000
	maxMemo  = 1_000_000
	// maxPushes bounds the values that a pickle makes and so the machine's memory,
	// about 100 bytes each. A state dict takes some 40 a tensor.
	maxPushes = 1_000_000
	maxLong   = 16
	maxName   = 256
	// maxPickle bounds one pickle of PyTorch's in bytes; storages are not in it.
	maxPickle = 64 << 20
)

// A machine runs one pickle. It makes values of this package and nothing else: it
// has no way to import, call or construct anything that its allow-list did not bring.
type machine struct {
	in     *source
	allow  *allowList
	stack  []any
	marks  []int // heights of the stack at the open MARKs
	memo   map[uint32]any
	pushes int
}

// unpickle runs the pickle that in stands at, to its STOP, and gives its one value.
// The error is an *Error with the offset of the opcode.
func unpickle(in *source, allow *allowList) (any, error) {
	m := &machine{in: in, allow: allow, memo: make(map[uint32]any)}
	for begin := in.offset; ; {
		at := in.offset
		op, err := in.byte()
		if err != nil {
			return nil, located(err, at, "after its last opcode")
		}
		if strings.IndexByte(allow.opcodes, op) < 0 {
			return nil, refuseAt(at, "its pickle uses opcode %s, which %s does not need", opcodeName(op), allow.what).
				advise("%s", allow.advice)
		}
		if op == opStop {
			v, err := m.result()
			return v, located(err, at, "STOP")
		}
		if op == opProto && at != begin {
			return nil, refuseAt(at, "opcode PROTO stands inside a pickle")
		}
		if err := m.step(op); err != nil {
			return nil, located(err, at, opcodeName(op))
		}
	}
}

// located puts an error of an opcode into its place. An *Error has one already.
func located(err error, at int64, op string) error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*Error); ok {
		if e.Offset == 0 {
			e.Offset = at
		}
		return e
	}
	return refuseAt(at, "its pickle is not valid at opcode %s: %v", op, err)
}

// result is STOP: exactly one value must be left.
func (m *machine) result() (any, error) {
	if len(m.marks) != 0 || len(m.stack) != 1 {
		return nil, fmt.Errorf("%d values and %d marks are left, not one value", len(m.stack), len(m.marks))
	}
	return m.stack[0], nil
}

func (m *machine) push(v any) error {
	if len(m.stack) == maxStack {
		return fmt.Errorf("the stack holds more than %d values", maxStack)
	}
	if m.pushes++; m.pushes > maxPushes {
		return fmt.Errorf("the pickle makes more than %d values", maxPushes)
	}
	m.stack = append(m.stack, v)
	return nil
}

// floor is the height that opcodes may not pop below.
func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

// pop takes n values off the stack, in the order in which they were pushed. They are
// copied: the stack's memory is written again.
func (m *machine) pop(n int) ([]any, error) {
	if len(m.stack)-m.floor() < n {
		return nil, fmt.Errorf("the stack has not the %d values that it needs", n)
	}
	at := len(m.stack) - n
	items := append([]any(nil), m.stack[at:]...)
	clear(m.stack[at:])
	m.stack = m.stack[:at]
	return items, nil
}

// popMark takes everything above the last MARK, and the mark.
func (m *machine) popMark() ([]any, error) {
	if len(m.marks) == 0 {
		return nil, fmt.Errorf("there is no MARK")
	}
	items, err := m.pop(len(m.stack) - m.floor())
	m.marks = m.marks[:len(m.marks)-1]
	return items, err
}

// top is the value that an opcode like APPEND changes in place.
func (m *machine) top() (any, error) {
	if len(m.stack) <= m.floor() {
		return nil, fmt.Errorf("the stack is empty")
	}
	return m.stack[len(m.stack)-1], nil
}

// put is BINPUT and LONG_BINPUT.
func (m *machine) put(key uint32) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	if len(m.memo) == maxMemo {
		return fmt.Errorf("the memo holds more than %d values", maxMemo)
	}
	m.memo[key] = v
	return nil
}

// get is BINGET and LONG_BINGET.
func (m *machine) get(key uint32) error {
	v, ok := m.memo[key]
	if !ok {
		return fmt.Errorf("the memo has nothing under %d", key)
	}
	return m.push(v)
}

// A source gives a pickle's bytes and knows how many are left, so that no length in a
// file makes the reader allocate more than the file has.
type source struct {
	r      *bufio.Reader
	offset int64 // of the next byte
	end    int64 // of the last byte, plus one
}

// newSource reads r from offset to end.
func newSource(r io.ReaderAt, offset, end int64) *source {
	return &source{r: bufio.NewReader(io.NewSectionReader(r, offset, end-offset)), offset: offset, end: end}
}

func (s *source) byte() (byte, error) {
	if s.offset == s.end {
		_, err := s.take(1)
		return 0, err
	}
	b, err := s.r.ReadByte()
	if err != nil {
		return 0, &Error{Offset: s.offset, Reason: "cannot be read", Err: pathless(err)}
	}
	s.offset++
	return b, nil
}

// take reads n bytes into memory of their own, after checking that they are there.
func (s *source) take(n int64) ([]byte, error) {
	if n > s.end-s.offset {
		return nil, refuseAt(s.end, "its pickle ends early: %d bytes were to come, %d are left", n, s.end-s.offset).advise(damaged)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(s.r, b); err != nil {
		return nil, &Error{Offset: s.offset, Reason: "cannot be read", Err: pathless(err)}
	}
	s.offset += n
	return b, nil
}

// line reads one of GLOBAL's two lines, without its newline.
func (s *source) line() (string, error) {
	var b []byte
	for len(b) <= maxName {
		c, err := s.byte()
		if err != nil {
			return "", err
		}
		if c == '\n' {
			return string(b), nil
		}
		b = append(b, c)
	}
	return "", fmt.Errorf("a name has more than %d bytes", maxName)
}
