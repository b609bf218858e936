package corrupt

// table says for which size of image a table of constants was published.
type table int

// sizes are the image sizes of the tables, in pixels: hendrycks/robustness,
// make_cifar_c.py, make_tinyimagenet_c.py, make_imagenet_c.py and
// make_imagenet_c_inception.py.
var sizes = [...]int{32, 64, 224, 299}

// levels holds a corruption's constants: for each size, its five severities.
type levels[T any] [len(sizes)][Severities]T

// nearest returns the table whose size differs least, the smaller of two.
func nearest(size int) table {
	best := 0
	for i, s := range sizes {
		if abs(s-size) < abs(sizes[best]-size) {
			best = i
		}
	}
	return table(best)
}

// TableSize returns the image size, in pixels, whose published constants New takes
// for images of the given size.
func TableSize(size int) int { return sizes[nearest(size)] }

func abs(x int) int { return max(x, -x) }

// fraction is the value in [0,1] of every 8-bit number. The division is the
// original's: a multiplication by 1/255 rounds differently.
var fraction = func() (f [256]float64) {
	for i := range f {
		f[i] = float64(i) / 255
	}
	return f
}()

// unit is fraction in float32.
var unit = func() (f [256]float32) {
	for i := range f {
		f[i] = float32(fraction[i])
	}
	return f
}()

// toByte clips x to [0,1] and truncates 255x, as the original's cast does.
func toByte(x float64) uint8 { return uint8(min(max(x, 0), 1) * 255) }
