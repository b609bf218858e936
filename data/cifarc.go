package data

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Severities is the number of strengths of every corruption.
const Severities = 5

// C is a corruption benchmark in a published layout.
type C interface {
	// Dir returns the folder that holds the files.
	Dir() string
	// Names returns the corruptions that are there, sorted.
	Names() ([]string, error)
	// Severity opens the test images, in their order and with their labels, under a
	// corruption at a severity from 1 to 5. Every error is an *Error.
	Severity(corruption string, severity int) (Dataset, error)
}

// arrayC is a benchmark in the published layout of CIFAR-10-C: labels.npy and, for
// each corruption, NAME.npy of the shape (5·n, H, W, 3), the n test images at severity
// 1, then 2, … 5.
type arrayC struct {
	dir   string
	clean Dataset
}

// FolderC returns the name of a dataset's published corruption folder, CIFAR-10-C
// for cifar10 and imagenet-c for imagenet.
func FolderC(dataset string) string {
	if set, ok := cifarSets[dataset]; ok {
		return set.title + "-C"
	}
	if IsFolder(dataset) {
		return dataset + "-c"
	}
	return dataset + "-C"
}

// FindC looks for a dataset's corruption folder beside its data: in dir or next to
// it. It returns "" where there is none.
func FindC(dir, dataset string) string {
	for _, parent := range []string{dir, filepath.Join(dir, "..")} {
		folder := filepath.Join(parent, FolderC(dataset))
		if isFile(filepath.Join(folder, "labels.npy")) || IsFolder(dataset) && isDir(folder) {
			return folder
		}
	}
	return ""
}

// OpenC opens the corruption benchmark of clean, the whole test set, in dir: the
// folder itself or one that holds it. Of arrays it checks labels.npy: one integer for
// each image, in the range of the classes, in every severity the same as clean's.
// Every error is an *Error.
func OpenC(dir string, clean Dataset) (C, error) {
	if folder, ok := clean.(*Folder); ok {
		return openFolderC(dir, folder)
	}
	own := FolderC(clean.Name())
	if inner := filepath.Join(dir, own); !isFile(filepath.Join(dir, "labels.npy")) && isDir(inner) {
		dir = inner
	}
	c := &arrayC{dir: dir, clean: clean}
	if !isDir(dir) {
		return nil, &Error{Kind: Missing, Path: dir, Reason: "there is no such folder", Remedy: c.remedy()}
	}
	if err := c.checkLabels(); err != nil {
		if e := err.(*Error); e.Remedy == "" {
			e.Remedy = c.remedy()
		}
		return nil, err
	}
	return c, nil
}

// remedy tells how to get a good folder and how to do without.
func (c *arrayC) remedy() string { return remedyC(c.clean.Name(), c.dir) }

// remedyC tells how to get a dataset's corruption benchmark at dir, and how to do
// without.
func remedyC(dataset, dir string) string {
	if filepath.Base(dir) == FolderC(dataset) {
		dir = filepath.Dir(dir)
	}
	return fetchBenchmark(dataset, "c", dir) +
		"augmix corrupt writes such a folder, and --c-data generate makes the corruptions from the test images."
}

// checkLabels compares labels.npy with the clean labels.
func (c *arrayC) checkLabels() error {
	path := filepath.Join(c.dir, "labels.npy")
	n, err := OpenNPY(path)
	if err != nil {
		return err
	}
	defer n.Close()
	count := c.clean.Len()
	if want := (NPYHeader{Shape: []int{Severities * count}}); !slices.Equal(n.Shape, want.Shape) {
		return invalid(path, "has the shape %s, want %s: a label for each of %d images at %d severities",
			n.shapeText(), want.shapeText(), count, Severities)
	}
	labels, err := n.Integers(Severities * count)
	if err != nil {
		return err
	}
	classes := len(c.clean.Classes())
	for i, label := range labels {
		if label < 0 || label >= int64(classes) {
			return invalid(path, "label %d is %d, but %s has classes 0 to %d", i, label, c.clean.Name(), classes-1)
		}
		if label != labels[i%count] {
			return invalid(path, "severity %d gives image %d the label %d, severity 1 gives it %d",
				i/count+1, i%count, label, labels[i%count])
		}
	}
	for i := range count {
		if labels[i] != int64(c.clean.Label(i)) {
			return invalid(path, "image %d has the label %d, the test set gives it %d: it was made from another test set",
				i, labels[i], c.clean.Label(i))
		}
	}
	return nil
}

func (c *arrayC) Dir() string { return c.dir }

// Names returns the corruptions that have a file, sorted.
func (c *arrayC) Names() ([]string, error) {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return nil, cannotRead(c.dir, err)
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".npy"); ok && name != "labels" {
			names = append(names, name)
		}
	}
	return names, nil
}

// Severity reads one fifth of a corruption's file.
func (c *arrayC) Severity(corruption string, severity int) (Dataset, error) {
	if severity < 1 || severity > Severities {
		panic("data: C.Severity needs a severity from 1 to 5")
	}
	path := filepath.Join(c.dir, corruption+".npy")
	n, err := OpenNPY(path)
	if err != nil {
		err.(*Error).Remedy = c.remedy()
		return nil, err
	}
	defer n.Close()
	count := c.clean.Len()
	w, h, ch := c.clean.Size()
	want := NPYHeader{Descr: "|u1", Shape: []int{Severities * count, h, w, ch}}
	if n.Descr != want.Descr || !slices.Equal(n.Shape, want.Shape) {
		e := invalid(path, "holds %s of %s, want %s of %s: the images at %d severities",
			n.shapeText(), n.Descr, want.shapeText(), want.Descr, Severities)
		e.Remedy = c.remedy()
		return nil, e
	}
	s := &repixelled{c.clean, make([]uint8, int64(count)*n.rowBytes())}
	if err := n.ReadRows(s.pixels, (severity-1)*count); err != nil {
		return nil, err
	}
	return s, nil
}

// repixelled is a dataset with other images, which lie in memory.
type repixelled struct {
	Dataset
	pixels []uint8 // Len×H×W×C
}

func (s *repixelled) NewReader(train bool) Reader {
	w, h, c := s.Size()
	return newArrayReader(s.pixels, w, h, c, train)
}

func (s *repixelled) Fingerprint() string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n", s.Dataset.Fingerprint())
	h.Write(s.pixels)
	return hex.EncodeToString(h.Sum(nil))
}
