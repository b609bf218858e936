package cli

import (
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"augmix/benchmark"
	"augmix/corrupt"
	"augmix/pixel"
	"augmix/preview"
	"augmix/run"
	"augmix/train"
)

func previewCommand() command {
	return command{
		name: "preview", operands: "[IMAGE…]", summary: "draws what AugMix, corruptions and perturbations do to images",
		about: "Each row is an image, its chains and their mixture. Instead, of one image: --operations, each operation at\n" +
			"each level; --corruptions, the fifteen for testing side by side, or at several severities a row for each;\n" +
			"--perturbations, frames of each sequence. Images are PNG or JPEG files; without any, a dataset's test images.",
		setup: func(f *flags) func(*call) error {
			p := &previewing{flags: f, config: defaults(), count: 8, severities: []int{3}, frames: 8, out: "preview.png"}
			c := &p.config
			c.Dataset = "shapes" // needs no files
			g := f.group("Images")
			g.dataset(c)
			g.data(c)
			g.integer(&p.index, "index", 0, math.MaxInt32, "number of the first image of the dataset that is drawn, counted from 0")
			g.integer(&p.count, "count", 1, 100, "images of the dataset")
			g = f.group("AugMix")
			g.mixture(c, &p.preset)
			g.toggle(&p.operations, "operations", "draw the operations, not the mixtures")
			g = f.group("Benchmarks")
			g.toggle(&p.corruptions, "corruptions", "draw corruptions")
			g.toggle(&p.perturbations, "perturbations", "draw sequences of perturbations")
			g.names(&p.only, "only", "name", benchmarkNames(), "only these corruptions or perturbations (default: those for testing)")
			g.add(&severitiesValue{&p.severities, corrupt.Severities}, "severity", "of the corruptions, such as 5 or 1-5")
			g.frost(&p.frostDir)
			g.integer(&p.frames, "frames", 2, 100, "frames of a sequence, from the first to the last")
			g = f.group("Output")
			g.seed(c, "of the draws (default of corruptions and perturbations: 0)")
			g.text(&p.out, "out", "FILE.png", checkPicture, "the picture")
			return p.run
		},
	}
}

// benchmarkNames are those of corruptions and perturbations.
func benchmarkNames() []string {
	var names []string
	for _, name := range slices.Concat(corrupt.Names(), corrupt.Perturbations(), corrupt.PerturbationVariants()) {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// previewing is what the flags of preview write to.
type previewing struct {
	flags  *flags
	config run.Config
	preset string
	index  int
	count  int
	out    string

	operations, corruptions, perturbations bool

	only       []string
	severities []int
	frostDir   string
	frames     int
}

func checkPicture(path string) error {
	if strings.ToLower(filepath.Ext(path)) != ".png" {
		return errors.New("the picture is a PNG; end its name in .png")
	}
	return checkTarget(path)
}

// mixtureFlags are the flags about AugMix's operations.
var mixtureFlags = []string{"mixture-width", "mixture-depth", "aug-severity", "aug-prob-coeff", "all-ops", "fill", "augmix-preset"}

// refused are the flags that have no meaning for what is drawn.
func (p *previewing) refused() (drawn string, flags []string) {
	switch {
	case p.corruptions:
		return "--corruptions", slices.Concat(mixtureFlags, []string{"count", "frames"})
	case p.perturbations:
		return "--perturbations", slices.Concat(mixtureFlags, []string{"count", "severity", "frost-dir"})
	case p.operations:
		return "--operations", []string{"count", "only", "severity", "frost-dir", "frames"}
	}
	return "a picture of mixtures", []string{"only", "severity", "frost-dir", "frames"}
}

// decide refuses flags that do not go together.
func (p *previewing) decide(files int) error {
	var kinds []string
	for _, kind := range []string{"operations", "corruptions", "perturbations"} {
		if on := p.flags.set.Lookup(kind).Value.String(); on == "true" {
			kinds = append(kinds, "--"+kind)
		}
	}
	if len(kinds) > 1 {
		return usage("%s and %s are two pictures; leave one out", kinds[0], kinds[1])
	}
	drawn, flags := p.refused()
	if name := p.flags.firstGiven(flags...); name != "" {
		return usage("--%s says nothing about %s; leave it out", name, drawn)
	}
	if len(kinds) > 0 && files > 1 {
		return usage("%s draws one image, and there are %d; leave the others out", drawn, files)
	}
	if len(kinds) > 0 {
		p.count = 1
	}
	known, usual := corrupt.Names(), corrupt.Test()
	if p.perturbations {
		known, usual = slices.Concat(corrupt.Perturbations(), corrupt.PerturbationVariants()), corrupt.TestPerturbations()
	}
	for _, name := range p.only {
		if err := checkName(strings.TrimSuffix(strings.TrimPrefix(drawn, "--"), "s"), name, known); err != nil {
			return usage("--only: %v", err)
		}
	}
	if len(p.only) == 0 {
		p.only = usual
	}
	if p.frostDir != "" && !slices.Contains(p.only, "frost") {
		return usage("--frost-dir is about frost, which --only %s leaves out; add frost, or leave --frost-dir out", strings.Join(p.only, ","))
	}
	return nil
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
	if err := p.decide(len(c.args)); err != nil {
		return err
	}
	making, err := p.making()
	if err != nil {
		return err
	}
	images, err := p.images(c)
	if err != nil {
		return err
	}
	var picture image.Image
	first, said := images[0], fmt.Sprintf("%d images", len(images))
	switch {
	case p.operations:
		picture, said = preview.Operations(first, mixing), "operations on "+first.Name
	case p.corruptions:
		picture, err = preview.Corruptions(first, p.only, p.severities, making)
		said = "corruptions of " + first.Name + corruptionsText(p.only, p.severities, making, first.Image)
	case p.perturbations:
		picture, err = preview.Perturbations(first, p.only, p.frames, making)
		said = fmt.Sprintf("perturbations of %s, %d×%d pixels, %s", first.Name, first.Image.W, first.Image.H,
			making.SequenceSource(first.Image.W, first.Image.H))
	default:
		picture = preview.Mixtures(images, mixing, p.config.Seed)
	}
	if err != nil {
		return err
	}
	if err := run.WriteFile(p.out, func(w io.Writer) error { return png.Encode(w, picture) }); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.stdout, "%s: %s\n", p.out, said)
	return err
}

// making says how corruptions and perturbations are made.
func (p *previewing) making() (benchmark.Making, error) {
	m := benchmark.Making{Seed: benchmark.Seed}
	if p.flags.given("seed") {
		m.Seed = p.config.Seed
	}
	if p.frostDir != "" {
		var err error
		if m.Frost, err = corrupt.ReadFrost(p.frostDir); err != nil {
			return m, usage("--frost-dir: %v", err)
		}
	}
	return m, nil
}

// corruptionsText says how the corruptions of a picture are made.
func corruptionsText(names []string, severities []int, m benchmark.Making, src *pixel.Image) string {
	name := "" // the one about whose images there is most to say
	if slices.Contains(names, "frost") {
		name = "frost"
	}
	return fmt.Sprintf(" at severity %s, %d×%d pixels, %s",
		(&severitiesValue{p: &severities}).String(), src.W, src.H, m.Source(name, src.W, src.H))
}
