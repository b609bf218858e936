package data

import (
	"testing"

	"augmix/pixel"
	"augmix/rng"
)

func TestPlain(t *testing.T) {
	src := pixel.New(16, 16, 1)
	for i := range src.Pix {
		src.Pix[i] = uint8(i)
	}
	dst := make([]float32, 256)
	Plain{}.View(dst, 0, src, nil)
	for i, v := range dst {
		if want := float32(i) / 255; v != want {
			t.Fatalf("%d/255 = %v, want %v", i, v, want)
		}
	}
}

// Each of the 2×9×9 outcomes is equally likely, and is what it says: pixel values
// tell where they came from.
func TestFlipCrop(t *testing.T) {
	const side, draws = 15, 200 * 162
	src, dst, tmp := pixel.New(side, side, 1), pixel.New(side, side, 1), pixel.New(side, side, 1)
	for i := range src.Pix {
		src.Pix[i] = uint8(1 + i)
	}
	counts := map[[3]int]int{}
	for i := range draws {
		r := rng.New(1, 0, uint64(i), 0)
		flipCrop(dst, tmp, src, &r)
		// The centre is never padding; its neighbour tells the direction.
		centre := side*(side/2) + side/2
		at := int(dst.Pix[centre]) - 1
		flip := int(dst.Pix[centre+1])-1 < at
		top, left := at/side-side/2, at%side-side/2
		if flip {
			left = -left
		}
		counts[[3]int{top, left, map[bool]int{false: 0, true: 1}[flip]}]++
		for y := range side {
			for x := range side {
				sy, sx := y+top, x+left
				want := uint8(0)
				if sy >= 0 && sy < side && sx >= 0 && sx < side {
					if flip {
						sx = side - 1 - sx
					}
					want = src.Pix[sy*side+sx]
				}
				if got := dst.Pix[y*side+x]; got != want {
					t.Fatalf("draw %d (flip %v, top %d, left %d), pixel (%d,%d): got %d, want %d", i, flip, top, left, x, y, got, want)
				}
			}
		}
	}
	if len(counts) != 2*9*9 {
		t.Errorf("got %d outcomes, want %d", len(counts), 2*9*9)
	}
	chi2 := 0.0
	for _, n := range counts {
		d := float64(n) - draws/162.0
		chi2 += d * d / (draws / 162.0)
	}
	// 161 degrees of freedom: mean 161, standard deviation 18.
	if chi2 > 161+5*18 {
		t.Errorf("chi² = %.0f over 162 outcomes: they are not equally likely", chi2)
	}
}
