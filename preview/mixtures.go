package preview

import (
	"fmt"
	"image"

	"augmix/augmix"
	"augmix/pixel"
	"augmix/rng"
)

// Named is an image and what to call it.
type Named struct {
	Image *pixel.Image
	Name  string
	Index int          // in its dataset, where it decides the random numbers
	Whole *pixel.Image // what Image is the middle of; nil where it is all that there is
}

// mixtureSide is the side of a picture on a sheet of mixtures: four times a CIFAR
// image.
const mixtureSide = 128

// Mixtures draws what AugMix does to images of any size: a row for each with the
// image, its chains and their mixture, as view 1 of epoch 0 would draw them, with
// the operations and weights below. It panics if cfg is not valid.
func Mixtures(images []Named, cfg augmix.Config, seed uint64) *image.NRGBA {
	s := sheet{side: mixtureSide, headings: []string{"image"}}
	for i := range cfg.Width {
		s.headings = append(s.headings, fmt.Sprintf("chain %d", i+1))
	}
	s.headings = append(s.headings, "AugMix")
	mixer := augmix.NewMixer(cfg)
	for _, named := range images {
		stream := rng.New(seed, 0, uint64(named.Index), 1)
		s.rows = append(s.rows, mixtureRow(mixer, named, mixer.Draw(&stream)))
	}
	return s.draw()
}

func mixtureRow(mixer *augmix.Mixer, named Named, d augmix.Draws) row {
	src := named.Image
	r := row{cells: []cell{{picture: src, lines: []line{{text: named.Name}}}}}
	for i, steps := range d.Chains {
		chain := pixel.New(src.W, src.H, src.C)
		mixer.Chain(chain, src, steps)
		c := cell{picture: chain, lines: []line{{fmt.Sprintf("weight %.2f", d.Weights[i]), true}}}
		for _, s := range steps {
			c.lines = append(c.lines, line{text: s.Text(src.W, src.H)})
		}
		r.cells = append(r.cells, c)
	}
	view, mixed := make([]float32, len(src.Pix)), pixel.New(src.W, src.H, src.C)
	mixer.Apply(view, src, d)
	for i, v := range view {
		mixed.Pix[i] = uint8(v*255 + 0.5)
	}
	r.cells = append(r.cells, cell{picture: mixed, lines: []line{
		{fmt.Sprintf("%.2f image", 1-d.M), true}, {fmt.Sprintf("+ %.2f chains", d.M), true},
	}})
	return r
}
