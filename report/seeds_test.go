package report

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"augmix/run"
)

// By hand: 5, 6 and 10 have the mean 7 and the sample variance (4 + 1 + 9)/2 = 7.
func TestSpread(t *testing.T) {
	got := spread([]run.Number{5, 6, 10})
	if got.Mean != 7 || math.Abs(float64(got.Std)-math.Sqrt(7)) > 1e-12 {
		t.Errorf("got %v, want 7 and √7", got)
	}
	for want, values := range map[string][]run.Number{
		"7.00 ± 2.65": {5, 6, 10}, "5.50": {5.5, run.None()}, "3.00 ± 0.00": {3, 3}, "–": {run.None()},
	} {
		if got := spread(values).String(); got != want {
			t.Errorf("%v: got %s, want %s", values, got, want)
		}
	}
}

// seededRuns makes runs of two methods with three seeds and of one with one, a variant with other settings, and one run
// that is not evaluated yet.
func seededRuns(t *testing.T) string {
	t.Helper()
	base := t.TempDir()
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	add := func(name string, seed int, c run.Config, clean float64) *run.Folder {
		c.Seed, c.Threads = uint64(seed), 1+seed%2
		start = start.Add(time.Minute)
		f := writeRun(t, filepath.Join(base, fmt.Sprintf("%s-s%d", name, seed)), c, clean/5, start)
		e, err := f.Evaluation()
		if err != nil {
			t.Fatal(err)
		}
		e.Clean.Error = clean
		e.Corruption.MeanError = 2 * clean
		e.Corruption.RMSCalibration = run.Number(clean / 2)
		if err := f.WriteEvaluation(e); err != nil {
			t.Fatal(err)
		}
		return f
	}
	for i, clean := range []float64{5, 6, 10} {
		add("standard", i+1, config("standard", 2), clean)
		add("shapes-wrn-augmix", i+1, config("augmix", 2), clean+1)
	}
	long := config("standard", 3)
	add("standard-long", 1, long, 4)
	add("standard-long", 2, long, 4)
	add("cutout", 1, config("cutout", 2), 5)
	f := add("cutout", 2, config("cutout", 2), 5)
	if err := os.Remove(f.Path("results", "eval.json")); err != nil {
		t.Fatal(err)
	}
	return base
}

func TestSeedsTable(t *testing.T) {
	s, err := Load([]string{seededRuns(t)})
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	if err := Table(&got, s); err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(got.String(), "Mean ± sample standard deviation")
	table, notes, _ := strings.Cut(table, "\n* ")
	var lines []string
	for line := range strings.Lines(table) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	for _, row := range []string{
		"dataset network method n error % error % corrupted %",
		"shapes wrn-16-1 standard 3 7.00 ± 2.65 14.00 ± 5.29 3.50 ± 1.32",
		"shapes wrn-16-1 augmix 3 8.00 ± 2.65 16.00 ± 5.29 4.00 ± 1.32",
		"shapes wrn-16-1 standard-long 2 4.00 ± 0.00 8.00 ± 0.00 2.00 ± 0.00",
		"shapes wrn-16-1 cutout 1 5.00 10.00 2.50",
	} {
		if !strings.Contains(strings.Join(lines, "\n")+"\n", row+"\n") {
			t.Errorf("no row %q in\n%s", row, table)
		}
	}
	if !strings.Contains(strings.Join(strings.Fields(notes), " "), "Not trained or not evaluated yet: cutout-s2.") {
		t.Errorf("the run without evaluation is not named:\n%s", notes)
	}
	if len(s.Runs) != 10 || len(s.Seeds) != 4 || strings.Contains(s.Title, "n = 1") {
		t.Errorf("got %d runs in %d groups, title %q", len(s.Runs), len(s.Seeds), s.Title)
	}
}

// Runs that were evaluated on other images are not averaged with the others, and neither is the same seed twice.
func TestSeedsKeepsApart(t *testing.T) {
	of := func(seed uint64, change func(*Run)) Run {
		c := config("augmix", 2)
		c.Seed = seed
		r := Run{Dir: fmt.Sprint("x-s", seed), Config: c, Eval: &run.Evaluation{N: 100, Precision: "fp32", Corruption: &run.Corruption{Source: "published"}}}
		change(&r)
		return r
	}
	same := func(*Run) {}
	for name, other := range map[string]Run{
		"images":      of(2, func(r *Run) { r.Eval.N = 50 }),
		"source":      of(2, func(r *Run) { r.Eval.Corruption.Source = "generated (seed 0)" }),
		"precision":   of(2, func(r *Run) { r.Eval.Precision = "bf16" }),
		"the seed":    of(1, same),
		"settings":    of(2, func(r *Run) { r.Config.EMA = 0.9 }),
		"severities":  of(2, func(r *Run) { r.Eval.Corruption.Severities = []int{1} }),
		"corruptions": of(2, func(r *Run) { r.Eval.Corruption.ByCorruption = map[string]run.CorruptionScores{"fog": {}} }),
	} {
		if got := bySeeds([]Run{of(1, same), other}); len(got) != 2 {
			t.Errorf("%s: %d groups, want 2", name, len(got))
		}
	}
	if got := bySeeds([]Run{of(1, same), of(2, func(r *Run) { r.Config.NumWorkers = 9; r.Config.Save = "elsewhere" })}); len(got) != 1 || got[0].Method != "x" {
		t.Errorf("two seeds: got %+v, want one group called x", got)
	}
}
