package data

import (
	"bytes"
	"errors"
	"io/fs"

	"augmix/pixel"
	"augmix/pixel/imagefile"
	"augmix/rng"
)

// folderReader reads the images of a Folder.
type folderReader struct {
	folder  *Folder
	train   bool
	file    imagefile.Reader
	resizer pixel.Resizer
	decoded pixel.Image
}

// maxKept bounds the memory, in bytes, that a reader keeps for decoded images. It
// is enough for 20 megapixels; larger ones are rare and would stay for ever.
const maxKept = 64 << 20

func (f *Folder) NewReader(train bool) Reader { return &folderReader{folder: f, train: train} }

func (f *folderReader) Close() { f.file.Close() }

// Read reads sample i. Errors are *Error.
func (f *folderReader) Read(i int, dst *pixel.Image, r *rng.Stream) error {
	path := f.folder.path(i)
	if err := f.read(path, dst, r); err != nil {
		return badFile(path, err)
	}
	return nil
}

func (f *folderReader) read(path string, dst *pixel.Image, r *rng.Stream) error {
	content, err := f.file.ReadFile(path)
	if err != nil {
		return err
	}
	w, h, err := f.file.Size(content)
	if err != nil {
		return err
	}
	if f.train {
		crop := randomResizedCrop(w, h, r)
		err = f.training(dst, content, crop, r.Bool())
	} else {
		err = f.evaluation(dst, content, w, h)
	}
	if cap(f.decoded.Pix) > maxKept {
		f.decoded = pixel.Image{}
	}
	return err
}

// training makes dst the crop of an image resized, mirrored where flip says so.
func (f *folderReader) training(dst *pixel.Image, content []byte, crop window, flip bool) error {
	if err := f.crop(dst, content, crop); err != nil {
		return err
	}
	f.resizer.Resize(dst, &f.decoded, pixel.Bilinear)
	if flip {
		pixel.FlipH(dst, dst)
	}
	return nil
}

// The markers that a JPEG file begins and ends with. The latter occurs nowhere in
// the coded pixels, so that a file that was cut off there does not end with it.
var startOfJPEG, endOfJPEG = []byte{0xff, 0xd8}, []byte{0xff, 0xd9}

// crop decodes a crop of an image, at a reduced size where that is allowed and
// still more than dst's.
//
// What is below the crop is not decoded, so that damage there is found only by
// another crop. A file that is cut off is always found: one that does not end as it
// should is decoded to its end.
func (f *folderReader) crop(dst *pixel.Image, content []byte, crop window) error {
	if bytes.HasPrefix(content, startOfJPEG) && !bytes.HasSuffix(content, endOfJPEG) {
		if err := f.file.Decode(&f.decoded, content); err != nil {
			return err
		}
	}
	denominator := 1
	if f.folder.options.FastDecode {
		denominator = imagefile.Denominator(crop.w, crop.h, dst.W, dst.H)
	}
	return f.file.RegionScaled(&f.decoded, content, crop.x, crop.y, crop.w, crop.h, denominator)
}

// evaluation makes dst the centre of an image of w×h pixels resized.
func (f *folderReader) evaluation(dst *pixel.Image, content []byte, w, h int) error {
	side := evaluationSide(dst.W)
	if err := f.decode(content, w, h, side); err != nil {
		return err
	}
	f.resizer.ResizeCrop(dst, &f.decoded, side, pixel.Bilinear)
	return nil
}

// decode decodes an image of w×h pixels, whose shorter side becomes side pixels.
func (f *folderReader) decode(content []byte, w, h, side int) error {
	if f.folder.options.FastDecode {
		return f.file.RegionScaled(&f.decoded, content, 0, 0, w, h, imagefile.Denominator(w, h, side, side))
	}
	return f.file.Decode(&f.decoded, content)
}

// ReadImage reads one image file, as the images of a Folder are read but as a
// whole. Errors are *Error.
func ReadImage(path string) (*pixel.Image, error) {
	var r imagefile.Reader
	defer r.Close()
	content, err := r.ReadFile(path)
	if err != nil {
		return nil, badImage(path, err)
	}
	m := &pixel.Image{}
	if err := r.Decode(m, content); err != nil {
		return nil, badImage(path, err)
	}
	return m, nil
}

// badFile returns the Error for a file of a Folder that is no image.
func badFile(path string, err error) *Error {
	e := badImage(path, err)
	e.Remedy = "Put the file right or remove it, or pass over such files with --on-bad-sample skip."
	return e
}

// badImage returns the Error for a file that is no image.
func badImage(path string, err error) *Error {
	e := &Error{Kind: Invalid, Path: path, Reason: err.Error()}
	if why, ok := errors.AsType[*imagefile.Error](err); ok {
		e.Reason, e.Err = why.Reason, why.Err
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		e.Kind = Missing
	}
	return e
}
