package eval

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"augmix/corrupt"
	"augmix/nets"
	"augmix/run"
)

// RobustBenchDatasets are the datasets that RobustBench has a list of corruptions for.
func RobustBenchDatasets() []string { return []string{"cifar10", "cifar100", "imagenet"} }

// ModelInfo is what RobustBench records of a model, in a file of its folder
// model_info/DATASET/corruptions: RobustBench/robustbench, robustbench/utils.py,
// ModelInfo, in that order. What no measurement knows is null, as in the files that
// its own program writes; people fill it in. Accuracies are percent, as text.
type ModelInfo struct {
	Link                *string  `json:"link"`
	Name                *string  `json:"name"` // of the paper
	Authors             *string  `json:"authors"`
	AdditionalData      *bool    `json:"additional_data"`
	NumberForwardPasses int      `json:"number_forward_passes"`
	Dataset             string   `json:"dataset"`
	Venue               *string  `json:"venue"`
	Architecture        string   `json:"architecture"`
	Eps                 *float64 `json:"eps"`
	CleanAcc            string   `json:"clean_acc"`
	Reported            *string  `json:"reported"` // by the paper
	CorruptionsAcc      string   `json:"corruptions_acc"`
	CorruptionsAcc3D    *string  `json:"corruptions_acc_3d"`
	CorruptionsMCE      *string  `json:"corruptions_mce"`
	CorruptionsMCE3D    *string  `json:"corruptions_mce_3d"`
	AutoAttackAcc       *string  `json:"autoattack_acc"`
	Footnote            *string  `json:"footnote"`
}

// robustBenchAlexNet are AlexNet's mean errors on ImageNet-C in percent as RobustBench
// measures them, on 5,000 images, by which its mCE is normalised: the means of its
// model_info/imagenet/corruptions/unaggregated_results.csv.
var robustBenchAlexNet = map[string]float64{
	"gaussian_noise": 88.160, "shot_noise": 88.832, "impulse_noise": 91.724, "defocus_blur": 82.204, "glass_blur": 83.080,
	"motion_blur": 78.724, "zoom_blur": 79.572, "snow": 86.800, "frost": 83.148, "fog": 82.364, "brightness": 55.848,
	"contrast": 85.432, "elastic_transform": 64.804, "pixelate": 71.856, "jpeg_compression": 60.680,
}

// RobustBench returns what RobustBench records of an evaluation of the network, or of
// the ensemble of the networks, that members configure. It needs the clean images and
// the fifteen test corruptions at all severities; the error says what is missing.
func RobustBench(e run.Evaluation, members []run.Config) (ModelInfo, error) {
	m := ModelInfo{Dataset: e.Dataset, NumberForwardPasses: len(members), AdditionalData: additionalData(members)}
	if !slices.Contains(RobustBenchDatasets(), e.Dataset) {
		return m, fmt.Errorf("RobustBench has no list for %s; it has %s", e.Dataset, strings.Join(RobustBenchDatasets(), ", "))
	}
	if e.Clean == nil || e.Corruption == nil || len(e.Corruption.Severities) != corrupt.Severities {
		return m, fmt.Errorf("RobustBench's list needs the clean images and all %d severities of the corruptions", corrupt.Severities)
	}
	var errors, ratios []float64
	for _, name := range corrupt.Test() {
		s, ok := e.Corruption.ByCorruption[name]
		if !ok {
			return m, fmt.Errorf("RobustBench's list needs all %d test corruptions; %s was not evaluated", len(corrupt.Test()), name)
		}
		errors = append(errors, s.Error)
		ratios = append(ratios, s.Error/robustBenchAlexNet[name])
	}
	m.CleanAcc, m.CorruptionsAcc = percentText(100-e.Clean.Error), percentText(100-mean(errors))
	if e.Dataset == "imagenet" {
		mce := percentText(100 * mean(ratios))
		m.CorruptionsMCE = &mce
	}
	var names []string
	for _, c := range members {
		names = append(names, robustBenchArchitecture(c))
	}
	m.Architecture = strings.Join(names, " + ")
	m.Footnote = footnote(e)
	return m, nil
}

// additionalData tells whether other data than the dataset's were trained on, nil
// where that is not known.
func additionalData(members []run.Config) *bool {
	for _, c := range members {
		if c.Method == "" || c.Init != "" {
			return nil
		}
	}
	return new(bool)
}

// footnote says in what the evaluation differs from RobustBench's own, nil where it
// does not.
func footnote(e run.Evaluation) *string {
	var notes []string
	if e.Corruption.Source != "published" {
		notes = append(notes, fmt.Sprintf("The corrupted images are not the published ones but %s.", e.Corruption.Source))
	}
	if e.Dataset == "imagenet" {
		notes = append(notes, fmt.Sprintf("On %d images; RobustBench takes 5000.", e.N))
	}
	if e.Precision != "fp32" {
		notes = append(notes, fmt.Sprintf("Computed in %s.", e.Precision))
	}
	if len(notes) == 0 {
		return nil
	}
	text := strings.Join(notes, " ")
	return &text
}

// robustBenchArchitecture names a network as RobustBench's files do, where it is in
// one of them.
func robustBenchArchitecture(c run.Config) string {
	switch c.Model {
	case "wrn":
		return fmt.Sprintf("WideResNet-%d-%d", c.Layers, c.WidenFactor)
	case "resnext": // of 4 groups of 32 channels: its own order
		return fmt.Sprintf("ResNeXt29_%dx%dd", c.BaseWidth, c.Cardinality)
	}
	return NetConfig(c, 1, nets.Normalization{}).Describe()
}

// percentText writes a percentage as Python's str(round(x, 2)) does.
func percentText(x float64) string {
	text := strconv.FormatFloat(math.Round(100*x)/100, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}
