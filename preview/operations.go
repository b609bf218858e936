package preview

import (
	"fmt"
	"image"
	"strings"

	"augmix/augmix"
	"augmix/pixel"
)

// operationSide is the side of a picture on a sheet of operations.
const operationSide = 96

// levels is the number of whole levels that an operation has.
const levels = 10

// Operations draws an image after each of cfg's operations alone at the levels 1 to
// 10, with both signs of those that have one. It panics if cfg is not valid.
func Operations(named Named, cfg augmix.Config) *image.NRGBA {
	src := named.Image
	s := sheet{side: operationSide, headings: []string{named.Name}}
	for level := 1; level <= levels; level++ {
		s.headings = append(s.headings, fmt.Sprintf("level %d", level))
	}
	mixer := augmix.NewMixer(cfg)
	apply := func(step augmix.Step) cell {
		out := pixel.New(src.W, src.H, src.C)
		mixer.Chain(out, src, []augmix.Step{step})
		_, parameter, _ := strings.Cut(step.Text(src.W, src.H), " ")
		return cell{picture: out, lines: []line{{parameter, true}}}
	}
	for i, op := range augmix.Operations[:cfg.Operations()] {
		signs := []bool{false}
		if op.Signed {
			signs = append(signs, true)
		}
		for _, negative := range signs {
			r := row{label: op.Name, cells: []cell{{picture: src}}}
			if negative {
				r.label = op.Name + " −"
			}
			for level := 1; level <= levels; level++ {
				r.cells = append(r.cells, apply(augmix.Step{Op: i, Level: float64(level), Negative: negative}))
				if !op.Leveled {
					break
				}
			}
			s.rows = append(s.rows, r)
		}
	}
	return s.draw()
}
