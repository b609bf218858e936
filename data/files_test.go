package data

import (
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"augmix/pixel"
)

// TestReadFiles: an image of the right size keeps its pixels, others are resized, and the centre is what is kept.
func TestReadFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, w, h int, at func(x, y int) color.Color) string {
		m := image.NewNRGBA(image.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				m.Set(x, y, at(x, y))
			}
		}
		path := filepath.Join(dir, name)
		f, err := os.Create(path)
		if err == nil {
			err = errors.Join(png.Encode(f, m), f.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	exact := write("exact.png", 32, 32, func(x, y int) color.Color { return color.NRGBA{uint8(x), uint8(y), 7, 255} })
	// A grey band left and right of a white square, of twice the size.
	wide := write("wide.png", 128, 64, func(x, _ int) color.Color {
		if x < 32 || x >= 96 {
			return color.NRGBA{90, 90, 90, 255}
		}
		return color.White
	})
	set, err := ReadFiles([]string{exact, wide}, 32)
	if err != nil {
		t.Fatal(err)
	}
	if w, h, c := set.Size(); set.Len() != 2 || w != 32 || h != 32 || c != 3 || set.Describe(1) != wide {
		t.Fatalf("got %d images of %d×%d×%d, the second %s", set.Len(), w, h, c, set.Describe(1))
	}
	r, m := set.NewReader(false), pixel.New(32, 32, 3)
	defer r.Close()
	if err := r.Read(0, m, nil); err != nil {
		t.Fatal(err)
	}
	if i := (5*32 + 9) * 3; m.Pix[i] != 9 || m.Pix[i+1] != 5 || m.Pix[i+2] != 7 {
		t.Errorf("an image of 32×32: got %v at (9, 5), want [9 5 7]", m.Pix[i:i+3])
	}
	if err := r.Read(1, m, nil); err != nil {
		t.Fatal(err)
	}
	if i := (16*32 + 16) * 3; m.Pix[i] != 255 {
		t.Errorf("the centre: got %d, want white", m.Pix[i])
	}
	var missing *Error
	if _, err := ReadFiles([]string{exact, filepath.Join(dir, "none.png")}, 32); !errors.As(err, &missing) || missing.Kind != Missing {
		t.Errorf("a file that is not there: got %v", err)
	}
}

func TestKnownClasses(t *testing.T) {
	for name, n := range map[string]int{"cifar10": 10, "cifar100": 100, "shapes": 10, "imagenet": 1000, "folder": 0} {
		classes, ok := KnownClasses(name)
		if ok != (n > 0) || len(classes) != n {
			t.Errorf("%s: got %d classes, %v", name, len(classes), ok)
		}
		if ok && Named(name, classes).NewReader(false).Read(0, nil, nil) == nil {
			t.Errorf("%s without images: reading one is no error", name)
		}
	}
}
