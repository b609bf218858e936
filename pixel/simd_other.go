//go:build !amd64

package pixel

// Only amd64 has assembly.
func shearX(*Image, *Image, float64, uint8) bool { return false }
func shearY(*Image, *Image, float64, uint8) bool { return false }

func rotate(*Image, *Image, matrix, uint8) bool { return false }
