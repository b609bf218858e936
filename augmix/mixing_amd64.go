package augmix

import "golang.org/x/sys/cpu"

// avx2 says whether the assembly runs; its test switches it off to compare.
var avx2 = cpu.X86.HasAVX2

// mixVectors does the beginning of mixThree and returns how many values that is.
func mixVectors(dst []float32, image, chain0, chain1, chain2 []uint8, weights *[4]float32) int {
	n := len(dst) &^ 7
	if !avx2 || n == 0 {
		return 0
	}
	mixBytes(&dst[0], &image[0], &chain0[0], &chain1[0], &chain2[0], n, weights)
	return n
}

// mixBytes writes the weighted sum of n bytes each, a multiple of 8 that is not 0.
//
//go:noescape
func mixBytes(dst *float32, image, chain0, chain1, chain2 *uint8, n int, weights *[4]float32)
