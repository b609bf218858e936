// Package grid reads the files of `augmix train --grid`: the product of datasets, networks, methods and seeds as one
// command line a run. It knows no flag; what the command lines mean is the command line's business.
package grid

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Grid is many runs, the seeds of a method next to each other.
type Grid struct {
	Folder string // Of the runs' folders.
	Runs   []Run
	Eval   []Flag // With which each run is evaluated; nil evaluates none.
}

// Run is one training.
type Run struct {
	Name                   string // Of its folder in Grid.Folder.
	Dataset, Model, Method string // As the file names them, which need not be the flags' values.
	Seed                   uint64
	Flags                  []Flag // The later ones win.
}

// Flag is a flag of the command line with its value.
type Flag struct{ Name, Value string }

// String writes the flag as it is typed: --epochs=3.
func (f Flag) String() string { return "--" + f.Name + "=" + f.Value }

const (
	maxFile = 1 << 20 // Bytes.
	maxRuns = 100_000
)

// defaultName is the runs' names where a file does not say.
const defaultName = "{dataset}-{model}-{method}-s{seed}"

// Read reads a grid's file. Its errors name the file and the place in it.
func Read(path string) (Grid, error) {
	f, err := os.Open(path)
	if err != nil {
		return Grid{}, fmt.Errorf("read grid: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return Grid{}, fmt.Errorf("read grid %s: %w", path, err)
	}
	if len(text) > maxFile {
		return Grid{}, fmt.Errorf("read grid %s: larger than %d bytes; is it a grid?", path, maxFile)
	}
	g, err := Parse(text)
	if err != nil {
		return Grid{}, fmt.Errorf("read grid %s: %w", path, err)
	}
	return g, nil
}

// entry is an element of one of the lists: a name, and the flags that it stands for.
type entry struct {
	name  string
	flags []Flag
	seeds []uint64 // Of a method; nil takes the file's.
}

// file is what a grid's file says.
type file struct {
	folder, name              string
	train, eval               []Flag
	datasets, models, methods []entry
	seeds                     []uint64
}

// Parse reads the text of a grid's file.
func Parse(text []byte) (Grid, error) {
	top, err := parseObject(text)
	if err != nil {
		return Grid{}, err
	}
	f := file{name: defaultName}
	keys := []struct {
		key      string
		required bool
		read     func(member) error
	}{
		{"folder", true, func(m member) error { return m.text(&f.folder) }},
		{"name", false, func(m member) error { return m.text(&f.name) }},
		{"train", false, func(m member) error { return m.flags(&f.train) }},
		{"datasets", true, func(m member) error { return m.entries(&f.datasets, "dataset") }},
		{"models", true, func(m member) error { return m.entries(&f.models, "model") }},
		{"methods", true, func(m member) error { return m.entries(&f.methods, "method") }},
		{"seeds", true, func(m member) error { return m.seeds(&f.seeds) }},
		{"eval", false, func(m member) error { return m.flags(&f.eval) }},
	}
	var known []string
	for _, k := range keys {
		known = append(known, k.key)
		m, ok := top.find(k.key)
		if !ok && k.required {
			return Grid{}, fmt.Errorf("%q is missing", k.key)
		}
		if ok {
			if err := k.read(m); err != nil {
				return Grid{}, err
			}
		}
	}
	if err := top.only(known); err != nil {
		return Grid{}, err
	}
	return f.product()
}

// product lists the runs.
func (f file) product() (Grid, error) {
	g := Grid{Folder: f.folder, Eval: f.eval}
	if f.folder == "" {
		return Grid{}, errors.New(`"folder" is empty; name the folder of the runs`)
	}
	seen := map[string]Run{}
	for _, dataset := range f.datasets {
		for _, model := range f.models {
			for _, method := range f.methods {
				seeds := f.seeds
				if method.seeds != nil {
					seeds = method.seeds
				}
				for _, seed := range seeds {
					r := Run{Dataset: dataset.name, Model: model.name, Method: method.name, Seed: seed}
					r.Flags = slices.Concat(f.train, dataset.flags, model.flags, method.flags,
						[]Flag{{"seed", strconv.FormatUint(seed, 10)}})
					r.Name = strings.NewReplacer("{dataset}", r.Dataset, "{model}", r.Model, "{method}", r.Method,
						"{seed}", strconv.FormatUint(seed, 10)).Replace(f.name)
					if !isName(r.Name) {
						return Grid{}, fmt.Errorf(`"name": %q gives the folder %q; use letters, digits, - + . _ and {dataset}, {model}, {method}, {seed}`,
							f.name, r.Name)
					}
					if other, ok := seen[r.Name]; ok {
						return Grid{}, fmt.Errorf(`"name": %q gives the folder %s to %s and to %s; add what they differ in: {dataset}, {model}, {method} or {seed}`,
							f.name, r.Name, other.describe(), r.describe())
					}
					seen[r.Name] = r
					if g.Runs = append(g.Runs, r); len(g.Runs) > maxRuns {
						return Grid{}, fmt.Errorf("more than %d runs", maxRuns)
					}
				}
			}
		}
	}
	return g, nil
}

func (r Run) describe() string {
	return fmt.Sprintf("%s, %s, %s, seed %d", r.Dataset, r.Model, r.Method, r.Seed)
}

var name = regexp.MustCompile(`^[A-Za-z0-9_+][A-Za-z0-9_+.-]{0,199}$`)

// isName tells whether a text can be a folder's name and a column's entry.
func isName(s string) bool { return name.MatchString(s) }
