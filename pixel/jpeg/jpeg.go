// Package jpeg is the one door to libjpeg: it decodes and encodes 8-bit JPEG images
// with the pixels and the bytes that Pillow 13.0.0 gives (accurate DCT, smooth
// chroma upsampling; 4:2:0 when encoding). It is compiled against Debian's
// libjpeg-dev, which is libjpeg-turbo.
//
// What is decoded is bounded whatever the file says: at most 178,956,970 pixels
// (where Pillow suspects a decompression bomb), 500 scans, and 1 GiB of libjpeg's
// own memory. A libjpeg error never leaves C, and its warnings are errors, because
// they stand for pixels that were made up (a grey bottom, say). Three kinds that
// leave no pixel in doubt pass, as they do in Pillow: unknown JFIF versions or Adobe
// colour codes, unused parameters of a sequential scan, and stray bytes before the
// first scan or after the last.
package jpeg

// #cgo LDFLAGS: -ljpeg
// #include "decoder.h"
import "C"

// MaxPixels is how many pixels an image may have: more are an error in Pillow.
const MaxPixels = C.JPEG_MAX_PIXELS

// Error says why an image is not decoded.
type Error struct {
	Kind    Kind
	Message string // libjpeg's, or which limit is exceeded
}

func (e *Error) Error() string { return e.Message }

// Kind is a reason for not decoding an image.
type Kind int

const (
	Truncated   Kind = C.jpeg_truncated   // the data end before the image does
	Damaged     Kind = C.jpeg_damaged     // the data contradict the format
	Unsupported Kind = C.jpeg_unsupported // arithmetic coding, lossless, more than 8 bits …
	TooLarge    Kind = C.jpeg_too_large   // pixels, scans or memory over the limit
)

// Version names the library and the version whose header this program was compiled
// with, as in "libjpeg-turbo 2.1.5".
func Version() string { return C.GoString(C.jpeg_version()) }
