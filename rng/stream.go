// Package rng gives every random decision of the program a stream of its own,
// keyed by what the decision is about (seed, epoch, sample, view, or a named
// domain) and never by who asks. Worker counts, restarts and the order of work
// therefore change nothing.
//
// A Stream is a value: copying it forks it, and two copies yield the same
// numbers. It is not safe for concurrent use. The methods that are defined here
// are the program's own, so that a new Go release cannot change the draws.
package rng

import (
	"math/bits"
	"math/rand/v2"
)

// Stream is a deterministic generator: PCG-DXSM with 128 bits of state, which a
// hash of the keys fills. *Stream is a math/rand/v2 Source.
type Stream struct {
	pcg   rand.PCG
	spare float64 // the second normal deviate of the last polar pair
	held  bool    // spare is valid
}

// New returns the stream of one view of one sample in one epoch.
func New(seed, epoch, index, view uint64) Stream {
	return Named("view", seed, epoch, index, view)
}

// Named returns the stream of a domain (a short constant such as "shuffle" or
// "corrupt/gaussian_noise") and keys within it. Streams of different domains, or
// of different keys or numbers of keys, are unrelated.
func Named(domain string, keys ...uint64) Stream {
	lo, hi := uint64(0x9e3779b97f4a7c15), uint64(0xd1b54a32d192ed03)
	absorb := func(k uint64) {
		lo = mix(lo ^ k)
		hi = mix(hi + k + lo)
	}
	for i := 0; i < len(domain); i++ {
		absorb(uint64(domain[i]))
	}
	// The length in the middle keeps ("a", 'b') apart from ("ab").
	absorb(uint64(len(domain))<<32 | uint64(len(keys)))
	for _, k := range keys {
		absorb(k)
	}
	var s Stream
	s.pcg.Seed(hi, lo)
	return s
}

// mix is the finalizer of SplitMix64 (Steele, Lea, Flood 2014) behind one step of
// its Weyl sequence, so that zero does not map to zero.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Uint64 returns 64 uniform bits.
func (s *Stream) Uint64() uint64 { return s.pcg.Uint64() }

// Float64 returns a uniform multiple of 2^-53 in [0,1).
func (s *Stream) Float64() float64 { return float64(s.Uint64()>>11) * 0x1p-53 }

// Uniform returns a uniform value in [lo,hi); rounding may return hi itself.
func (s *Stream) Uniform(lo, hi float64) float64 { return lo + (hi-lo)*s.Float64() }

// Bool returns true with probability one half.
func (s *Stream) Bool() bool { return s.Uint64()>>63 == 1 }

// IntN returns a uniform integer in [0,n) without bias (Lemire 2019). It panics
// if n <= 0.
func (s *Stream) IntN(n int) int {
	if n <= 0 {
		panic("rng: IntN needs n > 0")
	}
	un := uint64(n)
	hi, lo := bits.Mul64(s.Uint64(), un)
	if lo < un {
		for floor := -un % un; lo < floor; {
			hi, lo = bits.Mul64(s.Uint64(), un)
		}
	}
	return int(hi)
}

// Perm fills dst with a uniform permutation of 0..len(dst)-1 (Fisher-Yates, the
// inside-out form).
func (s *Stream) Perm(dst []int) {
	for i := range dst {
		j := s.IntN(i + 1)
		dst[i] = dst[j]
		dst[j] = i
	}
}
