package report

import (
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"

	"augmix/run"
)

// Seeds are the runs of one dataset, network and method with the same settings, which differ by their seeds. Rates are in
// percent.
type Seeds struct {
	Dataset     string   `json:"dataset"`
	Network     string   `json:"network"`
	Method      string   `json:"method"` // as the runs' folders call it, where they agree
	N           int      `json:"n"`      // runs
	Runs        []string `json:"runs"`   // their names
	Clean       Spread   `json:"clean_error"`
	Mean        Spread   `json:"mean_corruption_error"`
	Calibration Spread   `json:"rms_calibration_corrupted"`

	first Run
}

// Spread is a mean over runs and the sample standard deviation (n − 1 in the denominator), which one run does not have.
type Spread struct {
	Mean run.Number `json:"mean"`
	Std  run.Number `json:"std"`
}

func spread(values []float64) Spread {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	mean := sum / float64(len(values))
	if len(values) < 2 {
		return Spread{run.Number(mean), run.None()}
	}
	squares := 0.0
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return Spread{run.Number(mean), run.Number(math.Sqrt(squares / float64(len(values)-1)))}
}

// String is "12.34 ± 0.56"; a mean of one run stands alone, and a figure that a run lacks is a dash.
func (s Spread) String() string {
	switch {
	case !s.Mean.Known():
		return "–"
	case !s.Std.Known():
		return decimal(float64(s.Mean))
	}
	return decimal(float64(s.Mean)) + " ± " + decimal(float64(s.Std))
}

// bySeeds groups runs that differ only by their seeds and that were evaluated alike, in the order of first sight.
func bySeeds(runs []Run) []Seeds {
	var groups [][]Run
	for _, r := range runs {
		found := false
		for i, g := range groups {
			if found = sameButSeed(g[0], r); found {
				groups[i] = append(g, r)
				break
			}
		}
		if !found {
			groups = append(groups, []Run{r})
		}
	}
	var out []Seeds
	for _, g := range groups {
		out = append(out, summarize(g))
	}
	return out
}

func summarize(g []Run) Seeds {
	s := Seeds{Dataset: g[0].Config.Dataset, Network: network(g[0].Config), Method: methodName(g), N: len(g), first: g[0]}
	var clean, mean, calibration []float64
	for _, r := range g {
		s.Runs = append(s.Runs, r.Name)
		clean, mean, calibration = append(clean, r.Clean), append(mean, r.Mean), append(calibration, float64(r.Calibration))
	}
	s.Clean, s.Mean, s.Calibration = spread(clean), spread(mean), spread(calibration)
	return s
}

// sameButSeed tells whether two runs were trained and evaluated with the same settings, seeds aside. The thread count
// changes no more than a seed does.
func sameButSeed(a, b Run) bool {
	for _, d := range run.Differences(a.Config, b.Config) {
		if !d.Free && d.Flag != "seed" && d.Flag != "threads" {
			return false
		}
	}
	return a.Config.Seed != b.Config.Seed && a.N == b.N && a.Precision == b.Precision && a.Source == b.Source &&
		len(a.Corruptions) == len(b.Corruptions)
}

// methodName is what the folders of a method's runs have in common, <name>-s<seed> or <dataset>-<model>-<name>-s<seed>;
// the method where they do not agree.
func methodName(g []Run) string {
	name := ""
	for i, r := range g {
		c := r.Config
		own, ok := strings.CutSuffix(filepath.Base(r.Dir), fmt.Sprintf("-s%d", c.Seed))
		own = strings.TrimPrefix(own, c.Dataset+"-")
		own = strings.TrimPrefix(strings.TrimPrefix(own, network(c)+"-"), c.Model+"-")
		if !ok || i > 0 && own != name {
			return c.Method
		}
		name = own
	}
	return name
}

// seedColumns are the columns of the table over seeds.
func seedColumns(groups []Seeds) []column {
	add := func(over, under string, left bool, cell func(Seeds) string) column {
		c := column{Over: over, Under: under, left: left}
		for _, g := range groups {
			c.cells = append(c.cells, cell(g))
		}
		return c
	}
	return []column{
		add("", "dataset", true, func(s Seeds) string { return s.Dataset }),
		add("", "network", true, func(s Seeds) string { return s.Network }),
		add("", "method", true, func(s Seeds) string { return s.Method }),
		add("", "n", false, func(s Seeds) string { return fmt.Sprint(s.N) }),
		add("clean", "error %", false, func(s Seeds) string { return s.Clean.String() }),
		add("mean corruption", "error %", false, func(s Seeds) string { return s.Mean.String() }),
		add("RMS calibration", "corrupted %", false, func(s Seeds) string { return s.Calibration.String() }),
	}
}

// writeSeeds writes the table over seeds, where there is a setting with several.
func writeSeeds(w io.Writer, groups []Seeds) {
	if !several(groups) {
		return
	}
	fmt.Fprint(w, "Mean ± sample standard deviation over n seeds\n\n")
	writeColumns(w, seedColumns(groups))
	fmt.Fprintln(w)
}

func several(groups []Seeds) bool {
	for _, g := range groups {
		if g.N > 1 {
			return true
		}
	}
	return false
}
