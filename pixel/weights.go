package pixel

// precision is the number of fractional bits of the weights: 32 bits less 8 of a
// value and 2 for overflow (Resample.c); half is what rounds a sum.
const (
	precision       = 32 - 8 - 2
	half      int32 = 1 << (precision - 1)
)

// weights holds, for each output position of one axis, the first source position
// and the fixed-point weights of those from there on.
type weights struct {
	first, count []int
	values       []int32 // stride apart, zero after count
	stride       int     // the largest count
	buf          []float64
	packed       packed
}

// span is a range of positions, without its end.
type span struct{ first, end int }

// set computes the weights of n output positions, from the one at from on, of a
// length in that is resized to a length out. It returns the source positions that
// have weights; k.first counts from their first.
func (k *weights) set(in, out, from, n int, f Filter) span {
	scale := float64(in) / float64(out)
	stretch := max(scale, 1)
	support := f.support * stretch
	inverse := 1 / stretch
	k.first, k.count = grow(k.first, n), grow(k.count, n)
	k.stride = 0
	for i := range n {
		centre := float64((float64(from+i) + 0.5) * scale)
		first := max(int(centre-support+0.5), 0)
		count := min(int(centre+support+0.5), in) - first
		k.first[i], k.count[i] = first, count
		k.stride = max(k.stride, count)
	}
	k.values, k.buf = grow(k.values, n*k.stride), grow(k.buf, k.stride)
	for i := range n {
		centre := float64((float64(from+i) + 0.5) * scale)
		values := k.values[i*k.stride : (i+1)*k.stride]
		buf := k.buf[:k.count[i]]
		var sum float64
		for j := range buf {
			w := f.weight((float64(j+k.first[i]) - centre + 0.5) * inverse)
			buf[j] = w
			sum += w
		}
		for j, w := range buf {
			if sum != 0 {
				w /= sum
			}
			values[j] = int32(0.5 + float64(w*(1<<precision)))
		}
		clear(values[len(buf):])
	}
	used := span{k.first[0], k.first[n-1] + k.count[n-1]}
	for i := range k.first {
		k.first[i] -= used.first
	}
	return used
}

// grow returns a slice of length n, the given one where it is large enough.
func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// clip8 drops the fractional bits and clips to 8 bits.
func clip8(sum int32) uint8 { return uint8(min(max(sum>>precision, 0), 255)) }
