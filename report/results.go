package report

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"augmix/run"
)

// resultTable is a CSV file: its name, and its rows with the headings first.
type resultTable struct {
	name string
	rows [][]string
}

// resultTables have a row a measurement each.
func resultTables(s Summary) []resultTable {
	return []resultTable{
		{"runs.csv", runRows(s)}, {"seeds.csv", seedRows(s)}, {"corruptions.csv", corruptionRows(s)},
		{"perturbations.csv", perturbationRows(s)}, {"reliability.csv", reliabilityRows(s)},
	}
}

// writeResults writes the figures below dir: resultTables and report.json. A table without rows has no file; one that an
// earlier report left is removed.
func writeResults(dir string, s Summary) ([]string, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("make the report's folder: %w", err)
	}
	var written []string
	for _, t := range resultTables(s) {
		path := filepath.Join(dir, t.name)
		if len(t.rows) < 2 {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
			continue
		}
		if err := run.WriteFile(path, func(w io.Writer) error { return csv.NewWriter(w).WriteAll(t.rows) }); err != nil {
			return nil, err
		}
		written = append(written, path)
	}
	path := filepath.Join(dir, "report.json")
	written = append(written, path)
	s.Results = written
	return written, run.WriteFile(path, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(s)
	})
}

// exact writes a figure with all its digits; one that there is not is empty.
func exact(v run.Number) string {
	if !v.Known() {
		return ""
	}
	return strconv.FormatFloat(float64(v), 'g', -1, 64)
}

func runRows(s Summary) [][]string {
	rows := [][]string{{"run", "dataset", "network", "method", "seed", "epochs", "n", "precision", "clean_error", "mean_corruption_error", "mce",
		"rms_calibration_clean", "rms_calibration_corrupted", "mfp", "mfr", "source", "training_seconds", "weights_sha256"}}
	for _, r := range s.Runs {
		precision, n, seconds, digest := "", "", "", ""
		if r.Eval != nil {
			precision, n = r.Eval.Precision, strconv.Itoa(r.Eval.N)
		}
		if r.Train != nil {
			seconds, digest = exact(run.Number(r.Train.Seconds)), r.Train.WeightsSHA256
		}
		rows = append(rows, []string{r.Name, r.Config.Dataset, network(r.Config), r.Config.Method, strconv.FormatUint(r.Config.Seed, 10),
			strconv.Itoa(r.Config.Epochs), n, precision, exact(r.clean()), exact(r.mean()), exact(r.mce()), exact(r.cleanCalibration()),
			exact(r.calibration()), exact(r.mfp()), exact(r.mfr()), r.source(), seconds, digest})
	}
	return rows
}

func seedRows(s Summary) [][]string {
	rows := [][]string{{"runs", "dataset", "network", "method", "figure", "mean", "std", "n"}}
	for _, g := range s.Seeds {
		add := func(figure string, v Spread) {
			if v.N > 0 {
				rows = append(rows, []string{g.Label, g.Dataset, g.Network, g.Method, figure, exact(v.Mean), exact(v.Std), strconv.Itoa(v.N)})
			}
		}
		add("clean_error", g.Clean)
		add("mean_corruption_error", g.Mean)
		add("mce", g.MCE)
		add("rms_calibration_clean", g.CleanCalibration)
		add("rms_calibration_corrupted", g.Calibration)
		add("mfp", g.MFP)
		add("mfr", g.MFR)
		for _, name := range s.Groups {
			add("error of "+name, g.Groups[name])
		}
		for _, name := range s.Corruptions {
			add("error of "+name, g.Corruptions[name])
		}
		for _, name := range s.Perturbations {
			add("flip probability of "+name, g.Perturbations[name])
		}
	}
	return rows
}

// corruptionRows has every figure of every corruption at every severity that an evaluation holds.
func corruptionRows(s Summary) [][]string {
	rows := [][]string{slices.Concat([]string{"run", "corruption", "severity"}, run.FigureNames(), []string{"source"})}
	for _, r := range s.Runs {
		c := r.corruption()
		if c == nil {
			continue
		}
		for _, name := range s.Corruptions {
			scores, ok := c.ByCorruption[name]
			if !ok {
				continue
			}
			for i, severity := range c.Severities {
				cells := []string{r.Name, name, strconv.Itoa(severity), exact(run.Number(scores.Severity[i]))}
				for _, v := range []run.Number{
					at(scores.NLL, i), at(scores.Brier, i), at(scores.RMSCalibration, i), at(scores.RMSCalibrationAllBins, i),
					at(scores.MADCalibration, i), at(scores.MADCalibrationAllBins, i), at(scores.ECE, i), at(scores.ConfidenceMinusAccuracy, i),
					at(scores.SoftF1, i), at(scores.AURRA, i),
				} {
					cells = append(cells, exact(v))
				}
				rows = append(rows, append(cells, scores.Source))
			}
		}
	}
	return rows
}

// at is element i; a list that is shorter has none.
func at[T ~float64](list []T, i int) run.Number {
	if i >= len(list) {
		return run.None()
	}
	return run.Number(list[i])
}

func perturbationRows(s Summary) [][]string {
	rows := [][]string{{"run", "perturbation", "flip_probability", "flip_rate", "top5_distance", "frames", "sequences", "source"}}
	for _, r := range s.Runs {
		if r.Eval == nil || r.Eval.Perturbation == nil {
			continue
		}
		p := r.Eval.Perturbation
		for _, name := range s.Perturbations {
			if v, ok := p.ByPerturbation[name]; ok {
				rate := run.None()
				if p.NormalisedBy != "" {
					rate = v.FlipRate
				}
				rows = append(rows, []string{r.Name, name, exact(run.Number(v.FlipProbability)), exact(rate), exact(v.Top5Distance),
					strconv.Itoa(v.Frames), strconv.Itoa(p.Sequences), v.Source})
			}
		}
	}
	return rows
}

func reliabilityRows(s Summary) [][]string {
	rows := [][]string{{"run", "severity", "bin", "n", "confidence", "accuracy"}}
	for _, r := range s.Runs {
		if r.Eval == nil || r.Eval.Reliability == nil {
			continue
		}
		add := func(severity int, bins []run.Bin) {
			for i, b := range bins {
				cells := []string{r.Name, strconv.Itoa(severity), strconv.Itoa(i + 1), strconv.Itoa(b.N), "", ""}
				if b.N > 0 {
					cells[4], cells[5] = exact(b.Confidence), exact(b.Accuracy)
				}
				rows = append(rows, cells)
			}
		}
		add(0, r.Eval.Reliability.Clean)
		for i, bins := range r.Eval.Reliability.BySeverity {
			add(r.corruption().Severities[i], bins)
		}
	}
	return rows
}
