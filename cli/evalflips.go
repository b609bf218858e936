package cli

import (
	"fmt"
	"io"
	"slices"

	"augmix/corrupt"
)

// perturbations writes the flip probabilities, in the paper's order, and their means.
func (t evalTable) perturbations(w io.Writer) error {
	p := t.result.Perturbation
	if p == nil {
		return nil
	}
	head := row{fmt.Sprintf("perturbation (%d sequences, %s)", p.Sequences, p.Source), "flip probability %"}
	if p.NormalisedBy != "" {
		head = append(head, "flip rate %")
	}
	rows := []row{append(head, "top-5 distance", "frames")}
	for _, name := range slices.Concat(corrupt.Perturbations(), corrupt.PerturbationVariants()) {
		s, ok := p.ByPerturbation[name]
		if !ok {
			continue
		}
		line := row{name, percent(s.FlipProbability)}
		if p.NormalisedBy != "" {
			line = append(line, known(s.FlipRate))
		}
		rows = append(rows, append(line, known(s.Top5Distance), fmt.Sprint(s.Frames)))
	}
	fmt.Fprintln(w)
	if err := writeRows(w, rows, true); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nmean flip probability (mFP, unnormalised): %s %%; "+
		"with spatter in the place of snow, as CIFAR's published\nevaluation: %s %%\n", known(p.MFP), known(p.MFPWithSpatter))
	if err != nil {
		return err
	}
	switch {
	case p.NormalisedBy != "":
		_, err = fmt.Fprintf(w, "mean flip rate (mFR, normalised by AlexNet's flip probabilities of %s): %s %%\n", p.NormalisedBy, known(p.MFR))
	case t.result.Dataset == "imagenet":
		_, err = fmt.Fprintln(w, "no mFR, the flips normalised by AlexNet's: those are in no published file; give yours with --alexnet-flips FILE")
	}
	return err
}
