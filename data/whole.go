package data

import "augmix/pixel"

// WholeReader reads the test images of a dataset as they are before the middle of them
// is cut out: those of a Folder resized, so that the shorter side is somewhat longer
// than the dataset's, and others as they are. It is for one goroutine.
type WholeReader struct {
	set    Dataset
	reader Reader
	folder *folderReader // nil where images are not cut
}

// NewWholeReader returns a reader of set, or of the dataset that set is a part of.
func NewWholeReader(set Dataset) *WholeReader {
	w := &WholeReader{set: set, reader: wholeOf(set).NewReader(false)}
	w.folder, _ = w.reader.(*folderReader)
	return w
}

// Close frees the scratch memory.
func (w *WholeReader) Close() { w.reader.Close() }

// Read makes dst sample i, of a size of its own; dst.Pix is reused where it is large
// enough. Errors are those of the set's Reader.
func (w *WholeReader) Read(i int, dst *pixel.Image) error {
	width, height, channels := w.set.Size()
	original := Original(w.set, i)
	if w.folder == nil {
		resize(dst, width, height, channels)
		return w.reader.Read(original, dst, nil)
	}
	path := w.folder.folder.path(original)
	if err := w.folder.whole(dst, path, evaluationSide(width)); err != nil {
		return badFile(path, err)
	}
	return nil
}

// whole makes dst an image file's whole image with a shorter side of side pixels.
func (f *folderReader) whole(dst *pixel.Image, path string, side int) error {
	content, err := f.file.ReadFile(path)
	if err != nil {
		return err
	}
	w, h, err := f.file.Size(content)
	if err != nil {
		return err
	}
	if err := f.decode(content, w, h, side); err != nil {
		return err
	}
	w, h = pixel.ShortSide(w, h, side)
	resize(dst, w, h, 3)
	f.resizer.Resize(dst, &f.decoded, pixel.Bilinear)
	if cap(f.decoded.Pix) > maxKept {
		f.decoded = pixel.Image{}
	}
	return nil
}

// resize gives m another size; its pixels are undefined.
func resize(m *pixel.Image, w, h, c int) {
	if cap(m.Pix) < w*h*c {
		m.Pix = make([]uint8, w*h*c)
	}
	m.Pix, m.W, m.H, m.C = m.Pix[:w*h*c], w, h, c
}
