package run

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"math"
	"os"
	"strings"
	"testing"
)

func openEvents(t *testing.T, f *Folder, at int64) (*Events, string) {
	t.Helper()
	e, warning, err := f.OpenEvents(at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.f.Close() })
	return e, warning
}

// The CRC-32C of 32 zeros and of the bytes 0 to 31 are those of RFC 3720, appendix
// B.4; masks are rotated and shifted by hand.
func TestMaskedCRC(t *testing.T) {
	rising := make([]byte, 32)
	for i := range rising {
		rising[i] = byte(i)
	}
	for _, c := range []struct {
		data []byte
		crc  uint32
	}{{make([]byte, 32), 0x8a9136aa}, {rising, 0x46dd794e}} {
		want := (c.crc>>15 | c.crc<<17) + 0xa282ead8
		if got := maskedCRC(c.data); got != want {
			t.Errorf("% x: got %#x, want %#x", c.data, got, want)
		}
	}
}

// An event file is laid out as TensorFlow's protocol messages are; only times are
// not known beforehand, and are read as zeros here.
func TestEventsAreTensorFlows(t *testing.T) {
	f := create(t)
	e, warning := openEvents(t, f, 0)
	if warning != "" {
		t.Error(warning)
	}
	if err := e.Append(300, []Scalar{{"a/b", 1}, {"c", -0.5}}); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(f.Path(eventsName))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"09 0000000000000000  1a 0d 627261696e2e4576656e743a32",
		"09 0000000000000000  10 ac02  2a 16  0a 0a 0a03612f62 150000803f  0a 08 0a0163 15000000bf",
	}
	offset := int64(0)
	for i, w := range want {
		data, next, ok, err := readRecord(bytes.NewReader(file), offset, int64(len(file)))
		if err != nil || !ok {
			t.Fatalf("record %d: ok %v, %v", i, ok, err)
		}
		if seconds := math.Float64frombits(binary.LittleEndian.Uint64(data[1:])); seconds < 1e9 || seconds > 1e11 {
			t.Errorf("record %d: its time is %v seconds", i, seconds)
		}
		clear(data[1:9])
		if got := hex.EncodeToString(data); got != strings.ReplaceAll(w, " ", "") {
			t.Errorf("record %d: got %s, want %s", i, got, w)
		}
		offset = next
	}
	if offset != int64(len(file)) || offset != e.Offset() {
		t.Errorf("two records end at %d, the file at %d, Offset is %d", offset, len(file), e.Offset())
	}
}

// Wherever the file was cut, and whatever follows the offset, it goes on after the
// last whole record before it.
func TestOpenEventsCutsBack(t *testing.T) {
	f := create(t)
	e, _ := openEvents(t, f, 0)
	ends := []int64{e.Offset()}
	for step := range uint64(3) {
		if err := e.Append(step, []Scalar{{"x", float64(step)}}); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, e.Offset())
	}
	e.Close()
	whole := tree(t, f.Dir())[eventsName]
	for n := range len(whole) + 1 {
		write(t, f.Path(eventsName), whole[:n])
		e, warning := openEvents(t, f, ends[2])
		e.Close()
		want := int64(0)
		for _, end := range ends[:3] {
			if end <= int64(n) {
				want = end
			}
		}
		got := tree(t, f.Dir())[eventsName]
		if want > 0 && got != whole[:want] || want == 0 && int64(len(got)) != ends[0] {
			t.Errorf("of %d bytes: %d stay, want %d", n, len(got), want)
		}
		if (warning != "") != (int64(n) < ends[2]) {
			t.Errorf("of %d bytes: warning %q", n, warning)
		}
	}
	damaged := []byte(whole)
	damaged[ends[1]-1] ^= 1
	write(t, f.Path(eventsName), string(damaged))
	e, warning := openEvents(t, f, ends[3])
	if e.Offset() != ends[0] || !strings.Contains(warning, eventsName) {
		t.Errorf("a damaged record: goes on at %d, want %d; warning %q", e.Offset(), ends[0], warning)
	}
}

func TestEventsRefuse(t *testing.T) {
	f := create(t)
	e, _ := openEvents(t, f, 0)
	at := e.Offset()
	for _, v := range []float64{math.NaN(), math.Inf(1), 1e39} {
		if err := e.Append(1, []Scalar{{"loss", v}}); err == nil || !strings.Contains(err.Error(), "loss") {
			t.Errorf("%v: got %v", v, err)
		}
	}
	if e.Offset() != at || int64(len(tree(t, f.Dir())[eventsName])) != at {
		t.Error("an event that was refused was written")
	}
}

func FuzzWholeRecords(f *testing.F) {
	two := appendRecord(appendRecord(nil, []byte("one")), nil)
	f.Add(two)
	f.Add(two[:len(two)-1])
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, file []byte) {
		n, err := wholeRecords(bytes.NewReader(file), int64(len(file)))
		if err != nil || n < 0 || n > int64(len(file)) {
			t.Fatalf("%d of %d bytes, %v", n, len(file), err)
		}
		if again, err := wholeRecords(bytes.NewReader(file), n); again != n || err != nil {
			t.Fatalf("%d whole bytes, then %d, %v", n, again, err)
		}
	})
}
