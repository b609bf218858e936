package pixel

// Float32s writes src's values over 255, each the float32 nearest to the quotient,
// as torchvision's ToTensor does. It panics unless dst has as many values as src.
func Float32s(dst []float32, src *Image) {
	if len(dst) != len(src.Pix) {
		panic("pixel: the destination does not have the image's number of values")
	}
	for i := floatVectors(dst, src.Pix); i < len(dst); i++ {
		dst[i] = unit[src.Pix[i]]
	}
}

// unit holds each 8-bit value over 255.
var unit = func() (t [256]float32) {
	for v := range t {
		t[v] = float32(v) / 255
	}
	return t
}()
