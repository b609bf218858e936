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
	Fill     uint8   // what the geometric operations bring in from outside the image
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

// Operations returns the number of Operations that chains choose from.
func (c Config) Operations() int {
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
	// chains holds chain results until they are mixed, spare what their operations
	// write in between.
	chains [mixedAtOnce]*pixel.Image
	spare  *pixel.Image
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
	s := Step{Op: r.IntN(m.cfg.Operations())}
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
	m.fit(src)
	mix := float32(d.M)
	if len(d.Chains) == mixedAtOnce {
		weights := [1 + mixedAtOnce]float32{1 - mix}
		for i, chain := range d.Chains {
			m.Chain(m.chains[i], src, chain)
			weights[1+i] = mix * float32(d.Weights[i])
		}
		mixThree(dst, src.Pix, m.chains[0].Pix, m.chains[1].Pix, m.chains[2].Pix, weights)
		return
	}
	setScaled(dst, src.Pix, 1-mix)
	for i, chain := range d.Chains {
		m.Chain(m.chains[0], src, chain)
		addScaled(dst, m.chains[0].Pix, mix*float32(d.Weights[i]))
	}
}

// fit makes the scratch images src's size.
func (m *Mixer) fit(src *pixel.Image) {
	if s := m.spare; s != nil && s.W == src.W && s.H == src.H && s.C == src.C {
		return
	}
	m.spare = pixel.New(src.W, src.H, src.C)
	for i := range m.chains {
		m.chains[i] = pixel.New(src.W, src.H, src.C)
	}
}

// Chain writes src after the steps of one chain, each of which rounds to 8 bits
// again. dst and src have the same size and do not overlap.
func (m *Mixer) Chain(dst, src *pixel.Image, chain []Step) {
	m.fit(src)
	if len(chain) == 0 {
		dst.CopyFrom(src)
		return
	}
	in := src
	for i, s := range chain {
		// Alternating backwards from the last operation, which writes dst.
		out := dst
		if (len(chain)-1-i)%2 == 1 {
			out = m.spare
		}
		Operations[s.Op].apply(out, in, s.Level, s.Negative, m.cfg.Fill)
		in = out
	}
}
