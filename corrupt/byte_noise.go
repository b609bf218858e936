package corrupt

import (
	"math"
	"sync"

	"augmix/rng"
)

// byteNoise is noise that acts on every value alone: for each of the 256 values of
// a clean image the distribution of the corrupted one. It is sampled by inversion,
// at one comparison or two a value, and true to the formula that it was made from
// but for 2^-31.
type byteNoise struct {
	upTo  [256][256]uint32 // upTo[v][k] is 2^31·P(result ≤ k) for a clean value of v
	first [256][256]uint8  // the least k for which upTo[v][k] > i·2^23
}

// newByteNoise returns the noise with the distribution functions cumulative, which
// fills p[k] with P(result ≤ k) for a clean value of v.
func newByteNoise(cumulative func(p *[256]float64, v int)) *byteNoise {
	n := new(byteNoise)
	var p [256]float64
	for v := range 256 {
		cumulative(&p, v)
		p[255] = 1
		for k := range p {
			n.upTo[v][k] = uint32(math.Round(p[k] * (1 << 31)))
		}
		k := 0
		for i := range n.first[v] {
			for n.upTo[v][k] <= uint32(i)<<23 {
				k++
			}
			n.first[v][i] = uint8(k)
		}
	}
	return n
}

// apply draws every value of dst; one draw of 64 bits serves two.
func (n *byteNoise) apply(dst, src []uint8, r *rng.Stream) {
	var i int
	for ; i+1 < len(src); i += 2 {
		u := r.Uint64()
		dst[i], dst[i+1] = n.draw(src[i], uint32(u>>33)), n.draw(src[i+1], uint32(u)>>1)
	}
	if i < len(src) {
		dst[i] = n.draw(src[i], uint32(r.Uint64()>>33))
	}
}

// draw inverts the distribution function at u of 31 bits.
func (n *byteNoise) draw(v uint8, u uint32) uint8 {
	upTo := &n.upTo[v]
	k := n.first[v][u>>23]
	for upTo[k] <= u {
		k++
	}
	return k
}

// byteNoises are the noises of a corruption's constants. Each is made when it is
// first asked for and then shared.
type byteNoises [len(sizes)][Severities]func() *byteNoise

func newByteNoises(l levels[float64], cumulative func(p *[256]float64, v int, level float64)) byteNoises {
	var noises byteNoises
	for t := range l {
		for s, level := range l[t] {
			noises[t][s] = sync.OnceValue(func() *byteNoise {
				return newByteNoise(func(p *[256]float64, v int) { cumulative(p, v, level) })
			})
		}
	}
	return noises
}

// normalBelow is the standard normal distribution function.
func normalBelow(x float64) float64 { return 0.5 * math.Erfc(-x/math.Sqrt2) }
