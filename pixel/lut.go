package pixel

import (
	"encoding/binary"
	"math/bits"
)

// table maps each channel's 256 values to new ones; a grey image uses the first, which
// apply copies to the others.
type table [3][256]uint8

// apply writes src through the table. dst and src may be the same image.
func (t *table) apply(dst, src *Image) {
	if src.C == 1 {
		t[1], t[2] = t[0], t[0]
	}
	n := lookupVectors(dst.Pix, src.Pix, t)
	s := src.Pix[n:]
	d := dst.Pix[n:len(src.Pix)]
	for len(s) >= 12 && len(d) >= 12 { // four pixels a turn take two thirds of the time of one
		to, from := (*[12]uint8)(d), (*[12]uint8)(s)
		to[0], to[1], to[2] = t[0][from[0]], t[1][from[1]], t[2][from[2]]
		to[3], to[4], to[5] = t[0][from[3]], t[1][from[4]], t[2][from[5]]
		to[6], to[7], to[8] = t[0][from[6]], t[1][from[7]], t[2][from[8]]
		to[9], to[10], to[11] = t[0][from[9]], t[1][from[10]], t[2][from[11]]
		s, d = s[12:], d[12:]
	}
	for i, v := range s {
		d[i] = t[i%3][v]
	}
}

// Equalize makes each channel's histogram as flat as a table can
// (PIL.ImageOps.equalize). dst and src may be the same image.
func Equalize(dst, src *Image) {
	mustMatch(dst, src)
	var counts [3][256]uint32
	histogram(&counts, src)
	var t table
	for c := range src.C {
		equalizeTable(&t[c], &counts[c], src.W*src.H)
	}
	t.apply(dst, src)
}

// histogram counts the values of each channel.
func histogram(counts *[3][256]uint32, m *Image) {
	p := m.Pix[countVectors(counts, m.Pix):]
	for ; len(p) >= 3; p = p[3:] {
		counts[0][p[0]]++
		counts[1][p[1]]++
		counts[2][p[2]]++
	}
	if m.C == 1 {
		for _, v := range p {
			counts[0][v]++
		}
		for v := range counts[0] {
			counts[0][v] += counts[1][v] + counts[2][v]
		}
	}
}

// equalizeTable fills one channel's table: the value i becomes n/step, where step
// is a 255th of the n pixels without those of the brightest value that occurs, and
// n counts the pixels darker than i from step/2 on.
func equalizeTable(lut *[256]uint8, counts *[256]uint32, pixels int) {
	last := 255
	for counts[last] == 0 {
		last--
	}
	step := uint(pixels-int(counts[last])) / 255
	if step == 0 {
		// Also where a single value occurs.
		for i := range lut {
			lut[i] = uint8(i)
		}
		return
	}
	if equalizeFast(lut, counts, uint(pixels), step) {
		return
	}
	// n/step is the high word of 2n·⌈2^63/step⌉ as long as both are under 2^31
	// (Lemire, Kaser, Kurz 2019); 256 divisions would take longer than the pixels of a
	// small image.
	reciprocal := (1<<63-1)/uint64(step) + 1
	n := uint64(step / 2)
	for i := range lut {
		quotient, _ := bits.Mul64(2*n, reciprocal)
		lut[i] = uint8(min(quotient, 255))
		n += uint64(counts[i])
	}
}

// Posterize keeps the given number of high bits of each value
// (PIL.ImageOps.posterize); 0, which Pillow 13.0.0 no longer takes, gives black as
// it did there before. It panics unless 0 <= bits <= 8. dst
// and src may be the same image.
func Posterize(dst, src *Image, bits int) {
	mustMatch(dst, src)
	if bits < 0 || bits > 8 {
		panic("pixel: Posterize needs 0 to 8 bits")
	}
	keep := uint8(0xff << (8 - bits))
	words := uint64(keep) * eachByte
	n := maskVectors(dst.Pix, src.Pix, keep)
	s, d := src.Pix[n:], dst.Pix[n:len(src.Pix)]
	for len(s) >= 8 && len(d) >= 8 {
		binary.LittleEndian.PutUint64(d, binary.LittleEndian.Uint64(s)&words)
		s, d = s[8:], d[8:]
	}
	for i, v := range s {
		d[i] = v & keep
	}
}

// eachByte times a byte is that byte eight times.
const eachByte = 0x0101010101010101

// Solarize inverts the values that are at least threshold (PIL.ImageOps.solarize):
// 0 inverts every value, 256 none. It panics unless 0 <= threshold <= 256. dst and
// src may be the same image.
func Solarize(dst, src *Image, threshold int) {
	mustMatch(dst, src)
	if threshold < 0 || threshold > 256 {
		panic("pixel: Solarize needs a threshold of 0 to 256")
	}
	if threshold == 256 {
		dst.CopyFrom(src)
		return
	}
	n := invertVectors(dst.Pix, src.Pix, uint8(threshold))
	s, d := src.Pix[n:], dst.Pix[n:len(src.Pix)]
	if threshold > 0 {
		// Eight values at a time: v >= threshold where adding 256-threshold to the
		// byte carries out of it. The carry out of bit 7 is the majority of the two
		// top bits and the carry into it.
		add := uint64(256-threshold) * eachByte
		const top = 0x80 * eachByte
		for len(s) >= 8 && len(d) >= 8 {
			v := binary.LittleEndian.Uint64(s)
			into := (v &^ top) + (add &^ top)
			carry := (v&add | (v|add)&into) & top
			binary.LittleEndian.PutUint64(d, v^(carry>>7)*0xff)
			s, d = s[8:], d[8:]
		}
	}
	for i, v := range s {
		if int(v) >= threshold {
			v = 255 - v
		}
		d[i] = v
	}
}
