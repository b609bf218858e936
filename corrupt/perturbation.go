package corrupt

import (
	"fmt"
	"strings"

	"augmix/pixel"
	"augmix/rng"
)

// perturbation makes sequences of one kind with the constants of one table and its
// scratch memory.
type perturbation interface {
	// apply fills every frame. whole is the image, of which the frames show a window
	// of their size from (left, top) on.
	apply(frames []pixel.Image, whole *pixel.Image, left, top int, r *rng.Stream)
}

// The numbers of frames of most sequences, and of those that have others on either
// table: hendrycks/robustness, ImageNet-P/create_p/make_cifar_p.py and
// make_imagenet_p.py.
const (
	usualFrames          = 31
	smallMotionFrames    = 21
	smallTranslateFrames = 16
	largeTranslateFrames = 41
)

// pTable says for which size of image a table of perturbations' constants was
// published.
type pTable int

// pSizes are those sizes in pixels.
var pSizes = [...]int{32, 224}

// nearestP returns the table whose size differs least, the smaller of two.
func nearestP(size int) pTable {
	if abs(pSizes[1]-size) < abs(pSizes[0]-size) {
		return 1
	}
	return 0
}

// PerturbationTableSize returns the image size, in pixels, whose published constants
// NewPerturber takes for frames of the given size.
func PerturbationTableSize(size int) int { return pSizes[nearestP(size)] }

// pPaper lists the perturbations in the order of the original's generator: ten for
// testing, then four for validation. Noises have a second and a third strength.
var pPaper = []struct {
	name     string
	variants int
	frames   [len(pSizes)]int
	make     func(t pTable, variant, frames int) perturbation
}{
	{"gaussian_noise", 3, [...]int{usualFrames, usualFrames}, newGaussianSequence},
	{"shot_noise", 3, [...]int{usualFrames, usualFrames}, newShotSequence},
	{"motion_blur", 1, [...]int{smallMotionFrames, usualFrames}, newMotionSequence},
	{"zoom_blur", 1, [...]int{usualFrames, usualFrames}, newZoomSequence},
	{"snow", 1, [...]int{usualFrames, usualFrames}, newSnowSequence},
	{"brightness", 1, [...]int{usualFrames, usualFrames}, newBrightnessSequence},
	{"translate", 1, [...]int{smallTranslateFrames, largeTranslateFrames}, newTranslateSequence},
	{"rotate", 1, [...]int{usualFrames, usualFrames}, newRotateSequence},
	{"tilt", 1, [...]int{usualFrames, usualFrames}, newTiltSequence},
	{"scale", 1, [...]int{usualFrames, usualFrames}, newScaleSequence},
	{"speckle_noise", 3, [...]int{usualFrames, usualFrames}, newSpeckleSequence},
	{"gaussian_blur", 1, [...]int{usualFrames, usualFrames}, newGaussianBlurSequence},
	{"spatter", 1, [...]int{usualFrames, usualFrames}, newSpatterSequence},
	{"shear", 1, [...]int{usualFrames, usualFrames}, newShearSequence},
}

// pTests is how many perturbations, the first, are for testing.
const pTests = 10

// Perturbations returns the perturbations in the paper's order, those for validation
// last, each noise at its first strength.
func Perturbations() []string {
	names := make([]string, len(pPaper))
	for i, p := range pPaper {
		names[i] = p.name
	}
	return names
}

// TestPerturbations returns the perturbations for testing: what a mean over
// perturbations is over.
func TestPerturbations() []string { return Perturbations()[:pTests] }

// PerturbationVariants returns the other strengths of noises: gaussian_noise_2,
// gaussian_noise_3, ….
func PerturbationVariants() []string {
	var names []string
	for _, p := range pPaper {
		for v := 2; v <= p.variants; v++ {
			names = append(names, fmt.Sprintf("%s_%d", p.name, v))
		}
	}
	return names
}

// IsNoise tells whether a perturbation is one whose frames are compared with the first
// frame, and not with the one before: in the original, one with noise in its name.
func IsNoise(perturbation string) bool { return strings.Contains(perturbation, "noise") }

// Perturber makes the sequences of one perturbation. It keeps scratch memory and is
// for one goroutine at a time.
type Perturber struct {
	name   string
	table  pTable
	frames int
	kind   perturbation
	views  []pixel.Image // of the frames in a destination
}

// NewPerturber returns the named perturbation with the constants for frames of the
// given size, the shorter side in pixels. Table says which constants these are.
func NewPerturber(name string, size int) (*Perturber, error) {
	if size < 1 {
		return nil, fmt.Errorf("perturbation %s for images of %d pixels: want at least 1", name, size)
	}
	for _, p := range pPaper {
		for v := range p.variants {
			variant := p.name
			if v > 0 {
				variant = fmt.Sprintf("%s_%d", p.name, v+1)
			}
			if variant == name {
				t := nearestP(size)
				return &Perturber{name: name, table: t, frames: p.frames[t], kind: p.make(t, v, p.frames[t])}, nil
			}
		}
	}
	return nil, fmt.Errorf("perturbation %q: not one of %s", name, strings.Join(append(Perturbations(), PerturbationVariants()...), ", "))
}

// Name returns the perturbation's name.
func (p *Perturber) Name() string { return p.name }

// Table returns the image size, in pixels, whose published constants are used.
func (p *Perturber) Table() int { return pSizes[p.table] }

// Frames returns the number of frames of a sequence.
func (p *Perturber) Frames() int { return p.frames }

// Apply fills dst with the sequence of src: its frames one below the other, dst.H
// divided by Frames high. A frame shows the middle of src, which is at least as large;
// what moves into it comes from the rest. Random perturbations draw from r, as
// PerturbationStream gives it; the others ignore it and take nil. Apply panics where
// the sizes are not so.
func (p *Perturber) Apply(dst, src *pixel.Image, r *rng.Stream) {
	h := dst.H / p.frames
	if dst.H != h*p.frames || dst.C != src.C || dst.W > src.W || h > src.H || h == 0 {
		panic(fmt.Sprintf("corrupt: %d frames in %d×%d pixels of %d channels from %d×%d of %d", p.frames, dst.W, dst.H, dst.C, src.W, src.H, src.C))
	}
	p.views = grow(p.views, p.frames)
	size := dst.W * h * dst.C
	for i := range p.views {
		p.views[i] = pixel.Image{Pix: dst.Pix[i*size : (i+1)*size], W: dst.W, H: h, C: dst.C}
	}
	left, top := pixel.CentreCrop(src.W, dst.W), pixel.CentreCrop(src.H, h)
	p.kind.apply(p.views, src, left, top, r)
}

// PerturbationStream returns the random numbers for one image of a perturbation: the
// same for every worker, and unrelated to those of any other.
func PerturbationStream(name string, seed uint64, index int) rng.Stream {
	return rng.Named("perturb/"+name, seed, uint64(index))
}

// crop holds the window of an image that the frames show, where that is not the whole.
type crop struct{ image pixel.Image }

// of returns the window of the frame's size from (left, top) on in whole.
func (c *crop) of(whole, frame *pixel.Image, left, top int) *pixel.Image {
	if whole.W == frame.W && whole.H == frame.H {
		return whole
	}
	c.image = pixel.Image{Pix: grow(c.image.Pix, len(frame.Pix)), W: frame.W, H: frame.H, C: frame.C}
	pixel.Crop(&c.image, whole, left, top)
	return &c.image
}
