package jpeg

// #cgo noescape jpeg_encode
// #cgo nocallback jpeg_encode
// #include <stdlib.h>
// #include "encoder.h"
import "C"

import (
	"unsafe"

	"augmix/pixel"
)

// Encode appends src as a JPEG image to dst and returns it: the bytes of Pillow's
// save(format="JPEG", quality=quality, optimize=optimize), baseline with 4:2:0
// chroma. It panics unless quality is 1 to 100 and no side is over 65,500 pixels.
func Encode(dst []byte, src *pixel.Image, quality int, optimize bool) []byte {
	if quality < 1 || quality > 100 {
		panic("jpeg: Encode needs a quality of 1 to 100")
	}
	var tables C.int
	if optimize {
		tables = 1
	}
	var out *C.uchar
	n := C.jpeg_encode((*C.uchar)(unsafe.SliceData(src.Pix)), C.uint(src.W), C.uint(src.H), C.int(src.C), C.int(quality), tables, &out)
	if n == 0 {
		panic("jpeg: the image is too large to encode")
	}
	defer C.free(unsafe.Pointer(out))
	return append(dst, unsafe.Slice((*byte)(out), n)...)
}
