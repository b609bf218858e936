package run

// Perturbation is how a checkpoint did on sequences of perturbed images.
type Perturbation struct {
	MFP Number `json:"mfp"` // mean flip probability over the perturbations for testing, percent
	// MFPWithSpatter is the mean over those with spatter in the place of snow, as
	// hendrycks/robustness evaluates CIFAR's (ImageNet-P/cifar-p-eval.py).
	MFPWithSpatter Number `json:"mfp_with_spatter"`
	// MFR is the mean flip rate over the perturbations for testing, normalised by AlexNet's
	// flip probabilities, percent; none without them.
	MFR          Number `json:"mfr"`
	NormalisedBy string `json:"normalised_by,omitempty"` // the file that they are from
	Sequences    int    `json:"n"`                       // of each perturbation
	Source       string `json:"source"`                  // as Corruption's

	ByPerturbation map[string]PerturbationScores `json:"by_perturbation"`
}

// PerturbationScores are the figures of one perturbation.
type PerturbationScores struct {
	FlipProbability float64 `json:"flip_probability"` // percent, the mean over sequences
	FlipRate        Number  `json:"flip_rate"`        // normalised by AlexNet's flip probability, percent; none without that
	Top5Distance    Number  `json:"top5_distance"`    // the mean over sequences; not normalised; none below six classes
	Frames          int     `json:"frames"`
	Source          string  `json:"source"`
}
