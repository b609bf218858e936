package eval

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"augmix/corrupt"
	"augmix/run"
)

// FlipNorm is AlexNet's flip probabilities, by which those of ImageNet-P are
// normalised. They are published in a spreadsheet alone (hendrycks/robustness, thread
// 49), so that the person who evaluates brings them.
type FlipNorm struct {
	From    string             // the file
	Percent map[string]float64 // by perturbation; those for testing are all there
}

// maxFlipNorm bounds the bytes of a file that is read. One of all perturbations has some hundred.
const maxFlipNorm = 1 << 16

// ReadFlipNorm reads a file of AlexNet's flip probabilities: a JSON object that gives
// each perturbation's in percent, such as {"tilt": 7.05, …}.
func ReadFlipNorm(path string) (*FlipNorm, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFlipNorm+1))
	if err == nil && len(text) > maxFlipNorm {
		err = fmt.Errorf("is larger than %d bytes", maxFlipNorm)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	percent, err := parseFlipNorm(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &FlipNorm{From: path, Percent: percent}, nil
}

func parseFlipNorm(text []byte) (map[string]float64, error) {
	var percent map[string]float64
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&percent); err != nil {
		return nil, fmt.Errorf(`want a JSON object of each perturbation's flip probability in percent, such as {"tilt": 7.05}: %w`, err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("there is something after the JSON object")
	}
	known := append(corrupt.Perturbations(), corrupt.PerturbationVariants()...)
	highest := 0.0
	for name, p := range percent {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("there is no perturbation %.40q; the nearest is %s", name, run.Nearest(name, known))
		}
		if !(p > 0 && p <= 100) {
			return nil, fmt.Errorf("%s: %v is no flip probability above 0 and up to 100 percent", name, p)
		}
		highest = max(highest, p)
	}
	var lacks []string
	for _, name := range corrupt.TestPerturbations() {
		if _, ok := percent[name]; !ok {
			lacks = append(lacks, name)
		}
	}
	if len(lacks) > 0 {
		return nil, fmt.Errorf("it lacks %s, over which the mean is", strings.Join(lacks, ", "))
	}
	if highest < 1 {
		return nil, fmt.Errorf("none is above %v percent, so that they look like fractions; write percent", highest)
	}
	return percent, nil
}

// normalise fills the flip rates of p, FP / FP^AlexNet, and their mean over the
// perturbations for testing, mFR: Hendrycks and Dietterich (2019), section 4.3.
func (n *FlipNorm) normalise(p *run.Perturbation) {
	p.NormalisedBy = n.From
	for name, scores := range p.ByPerturbation {
		if theirs, ok := n.Percent[name]; ok {
			scores.FlipRate = run.Number(100 * scores.FlipProbability / theirs)
			p.ByPerturbation[name] = scores
		}
	}
	var rates []float64
	for _, name := range corrupt.TestPerturbations() {
		rates = append(rates, float64(rateOf(p, name)))
	}
	p.MFR = run.Number(mean(rates)) // none where one of them is
}

// rateOf returns the flip rate of a perturbation, none where there is none.
func rateOf(p *run.Perturbation, name string) run.Number {
	scores, ok := p.ByPerturbation[name]
	if !ok {
		return run.None()
	}
	return scores.FlipRate
}

// ensembleLogits returns the logarithm of the mean of the members' softmaxes: logits of the
// ensemble. It reuses what an earlier call returned.
func ensembleLogits(before []float32, members [][]float32, classes int) []float32 {
	all := make([][]float64, len(members))
	for i, logits := range members {
		all[i] = make([]float64, len(logits))
		logSoftmax(all[i], logits, classes)
	}
	mixed := make([]float64, len(members[0]))
	meanOfSoftmax(mixed, all)
	out := slices.Grow(before[:0], len(mixed))[:len(mixed)]
	for i, v := range mixed {
		out[i] = float32(math.Max(v, -math.MaxFloat32))
	}
	return out
}
