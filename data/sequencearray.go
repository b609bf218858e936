package data

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"augmix/pixel"
	"augmix/rng"
)

// sequenceArray is the sequences of a .npy file, which are read one by one: the
// published files have a gigabyte each.
type sequenceArray struct {
	Dataset // the clean images, for their labels
	path    string
	name    string
	frames  int
}

func openSequenceArray(path, name string, clean Dataset, frames int) (*sequenceArray, error) {
	s := &sequenceArray{Dataset: clean, path: path, name: name, frames: frames}
	n, err := s.open()
	if err != nil {
		return nil, err
	}
	s.frames = n.Shape[1]
	return s, n.Close()
}

// open opens the file and checks its shape.
func (s *sequenceArray) open() (*NPY, error) {
	n, err := OpenNPY(s.path)
	if err != nil {
		return nil, err
	}
	w, h, c := s.Dataset.Size()
	want := NPYHeader{Descr: "|u1", Shape: []int{s.Dataset.Len(), s.frames, h, w, c}}
	if s.frames == 0 && len(n.Shape) == len(want.Shape) {
		want.Shape[1] = max(n.Shape[1], 2)
	}
	if n.Descr != want.Descr || !slices.Equal(n.Shape, want.Shape) {
		n.Close()
		return nil, invalid(s.path, "holds %s of %s, want %s of %s: for each test image its frames",
			n.shapeText(), n.Descr, want.shapeText(), want.Descr)
	}
	return n, nil
}

func (s *sequenceArray) Name() string { return s.Dataset.Name() + ", " + s.name }
func (s *sequenceArray) Frames() int  { return s.frames }
func (s *sequenceArray) Size() (w, h, c int) {
	w, h, c = s.Dataset.Size()
	return w, h * s.frames, c
}
func (s *sequenceArray) Describe(i int) string { return fmt.Sprintf("sequence %d of %s", i, s.path) }

// Fingerprint covers the clean images, the perturbation and the file's form, not its
// content.
func (s *sequenceArray) Fingerprint() string { return sequencesFingerprint(s, s.Dataset, s.name) }

func sequencesFingerprint(s Sequences, clean Dataset, name string) string {
	w, h, c := s.Size()
	h256 := sha256.Sum256(fmt.Appendf(nil, "%s\nsequences %s %d of %dx%dx%d\n", clean.Fingerprint(), name, s.Frames(), h, w, c))
	return hex.EncodeToString(h256[:])
}

func (s *sequenceArray) NewReader(bool) Reader { return &sequenceArrayReader{set: s} }

type sequenceArrayReader struct {
	set  *sequenceArray
	file *NPY // opened by the first Read, which can return an error
}

func (r *sequenceArrayReader) Read(i int, dst *pixel.Image, _ *rng.Stream) error {
	if r.file == nil {
		n, err := r.set.open()
		if err != nil {
			return err
		}
		r.file = n
	}
	return r.file.ReadRows(dst.Pix, i)
}

func (r *sequenceArrayReader) Close() {
	if r.file != nil {
		r.file.Close() // It was only read.
		r.file = nil
	}
}
