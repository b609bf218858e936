package data

import "math"

// shapesFigures are signed distances (negative inside, exact near straight and
// round edges, which is what smooth edges need) from the outline of a figure of
// radius about 1, upright at the origin.
var shapesFigures = []func(x, y float64) float64{
	disc, ring, square, frame, triangle, star, cross, crescent, bars, ell,
}

func disc(x, y float64) float64 { return math.Hypot(x, y) - 0.95 }

func ring(x, y float64) float64 { return math.Abs(math.Hypot(x, y)-0.74) - 0.24 }

func square(x, y float64) float64 { return box(x, y, 0.82, 0.82) }

func frame(x, y float64) float64 {
	return math.Abs(max(math.Abs(x), math.Abs(y))-0.66) - 0.21
}

// triangle is equilateral, its corners at distance 1.15.
func triangle(x, y float64) float64 {
	const sin60 = 0.8660254037844386
	return max(y, sin60*math.Abs(x)-0.5*y) - 0.575
}

// star has five points at distance 1.15 and its notches at 0.48.
func star(x, y float64) float64 {
	const sector = math.Pi / 5
	// Fold the plane onto half a point; its edge runs from (1.15, 0) to the notch.
	angle := math.Abs(math.Remainder(math.Atan2(y, x), 2*sector))
	length := math.Hypot(x, y)
	sin, cos := math.Sincos(angle)
	ex, ey := 0.48*math.Cos(sector)-1.15, 0.48*math.Sin(sector)
	return ((length*sin)*-ex + (length*cos-1.15)*ey) / math.Hypot(ex, ey)
}

func cross(x, y float64) float64 { return min(box(x, y, 1, 0.32), box(x, y, 0.32, 1)) }

func crescent(x, y float64) float64 { return max(disc(x, y), 0.78-math.Hypot(x-0.5, y)) }

func bars(x, y float64) float64 {
	return max(math.Abs(x)-0.9, min(math.Abs(y), math.Abs(math.Abs(y)-0.7))-0.2)
}

func ell(x, y float64) float64 { return min(box(x+0.5, y, 0.3, 0.95), box(x, y-0.65, 0.8, 0.3)) }

// box is a rectangle of half sides w and h.
func box(x, y, w, h float64) float64 { return max(math.Abs(x)-w, math.Abs(y)-h) }
