package weights

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// short writes SHORT_BINSTRING.
func (a *asm) short(s string) *asm {
	return a.op(append([]byte{opShortBinString, byte(len(s))}, s...)...)
}

// labels writes a list of small integers.
func (a *asm) labels(n ...byte) *asm {
	a.op(opEmptyList, opMark)
	for _, v := range n {
		a.op(opBinInt1, v)
	}
	return a.op(opAppends)
}

// dtype writes numpy.dtype(kind) with its state.
func (a *asm) dtype(kind, order string) *asm {
	a.global("numpy", "dtype").short(kind).op(opBinInt1, 0, opBinInt1, 1, opTuple3, opReduce)
	return a.op(opMark, opBinInt1, 3).short(order).op(opNone, opNone, opNone).
		op(opBinInt, 0xff, 0xff, 0xff, 0xff, opBinInt, 0xff, 0xff, 0xff, 0xff, opBinInt1, 0, opTuple, opBuild)
}

// empty writes numpy.core.multiarray._reconstruct(numpy.ndarray, (0,), 'b').
func (a *asm) empty() *asm {
	return a.global("numpy.core.multiarray", "_reconstruct").global("numpy", "ndarray").
		op(opBinInt1, 0, opTuple1).short("b").op(opTuple3, opReduce)
}

// pixels writes an array of n images, byte i of which is i mod 251.
func (a *asm) pixels(n int) *asm {
	return a.empty().op(opMark, opBinInt1, 1, opBinInt2, byte(n), byte(n>>8), opBinInt2, 0, 12, opTuple2).
		dtype("u1", "|").op(opNewFalse).bytes(cifarBytes(n)).op(opTuple, opBuild)
}

func (a *asm) bytes(b []byte) *asm {
	a.op(opBinString)
	*a = append(le.AppendUint32(*a, uint32(len(b))), b...)
	return a
}

func cifarBytes(n int) []byte {
	b := make([]byte, n*cifarPixels)
	for i := range b {
		b[i] = byte(i % 251)
	}
	return b
}

// batch writes a CIFAR-10 batch of two images.
func batch() *asm {
	return pickled().op(opEmptyDict, opBinPut, 1, opMark).short("batch_label").short("one").
		short("labels").labels(9, 0).short("data").pixels(2).op(opSetItems, opStop)
}

func readBatch(b []byte) (*CIFARBatch, error) { return decodeCIFAR(bytes.NewReader(b), int64(len(b))) }

func TestReadCIFARBatch(t *testing.T) {
	b, err := readBatch(*batch())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Data, cifarBytes(2)) || !slices.Equal(b.Labels, []uint8{9, 0}) || b.Coarse != nil {
		t.Errorf("got %d bytes, labels %v, coarse %v", len(b.Data), b.Labels, b.Coarse)
	}
	hundred := *pickled().op(opEmptyDict, opMark).short("filenames").op(opEmptyList).short("data").pixels(2).
		short("fine_labels").labels(99, 5).short("coarse_labels").labels(0, 19).op(opSetItems, opStop)
	b, err = readBatch(hundred)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(b.Labels, []uint8{99, 5}) || !slices.Equal(b.Coarse, []uint8{0, 19}) {
		t.Errorf("got labels %v, coarse %v", b.Labels, b.Coarse)
	}
}

// TestRealCIFAR reads CIFAR-10's test batch, whose MD5 shows it to be the published one.
func TestRealCIFAR(t *testing.T) {
	path := dataFolder(t, "cifar-10-batches-py", "test_batch")
	b, err := ReadCIFARBatch(path)
	if err != nil {
		t.Fatal(err)
	}
	counts := make([]int, 10)
	for _, c := range b.Labels {
		counts[c]++
	}
	if len(b.Data) != 10_000*cifarPixels || slices.Min(counts) != 1000 || slices.Max(counts) != 1000 {
		t.Errorf("got %d bytes and %v images of each class, want 30720000 and 1000", len(b.Data), counts)
	}
	// numpy: md5(pickle.load(open("test_batch", "rb"), encoding="bytes")[b"data"].tobytes())
	const want = "f1aa22116df97725db0e47461c45a82b"
	if sum := md5.Sum(b.Data); hex.EncodeToString(sum[:]) != want {
		t.Errorf("the pixels have MD5 %x, want %s", sum, want)
	}
	if _, err := Read(path); err == nil {
		t.Error("Read took a CIFAR batch for weights")
	}
}

// TestCIFAROpcodes tries every byte that is none of the list's opcodes.
func TestCIFAROpcodes(t *testing.T) {
	for op := range 256 {
		if strings.IndexByte(cifarOpcodes, byte(op)) >= 0 {
			continue
		}
		_, err := readBatch(*pickled().op(opEmptyDict, opMark, opEmptyDict, byte(op)).op(opStop))
		wantError(t, err, fmt.Sprintf("(0x%02x)", op), "at byte 5")
	}
}

func TestHostileCIFAR(t *testing.T) {
	// dict is a batch of the two parts given.
	dict := func(labels, data func(a *asm)) []byte {
		a := pickled().op(opEmptyDict, opMark).short("labels")
		labels(a)
		a.short("data")
		data(a)
		return *a.op(opSetItems, opStop)
	}
	two := func(a *asm) { a.labels(9, 0) }
	images := func(n int) func(a *asm) { return func(a *asm) { a.pixels(n) } }
	// array is one whose state is given, after the version.
	array := func(state func(a *asm)) func(a *asm) {
		return func(a *asm) {
			a.empty().op(opMark, opBinInt1, 1)
			state(a)
			a.op(opTuple, opBuild)
		}
	}
	whole := *batch()
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"os.system", *pickled().global("os", "system").short("echo pwned").op(opTuple1, opReduce, opStop), `"os.system"`},
		{"builtins.eval", *pickled().global("builtins", "eval").short("1").op(opTuple1, opReduce, opStop), `"builtins.eval"`},
		{"numpy.load", *pickled().global("numpy", "load").short("x").op(opTuple1, opReduce, opStop), `"numpy.load"`},
		{"numpy's runstring", *pickled().global("numpy.testing._private.utils", "runstring").short("x").op(opTuple1, opReduce, opStop), `runstring"`},
		{"a name of a state dict", *pickled().global("collections", "OrderedDict").op(opTuple1, opReduce, opStop), `"collections.OrderedDict"`},
		{"_reconstruct of a dtype", *pickled().global("numpy.core.multiarray", "_reconstruct").global("numpy", "dtype").op(opBinInt1, 0, opTuple1).short("b").op(opTuple3, opReduce, opStop), "ndarray"},
		{"ndarray called", *pickled().global("numpy", "ndarray").op(opBinInt1, 0, opTuple1, opReduce, opStop), "cannot be called"},
		{"an array called", *pickled().empty().op(opBinInt1, 0, opTuple1, opReduce, opStop), "cannot be called"},
		{"objects", dict(two, array(func(a *asm) {
			a.op(opBinInt1, 2, opBinInt2, 0, 12, opTuple2).dtype("O8", "|").op(opNewFalse, opEmptyList)
		})), "u1"},
		{"floats", dict(two, array(func(a *asm) {
			a.op(opBinInt1, 2, opBinInt2, 0, 12, opTuple2).dtype("f4", "<").op(opNewFalse).bytes(nil)
		})), "u1"},
		{"dtype with fields", dict(two, array(func(a *asm) {
			a.op(opBinInt1, 2, opBinInt2, 0, 12, opTuple2).global("numpy", "dtype").short("u1").op(opTuple1, opReduce).
				op(opMark, opBinInt1, 3).short("|").op(opNone).labels(1).op(opNone, opBinInt1, 1, opBinInt1, 1, opBinInt1, 0, opTuple, opBuild, opNewFalse).bytes(nil)
		})), "dtype"},
		{"dtype without state", dict(two, array(func(a *asm) {
			a.op(opBinInt1, 2, opBinInt2, 0, 12, opTuple2).global("numpy", "dtype").short("u1").op(opTuple1, opReduce, opNewFalse).bytes(cifarBytes(2))
		})), "dtype"},
		{"Fortran order", dict(two, array(func(a *asm) {
			a.op(opBinInt1, 2, opBinInt2, 0, 12, opTuple2).dtype("u1", "|").op(opBinInt1, 1).bytes(cifarBytes(2))
		})), "C order"},
		{"another shape", dict(two, array(func(a *asm) {
			a.op(opBinInt2, 0, 24, opTuple1).dtype("u1", "|").op(opNewFalse).bytes(cifarBytes(2))
		})), "shape"},
		{"images of another size", dict(two, array(func(a *asm) {
			a.op(opBinInt1, 2, opBinInt2, 0, 11, opTuple2).dtype("u1", "|").op(opNewFalse).bytes(cifarBytes(2))
		})), "shape"},
		{"2^31 images", dict(two, array(func(a *asm) {
			a.op(opBinInt, 0xff, 0xff, 0xff, 0x7f, opBinInt2, 0, 12, opTuple2).dtype("u1", "|").op(opNewFalse).bytes(nil)
		})), "images"},
		{"-1 images", dict(two, array(func(a *asm) {
			a.op(opBinInt, 0xff, 0xff, 0xff, 0xff, opBinInt2, 0, 12, opTuple2).dtype("u1", "|").op(opNewFalse).bytes(nil)
		})), "images"},
		{"a byte less", dict(two, array(func(a *asm) {
			a.op(opBinInt1, 2, opBinInt2, 0, 12, opTuple2).dtype("u1", "|").op(opNewFalse).bytes(cifarBytes(2)[1:])
		})), "6144 bytes"},
		{"bytes that are a list", dict(two, array(func(a *asm) {
			a.op(opBinInt1, 2, opBinInt2, 0, 12, opTuple2).dtype("u1", "|").op(opNewFalse, opEmptyList)
		})), "6144 bytes"},
		{"four parts of five", dict(two, array(func(a *asm) { a.op(opNone, opNone, opNone) })), "not 5"},
		{"state that is a list", dict(two, func(a *asm) { a.empty().op(opEmptyList, opBuild) }), "not a tuple"},
		{"BUILD of a dict", *pickled().op(opEmptyDict, opTuple1, opEmptyDict, opTuple1, opBuild, opStop), "a state to"},
		{"BUILD twice", dict(two, func(a *asm) { a.pixels(2).op(opMark, opTuple, opBuild) }), "not 5"},
		{"array without state", dict(two, func(a *asm) { a.empty() }), "no array"},
		{"string of 4 GiB", *pickled().op(opBinString, 0xff, 0xff, 0xff, 0xff, opStop), "longer"},
		{"string past the end", *pickled().op(opBinString, 0, 0, 0, 1, opStop), "ends early"},
		{"no data", *pickled().op(opEmptyDict).short("labels").labels(1).op(opSetItem, opStop), `"data"`},
		{"no labels", *pickled().op(opEmptyDict).short("data").pixels(1).op(opSetItem, opStop), `"labels"`},
		{"a list", *pickled().op(opEmptyList, opStop), "not a dict"},
		{"fewer labels", dict(func(a *asm) { a.labels(9) }, images(2)), "2 images and 1 labels"},
		{"more labels", dict(func(a *asm) { a.labels(9, 0, 1) }, images(2)), "2 images and 3 labels"},
		{"label 10", dict(func(a *asm) { a.labels(9, 10) }, images(2)), "labels[1] is 10"},
		{"label -1", dict(func(a *asm) { a.op(opEmptyList).op(opBinInt, 0xff, 0xff, 0xff, 0xff, opAppend) }, images(1)), "labels[0] is -1"},
		{"label that is a string", dict(func(a *asm) { a.op(opEmptyList).short("cat").op(opAppend) }, images(1)), "cat"},
		{"labels that are an array", dict(images(1), images(1)), "no list"},
		{"both kinds of labels", *pickled().op(opEmptyDict, opMark).short("labels").labels(1).short("fine_labels").labels(1).short("data").pixels(1).op(opSetItems, opStop), "either"},
		{"no coarse labels", *pickled().op(opEmptyDict, opMark).short("fine_labels").labels(1).short("data").pixels(1).op(opSetItems, opStop), "coarse_labels"},
		{"coarse label 20", *pickled().op(opEmptyDict, opMark).short("fine_labels").labels(1).short("coarse_labels").labels(20).short("data").pixels(1).op(opSetItems, opStop), "coarse_labels[0] is 20"},
		{"bytes behind", append(slices.Clone(whole), 0), "1 bytes follow"},
		{"a state dict", readTestFile(t, "legacy_float32.pt"), "opcode"},
		{"empty", nil, "ends early"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var err error
			took, used := measure(func() { _, err = readBatch(c.file) })
			wantError(t, err, c.want)
			checkCost(t, len(c.file), took, used)
		})
	}
	for n := range whole {
		if _, err := readBatch(whole[:n]); err == nil {
			t.Errorf("%d of %d bytes are read", n, len(whole))
		}
	}
}

// TestCIFARErrorNamesFile is what a person sees when a batch asks for a name.
func TestCIFARErrorNamesFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data_batch_1")
	if err := os.WriteFile(path, *pickled().global("posix", "system").op(opStop), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := ReadCIFARBatch(path)
	wantError(t, err, path+": ", `"posix.system"`, "at byte 2", "get the archive anew")
}
