package benchmark

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"augmix/data"
)

// Contents is what a folder holds of a benchmark.
type Contents struct {
	data.Part
	// Source says of the images of a corruption or perturbation where they come from, in
	// the words of Making.Source, or "published".
	Source func(name string) string
	// Known tells whether a manifest says what is complete, and Names, sorted, what that
	// is. Without one the folder should hold everything.
	Known bool
	Names []string
}

// CorruptionContents returns what a folder holds of a corruption benchmark. Errors are
// *data.Error.
func CorruptionContents(dir string) (Contents, error) { return contentsOf(dir, corruptions) }

// PerturbationContents returns what a folder holds of a perturbation benchmark. Errors
// are *data.Error.
func PerturbationContents(dir string) (Contents, error) { return contentsOf(dir, perturbations) }

func contentsOf(dir, kind string) (Contents, error) {
	if _, err := os.Lstat(filepath.Join(dir, ManifestName)); errors.Is(err, fs.ErrNotExist) {
		return Contents{Source: func(string) string { return "published" }}, nil
	}
	m, err := ReadManifest(dir)
	if err != nil {
		return Contents{}, err
	}
	if m.Benchmark != kind {
		return Contents{}, &data.Error{Kind: data.Invalid, Path: dir, Remedy: fmt.Sprintf("Name the folder of a %s benchmark.", kind),
			Reason: fmt.Sprintf("holds a %s benchmark, by its %s", m.Benchmark, ManifestName)}
	}
	return Contents{Part: data.Part{Images: m.Images, Severities: m.Severities}, Source: m.Source, Known: true, Names: m.complete()}, nil
}

// complete returns the corruptions or perturbations whose files are all there, sorted.
func (m Manifest) complete() []string {
	pieces := map[string]int{} // of each name
	for path := range m.Files {
		name, _, _ := strings.Cut(path, "/")
		pieces[strings.TrimSuffix(name, ".npy")]++
	}
	want := 1
	if m.Layout == folders && m.Benchmark == corruptions {
		want = len(m.Severities)
	}
	names := []string{}
	for name, n := range pieces {
		if n == want && name != "labels" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
