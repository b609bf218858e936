package cli

import (
	"os"
	"strings"
	"testing"

	"augmix/corrupt"
	"augmix/run"
)

// TestSaveRobustBench writes the file of the last result: of the ensemble, where there is one.
func TestSaveRobustBench(t *testing.T) {
	t.Chdir(t.TempDir())
	result := func(errorRate float64) run.Evaluation {
		c := &run.Corruption{Severities: allSeverities(), Source: "published", ByCorruption: map[string]run.CorruptionScores{}}
		for _, name := range corrupt.Test() {
			c.ByCorruption[name] = run.CorruptionScores{Error: 2 * errorRate}
		}
		return run.Evaluation{Dataset: "cifar10", N: 10000, NExpected: 10000, Precision: "fp32", Clean: &run.Scores{Error: errorRate}, Corruption: c}
	}
	wrn := run.Config{Model: "wrn", Layers: 16, WidenFactor: 1}
	tables := []evalTable{
		{result: result(7), configs: []run.Config{wrn}}, {result: result(6), configs: []run.Config{wrn}},
		{result: result(5), configs: []run.Config{wrn, wrn}},
	}
	var stderr strings.Builder
	log := newProgress(&stderr, false)
	e := evaluation{robustBench: "info.json", dryRun: true}
	if err := e.saveRobustBench(tables, log); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("info.json"); err == nil {
		t.Error("a dry run wrote the file")
	}
	e.dryRun = false
	if err := e.saveRobustBench(tables, log); err != nil || !strings.Contains(stderr.String(), "wrote info.json") {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	var info map[string]any
	readJSON(t, "info.json", &info)
	if info["clean_acc"] != "95.0" || info["corruptions_acc"] != "90.0" || info["number_forward_passes"] != 2.0 ||
		info["architecture"] != "WideResNet-16-1 + WideResNet-16-1" {
		t.Errorf("got %v", info)
	}
}
