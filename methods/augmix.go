package methods

import (
	"errors"
	"fmt"

	"augmix/augmix"
	"augmix/jsd"
	"augmix/pixel"
	"augmix/rng"

	torch "github.com/wangkuiyi/gotorch"
)

// augMix is AugMix (Hendrycks et al., ICLR 2020). With the consistency loss, each image has its clean view and views−1
// independent mixtures; the loss is the cross-entropy of the clean view plus jsdWeight times the divergence of all
// (cifar.py, train: 12); with ceAll the cross-entropy is the mean over all views. Without the consistency loss, each
// image has one mixture and the loss is its cross-entropy.
type augMix struct {
	single
	mixing    augmix.Config
	views     int
	jsd       bool
	jsdWeight float64
	ceAll     bool
}

func newAugMix(cfg Config) (Method, error) {
	m := augMix{mixing: cfg.Mixing, views: cfg.Views, jsd: !cfg.NoJSD, jsdWeight: cfg.JSDWeight, ceAll: cfg.CEViews == "all"}
	if err := m.mixing.Validate(); err != nil {
		return nil, err
	}
	switch {
	case cfg.CEViews != "" && cfg.CEViews != "clean" && cfg.CEViews != "all":
		return nil, fmt.Errorf("--ce-views: %q is neither clean nor all", cfg.CEViews)
	case cfg.NoJSD && m.ceAll:
		return nil, errors.New("--ce-views all: with --no-jsd there is one view; leave out one of them")
	case cfg.NoJSD:
		m.views = 1
	case cfg.Views < 2 || cfg.Views > 16:
		return nil, fmt.Errorf("--views: %d views; the consistency loss compares 2 to 16, the clean one included (without it: --no-jsd)", cfg.Views)
	case !(cfg.JSDWeight >= 0) || cfg.JSDWeight > 1e6:
		return nil, fmt.Errorf("--jsd-weight: %v is outside 0 to 1e6", cfg.JSDWeight)
	}
	return m, nil
}

func (m augMix) Views() int { return m.views }

func (m augMix) NewViewer() Viewer {
	return &mixViewer{mixer: augmix.NewMixer(m.mixing), cleanFirst: m.jsd}
}

func (m augMix) Loss(logits torch.Tensor, y Targets) torch.Tensor {
	if !m.jsd {
		return y.crossEntropy(logits)
	}
	n := y.Labels.Shape()[0]
	loss := y.crossEntropy(logits.Slice(0, 0, n, 1))
	if m.ceAll {
		for v := int64(1); v < int64(m.views); v++ {
			loss = loss.Add(y.crossEntropy(logits.Slice(0, v*n, (v+1)*n, 1)), 1)
		}
		loss = loss.MulScalar(1 / float64(m.views))
	}
	consistency := jsd.Loss(logits, m.views)
	return loss.Add(consistency, float32(m.jsdWeight))
}

// mixViewer shows the clean image as view 0, if asked to, and mixtures otherwise.
type mixViewer struct {
	mixer      *augmix.Mixer
	cleanFirst bool
}

func (v *mixViewer) View(dst []float32, view int, src *pixel.Image, r *rng.Stream) {
	if view == 0 && v.cleanFirst {
		pixel.Float32s(dst, src)
		return
	}
	v.mixer.View(dst, src, r)
}
