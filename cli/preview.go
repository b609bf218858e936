package cli

import (
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"path/filepath"
	"strings"

	"augmix/data"
	"augmix/pixel"
	"augmix/preview"
	"augmix/run"
	"augmix/train"
)

// maxPixels is the size of image files that preview takes: it works on each at its
// own size.
const maxPixels = 1 << 24

func previewCommand() command {
	return command{
		name: "preview", operands: "[IMAGE…]", summary: "draws what AugMix does to images",
		about: "Each row is an image, its chains and their mixture; with --operations, the first image after each operation at\n" +
			"each level. Images are PNG or JPEG files; without any, the first test images of a dataset.",
		setup: func(f *flags) func(*call) error {
			p := &previewing{flags: f, config: defaults(), count: 8, out: "preview.png"}
			c := &p.config
			c.Dataset = "shapes" // needs no files
			g := f.group("Images")
			g.dataset(c)
			g.data(c)
			g.integer(&p.count, "count", 1, 100, "images of the dataset")
			g = f.group("AugMix")
			g.mixture(c, &p.preset)
			g.seed(c, "of the draws")
			g = f.group("Output")
			g.toggle(&p.operations, "operations", "draw the operations, not the mixtures")
			g.text(&p.out, "out", "FILE.png", checkPicture, "the picture")
			return p.run
		},
	}
}

// previewing is what the flags of preview write to.
type previewing struct {
	flags  *flags
	config run.Config
	preset string
	count  int
	out    string

	operations bool
}

func checkPicture(path string) error {
	if strings.ToLower(filepath.Ext(path)) != ".png" {
		return errors.New("the picture is a PNG; end its name in .png")
	}
	return checkTarget(path)
}

func (p *previewing) run(c *call) error {
	p.flags.applyPreset(p.preset, &p.config)
	mixing := train.Mixing(p.config)
	if err := mixing.Validate(); err != nil {
		return usage("%v", err)
	}
	if mixing.Width > 20 {
		return usage("--mixture-width %d: a picture has room for 20 chains", mixing.Width)
	}
	images, err := p.images(c)
	if err != nil {
		return err
	}
	said := fmt.Sprintf("%d images", len(images))
	var picture image.Image
	if p.operations {
		picture = preview.Operations(images[0], mixing)
		said = "operations on " + images[0].Name
	} else {
		picture = preview.Mixtures(images, mixing, p.config.Seed)
	}
	if err := run.WriteFile(p.out, func(w io.Writer) error { return png.Encode(w, picture) }); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.stdout, "%s: %s\n", p.out, said)
	return err
}

// images returns the images to draw.
func (p *previewing) images(c *call) ([]preview.Named, error) {
	if len(c.args) == 0 {
		return p.fromDataset(newProgress(c.stderr, false))
	}
	if name := p.flags.firstGiven("dataset", "data", "count"); name != "" {
		return nil, usage("--%s is about a dataset's images; leave it out, or the image files", name)
	}
	var images []preview.Named
	for _, path := range c.args {
		m, err := data.ReadImage(path)
		if err != nil {
			return nil, err
		}
		if len(m.Pix) > maxPixels*m.C {
			return nil, &data.Error{Kind: data.Invalid, Path: path, Reason: fmt.Sprintf("has %d×%d pixels", m.W, m.H),
				Remedy: fmt.Sprintf("Make it smaller: at most %d in all.", maxPixels)}
		}
		images = append(images, preview.Named{Image: m, Name: strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))})
	}
	return images, nil
}

func (p *previewing) fromDataset(log *progress) (images []preview.Named, err error) {
	set, err := openData(p.config, "test", 0, log)
	if err != nil {
		return nil, err
	}
	reader := set.NewReader(false)
	defer reader.Close()
	for i := range min(p.count, set.Len()) {
		m := pixel.New(set.Size())
		if err := reader.Read(i, m, nil); err != nil {
			return nil, err
		}
		images = append(images, preview.Named{Image: m, Name: set.Classes()[set.Label(i)]})
	}
	return images, nil
}
