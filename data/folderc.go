package data

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// folderC is a benchmark in the published layouts of ImageNet-C: CORRUPTION/SEVERITY/
// CLASS/IMAGE.JPEG, in the benchmark's folder or in one of its groups (noise, blur,
// weather, digital, extra), or packed in archives of the groups, noise.tar and so on.
//
// The images are those of clean, by their class folders and names, in clean's order;
// others are not looked at, so that clean may be a part of ImageNet. They are taken as
// they are: they were made of images that had been resized and cropped, and the
// original evaluation resizes no more (ImageNet-C/test.py of hendrycks/robustness;
// that of google-research/augmix resizes them to 256 pixels and cuts 224 out again).
type folderC struct {
	dir      string
	clean    *Folder
	wanted   []int // of clean's images; nil is all
	part     Part
	archives []*tarGroup // opened when they are needed
}

func openFolderC(dir string, whole *Folder, clean Dataset, part Part) (*folderC, error) {
	c := &folderC{dir: dir, clean: whole, wanted: originals(clean), part: part}
	if !isDir(dir) {
		return nil, &Error{Kind: Missing, Path: dir, Reason: "there is no such folder", Remedy: c.remedy()}
	}
	for _, group := range groupFolders {
		if path := filepath.Join(dir, group+".tar"); isFile(path) {
			c.archives = append(c.archives, &tarGroup{path: path, group: group, clean: whole})
		}
	}
	return c, nil
}

func (c *folderC) remedy() string {
	text := remedyC(c.clean.Name(), c.dir)
	if n := c.part.Images; n > 0 && n < c.clean.Len() {
		text = limitRemedy(n) + text
	}
	return text
}

func (c *folderC) Dir() string { return c.dir }

// Names returns the corruptions that have a folder with the first severity, there or
// in an archive.
func (c *folderC) Names() ([]string, error) {
	var names []string
	for _, parent := range append([]string{""}, groupFolders...) {
		entries, err := os.ReadDir(filepath.Join(c.dir, parent))
		if errors.Is(err, fs.ErrNotExist) && parent != "" {
			continue
		}
		if err != nil {
			return nil, cannotRead(filepath.Join(c.dir, parent), err)
		}
		for _, e := range entries {
			if isDir(filepath.Join(c.dir, parent, e.Name(), "1")) {
				names = append(names, e.Name())
			}
		}
	}
	for _, a := range c.archives {
		more, err := a.names()
		if err != nil {
			return nil, err
		}
		names = append(names, more...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (c *folderC) Severity(corruption string, severity int) (Dataset, error) {
	if severity < 1 || severity > Severities {
		panic("data: C.Severity needs a severity from 1 to 5")
	}
	if held := c.part.severities(); !slices.Contains(held, severity) {
		return nil, lacksSeverity(c.dir, held, severity)
	}
	s, err := c.severity(corruption, severity)
	if err != nil {
		if e, ok := errors.AsType[*Error](err); ok && e.Remedy == "" {
			e.Remedy = c.remedy()
		}
		return nil, err
	}
	return picked(s, c.wanted), nil
}

func (c *folderC) severity(corruption string, severity int) (Dataset, error) {
	root, ok, err := findBenchmarkFolder(c.dir, corruption)
	if err != nil {
		return nil, err
	}
	s := &photosC{Folder: c.clean, name: corruption, severity: severity}
	if ok {
		s.root = filepath.Join(root, strconv.Itoa(severity))
		if !isDir(s.root) {
			return nil, &Error{Kind: Missing, Path: s.root, Reason: "there is no such folder"}
		}
		s.paths, err = counterparts(s.root, c.clean, c.wanted, func(e fs.DirEntry) (string, bool) {
			return withoutExtension(e.Name()), !e.IsDir() && isImageName(e.Name())
		})
		return s, err
	}
	for _, a := range c.archives {
		members, ok, err := a.find(corruption, severity, c.wanted)
		if err != nil {
			return nil, err
		}
		if ok {
			s.archive, s.members = a, members
			return s, nil
		}
	}
	reason := fmt.Sprintf("there is no such folder, neither here nor in %v", groupFolders)
	if n := len(c.archives); n > 0 {
		reason += fmt.Sprintf(", nor is it in the %d archives", n)
	}
	return nil, &Error{Kind: Missing, Path: filepath.Join(c.dir, corruption), Reason: reason}
}
