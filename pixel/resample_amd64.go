package pixel

// The sums of resampling are exact in 32 bits, so their order does not matter.
// Along y a vector of bytes is widened and multiplied by one weight. Along x the
// weights go in pairs through VPMADDWD, which multiplies 16 bits: a weight of 22
// bits is split into a low part of 15 bits and a high part, summed apart.

// lowBits is the size of a weight's low part. mostWeights keeps the sum of low parts
// below 2^31: mostWeights·255·(2^15-1).
const (
	lowBits     = 15
	mostWeights = 256
)

// packed is a copy of the weights along x for the assembly: for each output position
// groups of 4 (RGB) or 8 (grey) low parts and as many high parts.
type packed struct {
	parts   []int16
	offsets []int32 // of the first source byte of each output position
}

// rowsRGB resamples two rows of RGB pixels to n >= 1 pixels. It reads 16 bytes from
// each offset on, and 12 more for each further group.
//
//go:noescape
func rowsRGB(dst0, dst1, src0, src1 *uint8, n int, offsets *int32, parts *int16, groups int)

// rowsGrey resamples two rows of grey pixels to n >= 1 pixels. It reads 8 bytes from
// each offset on, and 8 more for each further group.
//
//go:noescape
func rowsGrey(dst0, dst1, src0, src1 *uint8, n int, offsets *int32, parts *int16, groups int)

// addRowsAVX2 is addRows for n >= 32 bytes.
//
//go:noescape
func addRowsAVX2(dst, src *uint8, n, stride int, weights *int32, count int)

// rowsByVector is Resizer.rows by assembly. It returns false where there is none for
// the processor or the weights.
func (r *Resizer) rowsByVector(dst, src []uint8, stride, n, c int) bool {
	k := &r.horizontal
	if !avx2 || k.stride > mostWeights {
		return false
	}
	kernel, size, reads := rowsRGB, 4, 16
	if c == 1 {
		kernel, size, reads = rowsGrey, 8, 8
	}
	groups := (k.stride + size - 1) / size
	k.pack(size, groups, c)
	width := len(k.first)
	// The last byte that the first position of a row may read, and the last.
	reach := int(k.packed.offsets[width-1]) + (groups-1)*size*c + reads
	row := func(which, y int) *uint8 {
		if y*stride+reach <= len(src) {
			return &src[y*stride]
		}
		// What follows the row has no weight but must be there.
		p := grow(r.padded[which], reach)
		r.padded[which] = p
		clear(p[copy(p, src[y*stride:]):])
		return &p[0]
	}
	for y := 0; y < n; y += 2 {
		z := min(y+1, n-1)
		kernel(&dst[y*width*c], &dst[z*width*c], row(0, y), row(1, z), width, &k.packed.offsets[0], &k.packed.parts[0], groups)
	}
	return true
}

// pack fills k.packed for groups of size weights.
func (k *weights) pack(size, groups, c int) {
	p := &k.packed
	p.parts, p.offsets = grow(p.parts, len(k.first)*groups*2*size), grow(p.offsets, len(k.first))
	clear(p.parts)
	for i, first := range k.first {
		p.offsets[i] = int32(first * c)
		parts := p.parts[i*groups*2*size:]
		for j, w := range k.values[i*k.stride : (i+1)*k.stride] {
			at := j/size*2*size + j%size
			parts[at], parts[at+size] = int16(w&(1<<lowBits-1)), int16(w>>lowBits)
		}
	}
}

// columnsByVector is addRows by assembly. It returns false where there is none for
// the processor or the row.
func columnsByVector(out, in []uint8, stride int, ws []int32) bool {
	if !avx2 || len(out) < 32 || len(ws) == 0 {
		return false
	}
	_ = in[(len(ws)-1)*stride+len(out)-1]
	addRowsAVX2(&out[0], &in[0], len(out), stride, &ws[0], len(ws))
	return true
}
