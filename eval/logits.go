package eval

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"augmix/data"
	"augmix/run"
)

// Logits are kept as NumPy's arrays in a folder of each network: labels.npy, int64 [n], and for each set clean.npy or
// CORRUPTION-SEVERITY.npy, float32 [n, classes], in the order of the images. The row of an image that could not be read
// is NaN.

// saveLabels writes labels.npy into every folder, which it makes.
func saveLabels(folders []string, set data.Dataset) error {
	labels := make([]byte, 0, 8*set.Len())
	for i := range set.Len() {
		labels = binary.LittleEndian.AppendUint64(labels, uint64(set.Label(i)))
	}
	for _, dir := range folders {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return fmt.Errorf("a folder for the logits: %w", err)
		}
		err := run.WriteFile(filepath.Join(dir, "labels.npy"), func(w io.Writer) error {
			return data.WriteNPY(w, data.NPYHeader{Descr: "<i8", Shape: []int{set.Len()}}, labels)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// saveLogits calls write with a file for the logits of one set in every folder, their headers written. The files appear
// when write has returned without an error.
func saveLogits(folders []string, set string, n, classes int, write func(files []io.Writer) error) error {
	header, err := data.NPYHeader{Descr: "<f4", Shape: []int{n, classes}}.Encode()
	if err != nil {
		return err
	}
	var open func(folders []string, files []io.Writer) error
	open = func(folders []string, files []io.Writer) error {
		if len(folders) == 0 {
			return write(files)
		}
		var failed error // of the networks or the images, which has nothing to do with the file
		path := filepath.Join(folders[0], strings.ReplaceAll(set, " ", "-")+".npy")
		err := run.WriteFile(path, func(w io.Writer) error {
			if _, err := w.Write(header); err != nil {
				return err
			}
			failed = open(folders[1:], append(files, w))
			return failed
		})
		if failed != nil {
			return failed
		}
		return err
	}
	return open(folders, nil)
}

// rowWriters write the rows of the networks' logits, and NaN in place of those that are missing.
type rowWriters struct {
	files   []io.Writer
	classes int
	next    int // the image that the next row is of
	bytes   []byte
}

func newRowWriters(files []io.Writer, classes int) *rowWriters {
	return &rowWriters{files: files, classes: classes}
}

// write takes a batch.
func (r *rowWriters) write(o Outputs) error {
	if len(r.files) == 0 {
		return nil
	}
	for i, index := range o.Index {
		if err := r.missing(index); err != nil {
			return err
		}
		for k, file := range r.files {
			if err := r.row(file, o.Logits[k][i*r.classes:(i+1)*r.classes]); err != nil {
				return err
			}
		}
		r.next++
	}
	return nil
}

// missing writes rows of NaN up to image n.
func (r *rowWriters) missing(n int) error {
	if len(r.files) == 0 || r.next >= n {
		return nil
	}
	none := make([]float32, r.classes)
	for k := range none {
		none[k] = float32(math.NaN())
	}
	for ; r.next < n; r.next++ {
		for _, file := range r.files {
			if err := r.row(file, none); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *rowWriters) row(file io.Writer, row []float32) error {
	r.bytes = r.bytes[:0]
	for _, v := range row {
		r.bytes = binary.LittleEndian.AppendUint32(r.bytes, math.Float32bits(v))
	}
	_, err := file.Write(r.bytes)
	return err
}
