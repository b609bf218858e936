package augmix

import "augmix/pixel"

// setScaled writes each pixel over 255 times weight. A table of the 256 results is
// faster than a conversion and a product for each value.
func setScaled(dst []float32, pix []uint8, weight float32) {
	t := scaledTable(weight)
	pix = pix[:len(dst)]
	for i := range dst {
		dst[i] = t[pix[i]]
	}
}

// mixedAtOnce is the number of chains that mixThree mixes in one pass: the default
// width. Other widths take a pass for each chain.
const mixedAtOnce = 3

// mixThree writes the weighted sum of an image and three chains over 255. It adds
// in the order of setScaled and addScaled, so that both ways give the same bits; one
// pass takes two thirds of their time.
func mixThree(dst []float32, pix []uint8, weight float32, chains [mixedAtOnce]*pixel.Image, weights [mixedAtOnce]float32) {
	t := scaledTable(weight)
	t0, t1, t2 := scaledTable(weights[0]), scaledTable(weights[1]), scaledTable(weights[2])
	n := len(dst)
	pix, p0, p1, p2 := pix[:n], chains[0].Pix[:n], chains[1].Pix[:n], chains[2].Pix[:n]
	for i := range dst {
		dst[i] = t[pix[i]] + t0[p0[i]] + t1[p1[i]] + t2[p2[i]]
	}
}

// addScaled adds each pixel over 255 times weight.
func addScaled(dst []float32, pix []uint8, weight float32) {
	t := scaledTable(weight)
	pix = pix[:len(dst)]
	for i := range dst {
		dst[i] += t[pix[i]]
	}
}

// scaledTable returns each 8-bit value over 255, times weight.
func scaledTable(weight float32) (t [256]float32) {
	for v := range t {
		t[v] = weight * unit[v]
	}
	return t
}

// unit holds each 8-bit value over 255.
var unit = func() (t [256]float32) {
	levels := pixel.New(256, 1, 1)
	for v := range levels.Pix {
		levels.Pix[v] = uint8(v)
	}
	pixel.Float32s(t[:], levels)
	return t
}()
