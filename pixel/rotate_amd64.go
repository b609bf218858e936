package pixel

import "math"

// Rotations mix four neighbours a, b (above) and c, d (below) of each output pixel by
// the fractions du and dv of its place in the source. rotate_amd64.s computes that in
// single precision and knows how far it may be from Pillow's double precision, in units
// of 2^-16 of a grey value:
//
//   - The place is a fixed-point number with 32 bits of fraction, stepped at most 128
//     times from Pillow's: off by less than 2^-25. Rounding du and dv to float32 adds
//     less than 2^-25. As neighbours differ by at most 255, the two move the result by
//     less than 2·255·2^-24, 2 units.
//   - Values are multiplied by 2^16, so that they and their differences are exact; each
//     of the upper and lower value, their difference and the result, less than 2^24, is
//     rounded by at most half a unit. The last conversion rounds by half a unit.
//   - Pillow's own roundings are less than 1e-6 units.
//
// Together that is less than 5 units. A result that is at least 6 units from every whole
// number therefore truncates to Pillow's byte. Others are doubtful, 13 in 65536, unless
// the neighbours that count are equal: then both compute that value exactly. Which
// neighbours those are is certain only if neither coordinate is within 2^-21 of a whole
// number; a group of pixels with one that is, is doubtful in any case. On the border,
// where both neighbours are the border's pixel, the place is moved onto it and the
// difference across the border does not count. Doubtful groups are left to samplePixel.

// turn holds what rotatePieces needs to know about an image and its rotation.
type turn struct {
	startsU, startsV [8]int64 // steps from the first pixel to pixels 0 1 4 5 2 3 6 7
	stepU, stepV     int64
	right, bottom    [8]int32 // the last column but one, and the last row but one
	pitch            [8]int32 // bytes a row
	unit, one        [8]float32
	channels         [8]int32
}

// piece is a part of a row of at least eight pixels: the source's coordinates of the
// first, half a pixel taken off, in units of 2^-32, the offset in the destination,
// and the length.
type piece struct {
	u, v        int64
	out, pixels int
}

// piecePixels is the longest piece, groupsAtOnce the number of groups of eight pixels
// that rotatePieces holds.
const (
	groupsAtOnce = 16
	piecePixels  = 8 * groupsAtOnce
)

// rotatePieces writes n pieces. It returns the doubtful groups, bit 0 for the first;
// the last group of a piece ends with it.
//
//go:noescape
func rotatePieces(dst, src *uint8, stride int, pieces *piece, n int, p *turn) uint64

// rotate is transform for a rotation by rotatePieces. It returns false where that is
// not fit for it.
func rotate(dst, src *Image, m matrix, fill uint8) bool {
	if !avx2 || min(src.W, src.H) < 2 || len(src.Pix) > math.MaxInt32 {
		return false
	}
	c, stride := src.C, src.W*src.C
	var p turn
	p.stepU, p.stepV = units(m[0]), units(m[3])
	for lane, pixel := range [8]int64{0, 1, 4, 5, 2, 3, 6, 7} {
		p.startsU[lane], p.startsV[lane] = pixel*p.stepU, pixel*p.stepV
		p.right[lane], p.bottom[lane], p.pitch[lane] = int32(src.W-2), int32(src.H-2), int32(stride)
		p.unit[lane], p.one[lane], p.channels[lane] = 0x1p-31, 1, int32(c)
	}
	var pieces [groupsAtOnce]piece
	n, groups := 0, 0
	flush := func() {
		doubtful := rotatePieces(&dst.Pix[0], &src.Pix[0], stride, &pieces[0], n, &p)
		for i := 0; doubtful != 0; i++ {
			s := &pieces[i]
			for x := 0; x < s.pixels; x += 8 {
				if doubtful&1 != 0 {
					at := s.out/c + min(x, s.pixels-8)
					y := at / src.W
					samplePixels(dst.Pix[y*stride:], src, m, at%src.W, at%src.W+8, y, fill)
				}
				doubtful >>= 1
			}
		}
		n, groups = 0, 0
	}
	cover := newCover(src, m)
	for y := range src.H {
		row := dst.Pix[y*stride : (y+1)*stride]
		first, end := cover.columns(y)
		set(row[:first*c], fill)
		set(row[end*c:], fill)
		if end-first < 8 {
			samplePixels(row, src, m, first, end, y, fill)
			continue
		}
		for x := first; x < end; {
			x = min(x, end-8)
			pixels := min(end-x, piecePixels)
			if groups+(pixels+7)/8 > groupsAtOnce {
				flush()
			}
			u, v := m.at(x, y)
			pieces[n] = piece{units(u - 0.5), units(v - 0.5), y*stride + x*c, pixels}
			n++
			groups += (pixels + 7) / 8
			x += pixels
		}
	}
	if n > 0 {
		flush()
	}
	return true
}

// units returns v in units of 2^-32.
func units(v float64) int64 { return int64(v * (1 << 32)) }

// cover finds the columns of a row that come from inside the source. Their centres
// x+0.5 lie between two lines for each coordinate, where it is 0 and where it is the
// source's width or height; the lines are linear in y.
type cover struct {
	m              matrix
	w, h           float64
	startU, startV float64 // x on the line of 0 for y = -0.5
	stepU, stepV   float64 // its change a row
	spanU, spanV   float64 // from there to the other line
}

func newCover(src *Image, m matrix) cover {
	w, h := float64(src.W), float64(src.H)
	return cover{m, w, h, -m[2] / m[0], -m[5] / m[3], -m[1] / m[0], -m[4] / m[3], w / m[0], h / m[3]}
}

// columns returns the range for row y.
func (c *cover) columns(y int) (first, end int) {
	yc := float64(y) + 0.5
	from := c.startU + c.stepU*yc
	to := from + c.spanU
	a := c.startV + c.stepV*yc
	b := a + c.spanV
	if c.spanV < 0 {
		a, b = b, a
	}
	if a > from {
		from = a
	}
	if b < to {
		to = b
	}
	first, certain := c.column(from)
	end, too := c.column(to)
	if !certain || !too || math.Abs(c.m[3]) < 1e-3 {
		return c.search(y)
	}
	return first, max(first, end)
}

// column returns the first column whose centre is not left of x, and whether
// roundings cannot have decided it. They move x by less than 1e-8.
func (c *cover) column(x float64) (column int, certain bool) {
	x -= 0.5
	if x >= c.w {
		return int(c.w), true
	}
	if x < -1e-6 {
		return 0, true
	}
	floor := int(x)
	fraction := x - float64(floor)
	return floor + 1, fraction > 1e-6 && fraction < 1-1e-6
}

// search returns the range as Pillow's own arithmetic has it. Both coordinates are
// monotone in x, so it is one range.
func (c *cover) search(y int) (first, end int) {
	inside := func(x int) bool {
		u, v := c.m.at(x, y)
		return u >= 0 && u < c.w && v >= 0 && v < c.h
	}
	for end = int(c.w); end > 0 && !inside(end-1); end-- {
	}
	for first < end && !inside(first) {
		first++
	}
	return first, end
}
