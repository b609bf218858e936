package data

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"

	"augmix/pixel"
	"augmix/rng"
)

// Dataset is a list of labelled images of one size. Its methods are safe for
// concurrent use; the images are read through a Reader of each goroutine.
type Dataset interface {
	// Name is the name that Open takes, such as "cifar10" or "folder".
	Name() string
	// Len returns the number of samples.
	Len() int
	// Classes returns the classes' names in the order of the labels. The caller
	// may not change it.
	Classes() []string
	// Size returns the width, height and channels of every image.
	Size() (w, h, c int)
	// Label returns the label of sample i, in [0, len(Classes())).
	Label(i int) int
	// Describe names sample i in a message: its file, where it has one of its own.
	Describe(i int) string
	// NewReader returns a reader for one goroutine: of the samples as evaluation
	// sees them, or, for training, flipped and cropped at random.
	NewReader(train bool) Reader
	// Fingerprint returns a SHA-256 in hex over everything above, to tell at
	// resume or evaluation that two runs saw the same samples.
	Fingerprint() string
}

// Reader reads the samples of a Dataset for one goroutine. It holds scratch
// memory, so that a sample allocates nothing once it is warm.
type Reader interface {
	// Read writes sample i into dst, which has the dataset's size. A reader for
	// training draws from r what it does to the sample; any other takes nil.
	Read(i int, dst *pixel.Image, r *rng.Stream) error
	// Close frees the scratch memory. The reader is of no use after it.
	Close()
}

// Names returns the datasets that Open knows.
func Names() []string { return []string{"shapes", "cifar10", "cifar100", "imagenet", "folder"} }

// Open returns the "train" or "test" split of a dataset. dir is the dataset's own
// folder or one that holds it; shapes ignores it. Image folders are opened with the
// default options of OpenFolder. Errors about files are *Error.
func Open(name, dir, split string) (Dataset, error) {
	if split != "train" && split != "test" {
		return nil, fmt.Errorf("dataset split %q: want train or test", split)
	}
	if name == "shapes" {
		return openShapes(split), nil
	}
	if IsFolder(name) {
		return OpenFolder(name, dir, split, FolderOptions{})
	}
	set, ok := cifarSets[name]
	if !ok {
		return nil, fmt.Errorf("dataset %q: not one of %s", name, strings.Join(Names(), ", "))
	}
	return set.open(dir, split)
}

// arrays is a dataset that lies in memory.
type arrays struct {
	name    string
	classes []string
	w, h, c int
	pixels  []uint8 // Len×H×W×C
	labels  []uint8

	once        sync.Once
	fingerprint string
}

func (a *arrays) Name() string        { return a.name }
func (a *arrays) Len() int            { return len(a.labels) }
func (a *arrays) Classes() []string   { return a.classes }
func (a *arrays) Size() (w, h, c int) { return a.w, a.h, a.c }
func (a *arrays) Label(i int) int     { return int(a.labels[i]) }

func (a *arrays) Describe(i int) string { return fmt.Sprintf("image %d of %s", i, a.name) }

func (a *arrays) NewReader(train bool) Reader {
	return newArrayReader(a.pixels, a.w, a.h, a.c, train)
}

// arrayReader reads images that lie in memory one after the other.
type arrayReader struct {
	pixels []uint8
	sample pixel.Image  // the one that is being read; it lies in pixels
	tmp    *pixel.Image // of flipCrop; nil for evaluation
}

func newArrayReader(pixels []uint8, w, h, c int, train bool) *arrayReader {
	r := &arrayReader{pixels: pixels, sample: pixel.Image{W: w, H: h, C: c}}
	if train {
		r.tmp = pixel.New(w, h, c)
	}
	return r
}

func (a *arrayReader) Read(i int, dst *pixel.Image, r *rng.Stream) error {
	n := a.sample.W * a.sample.H * a.sample.C
	a.sample.Pix = a.pixels[i*n : (i+1)*n]
	if a.tmp == nil {
		dst.CopyFrom(&a.sample)
	} else {
		flipCrop(dst, a.tmp, &a.sample, r)
	}
	return nil
}

func (a *arrayReader) Close() {}

func (a *arrays) Fingerprint() string {
	a.once.Do(func() {
		h := sha256.New()
		fmt.Fprintf(h, "%s %d %dx%dx%d %q\n", a.name, len(a.labels), a.h, a.w, a.c, a.classes)
		h.Write(a.labels)
		h.Write(a.pixels)
		a.fingerprint = hex.EncodeToString(h.Sum(nil))
	})
	return a.fingerprint
}

// subset is some samples of another dataset, in an order of its own.
type subset struct {
	Dataset
	indices []int

	once        sync.Once
	fingerprint string
}

func (s *subset) Len() int              { return len(s.indices) }
func (s *subset) Label(i int) int       { return s.Dataset.Label(s.indices[i]) }
func (s *subset) Describe(i int) string { return s.Dataset.Describe(s.indices[i]) }

func (s *subset) NewReader(train bool) Reader {
	return &subsetReader{s.Dataset.NewReader(train), s.indices}
}

type subsetReader struct {
	Reader
	indices []int
}

func (s *subsetReader) Read(i int, dst *pixel.Image, r *rng.Stream) error {
	return s.Reader.Read(s.indices[i], dst, r)
}

func (s *subset) Fingerprint() string {
	s.once.Do(func() {
		h := sha256.New()
		fmt.Fprintf(h, "%s\n", s.Dataset.Fingerprint())
		var word [8]byte
		for _, i := range s.indices {
			binary.LittleEndian.PutUint64(word[:], uint64(i))
			h.Write(word[:])
		}
		s.fingerprint = hex.EncodeToString(h.Sum(nil))
	})
	return s.fingerprint
}
