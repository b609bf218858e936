package pixel

import (
	"bytes"
	"fmt"
	"testing"
)

// TestResizeWhite checks the largest sums: white stays white whatever the weights.
func TestResizeWhite(t *testing.T) {
	var r Resizer
	for _, w := range []int{1, 100, 224, 225, 1000, 28672, 40000} {
		src, dst := New(w, 3, 3), New(224, 5, 3)
		for i := range src.Pix {
			src.Pix[i] = 255
		}
		r.Resize(dst, src, Bilinear)
		for i, v := range dst.Pix {
			if v != 255 {
				t.Fatalf("width %d: byte %d is %d, want 255", w, i, v)
			}
		}
	}
}

// TestResizeCrop compares with resizing the whole image and cropping it, at sizes
// on both sides of every rule: columns first, rows first, one axis, none, padding.
func TestResizeCrop(t *testing.T) {
	var r Resizer
	for _, c := range []struct {
		w, h, side, cropW, cropH int
		wholeW, wholeH, x, y     int
	}{
		{500, 375, 256, 224, 224, 341, 256, 58, 16},
		{375, 500, 256, 224, 224, 256, 341, 16, 58},
		{300, 301, 256, 224, 224, 256, 256, 16, 16},
		{256, 256, 256, 224, 224, 256, 256, 16, 16},
		{256, 700, 256, 224, 224, 256, 700, 16, 238},
		{90, 40, 20, 9, 9, 45, 20, 18, 6}, // 5.5 is rounded to 6
		{40, 90, 20, 9, 9, 20, 45, 6, 18},
		{44, 40, 20, 9, 9, 22, 20, 6, 6}, // 6.5 is rounded to 6
		{64, 32, 256, 224, 224, 512, 256, 144, 16},
		{30, 20, 16, 20, 19, 24, 16, 2, -1},
		{30, 20, 16, 31, 21, 24, 16, -3, -2},
		{1, 50, 8, 4, 4, 8, 400, 2, 198},
	} {
		for _, channels := range []int{1, 3} {
			src := testImage("noise", c.w, c.h, channels, 7)
			whole, want, got := New(c.wholeW, c.wholeH, channels), New(c.cropW, c.cropH, channels), New(c.cropW, c.cropH, channels)
			r.Resize(whole, src, Bilinear)
			Crop(want, whole, c.x, c.y)
			r.ResizeCrop(got, src, c.side, Bilinear)
			if !bytes.Equal(got.Pix, want.Pix) {
				t.Errorf("%+v, %d channels: differs from the window of the whole", c, channels)
			}
		}
	}
}

func TestResizeAllocatesNothing(t *testing.T) {
	var r Resizer
	wide, tall, dst := New(500, 375, 3), New(30, 400, 3), New(224, 224, 3)
	n := testing.AllocsPerRun(5, func() {
		r.Resize(dst, wide, Bilinear)
		r.Resize(dst, tall, Bilinear)
		r.ResizeCrop(dst, wide, 256, Bilinear)
		r.ResizeCrop(dst, tall, 100, Bilinear)
	})
	if n != 0 {
		t.Errorf("%v allocations in four calls, want none", n)
	}
}

// BenchmarkResize times what a photograph's region costs on its way to 224×224.
func BenchmarkResize(b *testing.B) {
	for _, s := range [][3]int{{500, 375, 3}, {320, 240, 3}, {180, 200, 3}, {500, 375, 1}} {
		b.Run(fmt.Sprintf("%dx%dx%d", s[0], s[1], s[2]), func(b *testing.B) {
			src, dst := testImage("photo", s[0], s[1], s[2], 1), New(224, 224, s[2])
			var r Resizer
			for b.Loop() {
				r.Resize(dst, src, Bilinear)
			}
		})
	}
}
