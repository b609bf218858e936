package rng

import "math"

// Norm returns a deviate of the standard normal distribution by Marsaglia's polar
// method (1964), which yields two at a time; the second is kept for the next call.
func (s *Stream) Norm() float64 {
	if s.held {
		s.held = false
		return s.spare
	}
	for {
		u, v := 2*s.Float64()-1, 2*s.Float64()-1
		q := u*u + v*v
		if q >= 1 || q == 0 {
			continue
		}
		f := math.Sqrt(-2 * math.Log(q) / q)
		s.spare, s.held = v*f, true
		return u * f
	}
}

// Exp returns a deviate of the exponential distribution with mean 1.
func (s *Stream) Exp() float64 { return -math.Log(1 - s.Float64()) }

// Gamma returns a deviate of the Gamma distribution with the given shape and
// scale 1: by Marsaglia and Tsang (2000) for shape > 1, and for a shape below 1 by
// their boost, Gamma(shape+1)·U^(1/shape), which may underflow to 0 for tiny
// shapes. It panics if shape is not positive.
func (s *Stream) Gamma(shape float64) float64 {
	switch {
	case !(shape > 0):
		panic("rng: Gamma needs a positive shape")
	case shape == 1:
		return s.Exp()
	case shape < 1:
		return s.Gamma(shape+1) * math.Pow(1-s.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := s.Norm()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		u := 1 - s.Float64()
		if math.Log(u) < 0.5*x*x+d*(1-v+math.Log(v)) {
			return d * v
		}
	}
}

// Beta returns a deviate of Beta(a, b) in [0,1]. It panics if a or b is not
// positive.
func (s *Stream) Beta(a, b float64) float64 {
	if a == 1 && b == 1 {
		return s.Float64()
	}
	x, y := s.Gamma(a), s.Gamma(b)
	if x+y == 0 {
		// Both underflowed: Beta of tiny parameters is a coin that shows 1 with
		// probability a/(a+b).
		if s.Float64()*(a+b) < a {
			return 1
		}
		return 0
	}
	return x / (x + y)
}

// Dirichlet fills dst with a deviate of the symmetric Dirichlet distribution of
// concentration alpha: non-negative, sum 1. It panics if alpha is not positive or
// dst is empty.
func (s *Stream) Dirichlet(dst []float64, alpha float64) {
	var sum float64
	for i := range dst {
		dst[i] = s.Gamma(alpha)
		sum += dst[i]
	}
	if sum == 0 {
		// Every Gamma underflowed: the limit for alpha → 0 is a random corner.
		dst[s.IntN(len(dst))] = 1
		return
	}
	for i := range dst {
		dst[i] /= sum
	}
}
