package weights

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"testing"
)

// asm assembles a pickle, opcode by opcode.
type asm []byte

// pickled begins a pickle of protocol 2.
func pickled() *asm { return &asm{opProto, 2} }

func (a *asm) op(b ...byte) *asm { *a = append(*a, b...); return a }

func (a *asm) str(s string) *asm {
	a.op(opBinUnicode)
	*a = append(binary.LittleEndian.AppendUint32(*a, uint32(len(s))), s...)
	return a
}

// num writes n as LONG1, which holds every int64.
func (a *asm) num(n int64) *asm {
	a.op(opLong1, 8)
	*a = binary.LittleEndian.AppendUint64(*a, uint64(n))
	return a
}

func (a *asm) global(module, name string) *asm {
	*a = append(*a, "c"+module+"\n"+name+"\n"...)
	return a
}

func (a *asm) nums(n ...int64) *asm {
	a.op(opMark)
	for _, v := range n {
		a.num(v)
	}
	return a.op(opTuple)
}

// storage writes the persistent id of a zip's storage.
func (a *asm) storage(class, key string, numel int64) *asm {
	return a.op(opMark).str("storage").global("torch", class).str(key).str("cuda:0").num(numel).op(opTuple, opBinPersID)
}

// tensor writes _rebuild_tensor_v2 of float storage 0 with numel elements.
func (a *asm) tensor(numel, offset int64, size, stride []int64) *asm {
	return a.global("torch._utils", "_rebuild_tensor_v2").op(opMark).storage("FloatStorage", "0", numel).
		num(offset).nums(size...).nums(stride...).op(opNewFalse).ordered().op(opTuple, opReduce)
}

// ordered writes an empty OrderedDict.
func (a *asm) ordered() *asm {
	return a.global("collections", "OrderedDict").op(opEmptyTuple, opReduce)
}

// inDict gives the bytes of a pickle of {"w": what value writes}.
func inDict(value func(*asm)) []byte {
	a := pickled().op(opEmptyDict).str("w")
	value(a)
	return *a.op(opSetItem, opStop)
}

// A zipEntryOf is an entry for zipOf.
type zipEntryOf struct {
	name string
	data []byte
	edit func(*zip.FileHeader) // after the header is right
}

// zipOf makes a zip of stored entries without descriptors.
func zipOf(t testing.TB, entries ...zipEntryOf) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		h := &zip.FileHeader{Name: e.name, Method: zip.Store, CRC32: crc32.ChecksumIEEE(e.data),
			CompressedSize64: uint64(len(e.data)), UncompressedSize64: uint64(len(e.data))}
		if e.edit != nil {
			e.edit(h)
		}
		f, err := w.CreateRaw(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(e.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// torchZipOf is a PyTorch zip of a pickle and storage 0.
func torchZipOf(t testing.TB, pickle, storage []byte) []byte {
	t.Helper()
	return zipOf(t, zipEntryOf{name: "archive/data.pkl", data: pickle},
		zipEntryOf{name: "archive/byteorder", data: []byte("little")},
		zipEntryOf{name: "archive/data/0", data: storage})
}

// legacyOf is a legacy PyTorch file of a pickle and what follows it.
func legacyOf(pickle []byte, rest ...[]byte) []byte {
	b := append([]byte(nil), legacyMagic...)
	b = append(b, opProto, 2, opBinInt2, 0xe9, 3, opStop)
	b = append(b, *pickled().op(opEmptyDict).str("little_endian").op(opNewTrue, opSetItem, opStop)...)
	b = append(b, pickle...)
	return append(b, bytes.Join(rest, nil)...)
}

// legacyTensor writes _rebuild_tensor of a legacy float storage.
func (a *asm) legacyTensor(key string, numel int64, size ...int64) *asm {
	return a.global("torch._utils", "_rebuild_tensor").op(opMark, opMark).str("storage").global("torch", "FloatStorage").
		str(key).str("cpu").num(numel).op(opNone, opTuple, opBinPersID).num(0).nums(size...).nums(1).op(opTuple, opReduce)
}

// legacyKeys pickles the list of storages.
func legacyKeys(keys ...string) []byte {
	a := pickled().op(opEmptyList, opMark)
	for _, k := range keys {
		a.str(k)
	}
	return *a.op(opAppends, opStop)
}

// legacyStorage is a storage's count and bytes.
func legacyStorage(count int64, size int) []byte {
	return append(binary.LittleEndian.AppendUint64(nil, uint64(count)), make([]byte, size)...)
}
