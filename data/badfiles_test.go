package data

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"augmix/pixel"
	"augmix/rng"
)

// badFileCase is something in an image folder that is no image.
type badFileCase struct {
	name, word string
	kind       Kind
	make       func(path string, good []byte) error
}

// badFileCases is everything that an image folder may hold beside images.
func badFileCases(t *testing.T) []badFileCase {
	content := func(change func(good []byte) []byte) func(string, []byte) error {
		return func(path string, good []byte) error { return os.WriteFile(path, change(good), 0o644) }
	}
	is := func(text string) func([]byte) []byte { return func([]byte) []byte { return []byte(text) } }
	cases := []badFileCase{
		{"empty.jpg", "empty", Invalid, content(is(""))},
		{"text.jpg", "text", Invalid, content(is("not found\n"))},
		{"gif.jpg", "GIF", Invalid, content(is("GIF89a\x01\x00\x01\x00"))},
		{"cut.jpg", "truncated", Invalid, content(func(good []byte) []byte { return good[:len(good)-20] })},
		{"half.jpg", "truncated", Invalid, content(func(good []byte) []byte { return good[:len(good)/2] })},
		{"header.jpg", "truncated", Invalid, content(func(good []byte) []byte { return good[:100] })},
		{"fifo.jpg", "FIFO", Invalid, func(path string, _ []byte) error { return syscall.Mkfifo(path, 0o644) }},
		{"broken.jpg", "no such file", Missing, func(path string, _ []byte) error { return os.Symlink("nowhere", path) }},
		{"loop.jpg", "levels of symbolic links", Invalid, func(path string, _ []byte) error { return os.Symlink("loop.jpg", path) }},
	}
	if os.Getuid() == 0 {
		t.Log("root may read every file: closed.jpg is left out")
		return cases
	}
	return append(cases, badFileCase{"closed.jpg", "permission denied", Missing,
		func(path string, good []byte) error { return os.WriteFile(path, good, 0) }})
}

// spoil puts everything that is no image into a folder that photographs made.
func spoil(t *testing.T, dir string) []badFileCase {
	t.Helper()
	good, err := os.ReadFile(filepath.Join(dir, "train", "cat", "00.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	cases := badFileCases(t)
	for _, c := range cases {
		if err := c.make(filepath.Join(dir, "train", "cat", c.name), good); err != nil {
			t.Fatal(err)
		}
	}
	return cases
}

// Each is an error that names the file and says what is wrong, soon, in training as
// in evaluation.
func TestBadFiles(t *testing.T) {
	dir := photographs(t, 1)
	cases := spoil(t, dir)
	f := mustOpenFolder(t, dir, "train", FolderOptions{ImageSize: 32})
	m := pixel.New(f.Size())
	for _, c := range cases {
		path := filepath.Join(dir, "train", "cat", c.name)
		i := slices.IndexFunc(ascending(f.Len()), func(i int) bool { return f.path(i) == path })
		for _, train := range []bool{false, true} {
			r := f.NewReader(train)
			stream, begin := rng.New(0, 0, 0, 0), time.Now()
			err := r.Read(i, m, &stream)
			if took := time.Since(begin); took > 2*time.Second {
				t.Errorf("%s: it took %v", c.name, took)
			}
			wantError(t, c.name, err, c.kind, path, c.word, "--on-bad-sample skip")
			r.Close()
		}
	}
}

// An epoch passes over exactly these, whatever the number of workers; one more than
// is allowed ends it.
func TestFolderPassesOverBadFiles(t *testing.T) {
	dir := photographs(t, 6)
	cases := spoil(t, dir)
	f := mustOpenFolder(t, dir, "train", FolderOptions{ImageSize: 16})
	epoch := func(workers, limit int) (reported []BadSample, hashes []record, err error) {
		cfg := config(f)
		cfg.BatchSize, cfg.Workers, cfg.Slots, cfg.Epochs, cfg.MaxBad = 5, workers, slots(f, 3, 3, 5), 1, limit
		p, err := NewPipeline(cfg)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		p.Start(0, 0)
		bad := NewBadSamples(limit, nil, func(b BadSample) error { reported = append(reported, b); return nil })
		for {
			b, err := p.Next()
			if err == io.EOF {
				return reported, hashes, nil
			}
			if err == nil {
				err = bad.Add(f, b.Bad)
			}
			if err != nil {
				return reported, hashes, err
			}
			hashes = append(hashes, summarize(b))
			p.Release(b)
		}
	}
	var reports [][]BadSample
	var batches [][]record
	for _, workers := range []int{1, 2, 5, 16} {
		reported, hashes, err := epoch(workers, len(cases))
		if err != nil {
			t.Fatal(err)
		}
		reports, batches = append(reports, reported), append(batches, hashes)
		if !slices.Equal(reports[0], reported) || !slices.Equal(batches[0], hashes) {
			t.Errorf("%d workers: other batches, or other bad samples, than one worker", workers)
		}
	}
	var got, want []string
	for _, b := range reports[0] {
		got = append(got, b.File)
	}
	for _, c := range cases {
		want = append(want, "train/cat/"+c.name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("passed over %v, want %v", got, want)
	}
	if _, _, err := epoch(3, len(cases)-1); err == nil || !strings.Contains(err.Error(), "--on-bad-sample skip passes over") {
		t.Errorf("one too many: got %v", err)
	}
}
