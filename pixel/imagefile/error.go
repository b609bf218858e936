package imagefile

import (
	"bytes"
	"errors"
	"slices"

	"augmix/pixel"
	"augmix/pixel/jpeg"
)

// Error says why a file gives no image.
type Error struct {
	Reason string // what is wrong, as in "empty", "truncated JPEG" or "a GIF, not a JPEG or PNG image"
	Err    error  // the system's or the decoder's own words, or nil
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Reason
	}
	return e.Reason + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }

// kind is what the first bytes of a file say that it is.
type kind int

const (
	kindOther kind = iota
	kindJPEG
	kindPNG
)

const (
	startOfJPEG = "\xff\xd8\xff"
	startOfPNG  = "\x89PNG\r\n\x1a\n"
)

func kindOf(data []byte) kind {
	switch {
	case len(data) >= len(startOfJPEG) && string(data[:len(startOfJPEG)]) == startOfJPEG:
		return kindJPEG
	case len(data) >= len(startOfPNG) && string(data[:len(startOfPNG)]) == startOfPNG:
		return kindPNG
	}
	return kindOther
}

// Other formats that lie about in image folders, by how they begin.
var otherFormats = []struct{ start, name string }{
	{"GIF8", "a GIF"},
	{"BM", "a BMP"},
	{"II*\x00", "a TIFF"},
	{"MM\x00*", "a TIFF"},
	{"%PDF", "a PDF"},
	{"\x00\x00\x00\x0cJXL ", "a JPEG XL"},
	{"\xff\x0a", "a JPEG XL"},
	{"\x00\x00\x00\x0cjP  ", "a JPEG 2000"},
	{"\x1f\x8b", "a gzip archive"},
	{"PK\x03\x04", "a zip archive"},
	{"<!DOCTYPE", "an HTML page"},
	{"<html", "an HTML page"},
	{"<svg", "an SVG"},
}

// notAnImage says what data are that are neither a JPEG nor a PNG.
func notAnImage(data []byte) error {
	if len(data) == 0 {
		return &Error{Reason: "empty"}
	}
	if bytes.HasPrefix([]byte(startOfPNG), data) || bytes.HasPrefix([]byte(startOfJPEG), data) {
		return &Error{Reason: "truncated: it ends within the first bytes of an image"}
	}
	name := "something else"
	for _, f := range otherFormats {
		if bytes.HasPrefix(data, []byte(f.start)) {
			name = f.name
		}
	}
	switch {
	case len(data) >= 12 && bytes.HasPrefix(data, []byte("RIFF")) && string(data[8:12]) == "WEBP":
		name = "a WebP"
	case len(data) >= 12 && string(data[4:8]) == "ftyp":
		name = "an AVIF, HEIC or video"
	case name == "something else" && isText(data):
		name = "text"
	}
	return &Error{Reason: "not a JPEG or PNG image but " + name}
}

// isText reports whether the beginning of data is printable ASCII.
func isText(data []byte) bool {
	return !slices.ContainsFunc(data[:min(len(data), 256)], func(c byte) bool {
		return c >= 0x7f || c < ' ' && c != '\n' && c != '\r' && c != '\t'
	})
}

// wrapJPEG makes an *Error of what package jpeg returned.
func wrapJPEG(err error) error {
	if err == nil {
		return nil
	}
	reason := "damaged JPEG"
	if e, ok := errors.AsType[*jpeg.Error](err); ok {
		switch e.Kind {
		case jpeg.Truncated:
			reason = "truncated JPEG"
		case jpeg.Unsupported:
			reason = "JPEG of a kind that is not supported"
		case jpeg.TooLarge:
			reason = "JPEG over the limits"
		}
	}
	return &Error{Reason: reason, Err: err}
}

// shape makes m w×h RGB and keeps its memory where that is large enough.
func shape(m *pixel.Image, w, h int) {
	n := w * h * 3
	m.Pix = slices.Grow(m.Pix[:0], n)[:n]
	m.W, m.H, m.C = w, h, 3
}
