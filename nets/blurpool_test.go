package nets

import (
	"math"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
)

// reflected returns the index that lies i places from the first of n when the ends mirror, as NumPy's pad has it.
func reflected(i, n int) int {
	period := max(2*(n-1), 1)
	i = ((i % period) + period) % period
	return min(i, period-i)
}

// The definition, written out: reflect by one on the left and two on the right, weigh by [1 3 3 1]⊗[1 3 3 1]/64, take
// every second pixel.
func TestBlurPool(t *testing.T) {
	for _, size := range [][2]int{{2, 2}, {2, 5}, {3, 3}, {4, 6}, {7, 2}, {9, 8}} {
		h, w := size[0], size[1]
		values := formulaPixels("blur", 1, 16)[:2*h*w]
		torch.Scope(func() {
			blur := newBlurPool(2)
			y := blur.Forward(torch.FromFloat32(values, 1, 2, int64(h), int64(w)))
			outH, outW := (h+1)/2, (w+1)/2
			if got := y.Shape(); got[1] != 2 || got[2] != int64(outH) || got[3] != int64(outW) {
				t.Fatalf("%d×%d: got shape %v, want [1 2 %d %d]", h, w, got, outH, outW)
			}
			got := y.Float32s()
			taps := []float64{1, 3, 3, 1}
			for c := range 2 {
				for i := range outH {
					for j := range outW {
						want := 0.0
						for a, p := range taps {
							for b, q := range taps {
								row, column := reflected(2*i+a-1, h), reflected(2*j+b-1, w)
								want += p * q / 64 * float64(values[(c*h+row)*w+column])
							}
						}
						if g := float64(got[(c*outH+i)*outW+j]); math.Abs(g-want) > 1e-6 {
							t.Fatalf("%d×%d, channel %d, %d,%d: got %v, want %v", h, w, c, i, j, g, want)
						}
					}
				}
			}
		})
	}
}
