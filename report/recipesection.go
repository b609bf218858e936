package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"augmix/run"
)

// recipeSection has every setting of every run.
func recipeSection(s Summary) section {
	sec := section{ID: "recipe", Title: "Recipe"}
	all := settingsTable(s)
	if len(s.Runs) == 1 {
		all.Caption = "Every decision that the run was trained with."
		sec.Folded = []folded{{Summary: "Every setting", Table: all}}
		sec.Text = []string{recipeText(s.Runs[0].Config)}
		return sec
	}
	differing := grid{Head: all.Head, Words: true, Caption: "What differs between the runs."}
	for _, cells := range all.Rows {
		if first := cells[1]; slices.ContainsFunc(cells[2:], func(c tableCell) bool { return c != first }) {
			differing.Rows = append(differing.Rows, cells)
		}
	}
	if len(differing.Rows) > 0 {
		sec.Tables = []grid{differing}
	}
	sec.Folded = []folded{{Summary: "Every setting", Table: all}}
	return sec
}

// recipeText is a run's recipe in a sentence.
func recipeText(c run.Config) string {
	images := "all training images"
	if c.LimitTrain > 0 {
		images = thousands(c.LimitTrain) + " training images"
	}
	schedule := "cosine"
	if c.Schedule != "" {
		schedule = c.Schedule
	}
	return fmt.Sprintf("%s, %s, %d epochs of %s in batches of %d; learning rate %g (%s), momentum %g, weight decay %g; %s, seed %d.",
		network(c), c.MethodText(), c.Epochs, images, c.BatchSize, c.LearningRate, schedule, c.Momentum, c.Decay, c.Precision, c.Seed)
}

// settingsTable lists every field of the configurations by its flag.
func settingsTable(s Summary) grid {
	t := grid{Head: append([]string{"flag"}, names(s.Runs)...), Words: true}
	configs := make([]map[string]json.RawMessage, len(s.Runs))
	for i, r := range s.Runs {
		// A Config that was read can be written and read again.
		if err := json.Unmarshal(r.Config.JSON(), &configs[i]); err != nil {
			panic("report: " + err.Error())
		}
	}
	for _, key := range run.ConfigKeys() {
		cells := row("--" + strings.ReplaceAll(key, "_", "-"))
		if key == "classes" {
			cells[0].Text = "classes"
		}
		for _, c := range configs {
			cells = append(cells, tableCell{Text: plain(c[key])})
		}
		t.Rows = append(t.Rows, cells)
	}
	return t
}

// mostShown is how many elements of a list are shown; ImageNet has a thousand classes.
const mostShown = 100

// plain writes a JSON value without quotes.
func plain(value json.RawMessage) string {
	var text string
	var list []string
	switch {
	case json.Unmarshal(value, &text) == nil:
		return visible(text)
	case json.Unmarshal(value, &list) == nil:
		more := ""
		if len(list) > mostShown {
			more = fmt.Sprintf(" and %d more", len(list)-mostShown)
			list = list[:mostShown]
		}
		return visible(strings.Join(list, ", ") + more)
	}
	return string(value)
}

func names(runs []Run) []string {
	list := make([]string, len(runs))
	for i, r := range runs {
		list[i] = r.Name
	}
	return list
}

// environmentSection has versions, machines and digests.
func environmentSection(s Summary) section {
	t := grid{Head: append([]string{""}, names(s.Runs)...), Words: true}
	of := func(text func(run.Env) string) func(Run) string {
		return func(r Run) string {
			if r.Env == nil {
				return "–"
			}
			return visible(text(*r.Env))
		}
	}
	yes := map[bool]string{true: "yes", false: "no"}
	for _, fact := range []struct {
		name string
		of   func(Run) string
	}{
		{"augmix", of(func(e run.Env) string { return e.Version })},
		{"libtorch", of(func(e run.Env) string { return e.Libtorch })},
		{"Go", of(func(e run.Env) string { return e.Go })},
		{"system", of(func(e run.Env) string { return e.System })},
		{"host", of(func(e run.Env) string { return e.Host })},
		{"CPU", of(func(e run.Env) string { return e.CPU })},
		{"bfloat16 units", of(func(e run.Env) string { return yes[e.BF16] })},
		{"cores", of(func(e run.Env) string { return fmt.Sprint(e.Cores) })},
		{"threads", of(func(e run.Env) string { return fmt.Sprint(e.Threads) })},
		{"device", of(func(e run.Env) string { return e.Device })},
		{"started", of(func(e run.Env) string { return e.Started.Format("2006-01-02 15:04:05 -07:00") })},
		{"resumed", of(func(e run.Env) string { return fmt.Sprintf("%d times", len(e.Earlier)) })},
		{"training time", func(r Run) string {
			if r.Train == nil {
				return "–"
			}
			return fmt.Sprintf("%s, %.0f images a second", duration(r.Train.Seconds), r.Train.ImagesPerSecond)
		}},
		{"evaluated", func(r Run) string {
			if r.Eval == nil || len(r.Eval.Checkpoints) == 0 {
				return "–"
			}
			return visible(strings.Join(r.Eval.Checkpoints, ", "))
		}},
		{"weights SHA-256", func(r Run) string {
			if r.Train == nil {
				return "–"
			}
			return visible(r.Train.WeightsSHA256)
		}},
	} {
		cells := row(fact.name)
		for _, r := range s.Runs {
			cells = append(cells, tableCell{Text: fact.of(r)})
		}
		t.Rows = append(t.Rows, cells)
	}
	files := grid{Head: []string{"file", "bytes", "SHA-256"}, Words: true}
	for _, r := range s.Runs {
		for _, f := range r.Files {
			files.Rows = append(files.Rows, row(r.Name+"/"+f.Name, thousands(int(f.Bytes)), f.SHA256))
		}
	}
	return section{ID: "environment", Title: "Environment", Tables: []grid{t},
		Folded: []folded{{Summary: "The files that this report was made from", Table: files}}}
}
