package train

import "math"

// leastRate is where the cosine ends (google-research/augmix, cifar.py: lr_lambda's 1e-6).
const leastRate = 1e-6

// cosine is the learning rate of step t of total, annealed at each step from rate to 1e-6 (cifar.py, get_lr).
func cosine(rate float64, t, total uint64) float64 {
	return leastRate + (rate-leastRate)*0.5*(1+math.Cos(math.Pi*float64(t)/float64(total)))
}
