package weights

import (
	"fmt"
	"strings"
)

// torchOpcodes are the 34 that PyTorch's own weights_only unpickler takes
// (torch/_weights_only_unpickler.py).
const torchOpcodes = "\x80.(cRb\x81QN\x88\x89JKM\x8aGXU)t\x85\x86\x87]ae}su\x8fhjqr"

// storageTypes are the classes that name a storage's element type in a file.
var storageTypes = map[string]DType{
	"FloatStorage": F32, "DoubleStorage": F64, "HalfStorage": F16, "BFloat16Storage": BF16,
	"LongStorage": I64, "IntStorage": I32, "ShortStorage": I16, "CharStorage": I8,
	"ByteStorage": U8, "BoolStorage": Bool, "ComplexFloatStorage": C64,
}

// torchDTypes are the element types that stand in a file by PyTorch's names: in
// _rebuild_tensor_v3, which untyped storages use, and as plain values.
var torchDTypes = map[string]DType{
	"float32": F32, "float64": F64, "float16": F16, "bfloat16": BF16,
	"int64": I64, "int32": I32, "int16": I16, "int8": I8, "uint8": U8, "bool": Bool,
	"complex64": C64, "uint16": U16, "uint32": U32, "uint64": U64,
	"float8_e5m2": F8E5M2, "float8_e4m3fn": F8E4M3, "float8_e8m0fnu": F8E8M0,
	"float8_e4m3fnuz": F8E4M3FNUZ, "float8_e5m2fnuz": F8E5M2FNUZ,
}

// A storage is memory that tensors of a PyTorch file view. Where its bytes lie is
// known from the beginning in a zip, and after the pickles in a legacy file.
type storage struct {
	key     string
	dtype   DType // U8 when untyped
	numel   int64
	record  record // where its bytes are
	checked bool   // record has a CRC
}

// size is the storage's length in bytes; persistent has checked the product.
func (s *storage) size() int64 { return s.numel * int64(s.dtype.Size()) }

// storageClass is a class of storageTypes, or an untyped storage.
type storageClass struct {
	dtype DType // U8 when untyped
}

// storages are those of one file, by key.
type storages struct {
	byKey map[string]*storage
	// idLength is the length of a persistent id: 5 in a zip, 6 in a legacy file.
	idLength int
	// locate checks a new storage against the file; nil when that must wait.
	locate func(*storage) error
}

// torchAllowList is what a checkpoint of tensors and plain data needs: a subset of
// the names that PyTorch's weights_only unpickler takes.
func torchAllowList(s *storages) *allowList {
	g := map[string]any{
		"collections OrderedDict":         newCallable("collections.OrderedDict", newOrderedDict),
		"torch Size":                      newCallable("torch.Size", newSize),
		"torch device":                    newCallable("torch.device", newDevice),
		"torch._utils _rebuild_tensor":    newCallable("torch._utils._rebuild_tensor", rebuildTensor),
		"torch._utils _rebuild_tensor_v2": newCallable("torch._utils._rebuild_tensor_v2", rebuildTensorV2),
		"torch._utils _rebuild_tensor_v3": newCallable("torch._utils._rebuild_tensor_v3", rebuildTensorV3),
		"torch._utils _rebuild_parameter": newCallable("torch._utils._rebuild_parameter", rebuildParameter),
		"torch.nn.parameter Parameter":    newCallable("torch.nn.parameter.Parameter", newParameter),
		"torch.storage UntypedStorage":    storageClass{dtype: U8},
		"torch UntypedStorage":            storageClass{dtype: U8},
	}
	for name, d := range storageTypes {
		g["torch "+name] = storageClass{dtype: d}
	}
	for name, d := range torchDTypes {
		g["torch "+name] = d
	}
	return &allowList{
		what:       "a dict of tensors, numbers and text",
		advice:     "if you trust the file, load it where it was made and save model.state_dict() alone; if not, do not open it with Python: it may have been made to run code",
		opcodes:    torchOpcodes,
		globals:    g,
		persistent: s.persistent,
		build:      buildOrderedDict,
	}
}

func newCallable(name string, call func(args []any) (any, error)) *global {
	return &global{name: name, call: call}
}

// newOrderedDict makes an empty OrderedDict, as Python 3 pickles them before setting
// their items, or one of a list of pairs, as Python 2 does.
func newOrderedDict(args []any) (any, error) {
	d := newDict()
	if len(args) == 0 {
		return d, nil
	}
	pairs, ok := args[0].(*list)
	if !ok || len(args) != 1 {
		return nil, fmt.Errorf("its argument is not one list of pairs")
	}
	for _, p := range pairs.items {
		pair, ok := items(p)
		if !ok || len(pair) != 2 {
			return nil, fmt.Errorf("its list holds %s, not a pair", describe(p))
		}
		if err := d.set(pair[0], pair[1]); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// items are the elements of a tuple or a list.
func items(v any) ([]any, bool) {
	switch v := v.(type) {
	case *tuple:
		return v.items, true
	case *list:
		return v.items, true
	}
	return nil, false
}

// buildOrderedDict takes an OrderedDict's attributes, of which a state dict has
// _metadata (versions of modules), and forgets them.
func buildOrderedDict(object, state any) (any, error) {
	if _, ok := object.(*dict); !ok {
		return nil, fmt.Errorf("it gives a state to %s; only an OrderedDict has one", describe(object))
	}
	if _, ok := state.(*dict); !ok {
		return nil, fmt.Errorf("an OrderedDict's state is %s, not a dict", describe(state))
	}
	return object, nil
}

// newSize is torch.Size: a tuple of integers.
func newSize(args []any) (any, error) {
	if len(args) != 1 {
		return nil, fmt.Errorf("it has %d arguments, not one", len(args))
	}
	if _, err := counts(args[0]); err != nil {
		return nil, err
	}
	return args[0], nil
}

// newDevice is torch.device("cuda", 0), kept as the text "cuda" alone: where a tensor
// was is of no matter here.
func newDevice(args []any) (any, error) {
	if len(args) == 0 {
		return nil, fmt.Errorf("it has no argument")
	}
	name, ok := args[0].(string)
	if !ok {
		return nil, fmt.Errorf("its argument is %s, not a str", describe(args[0]))
	}
	return name, nil
}

// persistent finds or makes the storage that a persistent id names: ("storage", class,
// key, location, number of elements), and in legacy files a view of a storage, None
// since torch 0.2. The location says which device the storage was on; it is ignored.
func (s *storages) persistent(id any) (any, error) {
	t, ok := id.(*tuple)
	if !ok || len(t.items) != s.idLength || t.items[0] != any("storage") {
		return nil, fmt.Errorf("a persistent id is not a storage of this format: %d parts beginning with \"storage\"", s.idLength)
	}
	class, ok := t.items[1].(storageClass)
	if !ok {
		return nil, fmt.Errorf("a storage's class is %s", describe(t.items[1]))
	}
	key, ok := t.items[2].(string)
	if !ok || key == "" || len(key) > 20 || strings.Trim(key, "0123456789") != "" {
		return nil, fmt.Errorf("a storage's key is not a number of at most 20 digits")
	}
	if _, ok := t.items[3].(string); !ok {
		return nil, fmt.Errorf("storage %s: its location is %s, not a str", key, describe(t.items[3]))
	}
	numel, ok := t.items[4].(int64)
	if !ok || numel < 0 {
		return nil, fmt.Errorf("storage %s: its number of elements is %v", key, t.items[4])
	}
	if s.idLength == 6 && t.items[5] != nil {
		return nil, fmt.Errorf("storage %s is a view of another, which no torch since 0.2 writes", key)
	}
	if _, ok := mul(numel, int64(class.dtype.Size())); !ok {
		return nil, fmt.Errorf("storage %s: %d elements of %v are more than memory can have", key, numel, class.dtype)
	}
	if old, ok := s.byKey[key]; ok {
		if old.dtype != class.dtype || old.numel != numel {
			return nil, fmt.Errorf("storage %s is %d %v in one place and %d %v in another", key, old.numel, old.dtype, numel, class.dtype)
		}
		return old, nil
	}
	st := &storage{key: key, dtype: class.dtype, numel: numel}
	if s.locate != nil {
		if err := s.locate(st); err != nil {
			return nil, err
		}
	}
	s.byKey[key] = st
	return st, nil
}
