package run

import (
	"fmt"
	"strings"
)

// MethodText says in a few words how the run was trained: its method and what that is set to, and what was added to it.
func (c Config) MethodText() string {
	text := c.methodText()
	if c.SinData != "" {
		text += " on a stylised copy of the images"
	}
	return strings.Join(append([]string{text}, c.additions()...), ", ")
}

// additions lists what was added to the method.
func (c Config) additions() []string {
	var out []string
	add := func(is bool, format string, args ...any) {
		if is {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	add(c.CEViews == "all", "cross-entropy of all views")
	add(c.SplitBN, "batch normalisation per view")
	add(c.LabelSmoothing > 0, "labels smoothed by %g", c.LabelSmoothing)
	add(c.ClipGrad > 0, "gradients clipped at %g", c.ClipGrad)
	add(c.EMA > 0, "weights averaged with decay %g", c.EMA)
	add(c.InitSHA256 != "", "from trained weights")
	return out
}

func (c Config) methodText() string {
	switch c.Method {
	case "augmix":
		text := fmt.Sprintf("augmix with %d views", c.Views)
		if c.NoJSD {
			text = "augmix without the consistency loss"
		}
		if c.AllOps {
			text += ", all operations"
		}
		return text
	case "cutout":
		if c.CutoutLength == 0 {
			return "cutout of half the image"
		}
		return fmt.Sprintf("cutout of %d pixels", c.CutoutLength)
	case "mixup":
		return fmt.Sprintf("mixup (α = %g)", c.MixupAlpha)
	case "cutmix":
		return fmt.Sprintf("cutmix (β = %g, probability %g)", c.CutMixBeta, c.CutMixProb)
	case "autoaugment":
		return fmt.Sprintf("autoaugment (%s)", c.Policy)
	case "adversarial":
		return fmt.Sprintf("adversarial (radius %.3g/255, %d steps of %.3g/255)", c.Epsilon*255, c.AttackSteps, c.AttackStep*255)
	case "patch-uniform":
		side := "the image's side"
		if c.PatchWidth > 0 {
			side = fmt.Sprintf("%d pixels", c.PatchWidth)
		}
		return fmt.Sprintf("patch-uniform (up to %s, noise up to %g)", side, c.PatchNoise)
	case "corruption":
		if c.Severity == 0 {
			return fmt.Sprintf("corruption (%s, severities 1 to 5)", c.Corruption)
		}
		return fmt.Sprintf("corruption (%s, severity %d)", c.Corruption, c.Severity)
	}
	return c.Method
}

// MethodOrigin says whose the method's settings are where the AugMix paper's are not known, in a sentence; it is empty
// for the paper's own method and for standard training.
func (c Config) MethodOrigin() string {
	switch c.Method {
	case "augmix":
		if c.SinData != "" {
			return "That AugMix works on the stylised images alone is our choice; how the AugMix paper joins the two is not known."
		}
	case "cutout", "mixup", "cutmix":
		return fmt.Sprintf("The AugMix paper's settings of %s are not known; where no flag says otherwise they are its authors' own.", c.Method)
	case "adversarial":
		return "The AugMix paper's settings of adversarial training are not known; where no flag says otherwise they are " +
			"those of its first author's hendrycks/pre-training."
	case "autoaugment":
		return "The operations of autoaugment are those of its public implementations, without Cutout; the AugMix paper's details are not known."
	case "random-autoaugment":
		return "How random-autoaugment draws is our choice; how the AugMix paper does is not known."
	case "patch-uniform":
		return "The constants of patch-uniform are our choice; those of the AugMix paper are not known."
	case "corruption":
		return "Training on a corruption that is also tested says nothing about robustness to others; compare the others."
	}
	return ""
}
