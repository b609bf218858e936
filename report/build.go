package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"augmix/run"
)

// Build reads the runs in dirs as Load does and writes report.html, report.md,
// plots/*.png and results/*.json and *.csv below the folder out, which may be one
// of dirs. out "" is the only one of dirs.
func Build(dirs []string, out string) (Summary, error) {
	if out == "" {
		if len(dirs) != 1 {
			return Summary{}, errors.New("a report on several folders needs a folder of its own; name it with --out")
		}
		out = dirs[0]
	}
	s, err := Load(dirs)
	if err != nil {
		return Summary{}, err
	}
	if err := drawPlots(&s, filepath.Join(out, "plots")); err != nil {
		return Summary{}, err
	}
	p := newPage(s)
	s.Page, s.Markdown = filepath.Join(out, "report.html"), filepath.Join(out, "report.md")
	if err := run.WriteFile(s.Page, func(w io.Writer) error { return writePage(w, p) }); err != nil {
		return Summary{}, err
	}
	if err := run.WriteFile(s.Markdown, func(w io.Writer) error { return writeMarkdown(w, p, out) }); err != nil {
		return Summary{}, err
	}
	s.Results, err = writeResults(filepath.Join(out, "results"), s)
	return s, err
}

// drawPlots draws the pictures that there is something to draw for.
func drawPlots(s *Summary, dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("make the report's folder: %w", err)
	}
	logs := 0
	for _, r := range s.Runs {
		logs += len(r.Log)
	}
	for _, f := range []struct {
		name string
		is   bool
		draw func(Summary) figure
	}{
		{corruptionPlot, len(s.Corruptions) > 0, corruptionBars},
		{severityPlot, len(s.Corruptions) > 0, severityCurves},
		{trainingPlot, logs > 0, trainingCurves},
	} {
		if !f.is {
			continue
		}
		path, fig := filepath.Join(dir, f.name), f.draw(*s)
		if err := run.WriteFile(path, func(w io.Writer) error { _, err := fig.WriteTo(w); return err }); err != nil {
			return err
		}
		s.Plots = append(s.Plots, path)
	}
	return nil
}
