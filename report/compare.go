package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"augmix/run"
)

// Comparison is one of the paper's tables: the mean corruption error of the networks (rows) with each method (columns)
// on a dataset. Of ImageNet it is mCE.
type Comparison struct {
	Dataset string     `json:"dataset"`
	Figure  string     `json:"figure"` // what the cells hold
	Methods []string   `json:"methods"`
	Rows    []TableRow `json:"rows"`
	Means   []Spread   `json:"means,omitempty"` // over networks, where there are several and all have the method
	Sources []string   `json:"sources"`         // of published figures; a Cell counts them from 1
	Notes   []string   `json:"notes"`
}

// TableRow is a network's.
type TableRow struct {
	Network string `json:"network"`
	Cells   []Cell `json:"cells"` // one a method
}

// Cell is the figure of a network with a method.
type Cell struct {
	Spread
	Best           bool       `json:"best"`                  // of the row: the lowest mean of those that were measured alike
	Published      run.Number `json:"published"`             // on the published files
	PublishedClean run.Number `json:"published_clean_error"` // of the same network
	Source         int        `json:"source"`                // of Published, from 1 on; 0 where there is none
}

// compare makes the table of each dataset whose runs were measured on corrupted images.
func compare(groups []Seeds) []Comparison {
	var tables []Comparison
	for _, g := range groups {
		if g.average.corruption() == nil {
			continue
		}
		if !slices.ContainsFunc(tables, func(c Comparison) bool { return c.Dataset == g.Dataset }) {
			of := slices.DeleteFunc(slices.Clone(groups), func(o Seeds) bool { return o.Dataset != g.Dataset || o.average.corruption() == nil })
			tables = append(tables, compareOn(g.Dataset, of))
		}
	}
	return tables
}

// compareOn makes the table of one dataset from its groups. Where two groups are of one network and method, as two
// lengths of training that the folders' names do not tell apart, the label tells them.
func compareOn(dataset string, groups []Seeds) Comparison {
	t := Comparison{Dataset: dataset, Figure: "mean corruption error, %"}
	figure := func(g Seeds) Spread { return g.Mean }
	if slices.ContainsFunc(groups, func(g Seeds) bool { return g.MCE.Mean.Known() }) {
		t.Figure = "mCE, normalised by AlexNet's errors, %"
		figure = func(g Seeds) Spread { return g.MCE }
	}
	taken := map[[2]string]bool{}
	var networks []string
	cellOf := map[[2]string]Seeds{}
	for _, g := range groups {
		method := g.Method
		if taken[[2]string{g.Network, method}] {
			method = g.Label
		}
		taken[[2]string{g.Network, method}] = true
		cellOf[[2]string{g.Network, method}] = g
		if !slices.Contains(t.Methods, method) {
			t.Methods = append(t.Methods, method)
		}
		if !slices.Contains(networks, g.Network) {
			networks = append(networks, g.Network)
		}
	}
	for _, n := range networks {
		row := TableRow{Network: n}
		for _, m := range t.Methods {
			cell := Cell{Spread: Spread{run.None(), run.None(), 0}, Published: run.None(), PublishedClean: run.None()}
			if g, ok := cellOf[[2]string{n, m}]; ok {
				cell.Spread = figure(g)
				t.publish(&cell, g)
			}
			row.Cells = append(row.Cells, cell)
		}
		t.Rows = append(t.Rows, row)
	}
	if alike(groups) {
		t.markBest()
	} else {
		t.Notes = append(t.Notes, "These runs were not measured on the same images in the same way, so none is marked as the best.")
	}
	t.describe(groups)
	return t
}

// publish puts the published figure of a group's network and method into its cell.
func (t *Comparison) publish(cell *Cell, g Seeds) {
	p := publishedOf(g.members[0].Config)
	if p == nil || !wholeBenchmark(g.average.corruption()) {
		return
	}
	cell.Published, cell.PublishedClean = p.Mean, p.Clean
	i := slices.Index(t.Sources, p.Source)
	if i < 0 {
		t.Sources = append(t.Sources, p.Source)
		i = len(t.Sources) - 1
	}
	cell.Source = i + 1
}

// best tells which of the figures are the lowest, as they are shown; none where only one is known, or all are equal.
func best(figures []run.Number) []bool {
	shown := func(v run.Number) float64 { return math.Round(100 * float64(v)) }
	lowest, highest := math.Inf(1), math.Inf(-1)
	for _, v := range figures {
		if v.Known() {
			lowest, highest = math.Min(lowest, shown(v)), math.Max(highest, shown(v))
		}
	}
	out := make([]bool, len(figures))
	for i, v := range figures {
		out[i] = lowest < highest && shown(v) == lowest
	}
	return out
}

// markBest marks the lowest mean of each row, and makes the row of means over networks.
func (t *Comparison) markBest() {
	for _, row := range t.Rows {
		var means []run.Number
		for _, c := range row.Cells {
			means = append(means, c.Mean)
		}
		for i, is := range best(means) {
			row.Cells[i].Best = is
		}
	}
	if len(t.Rows) < 2 {
		return
	}
	for m := range t.Methods {
		var means []run.Number
		for _, row := range t.Rows {
			means = append(means, row.Cells[m].Mean)
		}
		s := spread(means)
		if s.N < len(t.Rows) {
			s = Spread{run.None(), run.None(), 0}
		}
		s.Std = run.None() // Between networks there is no spread to speak of.
		t.Means = append(t.Means, s)
	}
}

// wholeBenchmark tells whether a mean is over what the published ones are over: the fifteen corruptions for testing at all
// five severities.
func wholeBenchmark(c *run.Corruption) bool {
	return len(c.Severities) == 5 && slices.Equal(slices.Sorted(maps.Keys(c.ByCorruption)), slices.Sorted(slices.Values(paperOrder[:15])))
}

// describe says what a reader must know before comparing cells with each other and with published ones.
func (t *Comparison) describe(groups []Seeds) {
	var runs []Run
	for _, g := range groups {
		runs = append(runs, g.members...)
	}
	trained := distinct(runs, func(r Run) string {
		images := "all training images"
		if n := r.Config.LimitTrain; n > 0 {
			images = thousands(n) + " training images"
		}
		return fmt.Sprintf("%d epochs of %s", r.Config.Epochs, images)
	})
	t.Notes = append(t.Notes, "Trained for "+strings.Join(trained, " or ")+"; mean ± sample standard deviation over n seeds.")
	if len(t.Sources) == 0 {
		if slices.ContainsFunc(runs, func(r Run) bool { return publishedOf(r.Config) != nil }) {
			t.Notes = append(t.Notes, "Published figures are left out: they are about fifteen corruptions at five severities, the ones here about others.")
		}
		return
	}
	if slices.ContainsFunc(runs, generatedSource) {
		t.Notes = append(t.Notes, "The published figures are about the published corrupted files; the ones here are about images generated by this "+
			"program, which differ. They stand beside each other for orientation alone.")
	}
	if few := distinct(slices.DeleteFunc(slices.Clone(runs), func(r Run) bool { return r.Eval == nil }),
		func(r Run) string { return thousands(r.images()) }); t.Dataset != "imagenet" && !slices.Equal(few, []string{"10,000"}) {
		t.Notes = append(t.Notes, "The published figures are about 10,000 images of each severity, the ones here about "+strings.Join(few, " or ")+".")
	}
	t.Notes = append(t.Notes, "The published networks were trained on all images with their papers' recipes.")
}

// alike tells whether all groups were measured on the same images in the same way.
func alike(groups []Seeds) bool {
	var first *Run
	for i := range groups {
		r := &groups[i].average
		if r.Eval == nil {
			continue
		}
		if first == nil {
			first = r
		} else if !evaluatedAlike(*first, *r) {
			return false
		}
	}
	return true
}
