package eval

import (
	"fmt"
	"sync"

	"augmix/corrupt"
	"augmix/data"
	"augmix/pixel"
)

// generatedSeed seeds the sets that are made on the fly, whatever a training run's seed is.
const generatedSeed = 0

// generated is a clean set with a corruption applied to each image when it is asked for.
type generated struct {
	data.Dataset
	name     string
	severity int
	scratch  sync.Pool // of *scratch
}

type scratch struct {
	corruptor *corrupt.Corruptor
	clean     *pixel.Image
}

func newGenerated(clean data.Dataset, name string, severity int) (*generated, error) {
	w, h, c := clean.Size()
	if _, err := corrupt.New(name, min(w, h)); err != nil {
		return nil, err
	}
	g := &generated{Dataset: clean, name: name, severity: severity}
	g.scratch.New = func() any {
		corruptor, err := corrupt.New(name, min(w, h))
		if err != nil {
			panic(err) // The same call succeeded above.
		}
		return &scratch{corruptor, pixel.New(w, h, c)}
	}
	return g, nil
}

// Image makes image i of the set: the same on every worker.
func (g *generated) Image(i int, dst *pixel.Image) error {
	s := g.scratch.Get().(*scratch)
	defer g.scratch.Put(s)
	if err := g.Dataset.Image(i, s.clean); err != nil {
		return err
	}
	r := corrupt.Stream(g.name, generatedSeed, g.severity, i)
	s.corruptor.Apply(dst, s.clean, g.severity, &r)
	return nil
}

// Name names the set with its corruption.
func (g *generated) Name() string {
	return fmt.Sprintf("%s, %s at severity %d", g.Dataset.Name(), g.name, g.severity)
}
