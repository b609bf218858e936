package eval

import (
	"fmt"

	"augmix/corrupt"
	"augmix/data"
	"augmix/pixel"
	"augmix/rng"
)

// generatedSeed seeds the sets that are made on the fly, whatever a training run's seed is.
const generatedSeed = 0

// generated is a clean set with a corruption applied to each image when it is read.
type generated struct {
	data.Dataset
	name     string
	severity int
	frost    []*pixel.Image // nil for the program's own textures
}

// newGenerated corrupts clean. Where there are no published constants for images of its size it takes those for the
// nearest, which source says.
func newGenerated(clean data.Dataset, name string, severity int, frost []*pixel.Image) (*generated, error) {
	g := &generated{Dataset: clean, name: name, severity: severity, frost: frost}
	_, err := g.corruptor()
	return g, err
}

func (g *generated) corruptor() (*corrupt.Corruptor, error) {
	w, h, _ := g.Size()
	if g.name == "frost" && g.frost != nil {
		return corrupt.NewFrost(min(w, h), g.frost)
	}
	return corrupt.New(g.name, min(w, h))
}

// generatedSource says how images of a corruption are made of w×h pixels, and of which textures.
func generatedSource(name string, w, h int, frost []*pixel.Image) string {
	source := fmt.Sprintf("generated (seed %d", generatedSeed)
	if near := corrupt.TableSize(min(w, h)); w != near || h != near {
		source += fmt.Sprintf(", constants for %d pixels", near)
	}
	if name == "frost" {
		if frost == nil {
			source += ", own frost textures"
		} else {
			source += ", given frost textures"
		}
	}
	return source + ")"
}

// Name names the set with its corruption.
func (g *generated) Name() string {
	return fmt.Sprintf("%s, %s at severity %d", g.Dataset.Name(), g.name, g.severity)
}

// NewReader returns a reader whose images are the same on every worker.
func (g *generated) NewReader(train bool) data.Reader {
	corruptor, err := g.corruptor()
	if err != nil {
		panic(err) // The same call succeeded in newGenerated.
	}
	return &corruptingReader{g.Dataset.NewReader(train), g, corruptor, pixel.New(g.Size())}
}

type corruptingReader struct {
	data.Reader
	set       *generated
	corruptor *corrupt.Corruptor
	clean     *pixel.Image
}

func (c *corruptingReader) Read(i int, dst *pixel.Image, r *rng.Stream) error {
	if err := c.Reader.Read(i, c.clean, r); err != nil {
		return err
	}
	draws := corrupt.Stream(c.set.name, generatedSeed, c.set.severity, i)
	c.corruptor.Apply(dst, c.clean, c.set.severity, &draws)
	return nil
}
