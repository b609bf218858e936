package methods

// box is a rectangle of pixels: columns x0 to x1−1 of rows y0 to y1−1.
type box struct{ x0, y0, x1, y1 int }

// around returns the box from half under to half over (exclusive) the point (x, y), clipped to an image of w×h pixels.
func around(x, y, halfW, halfH, w, h int) box {
	return box{max(x-halfW, 0), max(y-halfH, 0), min(x+halfW, w), min(y+halfH, h)}
}

func (b box) area() int { return (b.x1 - b.x0) * (b.y1 - b.y0) }

func (b box) contains(x, y int) bool { return x >= b.x0 && x < b.x1 && y >= b.y0 && y < b.y1 }
