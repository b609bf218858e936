package cli

import (
	"path/filepath"
	"slices"
	"strings"

	"augmix/corrupt"
)

// comparison has a line for each result: the members of an ensemble, then the ensemble.
func comparison(tables []evalTable) []row {
	rows := []row{{"", "clean error %", "NLL", "ECE %", "corrupted error %", "NLL", "ECE %"}}
	for i, name := range resultNames(tables) {
		line := row{name}
		if c := tables[i].result.Clean; c != nil {
			line = append(line, percent(c.Error), loss(c.NLL), percent(c.ECE))
		} else {
			line = append(line, "–", "–", "–")
		}
		if c := tables[i].result.Corruption; c != nil {
			line = append(line, percent(c.MeanError), loss(c.NLL), percent(c.ECE))
		} else {
			line = append(line, "–", "–", "–")
		}
		rows = append(rows, line)
	}
	return rows
}

// sideBySide has a column for each result: the clean error, that of each corruption over the severities, and the means.
// It is nil where no corrupted images were measured.
func sideBySide(tables []evalTable) []row {
	if tables[0].result.Corruption == nil {
		return nil
	}
	rows := []row{append(row{"error %"}, resultNames(tables)...)}
	add := func(name string, of func(t evalTable) (float64, bool)) {
		line := row{name}
		for _, t := range tables {
			if e, ok := of(t); ok {
				line = append(line, percent(e))
			} else {
				line = append(line, "–")
			}
		}
		if slices.ContainsFunc(line[1:], func(cell string) bool { return cell != "–" }) {
			rows = append(rows, line)
		}
	}
	add("clean", func(t evalTable) (float64, bool) {
		if t.result.Clean == nil {
			return 0, false
		}
		return t.result.Clean.Error, true
	})
	for _, name := range corrupt.Names() {
		add(name, func(t evalTable) (float64, bool) {
			s, ok := t.result.Corruption.ByCorruption[name]
			return s.Error, ok
		})
	}
	for _, group := range corrupt.Groups() {
		add(group+" (mean)", func(t evalTable) (float64, bool) {
			e, ok := t.result.Corruption.ByGroup[group]
			return e, ok
		})
	}
	add("mean corruption error", func(t evalTable) (float64, bool) { return t.result.Corruption.MeanError, true })
	return rows
}

// resultNames tells results apart: by their network's name, and where several have the same by their checkpoint's too.
func resultNames(tables []evalTable) []string {
	count := map[string]int{}
	for _, t := range tables {
		count[t.title]++
	}
	var out []string
	for _, t := range tables {
		name := t.title
		if count[name] > 1 {
			name = checkpointName(t.result.Checkpoints[0])
		}
		out = append(out, name)
	}
	return out
}

// checkpointName is short for a checkpoint: its run's folder, or its file without the format.
func checkpointName(path string) string {
	if dir, file := filepath.Split(path); filepath.Base(dir) == "checkpoints" && strings.HasPrefix(file, "step-") {
		return filepath.Base(filepath.Dir(filepath.Clean(dir)))
	}
	return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
}
