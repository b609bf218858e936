package jpeg

// #cgo noescape jpeg_decoder_header
// #cgo nocallback jpeg_decoder_header
// #cgo noescape jpeg_decoder_region
// #cgo nocallback jpeg_decoder_region
// #include "decoder.h"
import "C"

import (
	"slices"
	"unsafe"

	"augmix/pixel"
)

// Decoder decodes one image after the other; it allocates no Go memory once the
// destination is large enough. Its zero value is ready. It is not safe for concurrent use, and Close must be called when
// it is no longer needed.
type Decoder struct {
	c      *C.jpeg_decoder
	report *C.jpeg_report
}

// Close frees the memory that is kept in C. The Decoder may be used again.
func (d *Decoder) Close() {
	C.jpeg_decoder_free(d.c)
	d.c, d.report = nil, nil
}

// Size returns the width and height that an image's header says. An error is an
// *Error.
func (d *Decoder) Size(data []byte) (w, h int, err error) {
	d.open()
	if len(data) == 0 {
		return 0, 0, &Error{Truncated, "there are no data"}
	}
	kind := C.jpeg_decoder_header(d.c, (*C.uchar)(unsafe.SliceData(data)), C.size_t(len(data)))
	if kind != C.jpeg_ok {
		return 0, 0, d.failure(kind)
	}
	return int(d.report.width), int(d.report.height), nil
}

// Decode makes dst the whole image as RGB, as Pillow's convert("RGB") gives it:
// grey values three times, CMYK and YCCK taken as Adobe's inverted ones. Its Pix is
// reused where it is large enough. The data are read to their end marker. An error
// is an *Error; it leaves dst's pixels undefined.
func (d *Decoder) Decode(dst *pixel.Image, data []byte) error {
	w, h, err := d.Size(data)
	if err != nil {
		return err
	}
	return d.region(dst, data, 0, 0, w, h, 1, 1)
}

// Region makes dst the w×h pixels from (x, y) on, the same that Decode gives there.
// Rows below them are not read, so damage there is not found (nor does it change
// these pixels). It panics where the rectangle is not inside the image.
func (d *Decoder) Region(dst *pixel.Image, data []byte, x, y, w, h int) error {
	return d.RegionScaled(dst, data, x, y, w, h, 1)
}

// RegionScaled is Region with the image scaled by 1/denominator (1, 2, 4 or 8)
// while it is decoded, which leaves out most of the work. The rectangle is in
// coordinates of the full size; dst becomes the smallest rectangle of scaled pixels
// that covers it, ⌈(x+w)/denominator⌉-⌊x/denominator⌋ wide.
func (d *Decoder) RegionScaled(dst *pixel.Image, data []byte, x, y, w, h, denominator int) error {
	switch denominator {
	case 1, 2, 4, 8:
	default:
		panic("jpeg: RegionScaled needs a denominator of 1, 2, 4 or 8")
	}
	if x < 0 || y < 0 || w < 1 || h < 1 || w > MaxPixels || h > MaxPixels || x > MaxPixels || y > MaxPixels {
		panic("jpeg: the rectangle is not inside the image")
	}
	left, top := x/denominator, y/denominator
	right, bottom := (x+w+denominator-1)/denominator, (y+h+denominator-1)/denominator
	return d.region(dst, data, left, top, right-left, bottom-top, denominator, 0)
}

func (d *Decoder) region(dst *pixel.Image, data []byte, x, y, w, h, denominator, whole int) error {
	d.open()
	if len(data) == 0 {
		return &Error{Truncated, "there are no data"}
	}
	n := w * h * 3
	dst.Pix = slices.Grow(dst.Pix[:0], n)[:n]
	dst.W, dst.H, dst.C = w, h, 3
	kind := C.jpeg_decoder_region(d.c, (*C.uchar)(unsafe.SliceData(data)), C.size_t(len(data)),
		C.uint(x), C.uint(y), C.uint(w), C.uint(h), C.uint(denominator), C.int(whole),
		(*C.uchar)(unsafe.SliceData(dst.Pix)))
	switch kind {
	case C.jpeg_ok:
		return nil
	case C.jpeg_outside:
		panic("jpeg: the rectangle is not inside the image")
	}
	return d.failure(kind)
}

// open makes the C object of a zero Decoder.
func (d *Decoder) open() {
	if d.c != nil {
		return
	}
	d.c = C.jpeg_decoder_new()
	if d.c == nil {
		panic("jpeg: there is no memory for libjpeg")
	}
	d.report = C.jpeg_decoder_report(d.c)
}

func (d *Decoder) failure(kind C.int) error {
	return &Error{Kind(kind), C.GoString(&d.report.message[0])}
}
