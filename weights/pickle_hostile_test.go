package weights

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// refused checks that reading b fails with an *Error that has every word, at a small
// cost.
func refused(t *testing.T, b []byte, words ...string) {
	t.Helper()
	var err error
	took, used := measure(func() { _, err = decodeBytes(b) })
	wantError(t, err, words...)
	checkCost(t, len(b)+maxPushes*100, took, used)
}

func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if e := new(Error); !errors.As(err, &e) {
		t.Errorf("got %.300v, want an *Error", err)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got %.400q, want %q in it", err, w)
		}
	}
	if len(err.Error()) > 2000 {
		t.Errorf("the message has %d bytes", len(err.Error()))
	}
}

// TestDisallowedOpcodes tries each of the bytes that are none of the 34 opcodes, in a
// zip and in a legacy file: it must be named, with its place.
func TestDisallowedOpcodes(t *testing.T) {
	if n := len(torchOpcodes); n != 34 {
		t.Fatalf("the list has %d opcodes, PyTorch's has 34", n)
	}
	tried := 0
	for op := range 256 {
		if strings.IndexByte(torchOpcodes, byte(op)) >= 0 {
			continue
		}
		tried++
		name := fmt.Sprintf("(0x%02x)", op)
		// Operands that satisfy whatever the opcode wants are below and behind it.
		pickle := *pickled().op(opEmptyDict, opMark, opEmptyTuple, byte(op)).str("posix\nsystem\n").op(opStop)
		_, err := decodeBytes(torchZipOf(t, pickle, nil))
		wantError(t, err, name, "byte 5 of archive/data.pkl")
		_, err = decodeBytes(legacyOf(pickle))
		wantError(t, err, name)
	}
	if tried != 222 {
		t.Errorf("tried %d opcodes, want 222", tried)
	}
}

// TestDisallowedGlobals asks for names that are known ways to run code or around lists
// of bad names (fickling's test/test_bypasses.py and PyTorch's advisories), for names
// near the allowed ones, and for those of whole pickled models.
func TestDisallowedGlobals(t *testing.T) {
	for _, name := range []string{
		"os system", "posix system", "nt system", "subprocess Popen", "subprocess check_output",
		"builtins eval", "builtins exec", "builtins getattr", "builtins __import__", "builtins open", "builtins compile",
		"builtins bytearray", "builtins set", "builtins complex", "__builtin__ eval", "__builtin__ file",
		"sys modules", "sys exit", "shutil rmtree", "socket socket", "pty spawn", "runpy run_path", "runpy _run_code",
		"cProfile run", "profile run", "pdb run", "timeit timeit", "ctypes CDLL", "pydoc pipepager", "importlib import_module",
		"importlib.util spec_from_file_location", "code InteractiveInterpreter", "codeop compile_command",
		"multiprocessing.util spawnv_passfds", "operator methodcaller", "operator attrgetter", "functools partial",
		"functools reduce", "itertools starmap", "types FunctionType", "types CodeType", "marshal loads", "pickle loads",
		"_pickle loads", "dill loads", "cloudpickle.cloudpickle _make_function", "distutils.file_util write_file", "_io FileIO",
		"io open", "numpy.f2py.crackfortran getlincoef", "numpy.testing._private.utils runstring", "asyncio.unix_events _UnixSubprocessTransport",
		"uuid _get_command_stdout", "_aix_support _read_cmd_output", "_osx_support _read_output", "webbrowser open",
		"urllib.request urlopen", "http.client HTTPSConnection", "tempfile mktemp", "logging.config fileConfig", "site main",
		"torch load", "torch.hub load", "torch.jit load", "torch.utils.cpp_extension load_inline", "torch.storage _load_from_bytes",
		"torch._utils _rebuild_qtensor", "torch._utils _rebuild_sparse_tensor", "torch._utils _rebuild_meta_tensor_no_storage",
		"torch._utils _rebuild_wrapper_subclass", "torch._tensor _rebuild_from_type_v2", "torch.serialization load",
		"collections Counter", "collections defaultdict", "collections OrderedDict.__class__", "_codecs encode",
		"torch _utils._rebuild_tensor_v2", "torch FloatTensor", "torch.FloatStorage ", " torch._utils _rebuild_tensor_v2",
		"torch._utils  _rebuild_tensor_v2", "Torch Size", "torch size", "torch._utils _rebuild_tensor_v2 ",
		"numpy.core.multiarray scalar", "numpy.core.multiarray _reconstruct", "numpy ndarray", "numpy dtype", "argparse Namespace",
		"__main__ ResNet", "torch.nn.modules.conv Conv2d", "torch.nn.parallel.data_parallel DataParallel",
	} {
		module, attribute, _ := strings.Cut(name, " ")
		if strings.HasPrefix(name, " ") {
			module, attribute, _ = strings.Cut(name[1:], " ")
			module = " " + module
		}
		quoted := fmt.Sprintf("%q", module+"."+attribute)
		pickle := *pickled().global(module, attribute).str("echo pwned").op(opTuple1, opReduce, opStop)
		_, err := decodeBytes(torchZipOf(t, pickle, nil))
		wantError(t, err, quoted, "byte 2 of archive/data.pkl")
		_, err = decodeBytes(legacyOf(pickle))
		wantError(t, err, quoted)
	}
}

// TestHostilePickles is the catalogue of what allowed opcodes and names must not do.
// Each pickle stands in a zip whose storage 0 has four floats.
func TestHostilePickles(t *testing.T) {
	w := func(build func(a *asm)) []byte { return inDict(build) }
	one := []int64{1}
	repeated := func(n int, op ...byte) []byte { return slices.Repeat(op, n) }
	for _, c := range []struct {
		name   string
		pickle []byte
		want   string
	}{
		// The stack.
		{"nothing", nil, "ends early"},
		{"STOP alone", *pickled().op(opStop), "not one value"},
		{"two values", *pickled().op(opEmptyDict, opEmptyDict, opStop), "not one value"},
		{"open mark", *pickled().op(opMark, opEmptyDict, opStop), "not one value"},
		{"no STOP", *pickled().op(opEmptyDict), "ends early"},
		{"bytes after STOP", append(*pickled().op(opEmptyDict, opStop), 'x'), "follow the pickle"},
		{"underflow of TUPLE2", *pickled().op(opNone, opTuple2, opStop), "stack"},
		{"underflow of SETITEM", *pickled().op(opEmptyDict, opNone, opSetItem, opStop), "stack"},
		{"TUPLE3 below a mark", *pickled().op(opNone, opNone, opMark, opNone, opTuple3, opStop), "stack"},
		{"APPEND below a mark", *pickled().op(opEmptyList, opMark, opNone, opAppend, opStop), "stack"},
		{"BINPUT below a mark", *pickled().op(opNone, opMark, opBinPut, 0, opStop), "stack"},
		{"TUPLE without mark", *pickled().op(opNone, opTuple, opStop), "MARK"},
		{"SETITEMS without mark", *pickled().op(opEmptyDict, opNone, opNone, opSetItems, opStop), "MARK"},
		{"REDUCE of nothing", *pickled().op(opReduce, opStop), "stack"},
		{"BINPERSID of nothing", *pickled().op(opBinPersID, opStop), "stack"},
		{"BUILD of nothing", *pickled().op(opBuild, opStop), "stack"},
		{"PROTO inside", *pickled().op(opEmptyDict, opProto, 2, opStop), "PROTO"},
		{"protocol 4", []byte{opProto, 4, opEmptyDict, opStop}, "protocol 4"},
		{"protocol 0", []byte{opProto, 0, opEmptyDict, opStop}, "protocol 0"},

		// The memo.
		{"BINGET of nothing", *pickled().op(opBinGet, 7, opStop), "under 7"},
		{"LONG_BINGET of nothing", *pickled().op(opLongBinGet, 0xff, 0xff, 0xff, 0xff, opStop), "under 4294967295"},
		{"BINPUT of nothing", *pickled().op(opBinPut, 0, opStop), "empty"},

		// Lengths.
		{"string of 4 GiB", *pickled().op(opBinUnicode, 0xff, 0xff, 0xff, 0xff, opStop), "longer"},
		{"string past the end", *pickled().op(opBinUnicode, 100, 0, 0, 0, 'x', opStop), "ends early"},
		{"string of 1 MiB past the end", *pickled().op(opBinUnicode, 0, 0, 0x10, 0, 'x', opStop), "ends early"},
		{"short string past the end", *pickled().op(opShortBinString, 255, 'x', opStop), "ends early"},
		{"string not UTF-8", *pickled().op(opBinUnicode, 1, 0, 0, 0, 0xff, opStop), "UTF-8"},
		{"integer of 255 bytes", *pickled().op(opLong1, 255, 1, opStop), "longer"},
		{"integer past the end", *pickled().op(opLong1, 16, 1, opStop), "ends early"},
		{"float past the end", *pickled().op(opBinFloat, 1, opStop), "ends early"},
		{"global without newline", *pickled().op('c', 't', 'o', 'r', 'c', 'h'), "ends early"},
		{"global of 1 MiB", append(*pickled().op('c'), repeated(1<<20, 'x')...), "a name"},

		// Containers.
		{"SETITEM of a list", *pickled().op(opEmptyList, opNone, opNone, opSetItem, opStop), "a list, not of a dict"},
		{"SETITEM of a tuple", *pickled().op(opEmptyTuple, opNone, opNone, opSetItem, opStop), "a tuple, not of a dict"},
		{"SETITEM of None", *pickled().op(opNone, opNone, opNone, opSetItem, opStop), "None, not of a dict"},
		{"SETITEM of a set", *pickled().op(opEmptySet, opNone, opNone, opSetItem, opStop), "a set, not of a dict"},
		{"SETITEM of a tensor", *pickled().tensor(4, 0, one, one).op(opNone, opNone, opSetItem, opStop), "a tensor, not of a dict"},
		{"SETITEM of a global", *pickled().global("torch", "Size").op(opNone, opNone, opSetItem, opStop), "torch.Size, not of a dict"},
		{"SETITEMS of a tensor", *pickled().tensor(4, 0, one, one).op(opMark, opNone, opNone, opSetItems, opStop), "a tensor, not of a dict"},
		{"SETITEMS of three", *pickled().op(opEmptyDict, opMark, opNewTrue, opNone, opNone, opSetItems, opStop), "without a value"},
		{"APPEND to a dict", *pickled().op(opEmptyDict, opNone, opAppend, opStop), "a dict, not to a list"},
		{"APPENDS to a str", *pickled().str("x").op(opMark, opNone, opAppends, opStop), "a str, not to a list"},
		{"APPEND to a tensor", *pickled().tensor(4, 0, one, one).op(opNone, opAppend, opStop), "a tensor, not to a list"},
		{"key that is a list", *pickled().op(opEmptyDict, opEmptyList, opNone, opSetItem, opStop), "key is a list"},
		{"key that is a tuple", *pickled().op(opEmptyDict, opEmptyTuple, opNone, opSetItem, opStop), "key is a tuple"},
		{"key that is a tensor", *pickled().op(opEmptyDict).tensor(4, 0, one, one).op(opNone, opSetItem, opStop), "key is a tensor"},
		{"key that is a global", *pickled().op(opEmptyDict).global("torch", "Size").op(opNone, opSetItem, opStop), "key is the name"},
		{"key twice", *pickled().op(opEmptyDict).str("w").op(opNone, opSetItem).str("w").op(opNone, opSetItem, opStop), "twice"},

		// Calls.
		{"REDUCE of a str", *pickled().str("os.system").op(opEmptyTuple, opReduce, opStop), "cannot be called"},
		{"REDUCE of None", *pickled().op(opNone, opEmptyTuple, opReduce, opStop), "cannot be called"},
		{"REDUCE of a dict", *pickled().op(opEmptyDict, opEmptyTuple, opReduce, opStop), "cannot be called"},
		{"REDUCE of a dtype", *pickled().global("torch", "float32").op(opEmptyTuple, opReduce, opStop), "cannot be called"},
		{"REDUCE of a storage's class", *pickled().global("torch", "FloatStorage").nums(10).op(opReduce, opStop), "cannot be called"},
		{"REDUCE with a list", *pickled().global("torch", "Size").op(opEmptyList, opReduce, opStop), "not with a tuple"},
		{"REDUCE of a call's result", *pickled().ordered().op(opEmptyTuple, opReduce, opStop), "cannot be called"},
		{"NEWOBJ of a str", *pickled().str("x").op(opEmptyTuple, opNewObj, opStop), "cannot be called"},
		{"NEWOBJ of a storage's class", *pickled().global("torch", "FloatStorage").nums(10).op(opNewObj, opStop), "cannot be called"},
		{"NEWOBJ with None", *pickled().global("torch.nn.parameter", "Parameter").op(opNone, opNewObj, opStop), "not with a tuple"},
		{"Parameter of a str", *pickled().global("torch.nn.parameter", "Parameter").str("x").op(opTuple1, opNewObj, opStop), "tensor"},
		{"BUILD of a list", *pickled().op(opEmptyList, opEmptyDict, opBuild, opStop), "a state to a list"},
		{"BUILD of a tensor", *pickled().tensor(4, 0, one, one).op(opEmptyDict, opBuild, opStop), "a state to a tensor"},
		{"BUILD of a global", *pickled().global("torch", "Size").op(opEmptyDict, opBuild, opStop), "a state to the name"},
		{"BUILD with a str", *pickled().ordered().str("x").op(opBuild, opStop), "state is a str"},
		{"BUILD with a tuple", *pickled().ordered().op(opEmptyTuple, opBuild, opStop), "state is a tuple"},
		{"OrderedDict of a str", *pickled().global("collections", "OrderedDict").str("ab").op(opTuple1, opReduce, opStop), "list of pairs"},
		{"OrderedDict of no pairs", *pickled().global("collections", "OrderedDict").op(opEmptyList, opNone, opAppend, opTuple1, opReduce, opStop), "not a pair"},
		{"OrderedDict of two", *pickled().global("collections", "OrderedDict").op(opEmptyList, opEmptyList, opTuple2, opReduce, opStop), "list of pairs"},
		{"Size of a str", *pickled().global("torch", "Size").str("ab").op(opTuple1, opReduce, opStop), "tuple"},
		{"Size of nothing", *pickled().global("torch", "Size").op(opEmptyTuple, opReduce, opStop), "arguments"},
		{"device of nothing", *pickled().global("torch", "device").op(opEmptyTuple, opReduce, opStop), "argument"},
		{"device of a list", *pickled().global("torch", "device").op(opEmptyList, opTuple1, opReduce, opStop), "a list"},

		// Storages.
		{"id that is a str", w(func(a *asm) { a.str("storage").op(opBinPersID) }), "persistent id"},
		{"id that is a module", w(func(a *asm) {
			a.op(opMark).str("module").global("torch", "FloatStorage").str("0").str("cpu").num(4).op(opTuple, opBinPersID)
		}), "persistent id"},
		{"id of four", w(func(a *asm) {
			a.op(opMark).str("storage").global("torch", "FloatStorage").str("0").str("cpu").op(opTuple, opBinPersID)
		}), "persistent id"},
		{"legacy id in a zip", w(func(a *asm) {
			a.op(opMark).str("storage").global("torch", "FloatStorage").str("0").str("cpu").num(4).op(opNone, opTuple, opBinPersID)
		}), "persistent id"},
		{"class that is a str", w(func(a *asm) {
			a.op(opMark).str("storage").str("FloatStorage").str("0").str("cpu").num(4).op(opTuple, opBinPersID)
		}), "class is a str"},
		{"class that is a function", w(func(a *asm) {
			a.op(opMark).str("storage").global("torch", "Size").str("0").str("cpu").num(4).op(opTuple, opBinPersID)
		}), "class is the name torch.Size"},
		{"key of another entry", w(func(a *asm) { a.storage("FloatStorage", "../byteorder", 4) }), "key"},
		{"key with a folder", w(func(a *asm) { a.storage("FloatStorage", "0/0", 4) }), "key"},
		{"key that is empty", w(func(a *asm) { a.storage("FloatStorage", "", 4) }), "key"},
		{"key that is absolute", w(func(a *asm) { a.storage("FloatStorage", "/etc/passwd", 4) }), "key"},
		{"key of 1000 digits", w(func(a *asm) { a.storage("FloatStorage", strings.Repeat("0", 1000), 4) }), "key"},
		{"key of no entry", w(func(a *asm) { a.storage("FloatStorage", "7", 4) }), "archive/data/7"},
		{"location that is a number", w(func(a *asm) {
			a.op(opMark).str("storage").global("torch", "FloatStorage").str("0").num(0).num(4).op(opTuple, opBinPersID)
		}), "location"},
		{"fewer elements than bytes", w(func(a *asm) { a.storage("FloatStorage", "0", 3) }), "has 16"},
		{"more elements than bytes", w(func(a *asm) { a.storage("FloatStorage", "0", 5) }), "has 16"},
		{"wider elements than bytes", w(func(a *asm) { a.storage("DoubleStorage", "0", 4) }), "has 16"},
		{"negative elements", w(func(a *asm) { a.storage("FloatStorage", "0", -4) }), "-4"},
		{"2^62 elements", w(func(a *asm) { a.storage("FloatStorage", "0", 1<<62) }), "memory"},
		{"2^62+4 elements", w(func(a *asm) { a.storage("FloatStorage", "0", 1<<62+4) }), "memory"},
		{"elements that are a str", w(func(a *asm) {
			a.op(opMark).str("storage").global("torch", "FloatStorage").str("0").str("cpu").str("4").op(opTuple, opBinPersID)
		}), "elements"},
		{"two types of one storage", w(func(a *asm) {
			a.op(opEmptyList).storage("FloatStorage", "0", 4).op(opAppend).storage("IntStorage", "0", 4).op(opAppend)
		}), "another"},
		{"a storage as value", w(func(a *asm) { a.storage("FloatStorage", "0", 4) }), "no tensors"},

		// Views.
		{"one element too many", w(func(a *asm) { a.tensor(4, 0, []int64{5}, one) }), "outside"},
		{"offset at the end", w(func(a *asm) { a.tensor(4, 4, one, one) }), "outside"},
		{"scalar at the end", w(func(a *asm) { a.tensor(4, 4, nil, nil) }), "outside"},
		{"empty beyond the end", w(func(a *asm) { a.tensor(4, 5, []int64{0}, one) }), "outside"},
		{"stride too wide", w(func(a *asm) { a.tensor(4, 0, []int64{2}, []int64{4}) }), "outside"},
		{"sum of strides too wide", w(func(a *asm) { a.tensor(4, 0, []int64{2, 2}, []int64{2, 2}) }), "outside"},
		{"negative offset", w(func(a *asm) { a.tensor(4, -1, one, one) }), "offset"},
		{"negative size", w(func(a *asm) { a.tensor(4, 0, []int64{-1}, one) }), "-1"},
		{"negative stride", w(func(a *asm) { a.tensor(4, 3, []int64{2}, []int64{-1}) }), "-1"},
		{"sizes without strides", w(func(a *asm) { a.tensor(4, 0, []int64{2, 2}, one) }), "strides"},
		{"size that overflows", w(func(a *asm) { a.tensor(4, 0, []int64{1 << 32, 1 << 32}, []int64{0, 0}) }), "memory"},
		{"size that overflows to 4", w(func(a *asm) { a.tensor(4, 0, []int64{1<<62 + 1, 4}, []int64{0, 0}) }), "memory"},
		{"stride that overflows", w(func(a *asm) { a.tensor(4, 0, []int64{3}, []int64{1 << 62}) }), "outside"},
		{"strides whose sum overflows", w(func(a *asm) { a.tensor(4, 0, []int64{2, 2, 2, 2}, slices.Repeat([]int64{1 << 62}, 4)) }), "outside"},
		{"offset that overflows", w(func(a *asm) { a.tensor(4, 1<<63-1, []int64{2}, one) }), "outside"},
		{"a TiB of one element", w(func(a *asm) { a.tensor(4, 0, []int64{1 << 38}, []int64{0}) }), "times the file"},
		{"65 axes", w(func(a *asm) { a.tensor(4, 0, slices.Repeat(one, 65), slices.Repeat(one, 65)) }), "64"},
		{"tensor of a str", w(func(a *asm) {
			a.global("torch._utils", "_rebuild_tensor").op(opMark).str("0").num(0).nums(1).nums(1).op(opTuple, opReduce)
		}), "storage is a str"},
		{"tensor of a tensor", w(func(a *asm) {
			a.global("torch._utils", "_rebuild_tensor").op(opMark).tensor(4, 0, one, one).num(0).nums(1).nums(1).op(opTuple, opReduce)
		}), "storage is a tensor"},
		{"three arguments", w(func(a *asm) {
			a.global("torch._utils", "_rebuild_tensor").op(opMark).storage("FloatStorage", "0", 4).num(0).nums(1).op(opTuple, opReduce)
		}), "3 arguments"},
		{"v2 with four arguments", w(func(a *asm) {
			a.global("torch._utils", "_rebuild_tensor_v2").op(opMark).storage("FloatStorage", "0", 4).num(0).nums(1).nums(1).op(opTuple, opReduce)
		}), "4 arguments"},
		{"size that is a float", w(func(a *asm) {
			a.global("torch._utils", "_rebuild_tensor").op(opMark).storage("FloatStorage", "0", 4).num(0).
				op(opBinFloat, 0, 0, 0, 0, 0, 0, 0, 0, opTuple1).nums(1).op(opTuple, opReduce)
		}), "size"},
		{"hooks", w(func(a *asm) {
			a.global("torch._utils", "_rebuild_tensor_v2").op(opMark).storage("FloatStorage", "0", 4).num(0).nums(1).nums(1).
				op(opNewFalse, opEmptyDict).str("x").op(opNone, opSetItem, opTuple, opReduce)
		}), "hooks"},
		{"conjugate", w(func(a *asm) {
			a.global("torch._utils", "_rebuild_tensor_v2").op(opMark).storage("FloatStorage", "0", 4).num(0).nums(1).nums(1).
				op(opNewFalse, opEmptyDict, opEmptyDict).str("conj").op(opNewTrue, opSetItem, opTuple, opReduce)
		}), "conjugate"},
		{"v3 without a type", w(func(a *asm) {
			a.global("torch._utils", "_rebuild_tensor_v3").op(opMark).storage("FloatStorage", "0", 4).num(0).nums(1).nums(1).
				op(opNewFalse, opEmptyDict).str("float32").op(opTuple, opReduce)
		}), "element type is a str"},
		{"v3 wider than its storage", w(func(a *asm) {
			a.global("torch._utils", "_rebuild_tensor_v3").op(opMark).storage("FloatStorage", "0", 4).num(0).nums(3).nums(1).
				op(opNewFalse, opEmptyDict).global("torch", "float64").op(opTuple, opReduce)
		}), "outside"},
		{"parameter of a dict", w(func(a *asm) {
			a.global("torch._utils", "_rebuild_parameter").op(opEmptyDict, opNewTrue, opEmptyDict, opTuple3, opReduce)
		}), "tensor"},

		// What a file must hold.
		{"a tensor", *pickled().tensor(4, 0, one, one).op(opStop), "holds a tensor"},
		{"a list", *pickled().op(opEmptyList, opStop), "holds a list"},
		{"an empty dict", *pickled().op(opEmptyDict, opStop), "no tensors"},
		{"a dict of numbers", *pickled().op(opEmptyDict).str("epoch").num(3).op(opSetItem, opStop), `"epoch"`},
		{"a tensor under a number", *pickled().op(opEmptyDict).num(3).tensor(4, 0, one, one).op(opSetItem, opStop), "number 3"},

		// Bombs.
		{"many marks", append(*pickled(), repeated(1<<20, opMark)...), "marks"},
		{"many values", append(*pickled(), repeated(1<<20, opNone)...), "the stack holds more"},
		{"deep tuples", append(append(*pickled().op(opNone), repeated(1<<20, opTuple1)...), opStop), "nested"},
		{"deep lists", append(*pickled(), bomb(1<<16, opEmptyList, opAppend)...), "nested"},
		{"a list in itself, again and again", *pickled().op(opEmptyList, opBinPut, 0).op(repeated(100, opBinGet, 0, opAppend)...).op(opStop), "nested"},
		{"billion laughs", *pickled().op(opEmptyTuple, opBinPut, 0).op(repeated(100, opBinGet, 0, opBinGet, 0, opTuple2, opBinPut, 0, opTuple1)...).op(opStop), "nested"},
		{"a million lists", *pickled().op(opEmptyList).op(repeated(1<<20, opEmptyList, opAppend)...).op(opStop), "more than 1000000 values"},
		{"a million dicts by reference", *pickled().op(opEmptyList, opEmptyDict, opBinPut, 0, opAppend).op(repeated(1<<20, opBinGet, 0, opAppend)...).op(opStop), "more than 1000000 values"},
		{"a million keys", func() []byte {
			a := pickled().op(opEmptyDict)
			for i := range 1 << 19 {
				a.num(int64(i)).op(opNone, opSetItem)
			}
			return *a.op(opStop)
		}(), "more than 1000000 values"},
		{"a million memos", func() []byte {
			a := pickled().op(opNone)
			for i := range 1<<20 + 1 {
				a.op(opLongBinPut, byte(i), byte(i>>8), byte(i>>16), byte(i>>24))
			}
			return *a.op(opStop)
		}(), "the memo holds more"},
	} {
		t.Run(c.name, func(t *testing.T) {
			refused(t, torchZipOf(t, c.pickle, make([]byte, 16)), c.want)
		})
	}
}

// bomb nests n values: it opens n with one opcode and closes n with another.
func bomb(n int, open, shut byte) []byte {
	return append(slices.Repeat([]byte{open}, n), slices.Repeat([]byte{shut}, n)...)
}

// TestPlainTensors shows that the assembled files are read when nothing is wrong with
// them, so that the refusals above are for their reasons.
func TestPlainTensors(t *testing.T) {
	storage := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	for _, c := range []struct {
		name   string
		pickle []byte
		want   Tensor
	}{
		{"tensor", inDict(func(a *asm) { a.tensor(4, 1, []int64{3}, []int64{1}) }), Tensor{"w", F32, []int64{3}, storage[4:]}},
		{"stride 2", inDict(func(a *asm) { a.tensor(4, 1, []int64{2}, []int64{2}) }), Tensor{"w", F32, []int64{2}, append(slices.Clone(storage[4:8]), storage[12:]...)}},
		{"NEWOBJ", inDict(func(a *asm) {
			a.global("torch.nn.parameter", "Parameter").tensor(4, 0, []int64{4}, []int64{1}).op(opTuple1, opNewObj)
		}), Tensor{"w", F32, []int64{4}, storage}},
		{"an empty set beside it", *pickled().op(opEmptyDict).str("s").op(opEmptySet, opSetItem).str("w").tensor(4, 0, []int64{4}, []int64{1}).op(opSetItem, opStop),
			Tensor{"w", F32, []int64{4}, storage}},
		// 2^40 values to whoever walks over them; 41 tuples here.
		{"laughs beside it", *pickled().op(opEmptyDict).str("x").op(opEmptyTuple, opBinPut, 0).
			op(slices.Repeat([]byte{opBinGet, 0, opTuple2, opBinPut, 0}, 40)...).op(opSetItem).
			str("w").tensor(4, 0, []int64{4}, []int64{1}).op(opSetItem, opStop), Tensor{"w", F32, []int64{4}, storage}},
		{"Python 2's OrderedDict", *pickled().global("collections", "OrderedDict").op(opEmptyList, opEmptyList).op(opShortBinString, 1, 'w', opAppend).
			tensor(4, 0, []int64{4}, []int64{1}).op(opAppend, opAppend, opTuple1, opReduce, opStop), Tensor{"w", F32, []int64{4}, storage}},
		{"state_dict with _metadata", *pickled().op(opEmptyDict).str("state_dict").ordered().str("w").tensor(4, 0, []int64{4}, []int64{1}).op(opSetItem).
			op(opEmptyDict).str("_metadata").ordered().op(opSetItem, opBuild, opSetItem, opStop), Tensor{"w", F32, []int64{4}, storage}},
	} {
		f, err := decodeBytes(torchZipOf(t, c.pickle, storage))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if err := same(f.Tensors, []Tensor{c.want}); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
