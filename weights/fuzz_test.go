package weights

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"
)

// The seeds are kilobytes long, and Go's fuzzer minimises each input that it finds
// interesting for up to a minute: run these with -fuzzminimizetime 10x.

// checkFuzzed is what holds for any bytes: an *Error, or tensors that hold together.
func checkFuzzed(t *testing.T, f *File, err error, size int) {
	if err != nil {
		if !errors.As(err, new(*Error)) {
			t.Fatalf("got %v, want an *Error", err)
		}
		return
	}
	total := 0
	for _, x := range f.Tensors {
		n, ok := byteLength(x.DType, x.Shape)
		if !ok || n != int64(len(x.Data)) {
			t.Fatalf("tensor %q: %d bytes for %v%v", x.Name, len(x.Data), x.DType, x.Shape)
		}
		total += len(x.Data)
	}
	if total > viewsPerByte*size {
		t.Fatalf("%d bytes of tensors from a file of %d", total, size)
	}
}

func addTestFiles(f *testing.F, pattern string) {
	paths, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(paths) == 0 {
		f.Fatalf("no %s: %v", pattern, err)
	}
	for _, p := range paths {
		f.Add(readTestFile(f, filepath.Base(p)))
	}
}

// FuzzSafetensors reads any bytes as safetensors; what is read must come back when it
// is written and read again.
func FuzzSafetensors(f *testing.F) {
	addTestFiles(f, "*.safetensors")
	f.Add(encode(f, smallFile()))
	f.Add(raw(object(a("x", 4), a("y", 0)), 8))
	f.Add(raw(`{"\ud83d\ude00":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}}`, 1))
	f.Fuzz(func(t *testing.T, b []byte) {
		first, err := ReadSafetensors(bytes.NewReader(b), int64(len(b)))
		checkFuzzed(t, first, err, len(b))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := WriteSafetensors(&out, first); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		second, err := ReadSafetensors(bytes.NewReader(out.Bytes()), int64(out.Len()))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if err := same(first.Tensors, second.Tensors); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzTorchZip takes any bytes for the zip that they may be, and for the data.pkl of a
// zip that is right: random bytes do not get past its checksums.
func FuzzTorchZip(f *testing.F) {
	addTestFiles(f, "[a-km-z]*.pt")
	f.Add(inDict(func(a *asm) { a.tensor(4, 1, []int64{2}, []int64{2}) }))
	f.Add([]byte(*pickled().op(opEmptyDict, opBinPut, 0, opMark).str("a").op(opBinGet, 0, opSetItems, opStop)))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := decodeTorchZip(bytes.NewReader(b), int64(len(b)))
		checkFuzzed(t, file, err, len(b))
		whole := torchZipOf(t, b, make([]byte, 16))
		file, err = decodeBytes(whole)
		checkFuzzed(t, file, err, len(whole))
		if err != nil || checkTorch(file.Tensors) != nil { // no elements, and strides that overflow
			return
		}
		again, err := decodeBytes(encodeTorch(t, file))
		if err != nil {
			t.Fatalf("what was read and written cannot be read: %v", err)
		}
		if err := same(file.Tensors, again.Tensors); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzTorchLegacy takes any bytes for a legacy file, and for what follows its magic.
func FuzzTorchLegacy(f *testing.F) {
	addTestFiles(f, "legacy_*.pt")
	f.Add(inDict(func(a *asm) { a.legacyTensor("5", 4, 4) }))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := decodeTorchLegacy(bytes.NewReader(b), int64(len(b)))
		checkFuzzed(t, file, err, len(b))
		whole := legacyOf(b, legacyKeys("5"), legacyStorage(4, 16))
		file, err = decodeBytes(whole)
		checkFuzzed(t, file, err, len(whole))
	})
}

// FuzzCIFAR takes any bytes for a batch.
func FuzzCIFAR(f *testing.F) {
	f.Add([]byte(*batch()))
	f.Add([]byte(*pickled().op(opEmptyDict).short("data").pixels(1).op(opSetItem, opStop)))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := readBatch(b)
		if err != nil {
			if !errors.As(err, new(*Error)) {
				t.Fatalf("got %v, want an *Error", err)
			}
			return
		}
		if len(got.Data) != len(got.Labels)*cifarPixels || len(got.Data) > len(b) {
			t.Fatalf("%d bytes and %d labels from %d bytes", len(got.Data), len(got.Labels), len(b))
		}
	})
}

// FuzzRead takes any bytes for a file of unknown format.
func FuzzRead(f *testing.F) {
	addTestFiles(f, "*.pt")
	addTestFiles(f, "*.safetensors")
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := decodeBytes(b)
		checkFuzzed(t, file, err, len(b))
	})
}
