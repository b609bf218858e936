package data

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"augmix/weights"
)

// read checks one file and writes its images, interleaved, and labels.
//
// The structure is checked before the digest, to say what is wrong where it can be
// said. The digest decides: a well-formed file of other content is not the set of
// that name, figures made with it could not be compared with anybody's, and the
// run would say nothing about it. There is no way around it for files that are not
// the published ones.
func (s *cifarSet) read(l *cifarLayout, f cifarFile, path string, pixels, labels []uint8) error {
	info, err := os.Stat(path)
	if err != nil {
		return cannotRead(path, err)
	}
	if !info.Mode().IsRegular() {
		return invalid(path, "is not a regular file")
	}
	var raw []byte // planar images
	var sum string
	if l.binary {
		raw, sum, err = s.readBinary(f, path, info.Size(), labels)
	} else {
		raw, sum, err = s.readPython(f, path, info.Size(), labels)
	}
	if err != nil {
		return err
	}
	if sum != f.digest {
		return s.wrongDigest(f, path, sum)
	}
	for i := range labels {
		interleave(pixels[i*cifarImage:(i+1)*cifarImage], raw[i*cifarImage:])
	}
	return nil
}

// readBinary reads records of a coarse label (CIFAR-100 only), a label and a
// planar image (the dataset's page, "Binary version"). It returns the images one
// behind the other and the file's digest.
func (s *cifarSet) readBinary(f cifarFile, path string, size int64, labels []uint8) ([]byte, string, error) {
	if size != f.size {
		return nil, "", wrongSize(f, path, size)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, "", cannotRead(path, err)
	}
	sum := newDigest(f.digest)
	sum.Write(raw)
	if err := s.parseBinary(raw, labels); err != nil {
		return nil, "", invalid(path, "%v", err)
	}
	return raw[:len(labels)*cifarImage], hex.EncodeToString(sum.Sum(nil)), nil
}

// parseBinary takes the labels out of len(labels) records and moves the images of
// raw together at its front.
func (s *cifarSet) parseBinary(raw []byte, labels []uint8) error {
	head := 1
	if s.coarse > 0 {
		head = 2
	}
	record := head + cifarImage
	if len(raw) != len(labels)*record {
		return fmt.Errorf("has %d bytes, not the %d of %d images of %s", len(raw), len(labels)*record, len(labels), s.title)
	}
	for i := range labels {
		r := raw[i*record : (i+1)*record]
		if s.coarse > 0 && int(r[0]) >= s.coarse {
			return fmt.Errorf("image %d has the coarse label %d, but %s has superclasses 0 to %d", i, r[0], s.title, s.coarse-1)
		}
		if int(r[head-1]) >= len(s.classes) {
			return fmt.Errorf("image %d has the label %d, but %s has classes 0 to %d", i, r[head-1], s.title, len(s.classes)-1)
		}
		labels[i] = r[head-1]
		copy(raw[i*cifarImage:], r[head:])
	}
	return nil
}

// readPython reads a pickled batch. It returns the images one behind the other
// and the file's digest.
func (s *cifarSet) readPython(f cifarFile, path string, size int64, labels []uint8) ([]byte, string, error) {
	b, err := weights.ReadCIFARBatch(path)
	if err != nil {
		e := invalid(path, "is not the %s file of this name", s.title)
		if size != f.size {
			e = invalid(path, "has %d bytes, the published file has %d", size, f.size)
		}
		if cause, ok := errors.AsType[*weights.Error](err); ok {
			// The path is in front already.
			bare := *cause
			bare.Path = ""
			err = &bare
		}
		e.Err = err
		return nil, "", e
	}
	switch {
	case (b.Coarse != nil) != (s.coarse > 0):
		other := "CIFAR-100"
		if s.coarse > 0 {
			other = "CIFAR-10"
		}
		return nil, "", invalid(path, "has the labels of %s, not of %s", other, s.title)
	case len(b.Labels) != len(labels):
		return nil, "", invalid(path, "has %d images, the published file has %d", len(b.Labels), len(labels))
	}
	copy(labels, b.Labels)

	file, err := os.Open(path)
	if err != nil {
		return nil, "", cannotRead(path, err)
	}
	defer file.Close()
	sum := newDigest(f.digest)
	if _, err := io.Copy(sum, file); err != nil {
		return nil, "", cannotRead(path, err)
	}
	return b.Data, hex.EncodeToString(sum.Sum(nil)), nil
}

// interleave turns three planes of 32×32 bytes into RGB pixels.
func interleave(dst, src []uint8) {
	r, g, b := src[:cifarPlane], src[cifarPlane:2*cifarPlane], src[2*cifarPlane:cifarImage]
	dst = dst[:cifarImage]
	for i := range r {
		dst[3*i], dst[3*i+1], dst[3*i+2] = r[i], g[i], b[i]
	}
}

// newDigest returns the hash that a published digest is of.
func newDigest(published string) hash.Hash {
	if len(published) == 2*md5.Size {
		return md5.New()
	}
	return sha256.New()
}

// wrongSize says how a file's size differs and what that often means.
func wrongSize(f cifarFile, path string, size int64) *Error {
	e := invalid(path, "has %d bytes, the published file has %d", size, f.size)
	if size < f.size {
		e.Reason += "; it was probably cut off when it was downloaded or unpacked"
	}
	return e
}

// wrongDigest says that a well-formed file is not the published one, and which
// one it is if it is another.
func (s *cifarSet) wrongDigest(f cifarFile, path, sum string) *Error {
	for _, set := range cifarSets {
		for _, l := range set.layouts {
			for _, files := range [][]cifarFile{l.train, l.test} {
				for _, known := range files {
					if known.digest == sum {
						return invalid(path, "is the file %s of %s under another name", known.name, set.title)
					}
				}
			}
		}
	}
	algorithm := "md5"
	if len(f.digest) > 2*md5.Size {
		algorithm = "SHA-256"
	}
	return invalid(path, "has the form of %s and another content: its %s is %s, the published file's is %s",
		s.title, algorithm, sum, f.digest)
}
