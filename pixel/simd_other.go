//go:build !amd64

package pixel

// Only amd64 has assembly.

func shearX(*Image, *Image, float64, uint8) bool { return false }

func shearY(*Image, *Image, float64, uint8) bool { return false }

func rotate(*Image, *Image, matrix, uint8) bool { return false }

func maskVectors(_, _ []uint8, _ uint8) int { return 0 }

func invertVectors(_, _ []uint8, _ uint8) int { return 0 }

func extremaVectors([]uint8, int) (n int, lo, hi [3]uint8) { return 0, [3]uint8{255, 255, 255}, hi }

func stretchVectors(_, _ []uint8, _ []contrast) int { return 0 }

func lookupVectors(_, _ []uint8, _ *table) int { return 0 }

func equalizeFast(*[256]uint8, *[256]uint32, uint, uint) bool { return false }

func countVectors(*[3][256]uint32, []uint8) int { return 0 }

func floatVectors([]float32, []uint8) int { return 0 }
