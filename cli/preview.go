package cli

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // registers its decoder
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"

	"augmix/data"
	"augmix/pixel"
	"augmix/preview"
	"augmix/run"
	"augmix/train"
)

// Sizes of image files that preview takes: the picture holds each several times.
const (
	maxSide   = 4096
	maxPixels = 1 << 22
)

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
	p.flags.applyPreset(p.preset, &p.config, true)
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
		m, err := readImage(path)
		if err != nil {
			return nil, err
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

// readImage decodes a PNG or JPEG file with the standard library. Its errors are
// *data.Error.
func readImage(path string) (*pixel.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &data.Error{Kind: data.Missing, Path: path, Reason: "cannot be opened", Err: errors.Unwrap(err)}
	}
	defer f.Close()
	head, _, err := image.DecodeConfig(f)
	if err != nil {
		return nil, &data.Error{Kind: data.Invalid, Path: path, Reason: "is no PNG or JPEG image", Err: err}
	}
	if head.Width > maxSide || head.Height > maxSide || head.Width*head.Height > maxPixels || head.Width < 1 || head.Height < 1 {
		return nil, &data.Error{Kind: data.Invalid, Path: path, Reason: fmt.Sprintf("has %d×%d pixels", head.Width, head.Height),
			Remedy: fmt.Sprintf("Make it smaller: at most %d on a side and %d in all.", maxSide, maxPixels)}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, &data.Error{Kind: data.Invalid, Path: path, Reason: "cannot be read again", Err: err}
	}
	picture, _, err := image.Decode(f)
	if err != nil {
		return nil, &data.Error{Kind: data.Invalid, Path: path, Reason: "is damaged", Err: err}
	}
	return toRGB(picture), nil
}

// toRGB converts to 8-bit RGB. Transparency is dropped, as Pillow's
// convert("RGB") drops it.
func toRGB(picture image.Image) *pixel.Image {
	b := picture.Bounds()
	out := pixel.New(b.Dx(), b.Dy(), 3)
	i := 0
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			c := color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA)
			out.Pix[i], out.Pix[i+1], out.Pix[i+2] = c.R, c.G, c.B
			i += 3
		}
	}
	return out
}
