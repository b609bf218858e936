package data

import (
	"fmt"

	"augmix/pixel"
	"augmix/rng"
)

// ReadFiles reads image files as square images of a side: resized as a Folder's for
// evaluation are, or, below 64 pixels, until they just cover the square, and their
// centre cropped. An image that has that size already is not touched. The dataset
// has no classes and every label is 0. Errors are *Error.
func ReadFiles(paths []string, side int) (Dataset, error) {
	reader := &folderReader{folder: &Folder{}}
	defer reader.Close()
	f := &files{arrays{name: "images", w: side, h: side, c: 3, labels: make([]uint8, len(paths))}, paths}
	for _, path := range paths {
		m := pixel.New(side, side, 3)
		if err := reader.readFile(path, m); err != nil {
			return nil, badImage(path, err)
		}
		f.pixels = append(f.pixels, m.Pix...)
	}
	return f, nil
}

// readFile reads one image for ReadFiles.
func (f *folderReader) readFile(path string, dst *pixel.Image) error {
	content, err := f.file.ReadFile(path)
	if err != nil {
		return err
	}
	if err := f.file.Decode(&f.decoded, content); err != nil {
		return err
	}
	switch side := evaluationSide(dst.W); {
	case f.decoded.W == dst.W && f.decoded.H == dst.H:
		dst.CopyFrom(&f.decoded)
	case dst.W < 64:
		f.resizer.ResizeCrop(dst, &f.decoded, dst.W, pixel.Bilinear)
	default:
		f.resizer.ResizeCrop(dst, &f.decoded, side, pixel.Bilinear)
	}
	return nil
}

// files are the images of ReadFiles.
type files struct {
	arrays
	paths []string
}

func (f *files) Describe(i int) string { return f.paths[i] }

// KnownClasses returns the names of a dataset's classes where they are the same
// everywhere.
func KnownClasses(dataset string) (classes []string, ok bool) {
	if set, ok := cifarSets[dataset]; ok {
		return set.classes, true
	}
	switch dataset {
	case "shapes":
		return openShapes("test").Classes(), true
	case "imagenet":
		return ImageNetClasses(), true
	}
	return nil, false
}

// Named returns a dataset without images that has a name and classes.
func Named(name string, classes []string) Dataset {
	return &named{arrays{name: name, classes: classes}}
}

type named struct{ arrays }

func (n *named) NewReader(bool) Reader { return noImages{} }

type noImages struct{}

func (noImages) Read(i int, _ *pixel.Image, _ *rng.Stream) error {
	return fmt.Errorf("image %d of a dataset without images", i)
}
func (noImages) Close() {}
