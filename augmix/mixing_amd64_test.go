package augmix

import (
	"slices"
	"testing"

	"augmix/rng"
)

// TestAssemblyMixesAsGo compares the assembly's sums with Go's, bit for bit, on images of
// any number of values.
func TestAssemblyMixesAsGo(t *testing.T) {
	if !avx2 {
		t.Skip("this processor has no AVX2")
	}
	defer func(was bool) { avx2 = was }(avx2)
	r := rng.New(1, 2, 3, 4)
	for n := range 300 {
		var images [4][]uint8
		var weights [4]float32
		for i := range images {
			images[i] = make([]uint8, n)
			for j := range images[i] {
				images[i][j] = uint8(r.IntN(256))
			}
			weights[i] = float32(r.Float64())
		}
		got, want := make([]float32, n), make([]float32, n)
		avx2 = true
		mixThree(got, images[0], images[1], images[2], images[3], weights)
		avx2 = false
		mixThree(want, images[0], images[1], images[2], images[3], weights)
		if !slices.Equal(got, want) {
			t.Fatalf("%d values: got %v, want %v", n, got, want)
		}
	}
}
