package preview

import (
	"bytes"
	"testing"

	"augmix/augmix"
	"augmix/pixel"
)

// ramp is an image in which every pixel differs from its neighbours.
func ramp(w, h, c int) Named {
	m := pixel.New(w, h, c)
	for i := range m.Pix {
		m.Pix[i] = uint8(i * 37)
	}
	return Named{Image: m, Name: "ramp"}
}

func TestMixturesDependOnTheSeedAlone(t *testing.T) {
	images := []Named{ramp(32, 32, 3), ramp(40, 20, 3)}
	got := Mixtures(images, augmix.Default, 5)
	if again := Mixtures(images, augmix.Default, 5); !bytes.Equal(got.Pix, again.Pix) {
		t.Error("the same seed gave two pictures")
	}
	if other := Mixtures(images, augmix.Default, 6); bytes.Equal(got.Pix, other.Pix) {
		t.Error("another seed gave the same picture")
	}
}

// TestFirstCellIsTheImage: enlarged by a whole factor, or shrunk to the cell.
func TestFirstCellIsTheImage(t *testing.T) {
	small := ramp(32, 32, 3)
	got := Mixtures([]Named{small}, augmix.Default, 0)
	x, y := gap, gap+lineHeight+margin
	want := small.Image.ToNRGBA()
	for py := range mixtureSide {
		for px := range mixtureSide {
			if g, w := got.NRGBAAt(x+px, y+py), want.NRGBAAt(px/4, py/4); g != w {
				t.Fatalf("pixel (%d, %d): got %v, want %v", px, py, g, w)
			}
		}
	}
	large := ramp(300, 200, 3)
	shown := pixel.New(128, 85, 3)
	pixel.Resize(shown, large.Image, pixel.Bilinear)
	got, want = Mixtures([]Named{large}, augmix.Default, 0), shown.ToNRGBA()
	if g, w := got.NRGBAAt(x+100, y+50), want.NRGBAAt(100, 50); g != w {
		t.Errorf("shrunk image: got %v at (100, 50), want %v", g, w)
	}
}

// TestOperationsShowsEveryLevel: a row for each operation and sign, as wide as ten
// levels and the image.
func TestOperationsShowsEveryLevel(t *testing.T) {
	src := ramp(96, 96, 3)
	for _, c := range []struct {
		allOps bool
		rows   int
	}{{false, 9 + 5}, {true, 13 + 5}} {
		cfg := augmix.Default
		cfg.AllOps = c.allOps
		got := Operations(src, cfg)
		rowH := operationSide + margin + lineHeight + gap
		if want := gap + lineHeight + margin + c.rows*rowH; got.Rect.Dy() != want {
			t.Errorf("all operations %v: got height %d, want %d for %d rows", c.allOps, got.Rect.Dy(), want, c.rows)
		}
		// The last cell of the fourth row is rotate at level 10.
		turned := pixel.New(96, 96, 3)
		pixel.Rotate(turned, src.Image, 30, 0)
		want := turned.ToNRGBA().NRGBAAt(50, 60)
		x := got.Rect.Dx() - gap - operationSide
		if g := got.NRGBAAt(x+50, gap+lineHeight+margin+3*rowH+60); g != want {
			t.Errorf("rotate at level 10: got %v at (50, 60), want %v", g, want)
		}
	}
}

func TestSheetsOfAnyShape(t *testing.T) {
	cfg := augmix.Config{Width: 1, Depth: 4, Severity: 10, Alpha: 1, AllOps: true}
	for _, named := range []Named{ramp(1, 1, 3), ramp(9, 300, 1), ramp(1000, 1, 3), ramp(300, 20, 3)} {
		Mixtures([]Named{named}, cfg, 1)
		Operations(named, cfg)
	}
}
