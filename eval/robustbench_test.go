package eval

import (
	"encoding/json"
	"strings"
	"testing"

	"augmix/corrupt"
	"augmix/run"
)

// augMixImageNet are the errors of RobustBench's Hendrycks2020AugMix on ImageNet-C in percent at severities 1 to 5:
// RobustBench/robustbench, model_info/imagenet/corruptions/unaggregated_results.csv.
var augMixImageNet = map[string][]float64{
	"brightness":        {25.3, 27.0, 29.4, 33.24, 39.14},
	"contrast":          {29.36, 32.36, 39.06, 58.26, 84.4},
	"defocus_blur":      {35.5, 39.34, 49.32, 61.46, 74.1},
	"elastic_transform": {30.62, 52.02, 37.68, 48.1, 71.28},
	"fog":               {36.38, 41.66, 51.96, 58.38, 75.8},
	"frost":             {35.76, 51.3, 63.28, 65.22, 72.24},
	"gaussian_noise":    {32.8, 39.0, 49.78, 66.32, 88.12},
	"glass_blur":        {39.52, 51.74, 73.14, 77.34, 82.6},
	"impulse_noise":     {35.48, 42.4, 49.04, 67.3, 87.26},
	"jpeg_compression":  {32.1, 35.04, 36.88, 43.2, 51.56},
	"motion_blur":       {28.52, 32.66, 42.22, 58.08, 70.34},
	"pixelate":          {30.14, 31.64, 40.22, 52.36, 57.88},
	"shot_noise":        {32.78, 40.2, 49.78, 68.4, 80.76},
	"snow":              {39.4, 59.0, 57.44, 69.86, 76.84},
	"zoom_blur":         {38.02, 44.76, 48.38, 56.72, 64.42},
}

// augMixEvaluation is an evaluation with those errors, and one of a corruption that is not for testing.
func augMixEvaluation(t *testing.T, dataset, source string) run.Evaluation {
	t.Helper()
	var cells []Cell
	for name, errors := range augMixImageNet {
		for i, e := range errors {
			cells = append(cells, Cell{Corruption: name, Severity: i + 1, Source: source, Scores: run.Scores{Error: e}})
		}
	}
	for severity := range corrupt.Severities {
		cells = append(cells, Cell{Corruption: "saturate", Severity: severity + 1, Source: source, Scores: run.Scores{Error: 99}})
	}
	c, err := Corruptions(cells)
	if err != nil {
		t.Fatal(err)
	}
	return run.Evaluation{Dataset: dataset, N: 5000, NExpected: 5000, Precision: "fp32", Clean: &run.Scores{Error: 22.66}, Corruption: c}
}

// The accuracies and the mCE are those of RobustBench's own file of the same model.
func TestRobustBench(t *testing.T) {
	info, err := RobustBench(augMixEvaluation(t, "imagenet", "published"), []run.Config{{Model: "resnet50", Pool: "max"}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"link":null,"name":null,"authors":null,"additional_data":null,"number_forward_passes":1,"dataset":"imagenet",` +
		`"venue":null,"architecture":"ResNet-50","eps":null,"clean_acc":"77.34","reported":null,"corruptions_acc":"49.33",` +
		`"corruptions_acc_3d":null,"corruptions_mce":"64.17","corruptions_mce_3d":null,"autoattack_acc":null,` +
		`"footnote":"On 5000 images; RobustBench takes 5000."}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRobustBenchSaysWhatDiffers(t *testing.T) {
	e := augMixEvaluation(t, "cifar10", "generated (seed 0)")
	e.Precision, e.Clean.Error = "bf16", 5
	members := []run.Config{{Model: "wrn", Layers: 40, WidenFactor: 2, Method: "augmix"}, {Model: "resnext", Cardinality: 4, BaseWidth: 32, Method: "augmix"}}
	info, err := RobustBench(e, members)
	if err != nil {
		t.Fatal(err)
	}
	if info.Architecture != "WideResNet-40-2 + ResNeXt29_32x4d" || info.NumberForwardPasses != 2 {
		t.Errorf("got %s in %d passes", info.Architecture, info.NumberForwardPasses)
	}
	if info.CleanAcc != "95.0" || info.CorruptionsMCE != nil {
		t.Errorf("got a clean accuracy of %s, mCE %v", info.CleanAcc, info.CorruptionsMCE)
	}
	if info.AdditionalData == nil || *info.AdditionalData {
		t.Error("runs that were trained on their dataset alone used no other")
	}
	if want := "The corrupted images are not the published ones but generated (seed 0). Computed in bf16."; *info.Footnote != want {
		t.Errorf("got the footnote %q, want %q", *info.Footnote, want)
	}
	members[1].Init = "imagenet.pt"
	if info, err := RobustBench(e, members); err != nil || info.AdditionalData != nil {
		t.Errorf("of weights that began elsewhere: got %v, %v, want nil", info.AdditionalData, err)
	}
	e = augMixEvaluation(t, "cifar10", "published")
	if info, err := RobustBench(e, members[:1]); err != nil || info.Footnote != nil {
		t.Errorf("published images in float32: got %+v, %v, want no footnote", info.Footnote, err)
	}
}

func TestRobustBenchRefuses(t *testing.T) {
	for want, change := range map[string]func(*run.Evaluation){
		"no list for shapes":      func(e *run.Evaluation) { e.Dataset = "shapes" },
		"needs the clean images":  func(e *run.Evaluation) { e.Clean = nil },
		"all 5 severities":        func(e *run.Evaluation) { e.Corruption.Severities = []int{1, 2} },
		"the clean images and":    func(e *run.Evaluation) { e.Corruption = nil },
		"frost was not evaluated": func(e *run.Evaluation) { delete(e.Corruption.ByCorruption, "frost") },
	} {
		e := augMixEvaluation(t, "cifar10", "published")
		change(&e)
		if _, err := RobustBench(e, []run.Config{{Model: "wrn"}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
