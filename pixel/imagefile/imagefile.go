// Package imagefile reads photographs: 8-bit RGB images from JPEG and PNG files, as
// Pillow 13.0.0's Image.open(path).convert("RGB") gives them. The content decides
// what a file is, never its name: ImageNet has a PNG named .JPEG.
//
// A Reader never decodes an image partly: what it cannot give as a whole is an
// *Error, and a file that ends too early always is. Two things that Pillow accepts
// are errors here: JPEG data that libjpeg has to make up pixels for (see package
// jpeg), and greyscale PNGs of 16 bits, which Pillow turns white.
package imagefile

import (
	"augmix/pixel"
	"augmix/pixel/jpeg"
)

// Reader reads one image after the other and keeps its memory between them: for a
// JPEG nothing is allocated once its buffers are large enough. Its zero value is
// ready. It belongs to one goroutine, and Close must be called when it is no longer
// needed. Every error is an *Error and does not name the file: that is the caller's.
type Reader struct {
	jpeg jpeg.Decoder
	file file
	full pixel.Image // a whole PNG, of which a region is wanted
}

// Close frees the memory that is kept in C. The Reader may be used again.
func (r *Reader) Close() { r.jpeg.Close() }

// Size returns an image's width and height from its header alone.
func (r *Reader) Size(data []byte) (w, h int, err error) {
	switch kindOf(data) {
	case kindJPEG:
		w, h, err = r.jpeg.Size(data)
		return w, h, wrapJPEG(err)
	case kindPNG:
		head, err := pngHeader(data)
		return head.w, head.h, err
	}
	return 0, 0, notAnImage(data)
}

// Decode makes dst the whole image, w×h RGB. Its Pix is reused where it is large
// enough, and undefined after an error.
func (r *Reader) Decode(dst *pixel.Image, data []byte) error {
	switch kindOf(data) {
	case kindJPEG:
		return wrapJPEG(r.jpeg.Decode(dst, data))
	case kindPNG:
		return decodePNG(dst, data)
	}
	return notAnImage(data)
}

// Region makes dst the w×h pixels from (x, y) on: those that Decode gives, without
// decoding what they do not depend on. It does not look for damage below them. It
// panics unless the rectangle is inside the image, whose size Size tells.
func (r *Reader) Region(dst *pixel.Image, data []byte, x, y, w, h int) error {
	return r.RegionScaled(dst, data, x, y, w, h, 1)
}

// RegionScaled is Region at 1/denominator of the size, 1, 2, 4 or 8: libjpeg leaves
// out high frequencies instead of decoding and averaging them. It is faster and not
// equal to resizing what Region gives: where whole photographs of ImageNet are large
// enough for 1/2, decoding and resizing them to 224×224 takes two thirds of the time,
// and the values differ by 1 of 255 on average (TestFastDecode). Two in a hundred
// random crops are large enough. The rectangle is in coordinates of the full
// size; dst becomes ⌈(x+w)/denominator⌉-⌊x/denominator⌋ pixels wide and likewise
// high. For a PNG the denominator is ignored: dst's size tells.
//
// Where dst is then resized to a target, Denominator chooses the largest that keeps
// at least as many pixels as the target has, on both sides.
func (r *Reader) RegionScaled(dst *pixel.Image, data []byte, x, y, w, h, denominator int) error {
	switch kindOf(data) {
	case kindJPEG:
		return wrapJPEG(r.jpeg.RegionScaled(dst, data, x, y, w, h, denominator))
	case kindPNG:
		if err := decodePNG(&r.full, data); err != nil {
			return err
		}
		if x < 0 || y < 0 || w < 1 || h < 1 || x+w > r.full.W || y+h > r.full.H {
			panic("imagefile: the rectangle is not inside the image")
		}
		shape(dst, w, h)
		pixel.Crop(dst, &r.full, x, y)
		return nil
	}
	return notAnImage(data)
}

// Denominator returns the largest of 1, 2, 4 and 8 by which a w×h region may be
// scaled down and still be at least targetW×targetH.
func Denominator(w, h, targetW, targetH int) int {
	d := 8
	for d > 1 && (w/d < targetW || h/d < targetH) {
		d /= 2
	}
	return d
}
