package augmix

// Preset is the augmentation that somebody published.
type Preset struct {
	Name string
	Config
}

// Presets lists them. All mix three chains of one to three operations with α = 1.
var Presets = []Preset{
	// The reference's cifar.py, which made the paper's CIFAR results: severity 3, the
	// nine operations, black where an operation shows what lay outside the image.
	{"paper-cifar", Default},
	// What the authors trained their ImageNet network with (their code in the
	// reference's third GitHub issue): severity 1, grey outside the image. Their call
	// fills an RGB image with the number 128, which Pillow paints as the red (128, 0, 0);
	// grey, which they meant, is what this preset has.
	{"paper-imagenet", Config{Width: 3, Depth: -1, Severity: 1, Alpha: 1, Fill: 128}},
	// The reference's imagenet.py as released: severity 1, black outside the image.
	{"release-imagenet", Config{Width: 3, Depth: -1, Severity: 1, Alpha: 1}},
	// timm's "augmix-m3-w3" (timm/data/auto_augment.py): severity 3, all thirteen
	// operations, grey outside the image. These are its settings; the operations and
	// the mixture stay the reference's, where timm brightens as well as darkens, turns
	// and shifts by fractions, and rounds the mixture to 8 bits.
	{"timm", Config{Width: 3, Depth: -1, Severity: 3, Alpha: 1, AllOps: true, Fill: 128}},
}
