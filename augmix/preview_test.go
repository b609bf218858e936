package augmix

import (
	"image"
	"testing"

	"augmix/pixel"
)

func TestPreview(t *testing.T) {
	images := []*pixel.Image{benchImage(32, 1), benchImage(32, 2)}
	got := Preview(images, []string{"first", "second"}, Default, 5)
	again := Preview(images, []string{"first", "second"}, Default, 5)
	if string(got.Pix) != string(again.Pix) {
		t.Error("the same seed gave two pictures")
	}
	if other := Preview(images, nil, Default, 6); string(got.Pix) == string(other.Pix) {
		t.Error("another seed gave the same picture")
	}
	// The first cell shows the image itself, four times as large.
	x, y := gap, gap+lineHeight+margin
	for _, p := range []image.Point{{0, 0}, {31, 0}, {7, 30}} {
		want := images[0].ToNRGBA().NRGBAAt(p.X, p.Y)
		for _, d := range []image.Point{{0, 0}, {3, 3}} {
			if got := got.NRGBAAt(x+4*p.X+d.X, y+4*p.Y+d.Y); got != want {
				t.Errorf("enlarged pixel of %v: got %v, want %v", p, got, want)
			}
		}
	}
	if panicked := func() (did bool) {
		defer func() { did = recover() != nil }()
		Preview([]*pixel.Image{pixel.New(4, 4, 3), pixel.New(5, 4, 3)}, nil, Default, 0)
		return false
	}(); !panicked {
		t.Error("images of two sizes were accepted")
	}
}

func TestPreviewOfAnyShape(t *testing.T) {
	for _, s := range [][3]int{{1, 1, 3}, {9, 300, 1}, {300, 20, 3}} {
		Preview([]*pixel.Image{pixel.New(s[0], s[1], s[2])}, nil, Config{Width: 1, Depth: 4, Severity: 10, Alpha: 1, AllOps: true}, 1)
	}
}
