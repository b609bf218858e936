package weights

import "fmt"

// What a pickle of ours can hold. Text, numbers, truth and None are Go's string,
// int64, *big.Int, float64, bool and nil; a byte string too long for text is []byte.
// The other values are the types below and those that an allow-list brings along.
type (
	// tuple does not change once it is made.
	tuple struct {
		items []any
		depth int
	}
	// list grows by APPEND and APPENDS alone.
	list struct {
		items []any
		depth int
	}
	// dict keeps its keys in the order of insertion, as Python's does, and stands for
	// OrderedDict too. No key occurs twice.
	dict struct {
		keys   []any
		values []any
		index  map[any]int
		depth  int
	}
	// set is always empty: no allow-list has the opcode that fills one.
	set struct{}
)

// A global is a name that an allow-list knows and that can do something; other names
// stand for plain values. What it does is Go code of this package, given the operands
// that the pickle has for it, none of them checked yet.
type global struct {
	name string
	// call is REDUCE's and NEWOBJ's meaning, nil when it has none.
	call func(args []any) (any, error)
}

// nested is implemented by the values that hold others.
type nested interface{ level() int }

func (t *tuple) level() int { return t.depth }
func (l *list) level() int  { return l.depth }
func (d *dict) level() int  { return d.depth }

// maxNesting bounds containers inside containers. A checkpoint with an optimizer has
// about six; what walks a value after the machine need not fear a deep one.
const maxNesting = 64

// levelAbove is the level of a container at level at that takes in v.
func levelAbove(at int, v any) (int, error) {
	if n, ok := v.(nested); ok && n.level() >= at {
		at = n.level() + 1
	}
	if at > maxNesting {
		return 0, fmt.Errorf("containers are nested more than %d deep", maxNesting)
	}
	return at, nil
}

func newTuple(items []any) (*tuple, error) {
	t := &tuple{items: items, depth: 1}
	for _, v := range items {
		var err error
		if t.depth, err = levelAbove(t.depth, v); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func newList() *list { return &list{depth: 1} }

func (l *list) add(items []any) (err error) {
	for _, v := range items {
		if l.depth, err = levelAbove(l.depth, v); err != nil {
			return err
		}
	}
	l.items = append(l.items, items...)
	return nil
}

func newDict() *dict { return &dict{depth: 1} }

func (d *dict) set(key, value any) (err error) {
	switch key.(type) {
	case string, int64, bool:
	default:
		return fmt.Errorf("a dict's key is %s, not text or an integer", describe(key))
	}
	if _, ok := d.index[key]; ok {
		return fmt.Errorf("a dict has the key %q twice", fmt.Sprint(key))
	}
	if d.depth, err = levelAbove(d.depth, value); err != nil {
		return err
	}
	if d.index == nil {
		d.index = make(map[any]int)
	}
	d.index[key] = len(d.keys)
	d.keys = append(d.keys, key)
	d.values = append(d.values, value)
	return nil
}

func (d *dict) get(key any) (value any, ok bool) {
	i, ok := d.index[key]
	if !ok {
		return nil, false
	}
	return d.values[i], true
}

// setItems adds key, value, key, value, ….
func (d *dict) setItems(items []any) error {
	if len(items)%2 != 0 {
		return fmt.Errorf("a dict is given a key without a value")
	}
	for i := 0; i < len(items); i += 2 {
		if err := d.set(items[i], items[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// describe names a value's kind, in Python's words, for a message.
func describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "a bool"
	case string:
		return "a str"
	case []byte:
		return "a byte string"
	case float64:
		return "a float"
	case *tuple:
		return "a tuple"
	case *list:
		return "a list"
	case *dict:
		return "a dict"
	case set:
		return "a set"
	case *global:
		return "the name " + v.name
	case *storage:
		return "a storage"
	case storageClass:
		return "a storage's class"
	case *view:
		return "a tensor"
	case *array, *arrayType:
		return "an array"
	case DType:
		return "a dtype"
	}
	return "an int"
}
