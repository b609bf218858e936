package benchmark

import (
	"context"

	"augmix/data"
)

// WritePerturbations writes perturbation sequences of clean images into a folder: NAME.npy
// in the layout of CIFAR-10-P, or of a folder's images the frames of each in a folder of
// their own, NAME/CLASS/IMAGE/00.png. Errors are those of WriteCorruptions.
func WritePerturbations(ctx context.Context, o Options) (Result, error) {
	w := &writer{Options: o, manifest: newManifest(o, perturbations)}
	width, height, channels := o.Clean.Size()
	var pieces []piece
	for _, name := range o.Names {
		set, err := Perturbed(o.Clean, name, o.Making)
		if err != nil {
			return Result{}, err
		}
		if w.manifest.Layout == folders {
			pieces = append(pieces, w.folder(name, name, set.Frames(), func() saver { return newFrameSaver(set) }))
			continue
		}
		pieces = append(pieces, w.array(name+".npy", name, []int{set.Frames(), height, width, channels}, set.Frames(), data.Dataset(set)))
	}
	return w.write(ctx, pieces)
}
