package report

import (
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"augmix/run"
)

// Seeds are the runs of one dataset, network and method with the same settings, which differ by their seeds. Rates are in
// percent.
type Seeds struct {
	Label            string            `json:"label"` // what charts call it
	Dataset          string            `json:"dataset"`
	Network          string            `json:"network"`
	Method           string            `json:"method"` // as the runs' folders call it, where they agree
	N                int               `json:"n"`      // runs, evaluated ones where there is one
	Runs             []string          `json:"runs"`   // their names, those included that are not evaluated
	Clean            Spread            `json:"clean_error"`
	Mean             Spread            `json:"mean_corruption_error"`
	MCE              Spread            `json:"mce"` // normalised by AlexNet's errors; ImageNet only
	CleanCalibration Spread            `json:"rms_calibration_clean"`
	Calibration      Spread            `json:"rms_calibration_corrupted"`
	MFP              Spread            `json:"mfp"`
	MFR              Spread            `json:"mfr"` // normalised by AlexNet's flip probabilities, where these were given
	Seconds          Spread            `json:"training_seconds"`
	Groups           map[string]Spread `json:"by_group"`
	Corruptions      map[string]Spread `json:"by_corruption"`
	Perturbations    map[string]Spread `json:"by_perturbation"`

	members []Run
	average Run // what charts draw
}

// Spread is a mean over runs and the sample standard deviation (n − 1 in the denominator), which one run does not have.
type Spread struct {
	Mean run.Number `json:"mean"`
	Std  run.Number `json:"std"`
	N    int        `json:"n"` // runs that have the figure
}

// spread is over the values that are known.
func spread(values []run.Number) Spread {
	values = slices.DeleteFunc(slices.Clone(values), func(v run.Number) bool { return !v.Known() })
	n, sum := len(values), 0.0
	for _, v := range values {
		sum += float64(v)
	}
	if n == 0 {
		return Spread{run.None(), run.None(), 0}
	}
	mean := sum / float64(n)
	if n == 1 {
		return Spread{run.Number(mean), run.None(), 1}
	}
	squares := 0.0
	for _, v := range values {
		squares += (float64(v) - mean) * (float64(v) - mean)
	}
	return Spread{run.Number(mean), run.Number(math.Sqrt(squares / float64(n-1))), n}
}

// String is "12.34 ± 0.56"; a mean of one run stands alone, and a figure that no run has is a dash.
func (s Spread) String() string {
	switch {
	case !s.Mean.Known():
		return "–"
	case !s.Std.Known():
		return decimal(float64(s.Mean))
	}
	return decimal(float64(s.Mean)) + " ± " + decimal(float64(s.Std))
}

// of is String, with the number of runs where that is not the group's.
func (s Spread) of(n int) string {
	if s.N == 0 || s.N == n {
		return s.String()
	}
	return fmt.Sprintf("%s (n = %d)", s, s.N)
}

// bySeeds groups runs that differ only by their seeds and that were evaluated alike, in the order of first sight. A run
// that is not evaluated yet goes with the others of its settings.
func bySeeds(runs []Run) []Seeds {
	var groups [][]Run
	for _, r := range runs {
		i := slices.IndexFunc(groups, func(g []Run) bool {
			return !slices.ContainsFunc(g, func(other Run) bool { return !sameButSeed(other, r) })
		})
		if i < 0 {
			groups = append(groups, nil)
			i = len(groups) - 1
		}
		groups[i] = append(groups[i], r)
	}
	var out []Seeds
	for _, g := range groups {
		out = append(out, summarize(g))
	}
	label(out)
	return out
}

func summarize(g []Run) Seeds {
	s := Seeds{Dataset: g[0].Config.Dataset, Network: network(g[0].Config), Method: methodName(g), members: g, average: average(g)}
	of := func(figure func(Run) run.Number) Spread {
		var values []run.Number
		for _, r := range g {
			values = append(values, figure(r))
		}
		return spread(values)
	}
	for _, r := range g {
		s.Runs = append(s.Runs, r.Name)
		if r.Eval != nil {
			s.N++
		}
	}
	if s.N == 0 {
		s.N = len(g)
	}
	s.Clean, s.Mean, s.MCE = of(Run.clean), of(Run.mean), of(Run.mce)
	s.Seconds = of(func(r Run) run.Number {
		if r.Train == nil {
			return run.None()
		}
		return run.Number(r.Train.Seconds)
	})
	s.CleanCalibration, s.Calibration, s.MFP, s.MFR = of(Run.cleanCalibration), of(Run.calibration), of(Run.mfp), of(Run.mfr)
	s.Groups, s.Corruptions, s.Perturbations = map[string]Spread{}, map[string]Spread{}, map[string]Spread{}
	if c := s.average.corruption(); c != nil {
		for name := range c.ByGroup {
			s.Groups[name] = of(func(r Run) run.Number { return r.group(name) })
		}
		for name := range c.ByCorruption {
			s.Corruptions[name] = of(func(r Run) run.Number { return r.corruptionError(name) })
		}
	}
	if e := s.average.Eval; e != nil && e.Perturbation != nil {
		for name := range e.Perturbation.ByPerturbation {
			s.Perturbations[name] = of(func(r Run) run.Number { return r.flips(name) })
		}
	}
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
	return a.Config.Seed != b.Config.Seed && (a.Eval == nil || b.Eval == nil || evaluatedAlike(a, b))
}

// evaluatedAlike tells whether two evaluations are about the same images in the same precision, as far as both have
// them: what comparing their figures needs.
func evaluatedAlike(a, b Run) bool {
	if a.Eval.Dataset != b.Eval.Dataset || a.Eval.N != b.Eval.N || a.Eval.Precision != b.Eval.Precision {
		return false
	}
	if c, d := a.corruption(), b.corruption(); c != nil && d != nil {
		if c.Source != d.Source || !slices.Equal(c.Severities, d.Severities) || !sameKeys(c.ByCorruption, d.ByCorruption) {
			return false
		}
	}
	p, q := a.Eval.Perturbation, b.Eval.Perturbation
	return p == nil || q == nil || p.Source == q.Source && p.Sequences == q.Sequences && p.NormalisedBy == q.NormalisedBy &&
		sameKeys(p.ByPerturbation, q.ByPerturbation)
}

func sameKeys[V any](a, b map[string]V) bool {
	return slices.Equal(slices.Sorted(maps.Keys(a)), slices.Sorted(maps.Keys(b)))
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
	return visible(name)
}

// label gives each group the shortest name that tells it from the others: where no group has several runs its run's, else
// its method's, with the network and the dataset where these differ, and with its first run's where that is not enough.
func label(groups []Seeds) {
	of := func(f func(Seeds) string) int {
		set := map[string]bool{}
		for _, g := range groups {
			set[f(g)] = true
		}
		return len(set)
	}
	networks, datasets := of(func(g Seeds) string { return g.Network }), of(func(g Seeds) string { return g.Dataset })
	seeds := several(groups)
	count := map[string]int{}
	for i := range groups {
		g := &groups[i]
		g.Label = g.Runs[0]
		if seeds {
			g.Label = g.Method
			if networks > 1 {
				g.Label = g.Network + " " + g.Label
			}
			if datasets > 1 {
				g.Label = g.Dataset + " " + g.Label
			}
		}
		count[g.Label]++
	}
	for i := range groups {
		if g := &groups[i]; count[g.Label] > 1 && len(g.Runs) == 1 {
			g.Label = g.Runs[0]
		} else if count[g.Label] > 1 {
			g.Label += " (" + g.Runs[0] + ")"
		}
	}
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
	figure := func(over, under string, of func(Seeds) Spread) column {
		return add(over, under, false, func(s Seeds) string { return of(s).of(s.N) })
	}
	columns := []column{
		add("", "dataset", true, func(s Seeds) string { return s.Dataset }),
		add("", "network", true, func(s Seeds) string { return s.Network }),
		add("", "method", true, func(s Seeds) string { return s.Method }),
		add("", "n", false, func(s Seeds) string { return fmt.Sprint(s.N) }),
		figure("clean", "error %", func(s Seeds) Spread { return s.Clean }),
		figure("mean corruption", "error %", func(s Seeds) Spread { return s.Mean }),
		figure("RMS calibration", "corrupted %", func(s Seeds) Spread { return s.Calibration }),
	}
	if slices.ContainsFunc(groups, func(s Seeds) bool { return s.MCE.Mean.Known() }) {
		columns = append(columns, figure("mCE by", "AlexNet %", func(s Seeds) Spread { return s.MCE }))
	}
	if slices.ContainsFunc(groups, func(s Seeds) bool { return s.MFP.Mean.Known() }) {
		columns = append(columns, figure("mean flip", "probability %", func(s Seeds) Spread { return s.MFP }))
	}
	return columns
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
	return slices.ContainsFunc(groups, func(g Seeds) bool { return len(g.Runs) > 1 })
}
