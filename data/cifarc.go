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
	// Severity opens the test images that are wanted, in their order and with their
	// labels, under a corruption at a severity from 1 to 5. Every error is an *Error.
	Severity(corruption string, severity int) (Dataset, error)
}

// arrayC is a benchmark in the published layout of CIFAR-10-C: labels.npy and, for
// each corruption, NAME.npy of the shape (5·n, H, W, 3), the n test images at severity
// 1, then 2, … 5; of a part so many fewer.
type arrayC struct {
	dir        string
	clean      Dataset // the images that are wanted
	held       Dataset // those in the arrays
	severities []int   // those in the arrays
	places     []int   // of clean's images among held; nil where they are the same
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

// DirC returns where OpenC looks for a dataset's benchmark: in dir, or in the folder
// of the benchmark's name in it.
func DirC(dir, dataset string) string {
	inner := filepath.Join(dir, FolderC(dataset))
	if isDir(inner) && (IsFolder(dataset) || !isFile(filepath.Join(dir, "labels.npy"))) {
		return inner
	}
	return dir
}

// OpenC opens the corruption benchmark of a test set in dir: the folder itself or one
// that holds it. clean is the test set, or a Subset of it: the images that are wanted.
// Of arrays it checks labels.npy: one integer for each image, in the range of the
// classes, in every severity the same as the test set's. Every error is an *Error.
func OpenC(dir string, clean Dataset) (C, error) { return OpenPartC(dir, clean, Part{}) }

// OpenPartC is OpenC of a folder that holds a part of a benchmark. Where clean has
// others than the images that are held it is an *Error.
func OpenPartC(dir string, clean Dataset, part Part) (C, error) {
	dir = DirC(dir, clean.Name())
	if folder, ok := wholeOf(clean).(*Folder); ok {
		return openFolderC(dir, folder, clean, part)
	}
	c := &arrayC{dir: dir, clean: clean, held: part.held(clean), severities: part.severities()}
	if !isDir(dir) {
		return nil, &Error{Kind: Missing, Path: dir, Reason: "there is no such folder", Remedy: c.remedy()}
	}
	err := c.checkLabels()
	if err == nil {
		c.places, err = places(dir, clean, c.held)
	}
	if err != nil {
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
	count, total := c.held.Len(), len(c.severities)*c.held.Len()
	if want := (NPYHeader{Shape: []int{total}}); !slices.Equal(n.Shape, want.Shape) {
		return invalid(path, "has the shape %s, want %s: a label for each of %d images at %d severities",
			n.shapeText(), want.shapeText(), count, len(c.severities))
	}
	labels, err := n.Integers(total)
	if err != nil {
		return err
	}
	classes := len(c.clean.Classes())
	for i, label := range labels {
		if label < 0 || label >= int64(classes) {
			return invalid(path, "label %d is %d, but %s has classes 0 to %d", i, label, c.clean.Name(), classes-1)
		}
		if label != labels[i%count] {
			return invalid(path, "severity %d gives image %d the label %d, severity %d gives it %d",
				c.severities[i/count], i%count, label, c.severities[0], labels[i%count])
		}
	}
	for i := range count {
		if labels[i] != int64(c.held.Label(i)) {
			return invalid(path, "image %d has the label %d, the test set gives it %d: it was made from another test set",
				i, labels[i], c.held.Label(i))
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

// Severity reads the block of a severity in a corruption's file.
func (c *arrayC) Severity(corruption string, severity int) (Dataset, error) {
	if severity < 1 || severity > Severities {
		panic("data: C.Severity needs a severity from 1 to 5")
	}
	block := slices.Index(c.severities, severity)
	if block < 0 {
		return nil, lacksSeverity(c.dir, c.severities, severity)
	}
	path := filepath.Join(c.dir, corruption+".npy")
	n, err := OpenNPY(path)
	if err != nil {
		err.(*Error).Remedy = c.remedy()
		return nil, err
	}
	defer n.Close()
	count := c.held.Len()
	w, h, ch := c.clean.Size()
	want := NPYHeader{Descr: "|u1", Shape: []int{len(c.severities) * count, h, w, ch}}
	if n.Descr != want.Descr || !slices.Equal(n.Shape, want.Shape) {
		e := invalid(path, "holds %s of %s, want %s of %s: the images at %d severities",
			n.shapeText(), n.Descr, want.shapeText(), want.Descr, len(c.severities))
		e.Remedy = c.remedy()
		return nil, e
	}
	s := &repixelled{c.held, make([]uint8, int64(count)*n.rowBytes())}
	if err := n.ReadRows(s.pixels, block*count); err != nil {
		return nil, err
	}
	return picked(s, c.places), nil
}

// lacksSeverity is the error of a benchmark in dir that holds some severities.
func lacksSeverity(dir string, held []int, severity int) *Error {
	text := strings.Trim(strings.ReplaceAll(fmt.Sprint(held), " ", ","), "[]")
	return &Error{Kind: Missing, Path: dir, Reason: fmt.Sprintf("holds no severity %d", severity),
		Remedy: fmt.Sprintf("Evaluate the severities that it holds with --severity %s, or write all in another folder.", text)}
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
