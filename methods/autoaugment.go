package methods

import (
	"augmix/pixel"
	"augmix/rng"
)

// autoAugment applies to each flipped and cropped image one sub-policy of a learnt policy, drawn uniformly: each of its
// operations with its own probability, on 8-bit pixels (Cubuk et al., CVPR 2019). AutoAugment's own training adds
// Cutout; whether the AugMix paper's does is not known, and this does not. Fast AutoAugment's code applies its policy
// before the flip and the crop; here every policy comes after them, as AutoAugment's does.
type autoAugment struct {
	single
	policy *policy
}

// autoAugmentPolicy is the policy that was found on images of a dataset's kind.
func autoAugmentPolicy(dataset string) string {
	if photographs(dataset) {
		return "autoaugment-imagenet"
	}
	return "autoaugment-cifar10"
}

func (m autoAugment) NewViewer() Viewer {
	return &policyViewer{draw: func(r *rng.Stream) []use { return m.policy.subs[r.IntN(len(m.policy.subs))] }}
}

// randomAutoAugment applies to each image a sub-policy drawn uniformly from AutoAugment's search space, not a learnt
// one. How the AugMix paper draws its "Random AA" is not known; this is our choice: two operations of the fourteen, each
// with a probability of 0, 0.1, … 1 and a magnitude index of 0 to 9, all anew for each image.
type randomAutoAugment struct{ single }

func (randomAutoAugment) NewViewer() Viewer {
	sub := make([]use, 2)
	return &policyViewer{draw: func(r *rng.Stream) []use {
		for i := range sub {
			sub[i] = use{
				operation:   &autoAugmentSpace.list[r.IntN(len(autoAugmentSpace.list))],
				probability: float64(r.IntN(11)) / 10, magnitude: float64(r.IntN(10)),
			}
		}
		return sub
	}}
}

// policyViewer applies a drawn sub-policy.
type policyViewer struct {
	draw  func(r *rng.Stream) []use
	spare [2]*pixel.Image
}

func (v *policyViewer) View(dst []float32, _ int, src *pixel.Image, r *rng.Stream) {
	for _, u := range v.draw(r) {
		if r.Float64() < u.probability {
			src = v.apply(src, u, u.draw(r))
		}
	}
	pixel.Float32s(dst, src)
}

// apply returns the image after one operation, in scratch memory that is not the image's.
func (v *policyViewer) apply(src *pixel.Image, u use, at place) *pixel.Image {
	if s := v.spare[0]; s == nil || s.W != src.W || s.H != src.H || s.C != src.C {
		v.spare = [2]*pixel.Image{pixel.New(src.W, src.H, src.C), pixel.New(src.W, src.H, src.C)}
	}
	out := v.spare[0]
	if src == out {
		out = v.spare[1]
	}
	u.apply(out, src, u.magnitude, at)
	return out
}
