package data

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// cifarSet describes CIFAR-10 or CIFAR-100.
type cifarSet struct {
	name, title string
	classes     []string
	coarse      int // superclasses, of which the files have a label too; 0 without
	layouts     []cifarLayout
}

// cifarLayout is one of a set's two published forms.
type cifarLayout struct {
	folder      string // that the archive unpacks to
	binary      bool   // records of bytes; otherwise Python pickles
	train, test []cifarFile
}

// cifarFile is one published file.
type cifarFile struct {
	name   string
	images int
	size   int64
	digest string // hex: an md5 (32 digits) or a SHA-256 (64)
}

const (
	cifarSide  = 32
	cifarPlane = cifarSide * cifarSide
	cifarImage = 3 * cifarPlane
)

func (l *cifarLayout) files(split string) []cifarFile {
	if split == "train" {
		return l.train
	}
	return l.test
}

// open reads and checks the files of one split.
func (s *cifarSet) open(dir, split string) (Dataset, error) {
	layout, folder, err := s.locate(dir, split)
	if err != nil {
		return nil, err
	}
	files := layout.files(split)
	total := 0
	starts := make([]int, len(files))
	for i, f := range files {
		starts[i] = total
		total += f.images
	}
	a := &arrays{
		name: s.name, classes: s.classes, w: cifarSide, h: cifarSide, c: 3,
		pixels: make([]uint8, total*cifarImage),
		labels: make([]uint8, total),
	}

	errs := make([]error, len(files))
	var wg sync.WaitGroup
	for i, f := range files {
		wg.Go(func() {
			start, end := starts[i], starts[i]+f.images
			errs[i] = s.read(layout, f, filepath.Join(folder, f.name),
				a.pixels[start*cifarImage:end*cifarImage], a.labels[start:end])
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err == nil {
			continue
		}
		if e, ok := errors.AsType[*Error](err); ok && e.Remedy == "" {
			e.Remedy = s.remedy(folder)
		}
		return nil, err
	}
	return a, nil
}

// locate finds the set's folder: dir itself or one in it, the layout that has all
// of the split's files before one that has some.
func (s *cifarSet) locate(dir, split string) (*cifarLayout, string, error) {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return nil, "", &Error{Kind: Invalid, Path: dir, Reason: "is a file, not a folder", Remedy: s.remedy(filepath.Dir(dir))}
	}
	type place struct {
		layout *cifarLayout
		folder string
	}
	var partial *place
	for i := range s.layouts {
		l := &s.layouts[i]
		for _, folder := range []string{dir, filepath.Join(dir, l.folder)} {
			all, some := l.present(folder, split)
			if all {
				return l, folder, nil
			}
			// An empty folder of the right name has lost its files; name them.
			named := filepath.Base(folder) == l.folder && isDir(folder)
			if (some || named) && partial == nil {
				partial = &place{l, folder}
			}
		}
	}
	if partial != nil {
		return partial.layout, partial.folder, nil
	}
	reason := s.title + " is not in this folder"
	if !isDir(dir) {
		reason = "there is no such folder, so no " + s.title + " in it"
	}
	remedy := s.remedy(dir)
	for _, other := range cifarSets {
		if other.name != s.name && other.within(dir) {
			reason = fmt.Sprintf("holds %s, not %s", other.title, s.title)
			remedy = fmt.Sprintf("Use --dataset %s, or name the folder of %s. %s", other.name, s.title, remedy)
		}
	}
	return nil, "", &Error{Kind: Missing, Path: dir, Reason: reason, Remedy: remedy}
}

// present tells whether a folder has all files of the split, and whether it has
// any file of the layout.
func (l *cifarLayout) present(folder, split string) (all, some bool) {
	all = true
	for _, f := range l.files(split) {
		all = all && isFile(filepath.Join(folder, f.name))
	}
	some = slices.ContainsFunc(slices.Concat(l.train, l.test), func(f cifarFile) bool {
		return isFile(filepath.Join(folder, f.name))
	})
	return all, some
}

// within tells whether dir is, or has, a folder of the set.
func (s *cifarSet) within(dir string) bool {
	return slices.ContainsFunc(s.layouts, func(l cifarLayout) bool {
		_, own := l.present(dir, "train")
		return own || isDir(filepath.Join(dir, l.folder))
	})
}

// remedy tells how to get the set, given the folder that was looked into.
func (s *cifarSet) remedy(folder string) string {
	for _, l := range s.layouts {
		if filepath.Base(folder) == l.folder {
			folder = filepath.Dir(folder)
		}
	}
	return fmt.Sprintf("Get it with `augmix fetch %s --data %s`, or use --dataset shapes, which needs no download.", s.name, folder)
}

// PublishedFile is a file of a dataset as it is published.
type PublishedFile struct {
	Path   string // below the folder that --data names
	Size   int64  // in bytes
	Digest string // hex: an md5 (32 digits) or a SHA-256 (64)
}

// PublishedFiles lists the files that Open reads of a dataset's layout: the folder
// that its archive unpacks to, such as cifar-10-batches-bin. There are none for other
// names.
func PublishedFiles(dataset, folder string) []PublishedFile {
	set, ok := cifarSets[dataset]
	if !ok {
		return nil
	}
	var out []PublishedFile
	for _, l := range set.layouts {
		if l.folder != folder {
			continue
		}
		for _, f := range slices.Concat(l.train, l.test) {
			out = append(out, PublishedFile{filepath.Join(folder, f.name), f.size, f.digest})
		}
	}
	return out
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
