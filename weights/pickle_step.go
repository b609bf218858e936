package weights

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"unicode/utf8"
)

// step runs one opcode that the allow-list has, STOP excepted.
func (m *machine) step(op byte) error {
	switch op {
	case opProto:
		return m.proto()
	case opMark:
		if len(m.marks) == maxStack {
			return fmt.Errorf("there are more than %d open marks", maxStack)
		}
		m.marks = append(m.marks, len(m.stack))
		return nil
	case opNone:
		return m.push(nil)
	case opNewTrue:
		return m.push(true)
	case opNewFalse:
		return m.push(false)
	case opBinInt, opBinInt1, opBinInt2, opLong1, opBinFloat:
		return m.number(op)
	case opBinUnicode, opShortBinString, opBinString:
		return m.text(op)
	case opEmptyTuple, opTuple1, opTuple2, opTuple3, opTuple:
		return m.tuple(op)
	case opEmptyList:
		return m.push(newList())
	case opEmptyDict:
		return m.push(newDict())
	case opEmptySet:
		return m.push(set{})
	case opAppend, opAppends, opSetItem, opSetItems:
		return m.extend(op)
	case opBinPut, opLongBinPut, opBinGet, opLongBinGet:
		return m.remember(op)
	case opGlobal:
		return m.global()
	case opReduce, opNewObj:
		return m.call()
	case opBuild:
		return m.build()
	case opBinPersID:
		id, err := m.pop(1)
		if err != nil {
			return err
		}
		v, err := m.allow.persistent(id[0])
		if err != nil {
			return err
		}
		return m.push(v)
	}
	// An allow-list names an opcode that has no meaning here.
	panic("weights: opcode " + opcodeName(op) + " is allowed and not implemented")
}

// proto takes protocol 2 alone, which torch.save and CIFAR's pickles use.
func (m *machine) proto() error {
	version, err := m.in.byte()
	if err == nil && version != 2 {
		return refuse("its pickle has protocol %d, not 2", version).
			advise("save it with pickle_protocol=2, torch.save's default")
	}
	return err
}

// number is the opcodes of integers and floats. Integers are little-endian and
// signed unless they have 1 or 2 bytes; LONG1 is two's complement of a given length;
// floats are big-endian.
func (m *machine) number(op byte) error {
	var size int64
	switch op {
	case opBinInt1:
		size = 1
	case opBinInt2:
		size = 2
	case opBinInt:
		size = 4
	case opBinFloat:
		size = 8
	case opLong1:
		n, err := m.in.byte()
		if err != nil {
			return err
		}
		if n > maxLong {
			return fmt.Errorf("an integer of %d bytes is longer than %d", n, maxLong)
		}
		size = int64(n)
	}
	b, err := m.in.take(size)
	if err != nil {
		return err
	}
	switch op {
	case opBinInt1:
		return m.push(int64(b[0]))
	case opBinInt2:
		return m.push(int64(le.Uint16(b)))
	case opBinInt:
		return m.push(int64(int32(le.Uint32(b))))
	case opBinFloat:
		return m.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
	}
	return m.push(long(b))
}

// long decodes little-endian two's complement: an int64 when it fits, else a *big.Int.
func long(b []byte) any {
	reversed := make([]byte, len(b))
	for i, c := range b {
		reversed[len(b)-1-i] = c
	}
	v := new(big.Int).SetBytes(reversed)
	if len(b) > 0 && b[len(b)-1] >= 0x80 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	if v.IsInt64() {
		return v.Int64()
	}
	return v
}

// text is the opcodes of strings. Python 2's byte strings are text here as well,
// except the long form, in which CIFAR has its pixels.
func (m *machine) text(op byte) error {
	var size int64
	if op == opShortBinString {
		n, err := m.in.byte()
		if err != nil {
			return err
		}
		size = int64(n)
	} else {
		b, err := m.in.take(4)
		if err != nil {
			return err
		}
		size = int64(le.Uint32(b))
	}
	limit := int64(maxText)
	if op == opBinString {
		limit = m.allow.maxString
	}
	if size > limit {
		return fmt.Errorf("a string of %d bytes is longer than %d", size, limit)
	}
	b, err := m.in.take(size)
	if err != nil {
		return err
	}
	switch {
	case op == opBinString:
		return m.push(b)
	case op == opBinUnicode && !utf8.Valid(b):
		return fmt.Errorf("a string is not UTF-8")
	}
	return m.push(string(b))
}

func (m *machine) tuple(op byte) error {
	var items []any
	var err error
	switch op {
	case opTuple:
		items, err = m.popMark()
	case opTuple1:
		items, err = m.pop(1)
	case opTuple2:
		items, err = m.pop(2)
	case opTuple3:
		items, err = m.pop(3)
	}
	if err != nil {
		return err
	}
	t, err := newTuple(items)
	if err != nil {
		return err
	}
	return m.push(t)
}

// extend is APPEND(S) and SETITEM(S), which put values into the container below them.
func (m *machine) extend(op byte) error {
	var items []any
	var err error
	switch op {
	case opAppend:
		items, err = m.pop(1)
	case opSetItem:
		items, err = m.pop(2)
	default:
		items, err = m.popMark()
	}
	if err != nil {
		return err
	}
	v, err := m.top()
	if err != nil {
		return err
	}
	if op == opAppend || op == opAppends {
		l, ok := v.(*list)
		if !ok {
			return fmt.Errorf("it appends to %s, not to a list", describe(v))
		}
		return l.add(items)
	}
	d, ok := v.(*dict)
	if !ok {
		return fmt.Errorf("it sets items of %s, not of a dict", describe(v))
	}
	return d.setItems(items)
}

// remember is the four opcodes of the memo.
func (m *machine) remember(op byte) error {
	size := int64(1)
	if op == opLongBinPut || op == opLongBinGet {
		size = 4
	}
	b, err := m.in.take(size)
	if err != nil {
		return err
	}
	var wide [4]byte
	copy(wide[:], b)
	key := le.Uint32(wide[:])
	if op == opBinPut || op == opLongBinPut {
		return m.put(key)
	}
	return m.get(key)
}

// global looks a name up in the allow-list. This is the door through which a pickle
// asks for code; there is nothing behind it but the list's own values.
func (m *machine) global() error {
	module, err := m.in.line()
	if err != nil {
		return err
	}
	name, err := m.in.line()
	if err != nil {
		return err
	}
	v, ok := m.allow.globals[module+" "+name]
	if !ok {
		return refuse("its pickle asks for %q, which %s does not need", module+"."+name, m.allow.what).
			advise("%s", m.allow.advice)
	}
	return m.push(v)
}

// call is REDUCE, and NEWOBJ, which differs only in what Python would call.
func (m *machine) call() error {
	operands, err := m.pop(2)
	if err != nil {
		return err
	}
	g, ok := operands[0].(*global)
	if !ok || g.call == nil {
		return fmt.Errorf("it calls %s, which cannot be called", describe(operands[0]))
	}
	args, ok := operands[1].(*tuple)
	if !ok {
		return fmt.Errorf("it calls %s with %s, not with a tuple", g.name, describe(operands[1]))
	}
	v, err := g.call(args.items)
	if err != nil {
		if e, ok := err.(*Error); ok {
			return e
		}
		return fmt.Errorf("%s: %w", g.name, err)
	}
	return m.push(v)
}

func (m *machine) build() error {
	operands, err := m.pop(2)
	if err != nil {
		return err
	}
	v, err := m.allow.build(operands[0], operands[1])
	if err != nil {
		return err
	}
	return m.push(v)
}
