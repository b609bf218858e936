package cli

import (
	"slices"

	"augmix/benchmark"
	"augmix/corrupt"
)

func perturbCommand() command {
	return command{
		name: "perturb", summary: "writes a perturbation benchmark from clean test images",
		about: "Of cifar10, cifar100 and shapes: a NAME.npy for each perturbation, with the frames of every image, as in\n" +
			"CIFAR-10-P. Of image folders: the frames as NAME/CLASS/IMAGE/00.png, …, where ImageNet-P has a video. The same\n" +
			"seed gives the same files; a call that was interrupted goes on when it is repeated.",
		setup: func(f *flags) func(*call) error {
			known := slices.Concat(corrupt.Perturbations(), corrupt.PerturbationVariants())
			w := newWriting(f, known, corrupt.Perturbations(), "only these perturbations (default: all but the variants _2 and _3)")
			w.sequences = true
			return func(c *call) error { return w.run(c, benchmark.WritePerturbations) }
		},
	}
}
