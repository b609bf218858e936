package corrupt

// Thresholds on the sum of the absolute derivatives.
const (
	weakEdge   = 50
	strongEdge = 150
)

// edges finds edges as OpenCV's Canny does with weakEdge, strongEdge and Sobel
// derivatives over 3×3 pixels, whose borders are repeated.
type edges struct {
	dx, dy, magnitude []int32
	found, candidate  []bool
	stack             []int
}

// find returns for every pixel whether it is on an edge.
func (e *edges) find(m []uint8, w, h int) []bool {
	e.derive(m, w, h)
	e.found, e.candidate, e.stack = grow(e.found, w*h), grow(e.candidate, w*h), e.stack[:0]
	clear(e.found)
	for i := range e.candidate {
		e.candidate[i] = e.magnitude[i] > weakEdge && e.crest(i%w, i/w, w, h)
		if e.candidate[i] && e.magnitude[i] > strongEdge {
			e.found[i] = true
			e.stack = append(e.stack, i)
		}
	}
	// Weak edges count where they touch others.
	for len(e.stack) > 0 {
		last := len(e.stack) - 1
		i := e.stack[last]
		e.stack = e.stack[:last]
		for y := max(i/w-1, 0); y <= min(i/w+1, h-1); y++ {
			for x := max(i%w-1, 0); x <= min(i%w+1, w-1); x++ {
				if j := y*w + x; e.candidate[j] && !e.found[j] {
					e.found[j] = true
					e.stack = append(e.stack, j)
				}
			}
		}
	}
	return e.found
}

func (e *edges) derive(m []uint8, w, h int) {
	e.dx, e.dy, e.magnitude = grow(e.dx, w*h), grow(e.dy, w*h), grow(e.magnitude, w*h)
	for y := range h {
		above, row, below := m[nearestInside(y-1, h)*w:], m[y*w:], m[nearestInside(y+1, h)*w:]
		for x := range w {
			l, r := nearestInside(x-1, w), nearestInside(x+1, w)
			a, b, c := int32(above[l]), int32(above[x]), int32(above[r])
			d, f := int32(row[l]), int32(row[r])
			g, p, q := int32(below[l]), int32(below[x]), int32(below[r])
			dx, dy := c+2*f+q-a-2*d-g, g+2*p+q-a-2*b-c
			i := y*w + x
			e.dx[i], e.dy[i], e.magnitude[i] = dx, dy, max(dx, -dx)+max(dy, -dy)
		}
	}
}

// crest tells whether the derivative at (x, y) is the largest along its direction.
func (e *edges) crest(x, y, w, h int) bool {
	// tan22 is tan(22.5°) in units of 2^-15.
	const tan22 = 13573
	at := func(x, y int) int32 {
		if x < 0 || x >= w || y < 0 || y >= h {
			return 0
		}
		return e.magnitude[y*w+x]
	}
	i := y*w + x
	m, dx, dy := e.magnitude[i], int64(e.dx[i]), int64(e.dy[i])
	across, along := max(dx, -dx)*tan22, max(dy, -dy)<<15
	switch {
	case along < across:
		return m > at(x-1, y) && m >= at(x+1, y)
	case along > across+max(dx, -dx)<<16:
		return m > at(x, y-1) && m >= at(x, y+1)
	}
	s := 1
	if (dx < 0) != (dy < 0) {
		s = -1
	}
	return m > at(x-s, y-1) && m > at(x+s, y+1)
}
