package pixel

import (
	"bytes"
	"testing"
)

// TestPosterizeNoBits: Pillow 13.0.0 refuses 0 bits, but AugMix asks for them
// at level 10, where earlier releases gave black.
func TestPosterizeNoBits(t *testing.T) {
	src := testImage("noise", 9, 5, 3, 1)
	dst := src.Clone()
	Posterize(dst, src, 0)
	if want := make([]uint8, len(src.Pix)); !bytes.Equal(dst.Pix, want) {
		t.Errorf("got %v, want all zero", dst.Pix)
	}
}

// TestInPlace checks the operations that promise to work on one image.
func TestInPlace(t *testing.T) {
	for name, f := range operations {
		switch name {
		case "none", "rotate", "shear_x", "shear_y", "translate_x", "translate_y", "sharpness":
			continue
		}
		for _, c := range []int{1, 3} {
			src := testImage("photo", 13, 7, c, 5)
			want := New(13, 7, c)
			f(want, src, 3, 0)
			f(src, src, 3, 0)
			if !bytes.Equal(src.Pix, want.Pix) {
				t.Errorf("%s with %d channels: in place differs from out of place", name, c)
			}
		}
	}
}

func TestOperationsRefuse(t *testing.T) {
	a, b := New(4, 4, 3), New(4, 4, 1)
	for name, f := range operations {
		if !panics(func() { f(a, b, 1, 0) }) {
			t.Errorf("%s accepted images of different channels", name)
		}
	}
	src := a.Clone()
	for name, f := range map[string]func(){
		"Posterize -1":    func() { Posterize(a, src, -1) },
		"Posterize 9":     func() { Posterize(a, src, 9) },
		"Solarize -1":     func() { Solarize(a, src, -1) },
		"Solarize 257":    func() { Solarize(a, src, 257) },
		"Rotate 90":       func() { Rotate(a, src, 90, 0) },
		"Rotate -90":      func() { Rotate(a, src, -90, 0) },
		"Resize RGB→grey": func() { Resize(b, a, Box) },
		"Crop RGB→grey":   func() { Crop(b, a, 0, 0) },
	} {
		if !panics(f) {
			t.Errorf("%s did not panic", name)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	src := testImage("photo", 32, 32, 3, 1)
	dst := New(32, 32, 3)
	for name, f := range operations {
		if n := testing.AllocsPerRun(20, func() { f(dst, src, 7, 0) }); n != 0 {
			t.Errorf("%s: got %v allocations a call, want 0", name, n)
		}
	}
	var r Resizer
	small := New(20, 20, 3)
	r.Resize(small, src, Bilinear)
	if n := testing.AllocsPerRun(20, func() { r.Resize(small, src, Box) }); n != 0 {
		t.Errorf("Resizer: got %v allocations a call, want 0", n)
	}
}

func BenchmarkOperations(b *testing.B) {
	for _, size := range []struct {
		name string
		side int
	}{{"32", 32}, {"224", 224}} {
		src := testImage("photo", size.side, size.side, 3, 1)
		dst := New(size.side, size.side, 3)
		for _, op := range []struct {
			name string
			arg  float64
		}{
			{"none", 0}, {"autocontrast", 0}, {"equalize", 0}, {"posterize", 3}, {"rotate", 6}, {"solarize", 200},
			{"shear_x", 0.0487}, {"shear_y", 0.0487}, {"translate_x", 2}, {"translate_y", 2},
			{"color", 0.4}, {"contrast", 0.4}, {"brightness", 0.4}, {"sharpness", 0.4},
		} {
			f := operations[op.name]
			b.Run("op="+op.name+"/size="+size.name, func(b *testing.B) {
				for b.Loop() {
					f(dst, src, op.arg, 0)
				}
			})
		}
		b.Run("op=box60%/size="+size.name, func(b *testing.B) {
			var r Resizer
			small := New(size.side*6/10, size.side*6/10, 3)
			for b.Loop() {
				r.Resize(small, src, Box)
			}
		})
	}
}
