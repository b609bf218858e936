package preview

import (
	"fmt"
	"image"
	"strings"

	"augmix/benchmark"
	"augmix/corrupt"
	"augmix/pixel"
)

// corruptionColumns is how many corruptions stand side by side: the fifteen for testing
// fill three rows, as in figure 1 of Hendrycks and Dietterich (2019).
const corruptionColumns = 5

// The sides of a picture on a sheet of corruptions: from four times a CIFAR image to the
// size of ImageNet-C's.
const smallCorruptionSide, largeCorruptionSide = 128, 224

// Corruptions draws an image under the named corruptions, with the random numbers that
// a benchmark of its dataset has: at one severity a panel for each corruption, at
// several a row, which begins with the image itself. A name that is not known is an
// error.
func Corruptions(named Named, names []string, severities []int, m benchmark.Making) (*image.NRGBA, error) {
	src := named.Image
	s := sheet{side: min(max(src.W, src.H, smallCorruptionSide), largeCorruptionSide)}
	if len(severities) > 1 {
		s.headings = []string{named.Name}
		for _, severity := range severities {
			s.headings = append(s.headings, fmt.Sprintf("severity %d", severity))
		}
	}
	for i, name := range names {
		corruptor, err := m.Corruptor(name, src.W, src.H)
		if err != nil {
			return nil, err
		}
		panel := func(severity int) cell {
			out := pixel.New(src.W, src.H, src.C)
			stream := corrupt.Stream(name, m.Seed, severity, named.Index)
			corruptor.Apply(out, src, severity, &stream)
			return cell{picture: out}
		}
		if len(severities) == 1 {
			if i%corruptionColumns == 0 {
				s.rows = append(s.rows, row{})
			}
			c := panel(severities[0])
			c.lines = []line{{text: title(name)}}
			last := &s.rows[len(s.rows)-1]
			last.cells = append(last.cells, c)
			continue
		}
		r := row{label: title(name), cells: []cell{{picture: src}}}
		for _, severity := range severities {
			r.cells = append(r.cells, panel(severity))
		}
		s.rows = append(s.rows, r)
	}
	return s.draw(), nil
}

// title writes a corruption's or a perturbation's name as a figure has it: Gaussian
// noise, JPEG compression.
func title(name string) string {
	words := strings.ReplaceAll(name, "_", " ")
	if rest, ok := strings.CutPrefix(words, "jpeg"); ok {
		return "JPEG" + rest
	}
	return strings.ToUpper(words[:1]) + words[1:]
}
