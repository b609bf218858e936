package corrupt

import (
	"fmt"
	"strings"

	"augmix/pixel"
	"augmix/rng"
)

// Severities is the number of severities of every corruption; they count from 1.
const Severities = 5

// corruption is one kind of corruption with the constants of one table and its
// scratch memory. Its apply gets a severity from 0 and images that were checked.
type corruption interface {
	apply(dst, src *pixel.Image, severity int, r *rng.Stream)
}

// paper lists the corruptions in the paper's order, its section 3: fifteen for
// testing, then four for validation.
var paper = []struct {
	name, group string
	make        func(t table) corruption
}{
	{"gaussian_noise", "noise", newGaussianNoise},
	{"shot_noise", "noise", newShotNoise},
	{"impulse_noise", "noise", newImpulseNoise},
	{"defocus_blur", "blur", newDefocusBlur},
	{"glass_blur", "blur", newGlassBlur},
	{"motion_blur", "blur", newMotionBlur},
	{"zoom_blur", "blur", newZoomBlur},
	{"snow", "weather", newSnow},
	{"frost", "weather", newFrost},
	{"fog", "weather", newFog},
	{"brightness", "weather", newBrightness},
	{"contrast", "digital", newContrast},
	{"elastic_transform", "digital", newElasticTransform},
	{"pixelate", "digital", newPixelate},
	{"jpeg_compression", "digital", newJPEGCompression},
	{"speckle_noise", "noise", newSpeckleNoise},
	{"gaussian_blur", "blur", newGaussianBlur},
	{"spatter", "weather", newSpatter},
	{"saturate", "digital", newSaturate},
}

// tests is how many corruptions, the first, are for testing.
const tests = 15

// Names returns all corruptions in the paper's order, those for validation last.
func Names() []string {
	names := make([]string, len(paper))
	for i, p := range paper {
		names[i] = p.name
	}
	return names
}

// Test returns the corruptions for testing: what a mean over corruptions is over.
// The others are for choosing hyperparameters.
func Test() []string { return Names()[:tests] }

// Groups returns the paper's groups in its order.
func Groups() []string { return []string{"noise", "blur", "weather", "digital"} }

// Group returns the paper's group of a corruption, "" for another name.
func Group(name string) string {
	for _, p := range paper {
		if p.name == name {
			return p.group
		}
	}
	return ""
}

// Corruptor applies one corruption. It keeps scratch memory and is for one
// goroutine at a time; after the first images of a size and severity it allocates
// nothing.
type Corruptor struct {
	name  string
	table table
	kind  corruption
}

// New returns the named corruption with the constants for images of the given
// size, the shorter side in pixels. Table says which constants these are.
func New(name string, size int) (*Corruptor, error) {
	if size < 1 {
		return nil, fmt.Errorf("corruption %s for images of %d pixels: want at least 1", name, size)
	}
	for _, p := range paper {
		if p.name == name {
			t := nearest(size)
			return &Corruptor{name: name, table: t, kind: p.make(t)}, nil
		}
	}
	return nil, fmt.Errorf("corruption %q: not one of %s", name, strings.Join(Names(), ", "))
}

// Name returns the corruption's name.
func (c *Corruptor) Name() string { return c.name }

// Table returns the image size, in pixels, whose published constants are used.
func (c *Corruptor) Table() int { return sizes[c.table] }

// Apply fills dst with src corrupted at a severity of 1 to 5. dst and src have the
// same size and may not overlap. Random corruptions draw from r, as Stream gives
// it; the others ignore it and take nil. Apply panics where the severity or the
// sizes are not so.
func (c *Corruptor) Apply(dst, src *pixel.Image, severity int, r *rng.Stream) {
	if severity < 1 || severity > Severities {
		panic(fmt.Sprintf("corrupt: severity %d is not in 1 to %d", severity, Severities))
	}
	if dst.W != src.W || dst.H != src.H || dst.C != src.C {
		panic("corrupt: destination and source differ in size or channels")
	}
	c.kind.apply(dst, src, severity-1, r)
}

// Stream returns the random numbers for one image at one severity of a corruption:
// the same for every worker, and unrelated to those of any other.
func Stream(name string, seed uint64, severity, index int) rng.Stream {
	return rng.Named("corrupt/"+name, seed, uint64(severity), uint64(index))
}
