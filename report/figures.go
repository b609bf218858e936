package report

import (
	"math"

	"augmix/run"
)

// clean is the error on clean test images, in percent.
func (r Run) clean() run.Number {
	if r.Eval == nil || r.Eval.Clean == nil {
		return run.None()
	}
	return run.Number(r.Eval.Clean.Error)
}

// corruption is nil where the run was not evaluated on corrupted images.
func (r Run) corruption() *run.Corruption {
	if r.Eval == nil {
		return nil
	}
	return r.Eval.Corruption
}

// ofCorruption is a figure over all corrupted images.
func (r Run) ofCorruption(of func(*run.Corruption) run.Number) run.Number {
	if c := r.corruption(); c != nil {
		return of(c)
	}
	return run.None()
}

// mean is the unnormalised mean corruption error, in percent.
func (r Run) mean() run.Number {
	return r.ofCorruption(func(c *run.Corruption) run.Number { return run.Number(c.MeanError) })
}

// mce is the mean corruption error normalised by AlexNet's errors; of ImageNet only.
func (r Run) mce() run.Number {
	return r.ofCorruption(func(c *run.Corruption) run.Number { return c.MCE })
}

// calibration is the RMS calibration error on corrupted images, in percent.
func (r Run) calibration() run.Number {
	return r.ofCorruption(func(c *run.Corruption) run.Number { return c.RMSCalibration })
}

// cleanCalibration is the RMS calibration error on clean images, in percent.
func (r Run) cleanCalibration() run.Number {
	if r.Eval == nil || r.Eval.Clean == nil {
		return run.None()
	}
	return r.Eval.Clean.RMSCalibration
}

// mfp is the mean flip probability, in percent.
func (r Run) mfp() run.Number {
	if r.Eval == nil || r.Eval.Perturbation == nil {
		return run.None()
	}
	return r.Eval.Perturbation.MFP
}

// mfr is the mean flip rate, the flip probabilities normalised by AlexNet's, in percent.
func (r Run) mfr() run.Number {
	if r.Eval == nil || r.Eval.Perturbation == nil || r.Eval.Perturbation.NormalisedBy == "" {
		return run.None()
	}
	return r.Eval.Perturbation.MFR
}

// group is the mean error of a group of corruptions.
func (r Run) group(name string) run.Number {
	return r.ofCorruption(func(c *run.Corruption) run.Number {
		if v, ok := c.ByGroup[name]; ok {
			return run.Number(v)
		}
		return run.None()
	})
}

// corruptionError is the error on a corruption, the mean over its severities.
func (r Run) corruptionError(name string) run.Number {
	return r.ofCorruption(func(c *run.Corruption) run.Number {
		if v, ok := c.ByCorruption[name]; ok {
			return run.Number(v.Error)
		}
		return run.None()
	})
}

// flips is the flip probability along a perturbation.
func (r Run) flips(name string) run.Number {
	if r.Eval != nil && r.Eval.Perturbation != nil {
		if p, ok := r.Eval.Perturbation.ByPerturbation[name]; ok {
			return run.Number(p.FlipProbability)
		}
	}
	return run.None()
}

// bySeverity lists a figure from severity 0, the clean images, on: severity and
// value. A figure that is not known is left out.
func (r Run) bySeverity(of func(run.Scores) run.Number) [][2]float64 {
	var out [][2]float64
	add := func(severity int, v run.Number) {
		if v.Known() && !math.IsInf(float64(v), 0) {
			out = append(out, [2]float64{float64(severity), float64(v)})
		}
	}
	if r.Eval != nil && r.Eval.Clean != nil {
		add(0, of(*r.Eval.Clean))
	}
	if c := r.corruption(); c != nil {
		for i, scores := range c.BySeverity {
			add(c.Severities[i], of(scores))
		}
	}
	return out
}

// errorBySeverity lists the error on a corruption from severity 0, the clean
// images, on.
func (r Run) errorBySeverity(name string) [][2]float64 {
	c := r.corruption()
	if c == nil {
		return nil
	}
	scores, ok := c.ByCorruption[name]
	if !ok {
		return nil
	}
	var out [][2]float64
	if clean := r.clean(); clean.Known() {
		out = append(out, [2]float64{0, float64(clean)})
	}
	for i, e := range scores.Severity {
		out = append(out, [2]float64{float64(c.Severities[i]), e})
	}
	return out
}

// source says where the corrupted images came from, "" where there are none.
func (r Run) source() string {
	if c := r.corruption(); c != nil {
		return c.Source
	}
	return ""
}

// images is how many clean test images the evaluation is about, 0 where there is none.
func (r Run) images() int {
	if r.Eval == nil {
		return 0
	}
	return r.Eval.N
}
