package weights

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/written*.pt")

func encodeTorch(t testing.TB, f *File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteTorch(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// encodeWide writes with 64-bit numbers from wide on.
func encodeWide(t testing.TB, f *File, wide uint64) []byte {
	t.Helper()
	var b bytes.Buffer
	z := newZipWriter(&b)
	z.wide = wide
	if err := writeTorch(z, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestWriteTorchGolden pins the bytes. testdata/generate.py reads these files with
// PyTorch, mapped into memory too, and golden.json has what it read. The second has
// 64-bit sizes and places where an archive of more than 4 GiB would.
func TestWriteTorchGolden(t *testing.T) {
	types, err := Read(filepath.Join("testdata", "types.pt"))
	if err != nil {
		t.Fatal(err)
	}
	f := smallFile()
	f.Tensors = append(f.Tensors, types.Tensors...)
	for name, got := range map[string][]byte{"written.pt": encodeTorch(t, f), "written_wide.pt": encodeWide(t, f, 24)} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(got, readTestFile(t, name)) {
			t.Errorf("the bytes differ from those of %s", path)
		}
		read, err := decodeBytes(got)
		if err != nil {
			t.Fatal(err)
		}
		if err := same(read.Tensors, f.Tensors); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPickleEqualsPyTorch compares the pickles byte for byte with torch.save's.
func TestPickleEqualsPyTorch(t *testing.T) {
	var want map[string]string
	if err := json.Unmarshal(readTestFile(t, "pickles.json"), &want); err != nil {
		t.Fatal(err)
	}
	states := map[string][]Tensor{}
	types, err := Read(filepath.Join("testdata", "types.pt"))
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range types.Tensors {
		states["types"] = append(states["types"], Tensor{x.Name, x.DType, []int64{2}, make([]byte, 2*x.DType.Size())})
	}
	for i, shape := range [][]int64{{}, {1}, {255}, {256}, {2, 3}, {2, 3, 4}, {2, 3, 4, 5}, {1, 2, 1, 2, 1}, {0}, {2, 0, 3},
		{65535, 0}, {65536, 0}, {1<<31 - 1, 0}, {1 << 31, 0}, {1<<32 + 1, 0}, {1 << 40, 0}} {
		n, _ := byteLength(F32, shape)
		states["shapes"] = append(states["shapes"], Tensor{"s" + strconv.Itoa(i), F32, shape, make([]byte, n)})
	}
	for _, n := range []int{1, 999, 1000, 1001, 2002} {
		for i := range n {
			key := fmt.Sprintf("%d tensors", n)
			states[key] = append(states[key], Tensor{"t" + strconv.Itoa(i), F32, []int64{0}, nil})
		}
	}
	if len(want) != len(states) {
		t.Errorf("pickles.json has %d state dicts, want %d", len(want), len(states))
	}
	for name, tensors := range states {
		if err := checkTorch(tensors); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		sum := sha256.Sum256(pickleState(tensors))
		if got := hex.EncodeToString(sum[:]); got != want[name] {
			t.Errorf("%s: the pickle has SHA-256 %s, PyTorch's %s", name, got, want[name])
		}
	}
}

// TestTorchRoundTripRandom writes and reads random sets of up to 8 tensors of up to 8
// axes, half of them with 64-bit sizes.
func TestTorchRoundTripRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var known []DType
	for d := Bool; d <= U64; d++ {
		if torchClasses[d] != "" || torchNames[d] != "" {
			known = append(known, d)
		}
	}
	if len(known) != 19 {
		t.Errorf("%d types can be written, want 19", len(known))
	}
	for i := range 500 {
		f := &File{}
		for k := range 1 + r.IntN(8) {
			shape := make([]int64, r.IntN(9))
			for axis := range shape {
				shape[axis] = int64(r.IntN(4))
			}
			d := known[r.IntN(len(known))]
			n, _ := byteLength(d, shape)
			data := make([]byte, n)
			for j := range data {
				data[j] = byte(r.Uint32())
			}
			f.Tensors = append(f.Tensors, Tensor{fmt.Sprintf("t%d.%c", k, rune(r.IntN(0x2000))), d, shape, data})
		}
		wide := uint64(max32)
		if i%2 == 1 {
			wide = uint64(r.IntN(2000))
		}
		got, err := decodeBytes(encodeWide(t, f, wide))
		if err != nil {
			t.Fatalf("64 bits from %d on: %v", wide, err)
		}
		if err := same(got.Tensors, f.Tensors); err != nil {
			t.Fatal(err)
		}
		if got.Format != FormatTorchZip || len(got.Metadata) != 0 {
			t.Fatalf("got format %s and metadata %v", got.Format, got.Metadata)
		}
	}
}

// TestWriteTorchLayout reads the archive with the standard library, which knows nothing
// of ours, and holds the writer to what mapping the file needs: aligned data.
func TestWriteTorchLayout(t *testing.T) {
	for _, wide := range []uint64{max32, 200, 24, 0} {
		b := encodeWide(t, smallFile(), wide)
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range z.File {
			names = append(names, e.Name)
			at, err := e.DataOffset()
			if err != nil || at%64 != 0 {
				t.Errorf("64 bits from %d on: %s begins at %d, %v", wide, e.Name, at, err)
			}
			r, err := e.Open()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, r); err != nil { // compares the CRC
				t.Errorf("%s: %v", e.Name, err)
			}
			if e.Flags != 0x800 || e.Method != zip.Store || e.Modified.Year() != 1980 {
				t.Errorf("%s: flags %#x, method %d, %v", e.Name, e.Flags, e.Method, e.Modified)
			}
		}
		want := []string{"archive/data.pkl", "archive/byteorder", "archive/version", "archive/data/0", "archive/data/1",
			"archive/data/2", "archive/data/3", "archive/data/4", "archive/data/5"}
		if !slices.Equal(names, want) {
			t.Errorf("the entries are %q, want %q", names, want)
		}
	}
}

func TestWriteTorchRefuses(t *testing.T) {
	ok := Tensor{"x", U8, []int64{1}, []byte{1}}
	many := make([]Tensor, maxPushes/tensorValues+1)
	for i := range many {
		many[i] = Tensor{strconv.Itoa(i), U8, nil, []byte{1}}
	}
	for name, tensors := range map[string][]Tensor{
		"none":            nil,
		"no type":         {{"x", 0, nil, nil}},
		"a type of F4":    {{"x", F4, []int64{2}, []byte{1}}},
		"two of a name":   {ok, ok},
		"short data":      {{"x", F32, []int64{2}, make([]byte, 4)}},
		"negative size":   {{"x", F32, []int64{-1}, nil}},
		"overflow":        {{"x", F32, []int64{1 << 62, 4}, nil}},
		"stride overflow": {{"x", F32, []int64{0, 1 << 40, 1 << 40}, nil}},
		"not UTF-8":       {{"\xff", U8, []int64{1}, []byte{1}}},
		"65 axes":         {{"x", U8, slices.Repeat([]int64{1}, 65), []byte{1}}},
		"too many":        many,
		"a long name":     {{string(make([]byte, maxText+1)), U8, nil, []byte{1}}},
		"long names": func() (out []Tensor) {
			for i := range maxPickle/maxText + 1 {
				out = append(out, Tensor{strconv.Itoa(i) + string(make([]byte, maxText-4)), U8, nil, []byte{1}})
			}
			return out
		}(),
	} {
		var b bytes.Buffer
		err := WriteTorch(&b, &File{Tensors: tensors})
		if e := new(Error); !errors.As(err, &e) || b.Len() != 0 || len(err.Error()) > 2000 {
			t.Errorf("%s: got error %.200v and %d bytes, want an *Error and none", name, err, b.Len())
		}
	}
	// One tensor less can be written and is read again.
	if f, err := decodeBytes(encodeTorch(t, &File{Tensors: many[1:]})); err != nil || len(f.Tensors) != len(many)-1 {
		t.Errorf("the greatest number of tensors: got %v", err)
	}
}

func TestWriteTorchReportsFullDisk(t *testing.T) {
	whole := len(encodeTorch(t, smallFile()))
	for n := range whole {
		if err := WriteTorch(&failingWriter{n}, smallFile()); !errors.Is(err, errFull) {
			t.Fatalf("after %d bytes: got %v, want %v", n, err, errFull)
		}
	}
	if err := WriteTorch(&failingWriter{whole}, smallFile()); err != nil {
		t.Error(err)
	}
}

// TestWriteTakesNoMemory writes 64 MiB of tensors; neither format may copy them.
func TestWriteTakesNoMemory(t *testing.T) {
	f := &File{}
	for i := range 16 {
		f.Tensors = append(f.Tensors, Tensor{strconv.Itoa(i), U8, []int64{4 << 20}, make([]byte, 4<<20)})
	}
	for name, write := range map[string]func(io.Writer, *File) error{"safetensors": WriteSafetensors, "torch": WriteTorch} {
		_, used := measure(func() {
			if err := write(io.Discard, f); err != nil {
				t.Error(err)
			}
		})
		if used > 1<<20 {
			t.Errorf("%s: writing took %d KiB", name, used>>10)
		}
	}
}
