package eval

import (
	"maps"
	"slices"

	"augmix/run"
)

// alexNetErrors are AlexNet's errors on ImageNet-C in percent, at severities 1 to 5,
// by which the published mCE is normalised: hendrycks/robustness, thread 10. Their
// means are the ALEXNET_ERR of google-research/augmix, imagenet.py.
var alexNetErrors = map[string][5]float64{
	"gaussian_noise":    {69.528, 82.542, 93.554, 98.138, 99.452},
	"shot_noise":        {71.224, 85.108, 93.574, 98.182, 99.146},
	"impulse_noise":     {78.374, 89.808, 94.870, 98.720, 99.548},
	"defocus_blur":      {65.624, 73.202, 85.036, 91.364, 94.714},
	"glass_blur":        {64.308, 75.054, 88.806, 91.622, 93.344},
	"motion_blur":       {58.430, 70.048, 82.108, 89.750, 92.638},
	"zoom_blur":         {70.008, 76.992, 80.784, 84.198, 87.198},
	"snow":              {71.726, 88.392, 86.468, 91.870, 94.952},
	"frost":             {61.390, 79.734, 88.790, 89.942, 93.430},
	"fog":               {67.474, 76.050, 84.378, 87.260, 94.500},
	"brightness":        {45.140, 48.502, 54.048, 62.166, 72.440},
	"contrast":          {64.548, 76.150, 88.874, 97.760, 99.270},
	"elastic_transform": {52.596, 70.116, 55.686, 64.076, 80.554},
	"pixelate":          {52.218, 54.620, 73.728, 87.092, 91.262},
	"jpeg_compression":  {51.002, 54.718, 57.294, 65.458, 74.778},
}

// alexNetClean is AlexNet's clean error in percent (Hendrycks and Dietterich 2019,
// table 1), which the relative CE subtracts.
const alexNetClean = 43.5

// normaliseByAlexNet fills CE and relative CE of ImageNet's corruptions and their
// means: Σ_s E / Σ_s E^AlexNet and Σ_s (E-clean) / Σ_s (E^AlexNet-clean^AlexNet),
// over the severities evaluated. Corruptions beyond the fifteen for testing have
// none and do not count. Without a clean error (NaN) there is no relative one.
func normaliseByAlexNet(c *run.Corruption, clean float64) {
	var all, relative []float64
	for _, name := range slices.Sorted(maps.Keys(c.ByCorruption)) {
		theirs, ok := alexNetErrors[name]
		if !ok {
			continue
		}
		s := c.ByCorruption[name]
		var error, alexNet float64
		for i, severity := range c.Severities {
			error += s.Severity[i]
			alexNet += theirs[severity-1]
		}
		n := float64(len(c.Severities))
		s.CE = percent(error / alexNet)
		s.RelativeCE = percent((error - n*clean) / (alexNet - n*alexNetClean))
		c.ByCorruption[name] = s
		all, relative = append(all, float64(s.CE)), append(relative, float64(s.RelativeCE))
	}
	if len(all) > 0 {
		c.MCE, c.RelativeMCE = run.Number(mean(all)), run.Number(mean(relative))
	}
}
