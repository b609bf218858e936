package benchmark

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"augmix/data"
	"augmix/run"
)

// saver writes images of a set into files; it is for one goroutine.
type saver interface {
	// save writes image i under name, which has no extension yet, and any folder
	// that is needed.
	save(i int, name string) error
	close()
}

// folder returns the piece path: a folder with a folder of each class, which appears
// when all its images are in it. An image's name is its file's without the extension.
func (w *writer) folder(path, what string, frames int, open func() saver) piece {
	return piece{path, w.Clean.Len() * frames, func(ctx context.Context, p piece) (Entry, error) {
		classes, err := w.classes(w.file(path))
		if err != nil {
			return Entry{}, err
		}
		var todo []task
		for _, class := range classes {
			if class.there {
				w.progress(class.images*frames, what)
				continue
			}
			names, err := w.names(class.first, class.images)
			if err != nil {
				return Entry{}, err
			}
			for i, name := range names {
				todo = append(todo, task{class, class.first + i, name})
			}
		}
		var counting sync.Mutex
		err = forEach(ctx, len(todo), w.Workers, func() (func(int) error, func()) {
			s := open()
			return func(i int) error {
				t := todo[i]
				temp, err := t.class.temp()
				if err != nil {
					return err
				}
				if err := s.save(t.image, filepath.Join(temp, t.name)); err != nil {
					return err
				}
				if err := t.class.finish(); err != nil {
					return err
				}
				counting.Lock()
				defer counting.Unlock()
				w.progress(frames, what)
				return nil
			}, s.close
		})
		if err != nil {
			for _, class := range classes {
				class.remove()
			}
			return Entry{}, err
		}
		return digestTree(w.file(path))
	}}
}

// task is one image to make.
type task struct {
	class *class
	image int
	name  string
}

// class is the folder of one class in the making.
type class struct {
	path          string
	first, images int
	there         bool

	mu   sync.Mutex
	name string // of the temporary folder
	err  error
	made int
}

// classes lists the classes that have images; root is the folder for theirs.
func (w *writer) classes(root string) ([]*class, error) {
	var out []*class
	for i := range w.Clean.Len() {
		label := w.Clean.Label(i)
		if i > 0 && label == w.Clean.Label(i-1) {
			out[len(out)-1].images++
			continue
		}
		c := &class{path: filepath.Join(root, w.Clean.Classes()[label]), first: i, images: 1}
		info, err := os.Stat(c.path)
		if err == nil && !info.IsDir() {
			return nil, &data.Error{Kind: data.Invalid, Path: c.path, Reason: "is not a folder", Remedy: "Remove it."}
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		c.there = err == nil
		out = append(out, c)
	}
	if err := os.MkdirAll(root, 0o777); err != nil {
		return nil, err
	}
	return out, run.Sweep(root)
}

// temp returns the folder that images of the class are written into.
func (c *class) temp() (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.name == "" && c.err == nil {
		c.name, c.err = run.TempFolder(c.path)
	}
	return c.name, c.err
}

// finish counts an image; after the last the folder gets its name.
func (c *class) finish() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made++; c.made < c.images {
		return nil
	}
	return run.PublishFolder(c.name, c.path)
}

// remove takes away what is not finished. What cannot be removed is swept by the next
// call.
func (c *class) remove() {
	if c.name != "" && c.made < c.images {
		os.RemoveAll(c.name)
	}
}

// names returns names for n images of a class from the first on: those of their files
// without extension. Two of the same name are a *data.Error.
func (w *writer) names(first, n int) ([]string, error) {
	names, seen := make([]string, n), map[string]int{}
	for i := range names {
		// Describe's path is SPLIT/CLASS/PATH.
		parts := strings.SplitN(filepath.ToSlash(w.Clean.Describe(first+i)), "/", 3)
		file := parts[len(parts)-1]
		names[i] = strings.TrimSuffix(file, filepath.Ext(file))
		if other, twice := seen[names[i]]; twice {
			return nil, &data.Error{Kind: data.Invalid, Path: w.Clean.Describe(first + i),
				Reason: fmt.Sprintf("differs from %s only in its extension, so that both would be written into the same file", w.Clean.Describe(other)),
				Remedy: "Rename one of them."}
		}
		seen[names[i]] = first + i
	}
	return names, nil
}
