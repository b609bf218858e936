package benchmark

import (
	"fmt"

	"augmix/corrupt"
	"augmix/data"
	"augmix/pixel"
	"augmix/pixel/jpeg"
	"augmix/rng"
)

// Seed is that of sets that are made on the fly, whatever a training run's seed is,
// and of written ones where nothing else is asked for.
const Seed = 0

// Making is what decides how the images of a benchmark are made.
type Making struct {
	Seed  uint64
	Frost []*pixel.Image // frost's textures; nil for the program's own
}

// corrupted is a clean set with a corruption applied to each image when it is read.
type corrupted struct {
	data.Dataset
	making   Making
	name     string
	severity int
}

// Corrupted returns clean with a corruption at a severity of 1 to 5. Where there are
// no published constants for images of its size it takes those for the nearest, which
// Making.Source says. Images of a folder of image files are compressed as those of
// ImageNet-C are.
func Corrupted(clean data.Dataset, name string, severity int, m Making) (data.Dataset, error) {
	c := &corrupted{Dataset: clean, making: m, name: name, severity: severity}
	_, err := c.corruptor()
	return c, err
}

func (c *corrupted) corruptor() (*corrupt.Corruptor, error) {
	w, h, _ := c.Size()
	return c.making.Corruptor(c.name, w, h)
}

// Corruptor returns the named corruption for images of w×h pixels.
func (m Making) Corruptor(name string, w, h int) (*corrupt.Corruptor, error) {
	if name == "frost" && m.Frost != nil {
		return corrupt.NewFrost(min(w, h), m.Frost)
	}
	return corrupt.New(name, min(w, h))
}

// Source says how images of a corruption are made of w×h pixels, and of which
// textures.
func (m Making) Source(name string, w, h int) string {
	return source(name, corruptions, m.Seed, w, h, m.Frost != nil)
}

// SequenceSource says how frames of w×h pixels of a perturbation are made.
func (m Making) SequenceSource(w, h int) string {
	return source("", perturbations, m.Seed, w, h, false)
}

// source says how images of one kind of a benchmark are made.
func source(name, benchmark string, seed uint64, w, h int, givenFrost bool) string {
	text := fmt.Sprintf("generated (seed %d", seed)
	near := corrupt.TableSize(min(w, h))
	if benchmark == perturbations {
		near = corrupt.PerturbationTableSize(min(w, h))
	}
	if w != near || h != near {
		text += fmt.Sprintf(", constants for %d pixels", near)
	}
	if name == "frost" && benchmark == corruptions {
		if givenFrost {
			text += ", given frost textures"
		} else {
			text += ", own frost textures"
		}
	}
	return text + ")"
}

// Name names the set with its corruption.
func (c *corrupted) Name() string {
	return fmt.Sprintf("%s, %s at severity %d", c.Dataset.Name(), c.name, c.severity)
}

// NewReader returns a reader whose images are the same on every worker.
func (c *corrupted) NewReader(train bool) data.Reader {
	corruptor, err := c.corruptor()
	if err != nil {
		panic(err) // The same call succeeded in Corrupted.
	}
	return &corruptingReader{
		Reader: c.Dataset.NewReader(train), set: c, corruptor: corruptor, clean: pixel.New(c.Size()), compress: data.IsFolder(c.Dataset.Name()),
	}
}

type corruptingReader struct {
	data.Reader
	set       *corrupted
	corruptor *corrupt.Corruptor
	clean     *pixel.Image
	compress  bool
	photo     photo
}

// corrupt makes dst image i, uncompressed.
func (c *corruptingReader) corrupt(i int, dst *pixel.Image, r *rng.Stream) error {
	if err := c.Reader.Read(i, c.clean, r); err != nil {
		return err
	}
	// Of a part of a set: what it is in the whole.
	draws := corrupt.Stream(c.set.name, c.set.making.Seed, c.set.severity, data.Original(c.set.Dataset, i))
	c.corruptor.Apply(dst, c.clean, c.set.severity, &draws)
	return nil
}

// Read makes dst image i.
func (c *corruptingReader) Read(i int, dst *pixel.Image, r *rng.Stream) error {
	if err := c.corrupt(i, dst, r); err != nil || !c.compress {
		return err
	}
	return c.photo.through(dst)
}

// encode appends image i to file as a JPEG file.
func (c *corruptingReader) encode(file []byte, i int, dst *pixel.Image) ([]byte, error) {
	if err := c.corrupt(i, dst, nil); err != nil {
		return file, err
	}
	return compress(file, dst), nil
}

func (c *corruptingReader) Close() {
	c.photo.decoder.Close()
	c.Reader.Close()
}

// quality is that of ImageNet-C's files, which are written with optimised Huffman
// tables: hendrycks/robustness, ImageNet-C/create_c/make_imagenet_c.py.
const quality = 85

// compress appends m to file as ImageNet-C's JPEG files are made.
func compress(file []byte, m *pixel.Image) []byte { return jpeg.Encode(file, m, quality, true) }

// photo compresses and decompresses images.
type photo struct {
	file    []byte
	decoded pixel.Image
	decoder jpeg.Decoder
}

// through makes m what is read from its JPEG file.
func (p *photo) through(m *pixel.Image) error {
	p.file = compress(p.file[:0], m)
	if err := p.decoder.Decode(&p.decoded, p.file); err != nil {
		return fmt.Errorf("libjpeg does not read what it wrote: %w", err)
	}
	copy(m.Pix, p.decoded.Pix)
	return nil
}
