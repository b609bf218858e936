package report

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"augmix/run"
)

// previewName is the picture of augmented images that `augmix preview` writes
// into a run's plots.
const previewName = "preview.png"

// Build reads the runs in dirs as Load does, draws plots/*.png and writes
// report.html below the folder out, which may be one of dirs. out "" is the
// only one of dirs.
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
	plots := filepath.Join(out, "plots")
	if err := os.MkdirAll(plots, 0o777); err != nil {
		return Summary{}, fmt.Errorf("make the report's folder: %w", err)
	}
	figures := []struct {
		name string
		fig  figure
	}{
		{corruptionPlot, corruptionBars(s)},
		{severityPlot, severityCurves(s)},
		{trainingPlot, trainingCurves(s)},
	}
	for _, f := range figures {
		path := filepath.Join(plots, f.name)
		if err := run.WriteFile(path, func(w io.Writer) error { _, err := f.fig.WriteTo(w); return err }); err != nil {
			return Summary{}, err
		}
		s.Plots = append(s.Plots, path)
	}
	s.Page = filepath.Join(out, "report.html")
	if err := run.WriteFile(s.Page, func(w io.Writer) error { return writePage(w, s) }); err != nil {
		return Summary{}, err
	}
	return s, nil
}
