package data

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Sequences is the dataset of one perturbation: sample i is test image i and what
// becomes of it, step by step, in Frames images of one size. They lie one below the
// other: a sample is W pixels wide and Frames·H high, and its memory is that of
// Frames images of W×H pixels. So a batch of samples, [N, Frames·H, W, C], is the
// same memory as [N·Frames, H, W, C], and everything that reads, limits (Subset keeps
// whole sequences) or passes over samples does so with whole sequences. To take their
// flip probability, view the batch as N·Frames images, and row i·Frames+j of the
// predictions is frame j of sequence i.
//
// A sample's label is its test image's. Readers ignore whether they are for training.
type Sequences interface {
	Dataset
	// Frames returns the number of images in each sequence.
	Frames() int
}

// P is a perturbation benchmark in a published layout.
//
// Of CIFAR (CIFAR-10-P), a perturbation is NAME.npy of the shape (n, frames, H, W, 3).
//
// Of image folders (ImageNet-P), it is a folder NAME, either in the benchmark's or in
// one of the groups that it is published in (noise, blur, weather, digital), with a
// sequence for each test image CLASS/IMAGE.JPEG: a video NAME/CLASS/IMAGE.mp4, which
// takes a program ffmpeg on the PATH, or a folder NAME/CLASS/IMAGE of frames, image
// files whose names are consecutive numbers from 0 or 1, such as 00.png.
type P struct {
	dir    string
	clean  Dataset // the images that are wanted
	held   Dataset // those of arrays
	places []int   // of clean's images among held, or in a folder of image files; nil where they are the same
	part   Part
}

// FolderP returns the name of a dataset's published perturbation folder, CIFAR-10-P
// for cifar10 and imagenet-p for imagenet.
func FolderP(dataset string) string {
	if set, ok := cifarSets[dataset]; ok {
		return set.title + "-P"
	}
	return dataset + "-p"
}

// FindP looks for a dataset's perturbation folder beside its data: in dir or next to
// it. It returns "" where there is none.
func FindP(dir, dataset string) string {
	for _, parent := range []string{dir, filepath.Join(dir, "..")} {
		if folder := filepath.Join(parent, FolderP(dataset)); isDir(folder) {
			return folder
		}
	}
	return ""
}

// DirP returns where OpenP looks for a dataset's benchmark: in dir, or in the folder of
// the benchmark's name in it.
func DirP(dir, dataset string) string {
	if inner := filepath.Join(dir, FolderP(dataset)); isDir(inner) {
		return inner
	}
	return dir
}

// OpenP opens the perturbation benchmark of a test set in dir: the folder itself or one
// that holds it. clean is the test set, or a Subset of it: the images that are wanted.
// Errors are *Error.
func OpenP(dir string, clean Dataset) (*P, error) { return OpenPartP(dir, clean, Part{}) }

// OpenPartP is OpenP of a folder that holds a part of a benchmark. Where clean has
// others than the images that are held it is an *Error.
func OpenPartP(dir string, clean Dataset, part Part) (*P, error) {
	p := &P{dir: DirP(dir, clean.Name()), clean: clean, part: part}
	if !isDir(p.dir) {
		return nil, &Error{Kind: Missing, Path: p.dir, Reason: "there is no such folder", Remedy: p.remedy()}
	}
	if _, ok := wholeOf(clean).(*Folder); ok {
		p.places = originals(clean)
		return p, nil
	}
	p.held = part.held(clean)
	var err error
	if p.places, err = places(p.dir, clean, p.held); err != nil {
		err.(*Error).Remedy += p.remedy()
		return nil, err
	}
	return p, nil
}

// remedy tells how to get the benchmark, and how to do without.
func (p *P) remedy() string {
	dir := p.dir
	if filepath.Base(dir) == FolderP(p.clean.Name()) {
		dir = filepath.Dir(dir)
	}
	text := ""
	if n := p.part.Images; n > 0 && n < wholeOf(p.clean).Len() && p.held == nil {
		text = limitRemedy(n)
	}
	return text + fetchBenchmark(p.clean.Name(), "p", dir) +
		"augmix perturb writes such sequences, and --p-data generate makes them on the fly."
}

// fetchBenchmark is the sentence on how to download a dataset's benchmark, c or p,
// where that can be.
func fetchBenchmark(dataset, kind, dir string) string {
	if _, ok := cifarSets[dataset]; !ok && dataset != "imagenet" || dataset == "cifar100" && kind == "p" {
		return ""
	}
	return fmt.Sprintf("Get it with `augmix fetch %s-%s --data %s`. ", dataset, kind, dir)
}

// Dir returns the folder that holds the files.
func (p *P) Dir() string { return p.dir }

// Names returns the perturbations that are there, sorted.
func (p *P) Names() ([]string, error) {
	if _, ok := wholeOf(p.clean).(*Folder); ok {
		return p.folders()
	}
	entries, err := os.ReadDir(p.dir)
	if err != nil {
		return nil, cannotRead(p.dir, err)
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".npy"); ok && name != "labels" {
			names = append(names, name)
		}
	}
	return names, nil
}

// folders lists the folders that hold a class of clean, and those in a group that do.
func (p *P) folders() ([]string, error) {
	var names []string
	for _, parent := range append([]string{""}, groupFolders...) {
		entries, err := os.ReadDir(filepath.Join(p.dir, parent))
		if errors.Is(err, os.ErrNotExist) && parent != "" {
			continue
		}
		if err != nil {
			return nil, cannotRead(filepath.Join(p.dir, parent), err)
		}
		for _, e := range entries {
			holdsClass := func(class string) bool { return isDir(filepath.Join(p.dir, parent, e.Name(), class)) }
			if slices.ContainsFunc(p.clean.Classes(), holdsClass) {
				names = append(names, e.Name())
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Sequences opens the sequences of a perturbation, one for every test image that is
// wanted, in the test set's order. Each has so many frames; 0 takes the number that there is, which
// must be at least 2. Errors are *Error, and name what is missing.
func (p *P) Sequences(perturbation string, frames int) (Sequences, error) {
	var s Sequences
	var err error
	if folder, ok := wholeOf(p.clean).(*Folder); ok {
		s, err = openSequenceFolder(p.dir, perturbation, folder, p.places, frames)
	} else {
		s, err = openSequenceArray(filepath.Join(p.dir, perturbation+".npy"), perturbation, p.held, frames)
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Remedy == "" {
		e.Remedy = p.remedy()
	}
	if err == nil && p.places != nil {
		s = &someSequences{subset{Dataset: s, indices: p.places}, s.Frames()}
	}
	return s, err
}

// someSequences is some of the sequences of another set.
type someSequences struct {
	subset
	frames int
}

func (s *someSequences) Frames() int { return s.frames }
