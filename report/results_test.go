package report

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The CSV files hold every figure with all its digits, and go when there is nothing for them any more.
func TestResults(t *testing.T) {
	c := config("augmix", 2)
	f := writeRun(t, filepath.Join(t.TempDir(), "r"), c, 1, time.Now())
	e := wholeEvaluation(c, 1)
	e.Corruption.ByCorruption["contrast"].Severity[4] = 100.0 / 3
	if err := f.WriteEvaluation(e); err != nil {
		t.Fatal(err)
	}
	s, _ := pageOf(t, f.Dir())
	written, err := writeResults(f.Path("results"), s)
	if err != nil {
		t.Fatal(err)
	}
	rows := func(name string) [][]string {
		t.Helper()
		rows, err := csv.NewReader(strings.NewReader(read(t, f.Path("results", name)))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	for name, want := range map[string]int{"runs.csv": 1, "corruptions.csv": 25, "perturbations.csv": 3, "reliability.csv": 90} {
		if got := len(rows(name)) - 1; got != want {
			t.Errorf("%s has %d rows, want %d", name, got, want)
		}
	}
	if !slices.ContainsFunc(rows("corruptions.csv"), func(r []string) bool {
		return r[0] == "r" && r[1] == "contrast" && r[2] == "5" && r[3] == "33.333333333333336" && r[4] == ""
	}) {
		t.Error("corruptions.csv lacks contrast at severity 5")
	}
	var kept struct {
		Runs []struct{ Name string }
	}
	if err := json.Unmarshal([]byte(read(t, f.Path("results", "report.json"))), &kept); err != nil || len(kept.Runs) != 1 || kept.Runs[0].Name != "r" {
		t.Errorf("report.json: %+v, %v", kept, err)
	}
	if len(written) != 6 {
		t.Errorf("got the results %v", written)
	}
	if err := f.WriteEvaluation(evaluation(c, 1)); err != nil {
		t.Fatal(err)
	}
	s, _ = pageOf(t, f.Dir())
	if _, err := writeResults(f.Path("results"), s); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(f.Path("results", "perturbations.csv")); err == nil {
		t.Error("perturbations.csv is of an evaluation that is not there any more")
	}
}
