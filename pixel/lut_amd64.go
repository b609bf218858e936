package pixel

// lookupVectors does the beginning of table.apply.
func lookupVectors(dst, src []uint8, t *table) int {
	n := len(src) / 96 * 96
	if !avx2 || n == 0 {
		return 0
	}
	lookupBytes(&dst[0], &src[0], n, t)
	return n
}

// countVectors does the beginning of histogram.
func countVectors(counts *[3][256]uint32, p []uint8) int {
	n := len(p) / 24 * 24
	if !avx2 || n == 0 {
		return 0
	}
	countBytes(counts, &p[0], n)
	return n
}

// equalizeFast is equalizeTable where 32-bit quotients are right.
func equalizeFast(lut *[256]uint8, counts *[256]uint32, pixels, step uint) bool {
	// n·⌈2^32/step⌉ >> 32 is n/step if n·step is less than 2^32 (Lemire, Kaser, Kurz
	// 2019), and step is at most a 255th of the pixels.
	if !avx2 || pixels > 1_000_000 || step < 2 {
		return false
	}
	equalizeCounts(lut, counts, uint32(step/2), uint32(1<<32/step+1))
	return true
}

// lookupBytes writes src through the three channels' tables for n bytes, a multiple of
// 96 that is not 0.
//
//go:noescape
func lookupBytes(dst, src *uint8, n int, tables *table)

// equalizeCounts writes min(n·reciprocal >> 32, 255), where n begins with start and
// grows by each count.
//
//go:noescape
func equalizeCounts(table *[256]uint8, counts *[256]uint32, start, reciprocal uint32)

// countBytes adds to the counts of three channels for n bytes, a multiple of 24 that is
// not 0.
//
//go:noescape
func countBytes(counts *[3][256]uint32, p *uint8, n int)
