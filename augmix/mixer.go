// Package augmix makes AugMix views of 8-bit images (Hendrycks et al., ICLR 2020):
// chains of simple operations, mixed with the image itself by random weights. It
// follows the function aug() of the reference implementation's cifar.py: the same
// draws in the same order and distribution, the same operations on 8-bit pixels,
// and the mixture in float32.
package augmix

import (
	"fmt"

	"augmix/pixel"
	"augmix/rng"
)

// Config says how views are drawn. The zero value is not valid; Default is.
type Config struct {
	Width    int     // chains an image (--mixture-width)
	Depth    int     // operations a chain; -1 draws 1 to 3 (--mixture-depth)
	Severity float64 // levels are uniform in [0.1, Severity) of 10 (--aug-severity)
	Alpha    float64 // of the Dirichlet and Beta distributions (--aug-prob-coeff)
	AllOps   bool    // all thirteen operations, not nine (--all-ops)
}

// Default is the reference's configuration for CIFAR.
var Default = Config{Width: 3, Depth: -1, Severity: 3, Alpha: 1}

// randomDepth is the largest depth that Depth = -1 draws.
const randomDepth = 3

// Validate returns an error that names the first flag out of range.
func (c Config) Validate() error {
	switch {
	case c.Width < 1 || c.Width > 1000:
		return fmt.Errorf("--mixture-width is %d; give 1 to 1000 chains", c.Width)
	case c.Depth != -1 && (c.Depth < 1 || c.Depth > 1000):
		return fmt.Errorf("--mixture-depth is %d; give 1 to 1000 operations a chain, or -1 for a random 1 to 3", c.Depth)
	case !(c.Severity >= 0.1 && c.Severity <= 10):
		return fmt.Errorf("--aug-severity is %v; give a level from 0.1 to 10", c.Severity)
	case !(c.Alpha > 0 && c.Alpha <= 1e6):
		return fmt.Errorf("--aug-prob-coeff is %v; give a concentration above 0 and at most 1e6", c.Alpha)
	}
	return nil
}

// operations returns the number of Operations that chains choose from.
func (c Config) operations() int {
	if c.AllOps {
		return len(Operations)
	}
	return 9
}

// Step is one drawn operation.
type Step struct {
	Op       int     // index into Operations
	Level    float64 // drawn level; 0 where the operation takes none
	Negative bool    // the drawn sign
}

// String names the operation as it acts on a square image of side 32; Text does so
// for any size.
func (s Step) String() string { return s.Text(32, 32) }

// Text says in a few letters what the step does to an image of size w×h.
func (s Step) Text(w, h int) string { return Operations[s.Op].text(w, h, s.Level, s.Negative) }

// Draws is everything random about one view.
type Draws struct {
	Weights []float64 // of the chains, from the Dirichlet distribution; mixed as float32
	M       float64   // the part of the mixture in the result; mixed as float32
	Chains  [][]Step
}

// Mixer makes views. It keeps scratch memory for images of one size, so that a
// view allocates nothing after the first. It is not safe for concurrent use.
type Mixer struct {
	cfg   Config
	draws Draws
	steps []Step // backs draws.Chains
	a, b  *pixel.Image
}

// NewMixer returns a Mixer of a valid configuration. It panics on another.
func NewMixer(cfg Config) *Mixer {
	if err := cfg.Validate(); err != nil {
		panic("augmix: " + err.Error())
	}
	longest := cfg.Depth
	if longest < 0 {
		longest = randomDepth
	}
	return &Mixer{
		cfg:   cfg,
		draws: Draws{Weights: make([]float64, cfg.Width), Chains: make([][]Step, cfg.Width)},
		steps: make([]Step, cfg.Width*longest),
	}
}

// View writes one AugMix view of src to dst: H·W·C float32 in [0,1], in src's
// order of pixels and channels. It panics if dst has another length.
func (m *Mixer) View(dst []float32, src *pixel.Image, r *rng.Stream) {
	m.Apply(dst, src, m.Draw(r))
}

// Draw draws a view in the reference's order: the chains' weights, the mixing
// weight, then for each chain its depth and for each of its operations the
// operation, its level and its sign. The result is valid until the next call.
func (m *Mixer) Draw(r *rng.Stream) Draws {
	r.Dirichlet(m.draws.Weights, m.cfg.Alpha)
	m.draws.M = r.Beta(m.cfg.Alpha, m.cfg.Alpha)
	free := m.steps
	for i := range m.draws.Chains {
		depth := m.cfg.Depth
		if depth < 0 {
			depth = 1 + r.IntN(randomDepth)
		}
		chain := free[:depth:depth]
		free = free[depth:]
		for j := range chain {
			chain[j] = m.drawStep(r)
		}
		m.draws.Chains[i] = chain
	}
	return m.draws
}

func (m *Mixer) drawStep(r *rng.Stream) Step {
	s := Step{Op: r.IntN(m.cfg.operations())}
	if op := &Operations[s.Op]; op.Leveled {
		s.Level = r.Uniform(0.1, m.cfg.Severity)
		s.Negative = op.Signed && r.Bool()
	}
	return s
}

// Apply writes the view that the draws describe: (1-M)·x + M·Σ Weights[i]·x_i of
// the pixels divided by 255, where x_i is src after chain i. As the weights sum to
// one, this equals the reference's mixture of normalised images.
func (m *Mixer) Apply(dst []float32, src *pixel.Image, d Draws) {
	if len(dst) != len(src.Pix) {
		panic("augmix: the destination does not have the image's number of values")
	}
	mix := float32(d.M)
	setScaled(dst, src.Pix, 1-mix)
	for i, chain := range d.Chains {
		addScaled(dst, m.Chain(src, chain).Pix, mix*float32(d.Weights[i]))
	}
}

// Chain returns src after the steps of one chain, each of which rounds to 8 bits
// again. The result is valid until the next call; src is not changed.
func (m *Mixer) Chain(src *pixel.Image, chain []Step) *pixel.Image {
	if m.a == nil || m.a.W != src.W || m.a.H != src.H || m.a.C != src.C {
		m.a, m.b = pixel.New(src.W, src.H, src.C), pixel.New(src.W, src.H, src.C)
	}
	in, out, spare := src, m.a, m.b
	for _, s := range chain {
		Operations[s.Op].apply(out, in, s.Level, s.Negative)
		in, out, spare = out, spare, out
	}
	return in
}

// ToFloat writes the pixels divided by 255. It panics if dst has another length.
func ToFloat(dst []float32, src *pixel.Image) {
	if len(dst) != len(src.Pix) {
		panic("augmix: the destination does not have the image's number of values")
	}
	setScaled(dst, src.Pix, 1)
}

// setScaled writes each pixel over 255 times weight. A table of the 256 results is
// faster than a conversion and a product for each value, and exact: for weight 1 it
// holds the correctly rounded quotients.
func setScaled(dst []float32, pix []uint8, weight float32) {
	t := scaledTable(weight)
	pix = pix[:len(dst)]
	for i := range dst {
		dst[i] = t[pix[i]]
	}
}

// addScaled adds each pixel over 255 times weight.
func addScaled(dst []float32, pix []uint8, weight float32) {
	t := scaledTable(weight)
	pix = pix[:len(dst)]
	for i := range dst {
		dst[i] += t[pix[i]]
	}
}

// scaledTable returns each 8-bit value over 255, times weight.
func scaledTable(weight float32) (t [256]float32) {
	for v := range t {
		t[v] = weight * unit[v]
	}
	return t
}

// unit holds each 8-bit value over 255.
var unit = func() (t [256]float32) {
	for v := range t {
		t[v] = float32(v) / 255
	}
	return t
}()
