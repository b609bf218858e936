package benchmark

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"augmix/data"
	"augmix/pixel"
	"augmix/run"
)

// WriteCorruptions writes corruptions of clean images into a folder, in the layout of
// CIFAR-10-C, or of ImageNet-C where the clean images are those of a folder. Errors
// about files that are there are *ConflictError or *data.Error; a cancelled ctx gives
// its cause.
func WriteCorruptions(ctx context.Context, o Options) (Result, error) {
	w := &writer{Options: o, manifest: newManifest(o, corruptions)}
	width, height, channels := o.Clean.Size()
	var pieces []piece
	if w.manifest.Layout == arrays {
		pieces = append(pieces, w.labels(len(o.Severities)))
	}
	for _, name := range o.Names {
		var sets []data.Dataset
		for _, severity := range o.Severities {
			set, err := Corrupted(o.Clean, name, severity, o.Making)
			if err != nil {
				return Result{}, err
			}
			sets = append(sets, set)
			if w.manifest.Layout == folders {
				what := fmt.Sprintf("%s %d", name, severity)
				pieces = append(pieces, w.folder(fmt.Sprintf("%s/%d", name, severity), what, 1, func() saver { return newJPEGSaver(set) }))
			}
		}
		if w.manifest.Layout == arrays {
			pieces = append(pieces, w.array(name+".npy", name, []int{height, width, channels}, 1, sets...))
		}
	}
	return w.write(ctx, pieces)
}

// jpegSaver writes corrupted images as JPEG files.
type jpegSaver struct {
	reader *corruptingReader
	image  *pixel.Image
	file   []byte
}

func newJPEGSaver(set data.Dataset) *jpegSaver {
	return &jpegSaver{reader: set.NewReader(false).(*corruptingReader), image: pixel.New(set.Size())}
}

func (s *jpegSaver) save(i int, name string) (err error) {
	if s.file, err = s.reader.encode(s.file[:0], i, s.image); err != nil {
		return err
	}
	return saveFile(name+".JPEG", s.file)
}

func (s *jpegSaver) close() { s.reader.Close() }

// saveFile writes a file in a temporary folder, which PublishFolder syncs.
func saveFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return run.Remedied(err)
	}
	if err := os.WriteFile(path, content, 0o666); err != nil {
		return run.Remedied(err)
	}
	return nil
}
