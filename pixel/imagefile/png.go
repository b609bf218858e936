package imagefile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"

	"augmix/pixel"
	"augmix/pixel/jpeg"
)

// header is what a PNG says about itself in its first chunk (PNG specification,
// 11.2.2 IHDR).
type header struct {
	w, h        int
	depth, kind byte // bits a sample; colour type
}

const greyPNG = 0 // colour type

var channelsOfPNG = map[byte]int{greyPNG: 1, 2: 3, 3: 1, 4: 2, 6: 4}

// maxDeflate is how many times smaller deflate can make data: 258 bytes from two bits.
const maxDeflate = 1032

// pngHeader reads the header and checks what it promises before anything is
// allocated for it.
func pngHeader(data []byte) (header, error) {
	const length = len(startOfPNG) + 4 + 4 + 13 // signature, length and name of the chunk, its content
	if len(data) < length {
		return header{}, &Error{Reason: "truncated PNG"}
	}
	b := data[len(startOfPNG):]
	if binary.BigEndian.Uint32(b) != 13 || string(b[4:8]) != "IHDR" {
		return header{}, &Error{Reason: "damaged PNG", Err: errors.New("it does not begin with a header of 13 bytes")}
	}
	w, h := binary.BigEndian.Uint32(b[8:]), binary.BigEndian.Uint32(b[12:])
	head := header{int(w), int(h), b[16], b[17]}
	channels := channelsOfPNG[head.kind]
	switch {
	case w == 0 || h == 0 || w > 1<<31-1 || h > 1<<31-1 || channels == 0:
		return header{}, &Error{Reason: "damaged PNG", Err: fmt.Errorf("a header of %d×%d pixels, colour type %d", w, h, head.kind)}
	case head.w > jpeg.MaxPixels/head.h:
		return header{}, &Error{Reason: "PNG over the limits", Err: fmt.Errorf("%d×%d pixels are more than %d", w, h, jpeg.MaxPixels)}
	case head.kind == greyPNG && head.depth == 16:
		return header{}, &Error{Reason: "greyscale PNG of 16 bits; convert it to 8"}
	}
	if raw := (head.w*int(head.depth)*channels + 7) / 8 * head.h; raw > len(data)*maxDeflate {
		return header{}, &Error{Reason: "truncated PNG", Err: fmt.Errorf("%d bytes cannot hold %d×%d pixels", len(data), w, h)}
	}
	return head, nil
}

// decodePNG makes dst the whole image: palettes looked up, alpha dropped, the high
// byte of 16-bit colours.
func decodePNG(dst *pixel.Image, data []byte) error {
	head, err := pngHeader(data)
	if err != nil {
		return err
	}
	src, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return &Error{Reason: "truncated PNG"}
		}
		return &Error{Reason: "damaged PNG", Err: err}
	}
	shape(dst, head.w, head.h)
	var palette [256]color.NRGBA
	if m, ok := src.(*image.Paletted); ok {
		for i, c := range m.Palette {
			// Opaque or an NRGBA: the colours are kept whatever the alpha.
			palette[i] = color.NRGBAModel.Convert(c).(color.NRGBA)
		}
	}
	for y := range head.h {
		out := dst.Pix[y*head.w*3 : (y+1)*head.w*3]
		switch m := src.(type) {
		case *image.Gray:
			for x, v := range m.Pix[y*m.Stride : y*m.Stride+head.w] {
				out[3*x], out[3*x+1], out[3*x+2] = v, v, v
			}
		case *image.RGBA: // without alpha
			everyThird(out, m.Pix[y*m.Stride:], 4, 1)
		case *image.NRGBA:
			everyThird(out, m.Pix[y*m.Stride:], 4, 1)
		case *image.RGBA64: // without alpha
			everyThird(out, m.Pix[y*m.Stride:], 8, 2)
		case *image.NRGBA64:
			everyThird(out, m.Pix[y*m.Stride:], 8, 2)
		case *image.Paletted:
			for x, i := range m.Pix[y*m.Stride : y*m.Stride+head.w] {
				out[3*x], out[3*x+1], out[3*x+2] = palette[i].R, palette[i].G, palette[i].B
			}
		default:
			return &Error{Reason: fmt.Sprintf("PNG of a kind that is not supported (%T)", src)}
		}
	}
	return nil
}

// everyThird copies the first bytes of three samples, step bytes apart, from pixels
// of size bytes.
func everyThird(out, in []byte, size, step int) {
	for ; len(out) >= 3; out, in = out[3:], in[size:] {
		out[0], out[1], out[2] = in[0], in[step], in[2*step]
	}
}
