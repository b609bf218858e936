package data

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"unicode/utf8"
)

// imageExtensions are the endings, in lower case, of files that
// torchvision.datasets.ImageFolder takes for images (IMG_EXTENSIONS).
var imageExtensions = []string{".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp"}

// listing is a folder of class folders as torchvision.datasets.ImageFolder (0.26)
// lists it: classes sorted, in each the folders below it sorted by their whole
// path, in each of those the files sorted; all by code points, which is the order
// of UTF-8's bytes. The paths lie in one text, because a million strings would
// cost every garbage collection.
type listing struct {
	classes []string
	paths   string // of all files, without separators between
	ends    []int  // Len: where each path ends
	starts  []int  // of each class: its first sample
	ignored ignored
}

// ignored are the files that are no images by their names.
type ignored struct {
	count   int
	example string
}

func (l *listing) len() int { return len(l.ends) }

// path returns the path of sample i. It allocates nothing.
func (l *listing) path(i int) string {
	if i == 0 {
		return l.paths[:l.ends[0]]
	}
	return l.paths[l.ends[i-1]:l.ends[i]]
}

// label returns the class of sample i.
func (l *listing) label(i int) int {
	class, found := slices.BinarySearch(l.starts, i)
	if !found {
		class--
	}
	return class
}

// scansAtOnce is how many class folders are read at the same time: enough to hide
// the latency of a network's disk.
const scansAtOnce = 16

// scanFolder lists the class folders of root. A class without an image, a folder
// that cannot be read and a link that leads back to a folder around it are errors,
// of the type *Error.
func scanFolder(root string) (*listing, error) {
	l := &listing{}
	if err := l.findClasses(root); err != nil {
		return nil, err
	}
	scans := make([]classScan, len(l.classes))
	turn := make(chan struct{}, scansAtOnce)
	var wg sync.WaitGroup
	for i, class := range l.classes {
		turn <- struct{}{}
		wg.Go(func() {
			scans[i].folder(filepath.Join(root, class))
			<-turn
		})
	}
	wg.Wait()
	var empty []string
	var paths strings.Builder
	for i, class := range l.classes {
		s := &scans[i]
		if s.err != nil {
			return nil, s.err
		}
		files := s.files()
		if len(files) == 0 {
			empty = append(empty, class)
		}
		l.starts = append(l.starts, len(l.ends))
		for _, file := range files {
			paths.WriteString(file)
			l.ends = append(l.ends, paths.Len())
		}
		l.ignored.add(s.ignored.count, s.ignored.example)
	}
	l.paths = paths.String()
	if len(empty) > 0 {
		e := invalid(filepath.Join(root, empty[0]), "this class folder has no image")
		if more := len(empty) - 1; more > 0 {
			e.Reason += fmt.Sprintf(", and %d more have none", more)
		}
		e.Remedy = "Images are files whose names end in " + strings.Join(imageExtensions, ", ") + ". Remove the folder, or fill it."
		return nil, e
	}
	return l, nil
}

// findClasses lists the folders in root. Anything else in it is ignored.
func (l *listing) findClasses(root string) error {
	entries, err := os.ReadDir(root)
	if err != nil {
		return cannotRead(root, err)
	}
	images := 0
	for _, entry := range entries {
		path := filepath.Join(root, entry.Name())
		folder, err := isFolder(path, entry)
		switch {
		case err != nil:
			return err
		case !folder:
			l.ignored.add(1, path)
			if isImageName(entry.Name()) {
				images++
			}
		case !utf8.ValidString(entry.Name()):
			return invalid(path, "the name of this class folder is not UTF-8")
		default:
			l.classes = append(l.classes, entry.Name())
		}
	}
	slices.Sort(l.classes)
	if len(l.classes) == 0 {
		e := invalid(root, "has no class folders")
		if images > 0 {
			e.Reason = fmt.Sprintf("has %d images and no class folders", images)
		}
		e.Remedy = "Each class is a folder of its images, as in " + filepath.Join(root, "cat", "1.jpg") + "."
		return e
	}
	return nil
}

// add notes n more ignored files, path among them.
func (g *ignored) add(n int, path string) {
	if g.count == 0 {
		g.example = path
	}
	g.count += n
}

// isImageName tells whether a file's name says that it is an image.
func isImageName(name string) bool {
	// Letters outside of ASCII stay as they are; strings.ToLower would make an i of İ.
	lower := strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			r += 'a' - 'A'
		}
		return r
	}, name[max(0, len(name)-len(".jpeg")):])
	return slices.ContainsFunc(imageExtensions, func(ext string) bool { return strings.HasSuffix(lower, ext) })
}

// isFolder tells whether an entry is a folder or a link to one. A link to a folder
// that the entry is in, which would never end, is an error; so is one to itself.
func isFolder(path string, entry fs.DirEntry) (bool, error) {
	if entry.Type()&fs.ModeSymlink == 0 {
		return entry.IsDir(), nil
	}
	target, err := os.Stat(path)
	if errors.Is(err, syscall.ELOOP) && !isImageName(path) {
		return false, invalid(path, "is a symbolic link that leads to itself")
	}
	if err != nil || !target.IsDir() {
		return false, nil // An image that cannot be read is named when it is its turn.
	}
	around, err := filepath.Abs(path)
	if err != nil {
		return false, cannotRead(path, err)
	}
	for around != filepath.Dir(around) {
		around = filepath.Dir(around)
		info, err := os.Stat(around)
		if err != nil {
			return false, cannotRead(around, err)
		}
		if os.SameFile(info, target) {
			e := invalid(path, "is a symbolic link to %s, a folder that it is in: it would be followed for ever", around)
			e.Remedy = "Remove the link."
			return false, e
		}
	}
	return true, nil
}

// classScan collects what is in one class folder.
type classScan struct {
	folders []scannedFolder
	ignored ignored
	err     error
}

type scannedFolder struct {
	path  string
	files []string // the paths of its images, sorted
}

// folder reads a folder and those below it, links to folders followed.
func (s *classScan) folder(path string) {
	entries, err := os.ReadDir(path) // sorted
	if err != nil {
		s.err = cannotRead(path, err)
		return
	}
	var files []string
	for _, entry := range entries {
		below := filepath.Join(path, entry.Name())
		folder, err := isFolder(below, entry)
		switch {
		case err != nil:
			s.err = err
		case folder:
			s.folder(below)
		case isImageName(entry.Name()):
			files = append(files, below)
		default:
			s.ignored.add(1, below)
		}
		if s.err != nil {
			return
		}
	}
	s.folders = append(s.folders, scannedFolder{path, files})
}

// files returns all images in torchvision's order: os.walk's tuples sorted, which
// compares the folders' whole paths, so that "x-y" comes before "x/y".
func (s *classScan) files() []string {
	slices.SortFunc(s.folders, func(a, b scannedFolder) int { return strings.Compare(a.path, b.path) })
	var out []string
	for _, f := range s.folders {
		out = append(out, f.files...)
	}
	return out
}
