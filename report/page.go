package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"augmix/run"
)

// The pictures' file names below plots/.
const (
	corruptionPlot = "corruption_errors.png"
	severityPlot   = "severity.png"
	trainingPlot   = "training_curves.png"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// page is what page.html shows.
type page struct {
	Title       string
	Lead        string
	Notes       []string
	Columns     []column   // of the main table
	Rows        [][]string // its rows, the run's name first
	Figures     []picture
	Preview     *picture
	Corruptions grid // the bars as figures
	Differing   grid // settings that differ between the runs
	Settings    grid // all of them
	Environment grid
	Commands    []command
}

// picture is an image in the page, with its text for those who cannot see it.
type picture struct {
	Title, Alt, Caption string
	Data                template.URL
}

// grid is a table with the runs as its columns.
type grid struct {
	Head []string
	Rows [][]string
}

// command is how a run was started.
type command struct{ Run, Line string }

// writePage writes the page of s, whose Plots exist.
func writePage(w io.Writer, s Summary) error {
	p := page{Title: s.Title, Lead: lead(s), Notes: s.Notes, Columns: s.columns()}
	for _, c := range p.Columns {
		for i, cell := range c.cells {
			if len(p.Rows) <= i {
				p.Rows = append(p.Rows, nil)
			}
			p.Rows[i] = append(p.Rows[i], cell)
		}
	}
	for _, path := range s.Plots {
		pic := caption(s, filepath.Base(path))
		var err error
		if pic.Data, err = embed(path); err != nil {
			return err
		}
		p.Figures = append(p.Figures, pic)
	}
	if s.Preview != "" {
		data, err := embed(s.Preview)
		if err != nil {
			return err
		}
		p.Preview = &picture{Data: data}
	}
	p.Corruptions = corruptionGrid(s)
	p.Settings = settingsGrid(s)
	p.Differing = grid{Head: p.Settings.Head}
	for _, row := range p.Settings.Rows {
		if len(slices.Compact(slices.Clone(row[1:]))) > 1 {
			p.Differing.Rows = append(p.Differing.Rows, row)
		}
	}
	p.Environment = environmentGrid(s)
	for _, r := range s.Runs {
		for _, env := range append(slices.Clone(r.Env.Earlier), r.Env) {
			p.Commands = append(p.Commands, command{r.Name, strings.Join(env.Command, " ")})
		}
	}
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return fmt.Errorf("make the page: %w", err)
	}
	_, err := b.WriteTo(w)
	return err
}

// lead says in a sentence what was run.
func lead(s Summary) string {
	parts := make([]string, len(s.Runs))
	for i, r := range s.Runs {
		parts[i] = fmt.Sprintf("%s (%d epochs of %s, seed %d)", r.Name, r.Config.Epochs, r.Config.MethodText(), r.Config.Seed)
	}
	text := fmt.Sprintf("%s trained on %s: %s.",
		strings.Join(distinct(s.Runs, func(r Run) string { return network(r.Config) }), ", "),
		strings.Join(distinct(s.Runs, func(r Run) string { return r.Config.Dataset }), ", "),
		strings.Join(parts, ", "))
	for _, origin := range distinct(s.Runs, func(r Run) string { return r.Config.MethodOrigin() }) {
		if origin != "" {
			text += " " + origin
		}
	}
	return text
}

// caption describes the plot called name.
func caption(s Summary, name string) picture {
	var values []string
	switch name {
	case corruptionPlot:
		for _, r := range s.Runs {
			values = append(values, fmt.Sprintf("%s %s clean and %s on corrupted images", r.Name, percent(r.Clean), percent(r.Mean)))
		}
		return picture{
			Title:   "Error by corruption",
			Alt:     "Bars of the error on clean images and on each corruption: " + strings.Join(values, ", ") + ".",
			Caption: "Top-1 error by corruption, each the mean over its severities. Lower is better. The figures are in the table below.",
		}
	case severityPlot:
		for _, r := range s.Runs {
			if m := r.meanBySeverity(); len(m) > 0 {
				values = append(values, fmt.Sprintf("%s rises from %s clean to %s at severity %d", r.Name, percent(r.Clean), percent(m[len(m)-1]), len(m)))
			}
		}
		return picture{
			Title:   "Error by severity",
			Alt:     "Curves of the error by severity, for the mean and for each corruption: " + strings.Join(values, ", ") + ".",
			Caption: "Severity 0 is the clean test set. All panels share one scale.",
		}
	default:
		for _, r := range s.Runs {
			values = append(values, fmt.Sprintf("%s ends at a test error of %s after %d epochs", r.Name, percent(r.Train.TestError), r.Train.Epochs))
		}
		text := "The test set is only watched here: nothing is chosen by it."
		if methods := distinct(s.Runs, func(r Run) string { return r.Config.Method }); len(methods) > 1 {
			text += " Training losses of different methods are different functions: compare a run's with itself."
		}
		return picture{
			Title:   "Training",
			Alt:     "Curves of the training loss and the clean test error by epoch: " + strings.Join(values, ", ") + ".",
			Caption: text,
		}
	}
}

// embed returns the PNG at path as a data: URL.
func embed(path string) (template.URL, error) {
	png, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("put a picture into the page: %w", err)
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png)), nil
}

func corruptionGrid(s Summary) grid {
	g := grid{Head: append([]string{"corruption"}, names(s.Runs)...)}
	for _, name := range s.Corruptions {
		row := []string{spaced(name)}
		for _, r := range s.Runs {
			cell := "–"
			if c, ok := r.Corruptions[name]; ok {
				cell = percent(c.Error)
			}
			row = append(row, cell)
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

// settingsGrid lists every field of the configurations by its flag.
func settingsGrid(s Summary) grid {
	g := grid{Head: append([]string{"flag"}, names(s.Runs)...)}
	configs := make([]map[string]json.RawMessage, len(s.Runs))
	for i, r := range s.Runs {
		// A Config that was read can be written and read again.
		if err := json.Unmarshal(r.Config.JSON(), &configs[i]); err != nil {
			panic("report: " + err.Error())
		}
	}
	for _, key := range run.ConfigKeys() {
		row := []string{"--" + strings.ReplaceAll(key, "_", "-")}
		if key == "classes" {
			row[0] = "classes"
		}
		for _, c := range configs {
			row = append(row, plain(c[key]))
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

// plain writes a JSON value without quotes.
func plain(value json.RawMessage) string {
	var text string
	var list []string
	switch {
	case json.Unmarshal(value, &text) == nil:
		return text
	case json.Unmarshal(value, &list) == nil:
		return strings.Join(list, ", ")
	}
	return string(value)
}

func environmentGrid(s Summary) grid {
	g := grid{Head: append([]string{""}, names(s.Runs)...)}
	facts := []struct {
		name string
		of   func(Run) string
	}{
		{"augmix", func(r Run) string { return r.Env.Version }},
		{"libtorch", func(r Run) string { return r.Env.Libtorch }},
		{"Go", func(r Run) string { return r.Env.Go }},
		{"system", func(r Run) string { return r.Env.System }},
		{"host", func(r Run) string { return r.Env.Host }},
		{"CPU", func(r Run) string { return r.Env.CPU }},
		{"bfloat16 units", func(r Run) string {
			if r.Env.BF16 {
				return "yes"
			}
			return "no"
		}},
		{"cores", func(r Run) string { return fmt.Sprint(r.Env.Cores) }},
		{"threads", func(r Run) string { return fmt.Sprint(r.Env.Threads) }},
		{"device", func(r Run) string { return r.Env.Device }},
		{"started", func(r Run) string { return r.Env.Started.Format("2006-01-02 15:04:05 -07:00") }},
		{"resumed", func(r Run) string { return fmt.Sprintf("%d times", len(r.Env.Earlier)) }},
		{"images a second", func(r Run) string { return fmt.Sprintf("%.0f", r.Train.ImagesPerSecond) }},
		{"evaluated", func(r Run) string { return r.Checkpoint }},
		{"weights SHA-256", func(r Run) string { return r.Train.WeightsSHA256 }},
	}
	for _, f := range facts {
		row := []string{f.name}
		for _, r := range s.Runs {
			row = append(row, f.of(r))
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}
