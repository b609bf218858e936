package pixel

import (
	"bytes"
	"math/rand/v2"
	"syscall"
	"testing"
)

// plainly runs f without the assembly.
func plainly(f func()) {
	defer func(was bool) { avx2 = was }(avx2)
	avx2 = false
	f()
}

// arguments draw an argument of an operation: what AugMix asks for, and more.
var arguments = map[string]func(r *rand.Rand) float64{
	"posterize": func(r *rand.Rand) float64 { return float64(r.IntN(9)) },
	"solarize":  func(r *rand.Rand) float64 { return float64(r.IntN(257)) },
	"rotate":    func(r *rand.Rand) float64 { return oneOf(r, float64(r.IntN(61)-30), uniform(r, 9), uniform(r, 89.9)) },
	"shear_x": func(r *rand.Rand) float64 {
		return oneOf(r, float64(r.IntN(61)-30)/100, uniform(r, 0.09), uniform(r, 2))
	},
	"shear_y": func(r *rand.Rand) float64 {
		return oneOf(r, float64(r.IntN(61)-30)/100, uniform(r, 0.09), uniform(r, 2))
	},
	"translate_x": func(r *rand.Rand) float64 { return float64(r.IntN(41) - 20) },
	"translate_y": func(r *rand.Rand) float64 { return float64(r.IntN(41) - 20) },
	"color":       func(r *rand.Rand) float64 { return 2 * r.Float64() },
	"contrast":    func(r *rand.Rand) float64 { return 2 * r.Float64() },
	"brightness":  func(r *rand.Rand) float64 { return 2 * r.Float64() },
	"sharpness":   func(r *rand.Rand) float64 { return 2 * r.Float64() },
}

func uniform(r *rand.Rand, most float64) float64 { return (2*r.Float64() - 1) * most }

func oneOf(r *rand.Rand, values ...float64) float64 { return values[r.IntN(len(values))] }

// TestAssemblyEqualsGo runs every operation with and without the assembly on random
// images of up to 300 pixels a side.
func TestAssemblyEqualsGo(t *testing.T) {
	if !avx2 {
		t.Skip("this processor has no AVX2")
	}
	n := 3000
	if testing.Short() {
		n = 300
	}
	r := rand.New(rand.NewPCG(1, 2))
	kinds := []string{"noise", "flat", "gradient", "photo"}
	for i := range n {
		most := []int{4, 20, 40, 40, 100, 300}[i%6]
		src := testImage(kinds[r.IntN(4)], 1+r.IntN(most), 1+r.IntN(most), 1+2*r.IntN(2), r.Uint64())
		if r.IntN(3) == 0 {
			Posterize(src, src, 1+r.IntN(4)) // flat areas
		}
		fill := uint8(r.IntN(2) * 128)
		for name, f := range operations {
			var arg float64
			if draw := arguments[name]; draw != nil {
				arg = draw(r)
			}
			compareWithGo(t, name, func(dst *Image) { f(dst, src, arg, fill) }, src, arg, fill)
		}
	}
}

// compareWithGo runs f with and without the assembly.
func compareWithGo(t *testing.T, name string, f func(dst *Image), src *Image, arg float64, fill uint8) {
	t.Helper()
	got, want := guarded(src), New(src.W, src.H, src.C)
	f(got)
	plainly(func() { f(want) })
	if !bytes.Equal(got.Pix, want.Pix) {
		i := 0
		for got.Pix[i] == want.Pix[i] {
			i++
		}
		t.Fatalf("%s %v, fill %d, of %dx%dx%d: byte %d of the assembly is %d, want %d",
			name, arg, fill, src.W, src.H, src.C, i, got.Pix[i], want.Pix[i])
	}
	all := got.Pix[:cap(got.Pix)]
	for _, v := range all[len(got.Pix):] {
		if v != guard {
			t.Fatalf("%s %v of %dx%dx%d: the assembly wrote behind the image", name, arg, src.W, src.H, src.C)
		}
	}
}

const guard = 0xa5

// guarded returns an image of src's size with guard bytes in and behind it.
func guarded(src *Image) *Image {
	all := bytes.Repeat([]byte{guard}, len(src.Pix)+64)
	return &Image{Pix: all[:len(src.Pix)], W: src.W, H: src.H, C: src.C}
}

// TestAssemblyStaysInside runs every operation on images that begin or end with a
// page of memory whose neighbours may not be touched: a load or store beside an
// image ends the test program.
func TestAssemblyStaysInside(t *testing.T) {
	const page, pages = 4096, 16
	fence := func() []byte {
		all, err := syscall.Mmap(-1, 0, (pages+2)*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		if err != nil {
			t.Skip("no memory of its own: ", err)
		}
		t.Cleanup(func() { syscall.Munmap(all) })
		for _, side := range [][]byte{all[:page], all[(pages+1)*page:]} {
			if err := syscall.Mprotect(side, syscall.PROT_NONE); err != nil {
				t.Skip("memory cannot be protected: ", err)
			}
		}
		return all[page : (pages+1)*page]
	}
	from, to := fence(), fence()
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 400 {
		w, h, c := 1+r.IntN(70), 1+r.IntN(70), 1+2*r.IntN(2)
		n := w * h * c
		src := &Image{Pix: from[:n], W: w, H: h, C: c}
		dst := &Image{Pix: to[:n], W: w, H: h, C: c}
		if i%2 == 1 {
			src.Pix, dst.Pix = from[len(from)-n:], to[len(to)-n:]
		}
		src.CopyFrom(testImage("photo", w, h, c, uint64(i)))
		for name, f := range operations {
			var arg float64
			if draw := arguments[name]; draw != nil {
				arg = draw(r)
			}
			f(dst, src, arg, 0)
		}
	}
}

// TestStretchEqualsPillow compares stretchBytes with Pillow's arithmetic for all values
// of all pairs of extrema.
func TestStretchEqualsPillow(t *testing.T) {
	if !avx2 {
		t.Skip("this processor has no AVX2")
	}
	src, dst := New(256, 3, 1), New(256, 3, 1)
	for first := range 256 {
		for last := first; last < 256; last++ {
			var channels [3]contrast
			done := true
			for c := range channels {
				// Three channels of different extrema, so that one has exceptions where
				// another has none.
				channels[c] = newContrast(uint8(max(first-c, 0)), uint8(last))
				done = done && channels[c].last-channels[c].first != 1
			}
			for i := range src.Pix {
				c := &channels[i%3]
				src.Pix[i] = min(max(uint8(i), c.first), c.last)
			}
			if got := stretchVectors(dst.Pix, src.Pix, channels[:]) != 0; got != done {
				t.Fatalf("%d to %d: done: %v, want %v", first, last, got, done)
			}
			if !done {
				continue
			}
			for i, got := range dst.Pix {
				if want := channels[i%3].of(src.Pix[i]); got != want {
					t.Fatalf("%d to %d, channel %d: %d became %d, want %d", first, last, i%3, src.Pix[i], got, want)
				}
			}
		}
	}
}

// FuzzAffine compares the assembly of the affine operations with Go.
func FuzzAffine(f *testing.F) {
	f.Add(uint8(0), 0.05, uint16(32), uint16(32), true, uint8(0), uint64(1))
	f.Add(uint8(1), -0.3, uint16(11), uint16(300), false, uint8(128), uint64(2))
	f.Add(uint8(2), 45.0, uint16(224), uint16(224), true, uint8(128), uint64(3))
	f.Fuzz(func(t *testing.T, op uint8, arg float64, w, h uint16, colour bool, fill uint8, seed uint64) {
		name := []string{"shear_x", "shear_y", "rotate"}[op%3]
		if w %= 400; w == 0 {
			w = 1
		}
		if h %= 400; h == 0 {
			h = 1
		}
		limit := 10.0
		if name == "rotate" {
			limit = 89.99
		}
		if !(arg >= -limit && arg <= limit) {
			t.Skip()
		}
		c := 1
		if colour {
			c = 3
		}
		src := testImage([]string{"noise", "photo", "gradient"}[seed%3], int(w), int(h), c, seed)
		compareWithGo(t, name, func(dst *Image) { operations[name](dst, src, arg, fill) }, src, arg, fill)
	})
}
