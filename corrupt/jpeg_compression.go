package corrupt

import (
	"runtime"

	"augmix/pixel"
	"augmix/pixel/jpeg"
	"augmix/rng"
)

// jpegCompressionLevels are libjpeg's qualities.
var jpegCompressionLevels = levels[int]{
	{80, 65, 58, 50, 40},
	{65, 58, 50, 40, 25},
	{25, 18, 15, 10, 7},
	{23, 16, 13, 8, 5},
}

type jpegCompression struct {
	qualities [Severities]int
	data      []byte
	decoded   pixel.Image
	decoder   *jpeg.Decoder
}

func newJPEGCompression(t table) corruption {
	j := &jpegCompression{qualities: jpegCompressionLevels[t], decoder: new(jpeg.Decoder)}
	runtime.AddCleanup(j, (*jpeg.Decoder).Close, j.decoder)
	return j
}

// apply compresses and decompresses as Pillow does.
func (j *jpegCompression) apply(dst, src *pixel.Image, severity int, _ *rng.Stream) {
	j.data = jpeg.Encode(j.data[:0], src, j.qualities[severity], false)
	if err := j.decoder.Decode(&j.decoded, j.data); err != nil {
		panic("corrupt: libjpeg does not read what it wrote: " + err.Error())
	}
	if dst.C == 3 {
		copy(dst.Pix, j.decoded.Pix)
		return
	}
	for i := range dst.Pix {
		dst.Pix[i] = j.decoded.Pix[3*i]
	}
}
