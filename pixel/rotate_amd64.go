package pixel

import "math/bits"

// Rotations mix four neighbours a, b (above) and c, d (below) of each output pixel by
// the fractions du and dv of its place in the source. rotate_amd64.s computes that in
// single precision and knows how far it may be from Pillow's double precision, in units
// of 2^-16 of a grey value:
//
//   - The place is a fixed-point number with 32 bits of fraction, stepped less than 64
//     times: off by less than 2^-26. Rounding du and dv to float32 adds less than
//     2^-25. As neighbours differ by at most 255, the two move the result by less than
//     2·255·2^-24, 2 units.
//   - Values are multiplied by 2^16, so that they and their differences are exact; each
//     of the upper and lower value, their difference and the result, less than 2^24, is
//     rounded by at most half a unit. The last conversion rounds by half a unit.
//   - Pillow's own roundings are less than 1e-6 units.
//
// Together that is less than 5 units. A result that is at least 6 units from every whole
// number therefore truncates to Pillow's byte. Others are doubtful, 13 in 65536, unless
// the neighbours that count are equal: then both compute that value exactly. Which
// neighbours those are, and whether a place is inside the image at all, is certain only
// if neither coordinate is within 2^-21 of a whole number or a half; a group of pixels
// with one that is, is doubtful in any case. Doubtful groups are left to samplePixel.
//
// Over the border Pillow takes the border's pixel for both neighbours. Here a place over
// the left or right border is moved onto it, and the difference between the two columns
// does not count; over the top or bottom one the border's row is taken twice.

// turn holds what rotateRows needs to know about an image and its rotation.
type turn struct {
	startsU, startsV [8]int64 // from a group's first pixel to pixels 0 1 4 5 2 3 6 7
	stepU, stepV     int64    // from pixel to pixel, in units of 2^-48
	originU, originV float64  // the place of pixel 0 in a row -0.5, in units of 2^-32
	rowU, rowV       float64  // from row to row
	stride           int      // bytes a row
	last             int      // the last group's column
	channels         int
	right            [8]int32 // the last column but one
	mostRight        [8]int32 // the last column
	mostBottom       [8]int32 // the last row
	pitch, pixel     [8]int32 // bytes a row, and a pixel
	begin, end       [8]int32 // the first offset of a lower row's load, the last of an upper row's
	unit, one        [8]float32
	fill             [32]uint8
	groupU, groupV   [4]int64 // from group to group
}

// widest is the greatest width that keeps places as exact as said above.
const widest = 1 << 13

// groupsAtOnce is how many groups rotate hands to rotateRows; doubtfulBits has a bit for
// each.
const groupsAtOnce = 1024

type doubtfulBits [groupsAtOnce / 16]uint16

// rotateRows writes rows from y on in groups of eight pixels; the last group of a row
// ends with it. It sets a bit of doubtful for each group that is, and returns whether
// there are any.
//
//go:noescape
func rotateRows(dst, src *uint8, y, rows int, p *turn, doubtful *doubtfulBits) int

// rotate is transform for a rotation by rotateRows. It returns false where that is not
// fit for it.
func rotate(dst, src *Image, m matrix, fill uint8) bool {
	w, h, c := src.W, src.H, src.C
	if !avx2 || w < 8 || h < 2 || max(w, h) > widest {
		return false
	}
	p := turn{
		stepU: int64(m[0] * (1 << 48)), stepV: int64(m[3] * (1 << 48)),
		originU: (0.5*m[0] + 0.5*m[1] + m[2] - 0.5) * (1 << 32), rowU: m[1] * (1 << 32),
		originV: (0.5*m[3] + 0.5*m[4] + m[5] - 0.5) * (1 << 32), rowV: m[4] * (1 << 32),
		stride: w * c, last: w - 8, channels: c,
	}
	for lane, pixel := range [8]int64{0, 1, 4, 5, 2, 3, 6, 7} {
		p.startsU[lane], p.startsV[lane] = pixel*p.stepU>>16, pixel*p.stepV>>16
		p.right[lane], p.mostRight[lane], p.mostBottom[lane] = int32(w-2), int32(w-1), int32(h-1)
		p.begin[lane], p.end[lane] = 2, int32(len(src.Pix)-8)
		p.pitch[lane], p.pixel[lane] = int32(w*c), int32(c)
		p.unit[lane], p.one[lane] = 0x1p-31, 1
	}
	set(p.fill[:], fill)
	for i := range p.groupU {
		p.groupU[i], p.groupV[i] = 8*p.stepU>>16, 8*p.stepV>>16
	}

	perRow := (w + 7) / 8
	rows := max(groupsAtOnce/perRow, 1)
	for y := 0; y < h; y += rows {
		rows = min(rows, h-y)
		var doubtful doubtfulBits
		if rotateRows(&dst.Pix[y*w*c], &src.Pix[0], y, rows, &p, &doubtful) == 0 {
			continue
		}
		for i, word := range doubtful {
			for ; word != 0; word &= word - 1 {
				group := 16*i + bits.TrailingZeros16(word)
				x, y := min(group%perRow*8, w-8), y+group/perRow
				samplePixels(dst.Pix[y*w*c:(y+1)*w*c], src, m, x, x+8, y, fill)
			}
		}
	}
	return true
}
