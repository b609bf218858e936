//go:build !amd64

package pixel

type packed struct{}

func (r *Resizer) rowsByVector(dst, src []uint8, stride, n, c int) bool { return false }

func columnsByVector(out, in []uint8, stride int, ws []int32) bool { return false }
