package pixel

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// plainGo runs f without assembly.
func plainGo(f func()) {
	defer func(was bool) { avx2 = was }(avx2)
	avx2 = false
	f()
}

// TestResizeTwins compares the assembly with plain Go for sizes from 1 to 600 and
// filters of 1 to more taps than the assembly takes.
func TestResizeTwins(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	side := func() int { return 1 + rnd.IntN(1+rnd.IntN(300)) }
	sizes := [][4]int{{600, 3, 1, 2}, {3, 600, 2, 1}, {2000, 2, 3, 2}, {2, 2000, 2, 3}, {33, 1, 224, 224}, {1, 33, 32, 31}}
	for range 300 {
		sizes = append(sizes, [4]int{side(), side(), side(), side()})
	}
	var fast, plain Resizer
	for _, s := range sizes {
		for _, c := range []int{1, 3} {
			for name, f := range map[string]Filter{"box": Box, "bilinear": Bilinear} {
				src := testImage("noise", s[0], s[1], c, rnd.Uint64())
				got, want := New(s[2], s[3], c), New(s[2], s[3], c)
				fast.Resize(got, src, f)
				plainGo(func() { plain.Resize(want, src, f) })
				if !bytes.Equal(got.Pix, want.Pix) {
					t.Fatalf("%s from %dx%dx%d to %dx%d: the assembly differs from plain Go", name, s[0], s[1], c, s[2], s[3])
				}
			}
		}
	}
}
