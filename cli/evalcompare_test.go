package cli

import (
	"slices"
	"strings"
	"testing"

	"augmix/run"
)

func TestSideBySide(t *testing.T) {
	result := func(path string, clean *run.Scores, fog float64) run.Evaluation {
		return run.Evaluation{Checkpoints: []string{path}, Clean: clean, Corruption: &run.Corruption{
			MeanError: fog, ByGroup: map[string]float64{"weather": fog}, ByCorruption: map[string]run.CorruptionScores{"fog": {Error: fog}},
		}}
	}
	tables := []evalTable{
		{title: "WRN-16-1", result: result("runs/one/checkpoints/step-00000012.safetensors", &run.Scores{Error: 3}, 10)},
		{title: "WRN-16-1", result: result("models/two.safetensors", nil, 20.5)},
		{title: "ResNet-20", result: result("r.th", nil, 30)},
	}
	want := []string{
		"error %|one|two|ResNet-20", "clean|3.00|–|–", "fog|10.00|20.50|30.00", "weather (mean)|10.00|20.50|30.00",
		"mean corruption error|10.00|20.50|30.00",
	}
	var got []string
	for _, r := range sideBySide(tables) {
		got = append(got, strings.Join(r, "|"))
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	tables[0].result.Corruption = nil
	if got := sideBySide(tables); got != nil {
		t.Errorf("of clean images only: got %q", got)
	}
}
