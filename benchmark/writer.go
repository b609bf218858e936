package benchmark

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"augmix/data"
	"augmix/pixel"
	"augmix/run"
)

// Options say what is written and where.
type Options struct {
	Dir        string
	Clean      data.Dataset
	Names      []string // of corruptions or perturbations
	Severities []int    // of corruptions, sorted
	Making
	Version  string // of this program
	Workers  int
	Progress func(done, total int, what string) // Counts images; may be nil. It is called on any goroutine, one at a time.
}

// Result is what a call has done.
type Result struct {
	Manifest Manifest      // of the folder now
	Files    []File        // that were asked for, in order
	Made     int           // images, of a perturbation all frames
	Took     time.Duration // for them
}

// File is a file or folder of a benchmark.
type File struct {
	Path  string
	There bool // It was complete before.
	Entry
}

// ConflictError says that a folder holds something else than what is to be written.
type ConflictError struct{ Dir, Reason string }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("%s %s; choose another folder with --out", e.Dir, e.Reason)
}

// writer is a folder that is being written.
type writer struct {
	Options
	manifest    Manifest
	done, total int // images
	result      Result
}

// piece is what is complete or not: a file or a folder.
type piece struct {
	path   string // in the folder, with slashes
	images int
	write  func(ctx context.Context, p piece) (Entry, error)
}

// write makes the pieces that are not there. The folder is locked meanwhile.
func (w *writer) write(ctx context.Context, pieces []piece) (Result, error) {
	unlock, err := run.LockFolder(w.Dir, "--out")
	if err != nil {
		return Result{}, err
	}
	defer unlock()
	if err := w.begin(pieces); err != nil {
		return Result{}, err
	}
	begin := time.Now()
	for _, p := range pieces {
		if _, there := w.manifest.Files[p.path]; !there {
			w.total += p.images
		}
	}
	for _, p := range pieces {
		entry, there := w.manifest.Files[p.path]
		if !there {
			if entry, err = p.write(ctx, p); err != nil {
				return Result{}, err
			}
			w.result.Made += p.images
			w.manifest.Files[p.path] = entry
			if err := w.manifest.write(w.Dir); err != nil {
				return Result{}, err
			}
		}
		w.result.Files = append(w.result.Files, File{p.path, there, entry})
	}
	w.result.Manifest, w.result.Took = w.manifest, time.Since(begin)
	return w.result, nil
}

// begin reads the manifest of the folder, or writes it where there is none. What the
// manifest calls complete has to be there.
func (w *writer) begin(pieces []piece) error {
	before, err := ReadManifest(w.Dir)
	if missing, ok := errors.AsType[*data.Error](err); ok && missing.Kind == data.Missing && errors.Is(err, fs.ErrNotExist) {
		for _, p := range pieces {
			if _, err := os.Lstat(w.file(p.path)); err == nil {
				return &ConflictError{w.Dir, fmt.Sprintf("has %s but no %s, so it was not made by this program or is not known to be whole", p.path, ManifestName)}
			}
		}
		w.manifest.Files = map[string]Entry{}
		return w.manifest.write(w.Dir)
	}
	if err != nil {
		return err
	}
	if d := before.difference(w.manifest); d != "" {
		return &ConflictError{w.Dir, "holds a benchmark with " + d}
	}
	if w.manifest.Frost == "" {
		w.manifest.Frost = before.Frost
	}
	w.manifest.Files = maps.Clone(before.Files)
	if w.manifest.Files == nil {
		w.manifest.Files = map[string]Entry{}
	}
	for _, p := range pieces {
		entry, ok := before.Files[p.path]
		if !ok {
			continue
		}
		if err := entry.check(w.file(p.path)); err != nil {
			return err
		}
	}
	return nil
}

// file returns the path of a piece.
func (w *writer) file(path string) string { return filepath.Join(w.Dir, filepath.FromSlash(path)) }

// check compares what is cheap to compare: that something is at path, and the size of
// a file.
func (e Entry) check(path string) error {
	info, err := os.Stat(path)
	reason := ""
	switch {
	case err != nil:
		reason = "is complete by the manifest, but cannot be read"
	case e.Files == 0 && info.Size() != e.Bytes:
		reason = fmt.Sprintf("has %d bytes, by the manifest %d", info.Size(), e.Bytes)
	default:
		return nil
	}
	return &data.Error{Kind: data.Invalid, Path: path, Reason: reason, Err: err,
		Remedy: "Remove it and its entry in " + ManifestName + ", or write to another folder."}
}

// progress says that n more images are made.
func (w *writer) progress(n int, what string) {
	w.done += n
	if w.Progress != nil {
		w.Progress(w.done, w.total, what)
	}
}

// frostDigest identifies frost's textures.
func frostDigest(textures []*pixel.Image) string {
	if textures == nil {
		return ownFrost
	}
	h := sha256.New()
	for _, m := range textures {
		fmt.Fprintf(h, "%dx%dx%d\n", m.H, m.W, m.C)
		h.Write(m.Pix)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// newManifest describes what o asks for.
func newManifest(o Options, benchmark string) Manifest {
	width, height, _ := o.Clean.Size()
	m := Manifest{
		Format: manifestFormat, Benchmark: benchmark, Layout: arrays, Dataset: o.Clean.Name(), Fingerprint: o.Clean.Fingerprint(),
		Images: o.Clean.Len(), Width: width, Height: height, Seed: o.Seed, Versions: versions(o.Version),
	}
	if data.IsFolder(o.Clean.Name()) {
		m.Layout = folders
	}
	if benchmark == corruptions {
		m.Severities = slices.Clone(o.Severities)
		if slices.Contains(o.Names, "frost") {
			m.Frost = frostDigest(o.Frost)
		}
	}
	return m
}

// digestTree describes a folder by all files in it.
func digestTree(root string) (Entry, error) {
	var e Entry
	var lines []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		e.Files++
		e.Bytes += int64(len(content))
		relative := filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))
		lines = append(lines, fmt.Sprintf("%s %x\n", relative, sha256.Sum256(content)))
		return nil
	})
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "")))
	e.SHA256 = hex.EncodeToString(sum[:])
	return e, err
}
