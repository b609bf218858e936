package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"augmix/data"
	"augmix/pixel"
	"augmix/preview"
)

// maxPixels is the size of image files that preview takes: it works on each at its
// own size.
const maxPixels = 1 << 24

// maxRatio is how much longer than wide an image may be whose corruptions are drawn:
// fog takes memory for a square of the longer side.
const maxRatio = 16

// images returns the images to draw.
func (p *previewing) images(c *call) ([]preview.Named, error) {
	if len(c.args) == 0 {
		return p.fromDataset(newProgress(c.stderr, false))
	}
	if name := p.flags.firstGiven("dataset", "data", "count", "index"); name != "" {
		return nil, usage("--%s is about a dataset's images; leave it out, or the image files", name)
	}
	var images []preview.Named
	for i, path := range c.args {
		m, err := data.ReadImage(path)
		if err != nil {
			return nil, err
		}
		if len(m.Pix) > maxPixels*m.C {
			return nil, &data.Error{Kind: data.Invalid, Path: path, Reason: fmt.Sprintf("has %d×%d pixels", m.W, m.H),
				Remedy: fmt.Sprintf("Make it smaller: at most %d in all.", maxPixels)}
		}
		named := preview.Named{Image: m, Name: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)), Index: i}
		if p.corruptions || p.perturbations {
			if max(m.W, m.H) > maxRatio*min(m.W, m.H) {
				return nil, &data.Error{Kind: data.Invalid, Path: path, Reason: fmt.Sprintf("has %d×%d pixels", m.W, m.H),
					Remedy: fmt.Sprintf("Cut a piece out of it that is at most %d times as long as wide.", maxRatio)}
			}
			named = preview.Benchmarked(named)
		}
		images = append(images, named)
	}
	return images, nil
}

func (p *previewing) fromDataset(log *progress) (images []preview.Named, err error) {
	set, err := openData(p.config, "test", 0, log)
	if err != nil {
		return nil, err
	}
	if p.index >= set.Len() {
		return nil, usage("--index %d: %s has %d test images; give less", p.index, p.config.Dataset, set.Len())
	}
	reader, whole := set.NewReader(false), data.NewWholeReader(set)
	defer reader.Close()
	defer whole.Close()
	for i := p.index; i < min(p.index+p.count, set.Len()); i++ {
		named := preview.Named{Image: pixel.New(set.Size()), Name: set.Classes()[set.Label(i)], Index: i}
		if err := reader.Read(i, named.Image, nil); err != nil {
			return nil, err
		}
		if p.perturbations {
			named.Whole = &pixel.Image{}
			if err := whole.Read(i, named.Whole); err != nil {
				return nil, err
			}
		}
		images = append(images, named)
	}
	return images, nil
}
