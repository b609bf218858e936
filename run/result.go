package run

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
)

// EvalName is the result that holds a run's evaluation: results/eval.json, an
// Evaluations of one.
const EvalName = "eval"

// Number is a figure that need not exist: NaN stands for "there is none", and
// JSON, which knows no NaN, writes null.
type Number float64

// None is the Number that JSON writes as null.
func None() Number { return Number(math.NaN()) }

// Known reports whether there is a figure.
func (n Number) Known() bool { return !math.IsNaN(float64(n)) }

// MarshalJSON writes null for NaN. An infinity is an error, as it is for a
// float64.
func (n Number) MarshalJSON() ([]byte, error) {
	if !n.Known() {
		return []byte("null"), nil
	}
	return json.Marshal(float64(n))
}

// UnmarshalJSON reads null as NaN.
func (n *Number) UnmarshalJSON(text []byte) error {
	if bytes.Equal(text, []byte("null")) {
		*n = None()
		return nil
	}
	return json.Unmarshal(text, (*float64)(n))
}

// Evaluation is how one checkpoint, or one ensemble of several, did on the sets
// that were asked for. Rates (errors, calibration) are in percent, losses and
// Brier scores (0 to 2) as they are; nothing is rounded.
type Evaluation struct {
	Dataset      string        `json:"dataset"`
	Model        string        `json:"model"`       // of an ensemble all members', with " + " between
	Checkpoints  []string      `json:"checkpoints"` // several: an ensemble
	N            int           `json:"n"`           // images of the clean set, and of each severity of a corruption
	NExpected    int           `json:"n_expected"`  // N, and the images that could not be read
	Precision    string        `json:"precision"`   // fp32 or bf16
	Clean        *Scores       `json:"clean,omitempty"`
	Corruption   *Corruption   `json:"corruption,omitempty"`
	Perturbation *Perturbation `json:"perturbation,omitempty"`
	Reliability  *Reliability  `json:"reliability,omitempty"`
	Temperature  *Temperature  `json:"temperature,omitempty"`
	Intervals    *Intervals    `json:"ci,omitempty"`
	Fourier      *FourierMap   `json:"fourier,omitempty"`
}

// Scores are the figures of one set of images.
type Scores struct {
	Error float64 `json:"error"` // top-1, percent
	NLL   float64 `json:"nll"`   // mean negative log-likelihood, nats
	Brier float64 `json:"brier"` // mean over images of the sum over classes, 0 to 2

	// RMSCalibration is the published code's figure: bins of 100 images by
	// confidence, the top bin left out. There is none below 100 images.
	RMSCalibration        Number `json:"rms_calibration"`
	RMSCalibrationAllBins Number `json:"rms_calibration_all_bins"`
	// MADCalibration is the mean absolute gap of the same bins.
	MADCalibration        Number  `json:"mad_calibration"`
	MADCalibrationAllBins Number  `json:"mad_calibration_all_bins"`
	ECE                   float64 `json:"ece"` // 15 bins of equal width

	// ConfidenceMinusAccuracy is positive where the network is overconfident.
	ConfidenceMinusAccuracy float64 `json:"confidence_minus_accuracy"`

	SoftF1 Number  `json:"soft_f1"` // of finding wrong images by 1 - confidence, percent; none where all are right for sure
	AURRA  float64 `json:"aurra"`   // area under the response rate accuracy curve, percent
}

// Figures returns the addresses of all figures, always in the same order.
func (s *Scores) Figures() []*float64 {
	return []*float64{
		&s.Error, &s.NLL, &s.Brier,
		(*float64)(&s.RMSCalibration), (*float64)(&s.RMSCalibrationAllBins),
		(*float64)(&s.MADCalibration), (*float64)(&s.MADCalibrationAllBins),
		&s.ECE, &s.ConfidenceMinusAccuracy, (*float64)(&s.SoftF1), &s.AURRA,
	}
}

// FigureNames are the names of Figures in JSON.
func FigureNames() []string {
	return []string{
		"error", "nll", "brier", "rms_calibration", "rms_calibration_all_bins", "mad_calibration", "mad_calibration_all_bins",
		"ece", "confidence_minus_accuracy", "soft_f1", "aurra",
	}
}

// Pooling says how the figures of corrupted images are averaged.
const Pooling = "each figure is computed of one corruption at one severity, then averaged over severities, then over corruptions"

// Corruption is how a checkpoint did on corrupted images. Every figure without a
// name of its own is a mean over corruptions of the mean over severities.
type Corruption struct {
	MeanError               float64            `json:"mean_error"`   // CIFAR's unnormalised mCE
	MCE                     Number             `json:"mce"`          // normalised by AlexNet's errors, percent; ImageNet only
	RelativeMCE             Number             `json:"relative_mce"` // of the errors less the clean ones; ImageNet only
	NLL                     float64            `json:"nll"`
	Brier                   float64            `json:"brier"`
	RMSCalibration          Number             `json:"rms_calibration"`
	RMSCalibrationAllBins   Number             `json:"rms_calibration_all_bins"`
	MADCalibration          Number             `json:"mad_calibration"`
	MADCalibrationAllBins   Number             `json:"mad_calibration_all_bins"`
	ECE                     float64            `json:"ece"`
	ConfidenceMinusAccuracy float64            `json:"confidence_minus_accuracy"`
	SoftF1                  Number             `json:"soft_f1"`
	AURRA                   float64            `json:"aurra"`
	Pooling                 string             `json:"pooling"`
	Source                  string             `json:"source"`      // "published", "generated (seed 0)" or with more in the brackets; several with " and "
	Severities              []int              `json:"severities"`  // those evaluated, the mildest first
	BySeverity              []Scores           `json:"by_severity"` // for each of Severities, means over corruptions
	ByGroup                 map[string]float64 `json:"by_group"`    // noise, blur, weather, digital: mean error of the corruptions present

	ByCorruption map[string]CorruptionScores `json:"by_corruption"`
}

// CorruptionScores are the figures of one corruption. The lists have one entry for
// each of Corruption.Severities.
type CorruptionScores struct {
	Error                   float64   `json:"error"`       // mean of Severity
	CE                      Number    `json:"ce"`          // normalised by AlexNet's errors, percent; ImageNet only
	RelativeCE              Number    `json:"relative_ce"` // of the errors less the clean ones; ImageNet only
	Severity                []float64 `json:"severity"`    // errors
	NLL                     []float64 `json:"nll"`
	Brier                   []float64 `json:"brier"`
	RMSCalibration          []Number  `json:"rms_calibration"`
	RMSCalibrationAllBins   []Number  `json:"rms_calibration_all_bins"`
	MADCalibration          []Number  `json:"mad_calibration"`
	MADCalibrationAllBins   []Number  `json:"mad_calibration_all_bins"`
	ECE                     []float64 `json:"ece"`
	ConfidenceMinusAccuracy []float64 `json:"confidence_minus_accuracy"`
	SoftF1                  []Number  `json:"soft_f1"`
	AURRA                   []float64 `json:"aurra"`
	Source                  string    `json:"source"`
}

// Bin is a group of images of similar confidence. A group without images has no
// figures.
type Bin struct {
	N          int    `json:"n"`
	Confidence Number `json:"confidence"` // mean, percent
	Accuracy   Number `json:"accuracy"`   // percent
}

// Reliability is what reliability diagrams draw: confidence and accuracy in the 15
// bins of ECE.
type Reliability struct {
	Clean []Bin `json:"clean,omitempty"`
	// BySeverity has for each of Corruption.Severities the bins of the images of all
	// corruptions together.
	BySeverity [][]Bin `json:"by_severity,omitempty"`
}

// Temperature is what one temperature makes of the probabilities:
// softmax(logits/T), of an ensemble softmax(log p/T).
type Temperature struct {
	Value float64 `json:"value"`
	From  string  `json:"from"`   // the images that it was fitted to, or "--temperature"
	AtEnd bool    `json:"at_end"` // the best is at or beyond an end of the range searched
	N     int     `json:"n"`      // images of each set that the figures are about: none that it was fitted to

	Clean      *Scores     `json:"clean,omitempty"`
	Corruption *Corruption `json:"corruption,omitempty"`
}

// FourierMap is the error on images to which Fourier basis images are added.
type FourierMap struct {
	Epsilon float64 `json:"epsilon"` // Euclidean norm of what is added to a channel of pixels in [0, 1]
	N       int     `json:"n"`       // images
	Side    int     `json:"side"`    // of the map, odd
	Mean    float64 `json:"mean"`    // over the map
	// Error, in percent, has the lowest frequency in the middle: row and column less
	// (Side-1)/2 are the cycles an image, downwards and to the right.
	Error [][]float64 `json:"error"`
}

// Intervals are bootstrap confidence intervals: for each figure of an evaluation
// its lower and its upper end.
type Intervals struct {
	Level     float64 `json:"level"` // percent
	Resamples int     `json:"resamples"`
	Method    string  `json:"method"`

	Clean      *Bounds[Scores]     `json:"clean,omitempty"`
	Corruption *Bounds[Corruption] `json:"corruption,omitempty"`
}

// Bounds are the two ends of the intervals of all figures of a T.
type Bounds[T any] struct {
	Low  T `json:"low"`
	High T `json:"high"`
}

// Evaluations are those of one call of `augmix eval`. JSON holds a single one as
// itself and several as a list.
type Evaluations []Evaluation

// MarshalJSON writes a list of one as its only element.
func (e Evaluations) MarshalJSON() ([]byte, error) {
	if len(e) == 1 {
		return json.Marshal(e[0])
	}
	return json.Marshal([]Evaluation(e))
}

// UnmarshalJSON reads what MarshalJSON writes.
func (e *Evaluations) UnmarshalJSON(text []byte) error {
	if text = bytes.TrimSpace(text); len(text) > 0 && text[0] == '[' {
		return json.Unmarshal(text, (*[]Evaluation)(e))
	}
	var one Evaluation
	if err := json.Unmarshal(text, &one); err != nil {
		return err
	}
	*e = Evaluations{one}
	return nil
}

// WriteEvaluation replaces results/eval.json.
func (f *Folder) WriteEvaluation(e Evaluation) error {
	return f.WriteResult(EvalName, Evaluations{e})
}

// Evaluation reads results/eval.json. The error wraps os.ErrNotExist where the run
// was not evaluated.
func (f *Folder) Evaluation() (Evaluation, error) {
	var all Evaluations
	if err := f.ReadResult(EvalName, &all); err != nil {
		return Evaluation{}, err
	}
	if len(all) != 1 {
		return Evaluation{}, fmt.Errorf("%s holds %d evaluations, a run's folder has one; run `augmix eval %s` again",
			f.Path(resultsDir, EvalName+".json"), len(all), f.Dir())
	}
	return all[0], nil
}
