package data

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// DefaultImageSize is the side, in pixels, of the images of a folder.
const DefaultImageSize = 224

// FolderOptions say how the images of a folder become images of one size.
type FolderOptions struct {
	// ImageSize is their side in pixels; 0 means DefaultImageSize.
	ImageSize int
	// FastDecode lets JPEG files be decoded at a half, a quarter or an eighth of
	// their size where the image is made smaller still afterwards, which gives other
	// pixels than Pillow's. Of random crops of photographs of ImageNet's size, about
	// 500×375 pixels, it touches 2 % at 224 pixels and 85 % at 64; those differ by 2
	// to 3 levels of 255 in the mean, and reading the files is 1.0 and 1.4 times as
	// fast. It is meant for larger photographs, or small crops.
	FastDecode bool
}

// Folder is a dataset of image files in class folders. Training samples are
// torchvision's RandomResizedCrop and RandomHorizontalFlip, evaluation samples its
// Resize and CenterCrop, with the same pixels as of Pillow's images; all are RGB.
type Folder struct {
	name    string
	dir     string // that holds train and val
	root    string // the split's folder
	options FolderOptions
	*listing
	known  []string // nil, or classes of which those of listing are a part
	labels []int    // of listing's classes in known

	once        sync.Once
	fingerprint string
}

// IsFolder tells whether Open of a dataset's name gives a *Folder.
func IsFolder(name string) bool { return name == "imagenet" || name == "folder" }

// OpenFolder lists the image files of DIR/train or, for the split "test", of
// DIR/val; imagenet's DIR may also be a folder imagenet in dir. The files are not
// opened. Every error is an *Error.
func OpenFolder(name, dir, split string, o FolderOptions) (*Folder, error) {
	if o.ImageSize == 0 {
		o.ImageSize = DefaultImageSize
	}
	own, root, err := locateSplit(name, dir, splitFolder(split))
	if err != nil {
		return nil, err
	}
	list, err := scanFolder(root)
	if err != nil {
		return nil, err
	}
	return &Folder{name: name, dir: own, root: root, options: o, listing: list}, nil
}

// splitFolder returns the name of a split's folder.
func splitFolder(split string) string {
	if split == "test" {
		return "val"
	}
	return "train"
}

// locateSplit finds the folder that has a folder called split, and that.
func locateSplit(name, dir, split string) (own, root string, err error) {
	candidates := []string{dir}
	if name == "imagenet" {
		candidates = append(candidates, filepath.Join(dir, "imagenet"))
	}
	for _, own := range candidates {
		if root := filepath.Join(own, split); isDir(root) {
			return own, root, nil
		}
	}
	e := &Error{Kind: Missing, Path: dir, Reason: "there is no such folder", Remedy: folderRemedy(name, dir)}
	if !isDir(dir) {
		if isFile(dir) {
			e.Kind, e.Reason = Invalid, "is a file, not a folder"
		}
		return "", "", e
	}
	e.Reason = fmt.Sprintf("has no folder %s", split)
	base := filepath.Base(filepath.Clean(dir))
	if base == "train" || base == "val" {
		e.Remedy = fmt.Sprintf("Name the folder that holds train and val: %s.", filepath.Dir(filepath.Clean(dir)))
		return "", "", e
	}
	for _, other := range []string{"validation", "valid", "test", "training"} {
		if isDir(filepath.Join(dir, other)) && splitFolderOf(other) == split {
			e.Remedy = fmt.Sprintf("It has a folder %s; if that is meant, rename it to %s or make a link to it: ln -s %s %s",
				other, split, other, filepath.Join(dir, split))
		}
	}
	return "", "", e
}

// splitFolderOf returns which of the two folders another name probably means.
func splitFolderOf(name string) string {
	if name == "training" {
		return "train"
	}
	return "val"
}

// folderRemedy tells what a folder should look like.
func folderRemedy(name, dir string) string {
	const layout = "Training images are in %s, those for evaluation in %s; other names than train and val are not looked for."
	if name == "imagenet" {
		return fmt.Sprintf("Get ILSVRC2012_img_train.tar and ILSVRC2012_img_val.tar from https://image-net.org and unpack them. "+layout,
			filepath.Join(dir, "train", "n01440764", "….JPEG"), filepath.Join(dir, "val", "n01440764", "….JPEG"))
	}
	return fmt.Sprintf(layout, filepath.Join(dir, "train", "CLASS"), filepath.Join(dir, "val", "CLASS"))
}

func (f *Folder) Name() string        { return f.name }
func (f *Folder) Len() int            { return f.len() }
func (f *Folder) Size() (w, h, c int) { return f.options.ImageSize, f.options.ImageSize, 3 }

// Classes returns the names of the class folders, or what WithClasses was given.
func (f *Folder) Classes() []string {
	if f.known != nil {
		return f.known
	}
	return f.classes
}

func (f *Folder) Label(i int) int {
	if f.known != nil {
		return f.labels[f.label(i)]
	}
	return f.label(i)
}

// WithClasses returns the same images labelled by other classes, which must have all
// those of the class folders by their names: a network that knows all of ImageNet's
// classes is so evaluated on images of some. A class folder that they lack is an
// *Error.
func (f *Folder) WithClasses(classes []string) (*Folder, error) {
	if slices.Equal(classes, f.Classes()) {
		return f, nil
	}
	at := make(map[string]int, len(classes))
	for i, name := range classes {
		at[name] = i
	}
	out := &Folder{name: f.name, dir: f.dir, root: f.root, options: f.options, listing: f.listing, known: classes}
	for _, name := range f.classes {
		label, ok := at[name]
		if !ok {
			return nil, invalid(filepath.Join(f.root, name), "is a class folder of no class that is known (%d classes, %q to %q)",
				len(classes), classes[0], classes[len(classes)-1])
		}
		out.labels = append(out.labels, label)
	}
	return out, nil
}

// FolderClasses returns how many class folders there are.
func (f *Folder) FolderClasses() int { return len(f.classes) }

// Describe returns sample i's path from the folder that holds train and val.
func (f *Folder) Describe(i int) string {
	return strings.TrimPrefix(f.path(i)[len(f.dir):], string(filepath.Separator))
}

// Fingerprint covers the classes' names, the files' paths below the split's folder
// and their sizes in bytes, not their content: reading ImageNet takes hours.
func (f *Folder) Fingerprint() string {
	f.once.Do(func() {
		sizes := f.sizes()
		h := sha256.New()
		fmt.Fprintf(h, "folder %dx%d fast %v %q\n", f.options.ImageSize, f.options.ImageSize, f.options.FastDecode, f.Classes())
		for i, size := range sizes {
			fmt.Fprintf(h, "%q %d\n", f.path(i)[len(f.root):], size)
		}
		f.fingerprint = hex.EncodeToString(h.Sum(nil))
	})
	return f.fingerprint
}

// sizes returns the files' sizes in bytes, -1 of one that is not there or is no
// file.
func (f *Folder) sizes() []int64 {
	sizes := make([]int64, f.Len())
	part := (len(sizes) + scansAtOnce - 1) / scansAtOnce
	var wg sync.WaitGroup
	for lo := 0; lo < len(sizes); lo += part {
		wg.Go(func() {
			for i := lo; i < min(lo+part, len(sizes)); i++ {
				sizes[i] = -1
				if info, err := os.Stat(f.path(i)); err == nil && info.Mode().IsRegular() {
					sizes[i] = info.Size()
				}
			}
		})
	}
	wg.Wait()
	return sizes
}

// CheckSameClasses returns an *Error unless the two splits of a dataset in dir have
// the same classes.
func CheckSameClasses(dir string, train, test Dataset) error {
	a, b := train.Classes(), test.Classes()
	if slices.Equal(a, b) {
		return nil
	}
	e := invalid(dir, "train and val do not have the same classes: ")
	lacks := func(with, without []string, name string) bool {
		i := slices.IndexFunc(with, func(c string) bool { return !slices.Contains(without, c) })
		if i >= 0 {
			e.Reason += fmt.Sprintf("%s (of %d) has no %q (of %d)", name, len(without), with[i], len(with))
		}
		return i >= 0
	}
	if !lacks(a, b, "val") {
		lacks(b, a, "train")
	}
	e.Remedy = "Labels are the positions of the class folders in their order, so both need the same ones."
	return e
}

// wordNetID is what ImageNet's class folders are called.
var wordNetID = regexp.MustCompile(`^n\d{8}$`)

// imageNetClasses is the number of ImageNet's classes.
const imageNetClasses = 1000

// Notes says, in full sentences without a full stop, what is odd about the folder
// and no error.
func (f *Folder) Notes() []string {
	var notes []string
	if g := f.ignored; g.count > 0 {
		notes = append(notes, fmt.Sprintf("%s: ignored %d files that are no images by their names, such as %s", f.root, g.count, g.example))
	}
	if n := len(f.classes); f.name == "imagenet" && n != imageNetClasses {
		notes = append(notes, fmt.Sprintf("%s has %d classes, ImageNet has %d", f.root, n, imageNetClasses))
	}
	if i := slices.IndexFunc(f.classes, func(c string) bool { return !wordNetID.MatchString(c) }); f.name == "imagenet" && i >= 0 {
		notes = append(notes, fmt.Sprintf("the class %q in %s is not named as ImageNet's are (n01440764)", f.classes[i], f.root))
	}
	return notes
}
