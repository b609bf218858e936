package data

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"augmix/pixel"
	"augmix/pixel/imagefile"
	"augmix/rng"
)

// sequenceFolder is the sequences of a perturbation of an image folder: videos, or
// folders of numbered frames.
type sequenceFolder struct {
	*Folder // the clean images
	name    string
	root    string   // the perturbation's folder
	paths   []string // of the sequences, below root
	frames  int
	ffmpeg  *ffmpeg // nil where there is no video
}

// videoExtension is what a published sequence's name ends in.
const videoExtension = ".mp4"

// openSequenceFolder opens sequences of clean, of which the wanted ones, all where that
// is nil, must be there.
func openSequenceFolder(dir, name string, clean *Folder, wanted []int, frames int) (*sequenceFolder, error) {
	root, ok, err := findBenchmarkFolder(dir, name)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, &Error{Kind: Missing, Path: filepath.Join(dir, name), Reason: "there is no such folder, neither here nor in " +
			fmt.Sprint(groupFolders)}
	}
	s := &sequenceFolder{Folder: clean, name: name, root: root, frames: frames}
	s.paths, err = counterparts(root, clean, wanted, func(e fs.DirEntry) (string, bool) {
		if e.IsDir() {
			return e.Name(), true
		}
		return withoutExtension(e.Name()), filepath.Ext(e.Name()) == videoExtension
	})
	if err != nil {
		return nil, err
	}
	isVideo := func(path string) bool { return filepath.Ext(path) == videoExtension }
	if i := slices.IndexFunc(s.paths, isVideo); i >= 0 {
		if s.ffmpeg, err = findFFmpeg(filepath.Join(root, s.paths[i])); err != nil {
			return nil, err
		}
	}
	if frames == 0 {
		first := 0
		if wanted != nil {
			first = wanted[0]
		}
		s.frames, err = s.count(s.paths[first])
	}
	return s, err
}

// count returns the number of frames of a sequence.
func (s *sequenceFolder) count(path string) (int, error) {
	path = filepath.Join(s.root, path)
	n := 0
	var err error
	if filepath.Ext(path) == videoExtension {
		size := s.options.ImageSize
		n, err = s.ffmpeg.decode(context.Background(), path, size, size, nil)
	} else {
		var files []string
		files, err = numberedFiles(path)
		n = len(files)
	}
	if err == nil && n < 2 {
		err = invalid(path, "has %d frames, which is no sequence", n)
	}
	return n, err
}

func (s *sequenceFolder) Name() string { return s.Folder.Name() + ", " + s.name }
func (s *sequenceFolder) Frames() int  { return s.frames }
func (s *sequenceFolder) Size() (w, h, c int) {
	return s.options.ImageSize, s.options.ImageSize * s.frames, 3
}
func (s *sequenceFolder) Describe(i int) string { return filepath.Join(s.root, s.paths[i]) }
func (s *sequenceFolder) Fingerprint() string   { return sequencesFingerprint(s, s.Folder, s.name) }
func (s *sequenceFolder) NewReader(bool) Reader { return &sequenceFolderReader{set: s} }

// sequenceFolderReader reads whole sequences. Frames are taken as they are: they were
// made of an image that was resized and cropped.
type sequenceFolderReader struct {
	set   *sequenceFolder
	file  imagefile.Reader
	frame pixel.Image
}

func (r *sequenceFolderReader) Close() { r.file.Close() }

func (r *sequenceFolderReader) Read(i int, dst *pixel.Image, _ *rng.Stream) error {
	path := filepath.Join(r.set.root, r.set.paths[i])
	side := r.set.options.ImageSize
	if filepath.Ext(path) == videoExtension {
		n, err := r.set.ffmpeg.decode(context.Background(), path, side, side, dst.Pix)
		switch {
		case err == nil && n > r.set.frames:
			err = invalid(path, "has more than the %d frames wanted", r.set.frames)
		case err == nil && n < r.set.frames:
			err = invalid(path, "has %d frames, want %d", n, r.set.frames)
		}
		return err
	}
	files, err := numberedFiles(path)
	if err != nil {
		return err
	}
	if len(files) != r.set.frames {
		return invalid(path, "has %d frames, want %d", len(files), r.set.frames)
	}
	size := len(dst.Pix) / r.set.frames
	for j, file := range files {
		if err := r.readFrame(dst.Pix[j*size:(j+1)*size], file, side); err != nil {
			return err
		}
	}
	return nil
}

// readFrame writes the pixels of an image file, which has side×side of them.
func (r *sequenceFolderReader) readFrame(dst []uint8, path string, side int) error {
	content, err := r.file.ReadFile(path)
	if err != nil {
		return badFile(path, err)
	}
	if err := decodeExactly(&r.file, &r.frame, content, side); err != nil {
		return badFile(path, err)
	}
	copy(dst, r.frame.Pix)
	return nil
}

// decodeExactly decodes an image that must have side×side pixels. A header that says
// otherwise is enough to refuse it.
func decodeExactly(r *imagefile.Reader, dst *pixel.Image, content []byte, side int) error {
	w, h, err := r.Size(content)
	if err != nil {
		return err
	}
	if w != side || h != side {
		return &imagefile.Error{Reason: fmt.Sprintf("has %d×%d pixels, want %d×%d (--image-size)", w, h, side, side)}
	}
	return r.Decode(dst, content)
}

// numberedFiles returns the image files of a folder in the order of their numbers,
// which must be consecutive from 0 or 1. Other files are ignored.
func numberedFiles(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, cannotRead(folder, err)
	}
	byNumber := map[int]string{}
	for _, e := range entries {
		if e.IsDir() || !isImageName(e.Name()) {
			continue
		}
		path := filepath.Join(folder, e.Name())
		number, err := strconv.Atoi(withoutExtension(e.Name()))
		if err != nil || number < 0 {
			return nil, invalid(path, "is a frame whose name is no number")
		}
		if other, twice := byNumber[number]; twice {
			return nil, invalid(path, "is frame %d again: also %s", number, filepath.Base(other))
		}
		byNumber[number] = path
	}
	first := 0
	if _, ok := byNumber[0]; !ok {
		first = 1
	}
	files := make([]string, 0, len(byNumber))
	for number := first; number < first+len(byNumber); number++ {
		path, ok := byNumber[number]
		if !ok {
			return nil, &Error{Kind: Missing, Path: folder, Reason: fmt.Sprintf("has no frame %d, and %d others", number, len(byNumber))}
		}
		files = append(files, path)
	}
	return files, nil
}
