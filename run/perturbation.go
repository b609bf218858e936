package run

// Perturbation is how a checkpoint did on sequences of perturbed images.
type Perturbation struct {
	MFP Number `json:"mfp"` // mean flip probability over the perturbations for testing, percent
	// MFPWithSpatter is the mean over those with spatter in the place of snow, as
	// hendrycks/robustness evaluates CIFAR's (ImageNet-P/cifar-p-eval.py).
	MFPWithSpatter Number `json:"mfp_with_spatter"`
	Sequences      int    `json:"n"`      // of each perturbation
	Source         string `json:"source"` // as Corruption's

	ByPerturbation map[string]PerturbationScores `json:"by_perturbation"`
}

// PerturbationScores are the figures of one perturbation.
type PerturbationScores struct {
	FlipProbability float64 `json:"flip_probability"` // percent, the mean over sequences
	Top5Distance    Number  `json:"top5_distance"`    // the mean over sequences; not normalised; none below six classes
	Frames          int     `json:"frames"`
	Source          string  `json:"source"`
}
