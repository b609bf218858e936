package methods

import (
	"augmix/corrupt"
	"augmix/pixel"
	"augmix/rng"
)

// corruption trains on images that one common corruption was applied to, to show what the AugMix paper begins with:
// robustness against a corruption that was trained on does not carry over to others. Severity 0 draws 1 to 5 for each
// image, which is our choice.
type corruption struct {
	single
	name     string
	severity int
}

func (m corruption) NewViewer() Viewer { return &corruptViewer{corruption: m} }

// corruptViewer keeps what applies the corruption to images of one size.
type corruptViewer struct {
	corruption
	corruptor *corrupt.Corruptor
	out       *pixel.Image
}

func (v *corruptViewer) View(dst []float32, _ int, src *pixel.Image, r *rng.Stream) {
	if v.out == nil || v.out.W != src.W || v.out.H != src.H || v.out.C != src.C {
		var err error
		if v.corruptor, err = corrupt.New(v.name, min(src.W, src.H)); err != nil {
			panic("methods: " + err.Error()) // New has checked the name.
		}
		v.out = pixel.New(src.W, src.H, src.C)
	}
	severity := v.severity
	if severity == 0 {
		severity = 1 + r.IntN(corrupt.Severities)
	}
	v.corruptor.Apply(v.out, src, severity, r)
	pixel.Float32s(dst, v.out)
}
