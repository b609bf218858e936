package preview

import "augmix/pixel"

// The sizes of ImageNet-C's and ImageNet-P's images before and after their middle is
// cut out: hendrycks/robustness, ImageNet-C/create_c/make_imagenet_c.py.
const imageNetWhole, imageNetSide = 256, 224

// largest is the size of the largest images that corruptions have constants for.
const largest = 299

// Benchmarked returns an image as benchmarks have it: of one that is longer than those
// for which there are constants the middle, as for ImageNet-C and ImageNet-P. Others
// stay as they are.
func Benchmarked(named Named) Named {
	src := named.Image
	if max(src.W, src.H) <= largest {
		return named
	}
	w, h := pixel.ShortSide(src.W, src.H, imageNetWhole)
	named.Whole = pixel.New(w, h, src.C)
	pixel.Resize(named.Whole, src, pixel.Bilinear)
	named.Image = pixel.New(imageNetSide, imageNetSide, src.C)
	pixel.Crop(named.Image, named.Whole, pixel.CentreCrop(w, imageNetSide), pixel.CentreCrop(h, imageNetSide))
	return named
}
