package data

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// groupFolders are the archives that ImageNet-C and ImageNet-P are published in,
// which some unpack into folders of these names (zenodo.org/records/2235448, 3565846).
var groupFolders = []string{"noise", "blur", "weather", "digital", "extra"}

// findBenchmarkFolder returns the folder of a corruption or perturbation in dir or in
// one of its groups, and false where there is none. Two are an error.
func findBenchmarkFolder(dir, name string) (folder string, ok bool, err error) {
	for _, parent := range append([]string{""}, groupFolders...) {
		candidate := filepath.Join(dir, parent, name)
		if !isDir(candidate) {
			continue
		}
		if ok {
			e := invalid(candidate, "is there twice: also as %s", folder)
			e.Remedy = "Remove one of them."
			return "", false, e
		}
		folder, ok = candidate, true
	}
	return folder, ok, nil
}

// key returns what sample i has in common with its counterparts in a benchmark: its
// path below the split's folder without the extension, CLASS/IMAGE.
func (f *Folder) key(i int) string { return withoutExtension(f.path(i)[len(f.root)+1:]) }

func withoutExtension(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) }

// keys returns the samples by their keys. Two of one key are an *Error.
func (f *Folder) keys() (map[string]int, error) {
	byKey := make(map[string]int, f.Len())
	for i := range f.Len() {
		key := f.key(i)
		if other, twice := byKey[key]; twice {
			return nil, invalid(f.path(i), "differs from %s only in its extension, so that the same corrupted image would belong to both", f.path(other))
		}
		byKey[key] = i
	}
	return byKey, nil
}

// counterparts finds, for every sample of clean, the entry CLASS/IMAGE in root that
// accept takes, and returns its path below root. Classes and entries that clean lacks
// are not looked at. Entries of wanted samples, of all where that is nil, that are
// missing are an *Error that names the first.
func counterparts(root string, clean *Folder, wanted []int, accept func(entry fs.DirEntry) (key string, ok bool)) ([]string, error) {
	byKey, err := clean.keys()
	if err != nil {
		return nil, err
	}
	found := make([]string, clean.Len())
	for _, folder := range clean.folders() {
		entries, err := os.ReadDir(filepath.Join(root, folder))
		if err != nil && !os.IsNotExist(err) {
			return nil, cannotRead(filepath.Join(root, folder), err)
		}
		for _, entry := range entries {
			name, ok := accept(entry)
			if !ok {
				continue
			}
			i, ok := byKey[filepath.Join(folder, name)]
			if !ok {
				continue
			}
			path := filepath.Join(folder, entry.Name())
			if found[i] != "" {
				return nil, invalid(filepath.Join(root, path), "is there twice: also as %s", found[i])
			}
			found[i] = path
		}
	}
	first, lost := absent(len(found), wanted, func(i int) bool { return found[i] == "" })
	if lost == 0 {
		return found, nil
	}
	e := &Error{Kind: Missing, Path: filepath.Join(root, clean.key(first)),
		Reason: fmt.Sprintf("there is none for the test image %s", clean.Describe(first))}
	e.Reason += others(lost, len(found), wanted)
	return nil, e
}

// folders returns the folders that hold samples, below the split's, sorted.
func (f *Folder) folders() []string {
	var folders []string
	for i := range f.Len() {
		folder := filepath.Dir(f.path(i)[len(f.root)+1:])
		if n := len(folders); n == 0 || folders[n-1] != folder {
			folders = append(folders, folder)
		}
	}
	slices.Sort(folders)
	return slices.Compact(folders)
}

// absent returns the first of the wanted samples, of all n where wanted is nil, that
// is not there, and how many are not.
func absent(n int, wanted []int, lacks func(i int) bool) (first, lost int) {
	count := func(i int) {
		if lacks(i) {
			if lost == 0 {
				first = i
			}
			lost++
		}
	}
	if wanted == nil {
		for i := range n {
			count(i)
		}
	}
	for _, i := range wanted {
		count(i)
	}
	return first, lost
}

// others says how many more of the wanted samples are not there.
func others(lost, n int, wanted []int) string {
	if wanted != nil {
		n = len(wanted)
	}
	if lost < 2 {
		return ""
	}
	return fmt.Sprintf(", nor for %d others of %d", lost-1, n)
}
