package imagefile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"augmix/pixel"
)

var mutations = flag.Int("mutations", 2000, "how many mutated images TestMutations decodes")

// patience is how long an image may take, decoded or refused.
const patience = 2 * time.Second

// decode calls Decode and checks that it is quick and that an error has a reason.
func decode(t testing.TB, r *Reader, m *pixel.Image, data []byte) error {
	t.Helper()
	start := time.Now()
	err := r.Decode(m, data)
	if taken := time.Since(start); taken > patience {
		t.Errorf("took %v, want at most %v", taken, patience)
	}
	if e, ok := errors.AsType[*Error](err); err != nil && (!ok || e.Reason == "") {
		t.Errorf("the error %v is no *Error with a reason", err)
	}
	return err
}

// TestMutations decodes damaged copies of good files: each gives an image or an
// error, in time, and its regions agree with it. A cut never goes unnoticed, neither
// by itself nor with an end marker put after it, as long as it costs a pixel.
func TestMutations(t *testing.T) {
	rnd := rand.New(rand.NewPCG(12, 0))
	files := images(t, 6)
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	var r Reader
	defer r.Close()
	var whole, original, region pixel.Image
	decoded, reasons := 0, map[string]int{}
	for i := range *mutations {
		name := names[i%len(names)]
		good := files[name]
		mutate := mutators[rnd.IntN(len(mutators))]
		data := mutate.do(rnd, slices.Clone(good))
		err := decode(t, &r, &whole, data)
		if t.Failed() {
			keep(t, name, mutate.name, data)
		}
		if err != nil {
			reasons[err.(*Error).Reason]++
			continue
		}
		decoded++
		if mutate.cuts {
			if err := r.Decode(&original, good); err != nil || !bytes.Equal(whole.Pix, original.Pix) {
				t.Errorf("%s: decodes to other pixels than the whole file", mutate.name)
				keep(t, name, mutate.name, data)
			}
		}
		x, y, w, h := rectangle(rnd, whole.W, whole.H)
		want := pixel.New(w, h, 3)
		pixel.Crop(want, &whole, x, y)
		if err := r.Region(&region, data, x, y, w, h); err != nil || !bytes.Equal(region.Pix, want.Pix) {
			t.Errorf("region %d,%d %d×%d differs from the whole image (error %v)", x, y, w, h, err)
			keep(t, name, mutate.name, data)
		}
	}
	t.Logf("%d of %d decoded; refused: %v", decoded, *mutations, reasons)
	if decoded == 0 || len(reasons) < 4 {
		t.Errorf("%d decoded and %d reasons: the mutations are too weak or too strong", decoded, len(reasons))
	}
}

// keep writes an image that failed to a file and ends the test.
func keep(t *testing.T, name, mutation string, data []byte) {
	t.Helper()
	path := filepath.Join(os.TempDir(), "mutated-"+name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Error(err)
	}
	t.Fatalf("%s after %s: kept as %s", name, mutation, path)
}

type mutator struct {
	name string
	cuts bool // drops the end and nothing else
	do   func(rnd *rand.Rand, data []byte) []byte
}

var mutators = []mutator{
	{"flipped bits", false, func(rnd *rand.Rand, data []byte) []byte {
		return flip(rnd, data, len(data))
	}},
	{"flipped bits in the header", false, func(rnd *rand.Rand, data []byte) []byte {
		return flip(rnd, data, min(len(data), 700))
	}},
	{"a cut", true, func(rnd *rand.Rand, data []byte) []byte {
		return data[:rnd.IntN(len(data))]
	}},
	{"a cut near the end", true, func(rnd *rand.Rand, data []byte) []byte {
		return data[:len(data)-1-rnd.IntN(min(len(data), 20))]
	}},
	{"a cut and an end marker", true, func(rnd *rand.Rand, data []byte) []byte {
		return append(data[:rnd.IntN(len(data))], 0xff, 0xd9)
	}},
	{"a cut near the end and an end marker", true, func(rnd *rand.Rand, data []byte) []byte {
		return append(data[:len(data)-1-rnd.IntN(min(len(data), 20))], 0xff, 0xd9)
	}},
	{"a piece taken out", false, func(rnd *rand.Rand, data []byte) []byte {
		from := rnd.IntN(len(data))
		return slices.Delete(data, from, from+rnd.IntN(min(len(data)-from, 300)))
	}},
	{"a piece of zeros", false, func(rnd *rand.Rand, data []byte) []byte {
		from := rnd.IntN(len(data))
		clear(data[from : from+rnd.IntN(min(len(data)-from, 300))])
		return data
	}},
	{"a marker put in", false, func(rnd *rand.Rand, data []byte) []byte {
		return slices.Insert(data, rnd.IntN(len(data)), 0xff, byte(0xc0+rnd.IntN(64)))
	}},
	{"another marker", false, atMarker(func(rnd *rand.Rand, data []byte, at, end int) []byte {
		data[at+1] = byte(0xc0 + rnd.IntN(64))
		return data
	})},
	{"another segment length", false, atMarker(func(rnd *rand.Rand, data []byte, at, end int) []byte {
		binary.BigEndian.PutUint16(data[at+2:], uint16(rnd.IntN(1<<rnd.IntN(17))))
		return data
	})},
	{"another byte in a segment", false, atMarker(func(rnd *rand.Rand, data []byte, at, end int) []byte {
		if end > at+4 {
			data[at+4+rnd.IntN(end-at-4)] = []byte{0, 1, 2, 3, 4, 0x11, 0x41, 0x7f, 0x80, 0xff}[rnd.IntN(10)]
		}
		return data
	})},
	{"a segment left out", false, atMarker(func(rnd *rand.Rand, data []byte, at, end int) []byte {
		return slices.Delete(data, at, end)
	})},
	{"a segment twice", false, atMarker(func(rnd *rand.Rand, data []byte, at, end int) []byte {
		return slices.Insert(data, end, slices.Clone(data[at:end])...)
	})},
	{"another size", false, atMarker(func(rnd *rand.Rand, data []byte, at, end int) []byte {
		i := bytes.Index(data, []byte{0xff, 0xc0 + byte(rnd.IntN(3))})
		if i >= 0 && i+9 < len(data) {
			side := []int{0, 1, 7, 8, 9, 64, 100, 5000, 65500, 65535}
			binary.BigEndian.PutUint16(data[i+5+2*rnd.IntN(2):], uint16(side[rnd.IntN(len(side))]))
		}
		return data
	})},
}

func flip(rnd *rand.Rand, data []byte, n int) []byte {
	for range 1 + rnd.IntN(8) {
		data[rnd.IntN(n)] ^= 1 << rnd.IntN(8)
	}
	return data
}

// atMarker picks a segment of a JPEG, from its marker to its end; f may change it.
// Other data are returned as they are.
func atMarker(f func(rnd *rand.Rand, data []byte, at, end int) []byte) func(*rand.Rand, []byte) []byte {
	return func(rnd *rand.Rand, data []byte) []byte {
		segments := segmentsOf(data)
		if len(segments) == 0 {
			return data
		}
		s := segments[rnd.IntN(len(segments))]
		return f(rnd, data, s[0], s[1])
	}
}

// segmentsOf finds where the segments of a JPEG begin and end, those between scans
// too.
func segmentsOf(data []byte) (segments [][2]int) {
	if kindOf(data) != kindJPEG {
		return nil
	}
	for at := 2; at+4 <= len(data); {
		if data[at] != 0xff || data[at+1] < 0xc0 || data[at+1] >= 0xd0 && data[at+1] <= 0xd9 {
			at++
			continue
		}
		end := at + 2 + int(binary.BigEndian.Uint16(data[at+2:]))
		if end > len(data) {
			break
		}
		segments = append(segments, [2]int{at, end})
		at = end
	}
	return segments
}

// TestBombs checks what would take very long or very much memory.
func TestBombs(t *testing.T) {
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join("testdata/images", name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	sized := func(name string, w, h int) []byte {
		data := read(name)
		for _, s := range segmentsOf(data) {
			if m := data[s[0]+1]; m == 0xc0 || m == 0xc2 {
				binary.BigEndian.PutUint16(data[s[0]+5:], uint16(h))
				binary.BigEndian.PutUint16(data[s[0]+7:], uint16(w))
			}
		}
		return data
	}
	// manyScans repeats the last scan, which may be sent again: it refines nothing.
	manyScans := func(name string) []byte {
		data := read(name)
		last := bytes.LastIndex(data, []byte{0xff, 0xda})
		scan := data[last : len(data)-2]
		return slices.Concat(data[:last], bytes.Repeat(scan, 10000), []byte{0xff, 0xd9})
	}
	pngSized := func(w, h uint32) []byte {
		data := read("rgb.png")
		binary.BigEndian.PutUint32(data[16:], w)
		binary.BigEndian.PutUint32(data[20:], h)
		return data
	}
	var r Reader
	defer r.Close()
	for _, c := range []struct {
		name, want string
		data       []byte
	}{
		{"65500×65500 baseline", "JPEG over the limits: 65500×65500 pixels are more than 178956970", sized("420.jpg", 65500, 65500)},
		{"65500×65500 progressive", "JPEG over the limits: 65500×65500 pixels are more than 178956970", sized("progressive-420.jpg", 65500, 65500)},
		{"13000×13000 baseline", "truncated JPEG: 950 bytes cannot hold 13000×13000 pixels", sized("420.jpg", 13000, 13000)},
		{"13000×13000 progressive", "truncated JPEG: 864 bytes cannot hold 13000×13000 pixels", sized("progressive-420.jpg", 13000, 13000)},
		{"10,002 scans", "JPEG over the limits: more than 500 scans of 37×29 pixels", manyScans("three-scans.jpg")},
		{"10,003 progressive scans", "JPEG over the limits: more than 500 scans of 37×29 pixels", manyScans("progressive-unrefined.jpg")},
		{"refinement for ever", "damaged JPEG: Inconsistent progression sequence for component 0 coefficient 1", manyScans("progressive-420.jpg")},
		{"PNG of 100,000×100,000", "PNG over the limits: 100000×100000 pixels are more than 178956970", pngSized(100000, 100000)},
		{"PNG of 4,294,967,295×1", "damaged PNG: a header of 4294967295×1 pixels, colour type 2", pngSized(1<<32-1, 1)},
		{"PNG of 10,000×10,000", "truncated PNG: 618 bytes cannot hold 10000×10000 pixels", pngSized(10000, 10000)},
		{"PNG without columns", "damaged PNG: a header of 0×5 pixels, colour type 2", pngSized(0, 5)},
	} {
		var m pixel.Image
		err := decode(t, &r, &m, c.data)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: got the error %v, want %q", c.name, err, c.want)
		}
		if cap(m.Pix) > 1<<20 {
			t.Errorf("%s: allocated %d bytes for an image that is refused", c.name, cap(m.Pix))
		}
	}
}

// TestWarnings checks that a file from which data are missing in the middle of a
// scan is refused, whatever follows.
func TestWarnings(t *testing.T) {
	data, err := os.ReadFile("testdata/images/420.jpg")
	if err != nil {
		t.Fatal(err)
	}
	var r Reader
	defer r.Close()
	var m pixel.Image
	for n := len(data) - 3; n > 640; n-- {
		err := decode(t, &r, &m, slices.Concat(data[:n], []byte{0xff, 0xd9}))
		if err == nil && n < len(data)-3 || err != nil && !strings.HasPrefix(err.Error(), "truncated JPEG: ") {
			t.Errorf("%d of %d bytes and an end marker: got the error %v, want a truncated JPEG", n, len(data), err)
		}
	}
}

// FuzzReader looks for data that make Decode or Region panic, hang or disagree.
func FuzzReader(f *testing.F) {
	for _, data := range images(f, 1000) {
		f.Add(data, uint64(1))
	}
	for name := range refused {
		if data, err := os.ReadFile(filepath.Join("testdata/images", name)); err == nil {
			f.Add(data, uint64(1))
		}
	}
	var r Reader
	var whole, region pixel.Image
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		if w, h, err := r.Size(data); err == nil && w*h > 1<<22 {
			t.Skip("legal and large")
		}
		if decode(t, &r, &whole, data) != nil {
			return
		}
		x, y, w, h := rectangle(rand.New(rand.NewPCG(seed, 0)), whole.W, whole.H)
		want := pixel.New(w, h, 3)
		pixel.Crop(want, &whole, x, y)
		if err := r.Region(&region, data, x, y, w, h); err != nil || !bytes.Equal(region.Pix, want.Pix) {
			t.Errorf("region %d,%d %d×%d differs from the whole image (error %v)", x, y, w, h, err)
		}
	})
}
