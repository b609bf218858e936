package weights

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// smallFile is a checkpoint of a few hundred bytes with tensors of several widths,
// not in the order in which they are laid out.
func smallFile() *File {
	return &File{
		Tensors: []Tensor{
			{"bn.num_batches_tracked", I64, nil, []byte{1, 2, 3, 4, 5, 6, 7, 8}},
			{"conv.weight", F32, []int64{2, 3}, bytes.Repeat([]byte{1, 2, 3, 4}, 6)},
			{"half", BF16, []int64{3}, []byte{1, 2, 3, 4, 5, 6}},
			{"empty", F32, []int64{0, 3}, []byte{}},
			{"bias", F32, []int64{1}, []byte{9, 9, 9, 9}},
			{"flag é \"q\"", Bool, []int64{1}, []byte{1}},
		},
		Metadata: map[string]string{"epoch": "3", "note": "a<b & \\ \"quoted\"\n"},
	}
}

func encode(t testing.TB, f *File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteSafetensors(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decodeBytes(b []byte) (*File, error) { return decode(bytes.NewReader(b), int64(len(b))) }

// same compares tensors; a nil and an empty shape are the same.
func same(a, b []Tensor) error {
	if len(a) != len(b) {
		return fmt.Errorf("%d and %d tensors", len(a), len(b))
	}
	for i := range a {
		if a[i].Name != b[i].Name || a[i].DType != b[i].DType || !slices.Equal(a[i].Shape, b[i].Shape) || !bytes.Equal(a[i].Data, b[i].Data) {
			return fmt.Errorf("tensor %d: %v and %v", i, a[i], b[i])
		}
	}
	return nil
}

func TestRoundTrip(t *testing.T) {
	want := smallFile()
	first := encode(t, want)
	got, err := decodeBytes(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := same(got.Tensors, want.Tensors); err != nil {
		t.Error(err)
	}
	if sum := got.Metadata[digestKey]; len(sum) != digestLength {
		t.Errorf("digest: got %q", sum)
	}
	for k, v := range want.Metadata {
		if got.Metadata[k] != v {
			t.Errorf("metadata %q: got %q, want %q", k, got.Metadata[k], v)
		}
	}
	if len(want.Metadata) != 2 {
		t.Errorf("writing changed the metadata: %v", want.Metadata)
	}
	// What was read writes the same bytes again: the digest read is not kept.
	if second := encode(t, got); !bytes.Equal(first, second) {
		t.Error("written again, the file differs")
	}
}

// TestRoundTripRandom writes and reads 1,000 random sets of up to 8 tensors of up to 8 axes.
func TestRoundTripRandom(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		f := &File{Metadata: map[string]string{}}
		for i := range r.IntN(9) {
			d := Bool + DType(r.IntN(int(U64)))
			shape := make([]int64, r.IntN(9))
			for axis := range shape {
				shape[axis] = int64(r.IntN(4))
			}
			n, ok := byteLength(d, shape)
			if !ok {
				continue // F4 or F6 that do not fill bytes
			}
			data := make([]byte, n)
			for k := range data {
				data[k] = byte(r.Uint32())
			}
			f.Tensors = append(f.Tensors, Tensor{fmt.Sprintf("t%d.%c", i, rune(r.IntN(0x2000)+32)), d, shape, data})
		}
		got, err := decodeBytes(encode(t, f))
		if err != nil {
			t.Fatal(err)
		}
		if err := same(got.Tensors, f.Tensors); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLayout holds the writer to what it promises other readers: aligned data, a
// header of a multiple of 8 bytes that begins with '{'.
func TestLayout(t *testing.T) {
	b := encode(t, smallFile())
	h, err := readHeader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if h.dataAt%8 != 0 || b[8] != '{' {
		t.Errorf("the data begin at %d, the header with %q", h.dataAt, b[8])
	}
	for _, e := range h.entries {
		if e.begin%int64(e.dtype.Size()) != 0 {
			t.Errorf("%s of type %v begins at %d", e.name, e.dtype, e.begin)
		}
	}
	var names []string
	slices.SortStableFunc(h.entries, func(a, b entry) int { return int(a.begin - b.begin + a.end - b.end) })
	for _, e := range h.entries {
		names = append(names, e.name)
	}
	want := []string{"bn.num_batches_tracked", "bias", "conv.weight", "empty", "half", "flag é \"q\""}
	if !reflect.DeepEqual(names, want) {
		t.Errorf("laid out as %q, want %q", names, want)
	}
}

func TestWriteRefuses(t *testing.T) {
	ok := Tensor{"x", U8, []int64{1}, []byte{1}}
	for name, f := range map[string]*File{
		"no type":        {Tensors: []Tensor{{"x", 0, nil, nil}}},
		"two of a name":  {Tensors: []Tensor{ok, ok}},
		"short data":     {Tensors: []Tensor{{"x", F32, []int64{2}, make([]byte, 4)}}},
		"negative size":  {Tensors: []Tensor{{"x", F32, []int64{-1}, nil}}},
		"overflow":       {Tensors: []Tensor{{"x", F32, []int64{1 << 62, 4}, nil}}},
		"metadata's key": {Tensors: []Tensor{{metadataKey, U8, []int64{1}, []byte{1}}}},
		"not UTF-8":      {Tensors: []Tensor{{"\xff", U8, []int64{1}, []byte{1}}}},
		"zero byte":      {Tensors: []Tensor{{"a\x00", U8, []int64{1}, []byte{1}}}},
		"65 axes":        {Tensors: []Tensor{{"x", U8, slices.Repeat([]int64{1}, 65), []byte{1}}}},
		"metadata":       {Metadata: map[string]string{"a": "\xff"}},
	} {
		var b bytes.Buffer
		err := WriteSafetensors(&b, f)
		if e := new(Error); !errors.As(err, &e) || b.Len() != 0 {
			t.Errorf("%s: got error %v and %d bytes, want an *Error and none", name, err, b.Len())
		}
	}
}

// failingWriter takes n bytes and then fails.
type failingWriter struct{ n int }

var errFull = errors.New("disk full")

func (w *failingWriter) Write(p []byte) (int, error) {
	if len(p) > w.n {
		return w.n, errFull
	}
	w.n -= len(p)
	return len(p), nil
}

func TestWriteReportsFullDisk(t *testing.T) {
	whole := len(encode(t, smallFile()))
	for n := range whole {
		if err := WriteSafetensors(&failingWriter{n}, smallFile()); !errors.Is(err, errFull) {
			t.Fatalf("after %d bytes: got %v, want %v", n, err, errFull)
		}
	}
	if err := WriteSafetensors(&failingWriter{whole}, smallFile()); err != nil {
		t.Error(err)
	}
}

// TestTruncated cuts a checkpoint at every length.
func TestTruncated(t *testing.T) {
	whole := encode(t, smallFile())
	for n := range whole {
		f, err := decodeBytes(whole[:n])
		if e := new(Error); !errors.As(err, &e) || f != nil {
			t.Errorf("%d of %d bytes: got %v, %v, want an *Error", n, len(whole), f, err)
		}
	}
	if _, err := decodeBytes(append(slices.Clone(whole), 0)); err == nil {
		t.Error("a byte at the end went unnoticed")
	}
}

// TestFlippedBits flips every bit of a checkpoint, header and padding included.
func TestFlippedBits(t *testing.T) {
	b := encode(t, smallFile())
	for bit := range 8 * len(b) {
		b[bit/8] ^= 1 << (bit % 8)
		if f, err := decodeBytes(b); err == nil {
			t.Errorf("bit %d of byte %d (%q) went unnoticed: %v", bit%8, bit/8, b[max(0, bit/8-10):bit/8+1], f.Metadata)
		}
		b[bit/8] ^= 1 << (bit % 8)
	}
	if _, err := decodeBytes(b); err != nil {
		t.Error(err)
	}
}

func TestVerify(t *testing.T) {
	path := filepath.Join(t.TempDir(), "step.safetensors")
	b := encode(t, smallFile())
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	metadata, err := Verify(path)
	if err != nil || metadata["epoch"] != "3" {
		t.Errorf("got %v, %v", metadata, err)
	}
	b[len(b)-1] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{"Verify": second(Verify(path)), "Read": second(Read(path))} {
		if err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), "SHA-256") {
			t.Errorf("%s: got %v, want an error with the path and SHA-256", name, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

func TestReadRefusesWhatIsNoFile(t *testing.T) {
	dir := t.TempDir()
	if _, err := Read(dir); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("a folder: got %v", err)
	}
	if _, err := Read(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) || strings.Count(err.Error(), "none") != 1 {
		t.Errorf("a missing file: got %v", err)
	}
	if _, err := Read(os.DevNull); err == nil || !strings.Contains(err.Error(), "regular") {
		t.Errorf("a device: got %v", err)
	}
}

// shrunk is a file that lost its end after its size was taken.
type shrunk struct{ io.ReaderAt }

func (s shrunk) ReadAt(p []byte, off int64) (int, error) {
	if off > 300 {
		return 0, io.EOF
	}
	return s.ReaderAt.ReadAt(p, off)
}

func TestReadErrorHasAPlace(t *testing.T) {
	b := encode(t, smallFile())
	_, err := decode(shrunk{bytes.NewReader(b)}, int64(len(b)))
	if e := new(Error); !errors.As(err, &e) || e.Offset == 0 || !errors.Is(err, io.EOF) {
		t.Errorf("got %v", err)
	}
}

// raw makes a safetensors file of a header, whatever it says, and n bytes of data.
func raw(header string, n int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	b = append(b, header...)
	return append(b, make([]byte, n)...)
}
