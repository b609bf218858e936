package augmix

// A mixture is the sum of weight/255 times the 8-bit values of each image, in float32:
// every quotient, product and sum is rounded, in the order of the images. It is within
// 1e-6 of the reference's, which rounds the values over 255 instead.

// mixedAtOnce is the number of chains that mixThree mixes in one pass: the default
// width. Other widths take a pass for each chain.
const mixedAtOnce = 3

// mixThree writes the weighted sum of an image and three chains. It adds in the order of
// setScaled and addScaled, so that both ways give the same bits.
func mixThree(dst []float32, image, chain0, chain1, chain2 []uint8, weights [1 + mixedAtOnce]float32) {
	for i := range weights {
		weights[i] /= 255
	}
	n := len(dst)
	image, chain0, chain1, chain2 = image[:n], chain0[:n], chain1[:n], chain2[:n]
	for i := mixVectors(dst, image, chain0, chain1, chain2, &weights); i < n; i++ {
		// The conversions keep a processor from fusing product and sum.
		sum := float32(weights[0] * float32(image[i]))
		sum += float32(weights[1] * float32(chain0[i]))
		sum += float32(weights[2] * float32(chain1[i]))
		dst[i] = sum + float32(weights[3]*float32(chain2[i]))
	}
}

// setScaled writes weight/255 times each value. A table of the products takes less time
// than a conversion and a product for each value.
func setScaled(dst []float32, pix []uint8, weight float32) {
	t := scaledTable(weight)
	pix = pix[:len(dst)]
	for i := range dst {
		dst[i] = t[pix[i]]
	}
}

// addScaled adds weight/255 times each value.
func addScaled(dst []float32, pix []uint8, weight float32) {
	t := scaledTable(weight)
	pix = pix[:len(dst)]
	for i := range dst {
		dst[i] += t[pix[i]]
	}
}

// scaledTable returns weight/255 times each 8-bit value.
func scaledTable(weight float32) (t [256]float32) {
	weight /= 255
	for v := range t {
		t[v] = weight * float32(v)
	}
	return t
}
