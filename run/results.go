package run

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
)

// WriteResult replaces results/name.json by v.
func (f *Folder) WriteResult(name string, v any) error {
	return f.writeJSON(f.Path(resultsDir, name+".json"), v)
}

// ReadResult reads results/name.json into v. The error wraps os.ErrNotExist
// where there is no such result.
func (f *Folder) ReadResult(name string, v any) error {
	return readJSON(f.Path(resultsDir, name+".json"), v)
}

// Results lists the names of the results, sorted, without ".json".
func (f *Folder) Results() ([]string, error) {
	entries, err := os.ReadDir(f.Path(resultsDir))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list results: %w", err)
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".json"); ok && !isTemp(e.Name()) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}
