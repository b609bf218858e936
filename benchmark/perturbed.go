package benchmark

import (
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"

	"augmix/corrupt"
	"augmix/data"
	"augmix/pixel"
	"augmix/rng"
	"augmix/run"
)

// perturbed is the sequences of a perturbation, made when they are read.
type perturbed struct {
	data.Dataset // the clean images
	making       Making
	name         string
	frames       int
}

// Perturbed returns the sequences of a perturbation of clean images. Where there are no
// published constants for images of their size it takes those for the nearest.
func Perturbed(clean data.Dataset, name string, m Making) (data.Sequences, error) {
	p := &perturbed{Dataset: clean, making: m, name: name}
	perturber, err := p.perturber()
	if err != nil {
		return nil, err
	}
	p.frames = perturber.Frames()
	return p, nil
}

func (p *perturbed) perturber() (*corrupt.Perturber, error) {
	w, h, _ := p.Dataset.Size()
	return corrupt.NewPerturber(p.name, min(w, h))
}

// Name names the set with its perturbation.
func (p *perturbed) Name() string { return p.Dataset.Name() + ", " + p.name }

// Frames returns the number of frames of a sequence.
func (p *perturbed) Frames() int { return p.frames }

// Size returns that of a sequence, whose frames lie one below the other.
func (p *perturbed) Size() (w, h, c int) {
	w, h, c = p.Dataset.Size()
	return w, h * p.frames, c
}

// NewReader returns a reader whose sequences are the same on every worker.
func (p *perturbed) NewReader(bool) data.Reader {
	perturber, err := p.perturber()
	if err != nil {
		panic(err) // The same call succeeded in Perturbed.
	}
	return &perturbingReader{set: p, whole: data.NewWholeReader(p.Dataset), perturber: perturber}
}

type perturbingReader struct {
	set       *perturbed
	whole     *data.WholeReader
	perturber *corrupt.Perturber
	image     pixel.Image
}

// Read makes dst the sequence of image i.
func (p *perturbingReader) Read(i int, dst *pixel.Image, _ *rng.Stream) error {
	if err := p.whole.Read(i, &p.image); err != nil {
		return err
	}
	draws := corrupt.PerturbationStream(p.set.name, p.set.making.Seed, data.Original(p.set.Dataset, i))
	p.perturber.Apply(dst, &p.image, &draws)
	return nil
}

func (p *perturbingReader) Close() { p.whole.Close() }

// frameSaver writes the frames of sequences as PNG files 00.png, 01.png, … in a folder
// of the image's name.
type frameSaver struct {
	reader   data.Reader
	sequence *pixel.Image
	frames   int
}

func newFrameSaver(set data.Sequences) *frameSaver {
	return &frameSaver{reader: set.NewReader(false), sequence: pixel.New(set.Size()), frames: set.Frames()}
}

func (s *frameSaver) save(i int, name string) error {
	if err := s.reader.Read(i, s.sequence, nil); err != nil {
		return err
	}
	if err := os.MkdirAll(name, 0o777); err != nil {
		return run.Remedied(err)
	}
	all := s.sequence.ToNRGBA()
	h := s.sequence.H / s.frames
	for j := range s.frames {
		frame := all.SubImage(image.Rect(0, j*h, s.sequence.W, (j+1)*h))
		if err := savePNG(filepath.Join(name, fmt.Sprintf("%02d.png", j)), frame); err != nil {
			return err
		}
	}
	return nil
}

// savePNG writes a file in a temporary folder, which PublishFolder syncs.
func savePNG(path string, m image.Image) error {
	f, err := os.Create(path)
	if err != nil {
		return run.Remedied(err)
	}
	// The frames are many; the fastest compression takes a third of the time.
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	err = encoder.Encode(f, m)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return run.Remedied(err)
	}
	return nil
}

func (s *frameSaver) close() { s.reader.Close() }
