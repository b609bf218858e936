package pixel

import (
	"bytes"
	"testing"
)

// numbered returns an image whose bytes count 1, 2, 3 … in memory order.
func numbered(w, h, c int) *Image {
	m := New(w, h, c)
	for i := range m.Pix {
		m.Pix[i] = uint8(i + 1)
	}
	return m
}

func TestNewRefusesShapes(t *testing.T) {
	for _, s := range [][3]int{{0, 1, 3}, {1, 0, 3}, {1, 1, 2}, {-1, 4, 1}} {
		if !panics(func() { New(s[0], s[1], s[2]) }) {
			t.Errorf("New(%v) did not panic", s)
		}
	}
}

func panics(f func()) (did bool) {
	defer func() { did = recover() != nil }()
	f()
	return false
}

func TestCloneAndCopyFrom(t *testing.T) {
	m := numbered(3, 2, 3)
	clone := m.Clone()
	other := New(3, 2, 3)
	other.CopyFrom(m)
	m.Pix[0] = 99
	if clone.Pix[0] != 1 || other.Pix[0] != 1 {
		t.Errorf("copies share memory with the original: got %d and %d, want 1", clone.Pix[0], other.Pix[0])
	}
	if !panics(func() { other.CopyFrom(New(2, 3, 3)) }) {
		t.Error("CopyFrom accepted an image of another shape")
	}
}

func TestFlipH(t *testing.T) {
	src := numbered(3, 2, 1)
	want := []uint8{3, 2, 1, 6, 5, 4}
	dst := New(3, 2, 1)
	FlipH(dst, src)
	if !bytes.Equal(dst.Pix, want) {
		t.Errorf("grey: got %v, want %v", dst.Pix, want)
	}
	FlipH(src, src)
	if !bytes.Equal(src.Pix, want) {
		t.Errorf("in place: got %v, want %v", src.Pix, want)
	}
	rgb := New(2, 1, 3)
	FlipH(rgb, numbered(2, 1, 3))
	if want := []uint8{4, 5, 6, 1, 2, 3}; !bytes.Equal(rgb.Pix, want) {
		t.Errorf("rgb: got %v, want %v", rgb.Pix, want)
	}
}

// TestCrop compares every window around a small image with a loop that asks each
// pixel by itself.
func TestCrop(t *testing.T) {
	for _, c := range []int{1, 3} {
		src := numbered(4, 3, c)
		dst := New(3, 5, c)
		for y := -7; y <= 7; y++ {
			for x := -7; x <= 7; x++ {
				for i := range dst.Pix {
					dst.Pix[i] = 77
				}
				Crop(dst, src, x, y)
				for i, got := range dst.Pix {
					sx, sy := i/c%dst.W+x, i/c/dst.W+y
					var want uint8
					if sx >= 0 && sx < src.W && sy >= 0 && sy < src.H {
						want = src.Pix[(sy*src.W+sx)*c+i%c]
					}
					if got != want {
						t.Fatalf("c=%d at (%d,%d): byte %d: got %d, want %d", c, x, y, i, got, want)
					}
				}
			}
		}
	}
}

func TestGoImageRoundTrip(t *testing.T) {
	src := numbered(5, 4, 3)
	back := FromImage(src.ToNRGBA())
	if !bytes.Equal(back.Pix, src.Pix) {
		t.Errorf("got %v, want %v", back.Pix, src.Pix)
	}
	grey := FromImage(numbered(2, 1, 1).ToNRGBA())
	if want := []uint8{1, 1, 1, 2, 2, 2}; !bytes.Equal(grey.Pix, want) {
		t.Errorf("grey: got %v, want %v", grey.Pix, want)
	}
}
