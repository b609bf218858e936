package run

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func evaluation() Evaluation {
	scores := Scores{Error: 5.03, NLL: 0.17, Brier: 0.08, RMSCalibration: 1.9, RMSCalibrationAllBins: 2, MADCalibration: 1.5,
		MADCalibrationAllBins: 1.75, ECE: 1.1, ConfidenceMinusAccuracy: -0.5, SoftF1: 40, AURRA: 99.5}
	return Evaluation{
		Dataset: "cifar10", Model: "wrn", Checkpoints: []string{"a.safetensors"}, N: 10000, NExpected: 10001, Precision: "fp32",
		Clean: &scores,
		Corruption: &Corruption{
			MeanError: 11.2, MCE: 61, RelativeMCE: 75, RMSCalibration: 3.9, RMSCalibrationAllBins: 4, Source: "published", Severities: []int{1, 5},
			ByGroup: map[string]float64{"weather": 11.2},
			ByCorruption: map[string]CorruptionScores{"fog": {
				Error: 11.2, CE: 58, RelativeCE: 70, Severity: []float64{4.9, 17.5}, RMSCalibration: []Number{3, 4.8}, Source: "published",
			}},
		},
		Reliability: &Reliability{Clean: []Bin{{N: 3, Confidence: 90, Accuracy: 80}}},
		Temperature: &Temperature{Value: 1.25, From: "some images", N: 9000, Clean: &scores},
		Intervals:   &Intervals{Level: 95, Resamples: 1000, Method: "bootstrap", Clean: &Bounds[Scores]{Low: scores, High: scores}},
	}
}

// TestEvaluationJSON pins the names that other programs read, and that JSON loses
// nothing.
func TestEvaluationJSON(t *testing.T) {
	want := evaluation()
	text, err := json.Marshal(Evaluations{want})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`{"dataset":"cifar10","model":"wrn","checkpoints":["a.safetensors"],"n":10000,"n_expected":10001,"precision":"fp32",` +
			`"clean":{"error":5.03,"nll":0.17,"brier":0.08,"rms_calibration":1.9,"rms_calibration_all_bins":2,` +
			`"mad_calibration":1.5,"mad_calibration_all_bins":1.75,"ece":1.1,"confidence_minus_accuracy":-0.5,"soft_f1":40,"aurra":99.5},` +
			`"corruption":{"mean_error":11.2,"mce":61,"relative_mce":75,`,
		`"temperature":{"value":1.25,"from":"some images","at_end":false,"n":9000,"clean":{"error":5.03,`,
		`"ci":{"level":95,"resamples":1000,"method":"bootstrap","clean":{"low":{"error":5.03,`,
		`"reliability":{"clean":[{"n":3,"confidence":90,"accuracy":80}]}`,
		`"by_corruption":{"fog":{"error":11.2,"ce":58,"relative_ce":70,"severity":[4.9,17.5],`,
		`"rms_calibration":[3,4.8]`,
		`"severities":[1,5]`,
	} {
		if !strings.Contains(string(text), part) {
			t.Errorf("got %s, want it to contain %s", text, part)
		}
	}
	var got Evaluations
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, Evaluations{want}) {
		t.Errorf("got %+v back, want %+v", got, want)
	}
}

// TestEvaluationsJSON: one is an object, several are a list, and both are read.
func TestEvaluationsJSON(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3} {
		want := Evaluations{}
		for range n {
			want = append(want, evaluation())
		}
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if got := text[0] == '['; got != (n != 1) {
			t.Errorf("%d evaluations begin with %q", n, text[0])
		}
		var got Evaluations
		if err := json.Unmarshal(append([]byte("\n "), text...), &got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%d evaluations come back as %d: %+v", n, len(got), got)
		}
	}
	var e Evaluations
	if err := json.Unmarshal([]byte(`"text"`), &e); err == nil {
		t.Error("a string was read as evaluations")
	}
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		n    Number
		want string
	}{{0, "0"}, {1.25, "1.25"}, {None(), "null"}} {
		text, err := json.Marshal(c.n)
		if err != nil || string(text) != c.want {
			t.Errorf("%v: got %s, %v, want %s", float64(c.n), text, err, c.want)
		}
		got := Number(7)
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		if got != c.n && (got.Known() || c.n.Known()) {
			t.Errorf("%s: got %v back, want %v", text, got, c.n)
		}
	}
	if text, err := json.Marshal(Number(math.Inf(1))); err == nil {
		t.Errorf("an infinity was written as %s", text)
	}
}

func TestFolderKeepsItsEvaluation(t *testing.T) {
	f, err := Create(filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Evaluation(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a folder without an evaluation: got %v, want os.ErrNotExist", err)
	}
	want := evaluation()
	if err := f.WriteEvaluation(want); err != nil {
		t.Fatal(err)
	}
	got, err := f.Evaluation()
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if err := f.WriteResult(EvalName, Evaluations{want, want}); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Evaluation(); err == nil || !strings.Contains(err.Error(), "2 evaluations") {
		t.Errorf("two evaluations in a run's folder: got %v", err)
	}
}
