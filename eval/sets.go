package eval

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"augmix/benchmark"
	"augmix/corrupt"
	"augmix/data"
)

// imageSet is one corruption at one severity, or with severity 0 the clean images.
type imageSet struct {
	name     string
	severity int
	source   string
	open     func() (data.Dataset, error) // Published images are read when their turn comes: 30 MB a set.
}

// String names the set in messages.
func (s imageSet) String() string {
	if s.severity == 0 {
		return "clean"
	}
	return fmt.Sprintf("%s %d", s.name, s.severity)
}

// published is the folder of the published sets: the given one, none where they are to be generated, else what find
// comes upon beside the data; empty if there is none.
func (o Options) published(given string, find func(dir, dataset string) string) string {
	switch given {
	case "generate":
		return ""
	case "":
		return find(o.DataDir, o.Dataset.Name())
	}
	return given
}

// allSeverities are those of a whole benchmark.
func allSeverities() []int {
	out := make([]int, corrupt.Severities)
	for i := range out {
		out[i] = i + 1
	}
	return out
}

// corrupted lists the corrupted sets of the clean images that are asked for: read from the published layout where that
// is there, else made.
func (o Options) corrupted(clean data.Dataset) ([]imageSet, error) {
	if !slices.Contains(o.Sets, "c") {
		return nil, nil
	}
	if dir := o.published(o.CData, data.FindC); dir != "" {
		return o.readCorrupted(clean, dir)
	}
	making := benchmark.Making{Seed: benchmark.Seed, Frost: o.Frost}
	w, h, _ := clean.Size()
	source := func(name string) string { return making.Source(name, w, h) }
	names, severities := orElse(o.Only, corrupt.Test()), orElse(o.Severities, allSeverities())
	return imageSets(names, severities, source, func(name string, severity int) (data.Dataset, error) {
		return benchmark.Corrupted(clean, name, severity, making)
	}), nil
}

// readCorrupted is corrupted of the sets in a folder.
func (o Options) readCorrupted(clean data.Dataset, dir string) ([]imageSet, error) {
	if o.Frost != nil {
		return nil, fmt.Errorf("corrupted images are read from %s, where frost needs no textures; "+
			"leave --frost-dir out, or add --c-data generate", dir)
	}
	held, err := benchmark.CorruptionContents(data.DirC(dir, clean.Name()))
	if err != nil {
		return nil, err
	}
	c, err := data.OpenPartC(dir, clean, held.Part)
	if err != nil {
		return nil, err
	}
	names, err := o.names(o.Only, corrupt.Test(), held, c.Dir(), "corruptions", "--only")
	if err != nil {
		return nil, err
	}
	severities := o.Severities
	if len(severities) == 0 {
		severities = orElse(held.Severities, allSeverities())
		if len(severities) < corrupt.Severities {
			o.note("%s holds severities %s: what follows is about no others", c.Dir(), list(severities))
		}
	}
	there, err := c.Names()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		for _, severity := range severities {
			// What is not there is found before hours of work.
			if !slices.Contains(there, name) || held.Known && !slices.Contains(held.Severities, severity) {
				if _, err := c.Severity(name, severity); err != nil {
					return nil, err
				}
			}
		}
	}
	return imageSets(names, severities, held.Source, c.Severity), nil
}

func imageSets(names []string, severities []int, source func(string) string, open func(string, int) (data.Dataset, error)) []imageSet {
	var out []imageSet
	for _, name := range names {
		for _, severity := range severities {
			out = append(out, imageSet{name, severity, source(name), func() (data.Dataset, error) { return open(name, severity) }})
		}
	}
	return out
}

// names returns those of the corruptions or perturbations (kind) to read from a folder: the ones asked for; if there are
// none, those of usual that it holds, which it is told where they are not all.
func (o Options) names(asked, usual []string, held benchmark.Contents, dir, kind, flag string) ([]string, error) {
	if !held.Known {
		return orElse(asked, usual), nil
	}
	var lacks, has []string
	for _, name := range orElse(asked, usual) {
		if slices.Contains(held.Names, name) {
			has = append(has, name)
		} else {
			lacks = append(lacks, name)
		}
	}
	if len(lacks) == 0 {
		return has, nil
	}
	if len(asked) > 0 || len(has) == 0 {
		e := &data.Error{Kind: data.Missing, Path: dir, Remedy: "Repeat the command that writes it to go on.",
			Reason: fmt.Sprintf("holds no complete %s, by its %s", strings.Join(lacks, ", "), benchmark.ManifestName)}
		if len(held.Names) > 0 {
			e.Remedy = fmt.Sprintf("Evaluate what it holds with %s %s, or repeat the command that writes it to go on.",
				flag, strings.Join(held.Names, ","))
		}
		return nil, e
	}
	o.note("%s holds %d of the %d %s that are evaluated otherwise: without %s",
		filepath.Clean(dir), len(has), len(usual), kind, strings.Join(lacks, ", "))
	return has, nil
}

func (o Options) note(format string, args ...any) {
	if o.Note != nil {
		o.Note(fmt.Sprintf(format, args...))
	}
}

// orElse returns asked, or usual where that is empty.
func orElse[T any](asked, usual []T) []T {
	if len(asked) > 0 {
		return asked
	}
	return usual
}

// list writes numbers as a flag takes them.
func list(numbers []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ","), "[]")
}
