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
	rows := []row{{fmt.Sprintf("perturbation (%d sequences, %s)", p.Sequences, p.Source), "flip probability %", "top-5 distance", "frames"}}
	for _, name := range slices.Concat(corrupt.Perturbations(), corrupt.PerturbationVariants()) {
		if s, ok := p.ByPerturbation[name]; ok {
			rows = append(rows, row{name, percent(s.FlipProbability), known(s.Top5Distance), fmt.Sprint(s.Frames)})
		}
	}
	fmt.Fprintln(w)
	if err := writeRows(w, rows, true); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nmean flip probability (mFP, unnormalised): %s %%; with spatter in the place of snow, as CIFAR's published\nevaluation: %s %%\n",
		known(p.MFP), known(p.MFPWithSpatter))
	return err
}
