package benchmark

import (
	"bytes"
	"context"
	"crypto/md5"
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
	"testing"

	"augmix/data"
	"augmix/pixel"
	"augmix/pixel/jpeg"
)

// shapes returns the first n test images of the embedded set.
func shapes(t testing.TB, n int) data.Dataset {
	t.Helper()
	set, err := data.Open("shapes", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	return data.Subset(set, n, false)
}

// photographs writes an image folder of two classes of JPEG files whose sizes differ
// and opens it.
func photographs(t testing.TB, names ...string) data.Dataset {
	t.Helper()
	dir := t.TempDir()
	for c, class := range []string{"cat", "dog"} {
		for i, name := range names {
			m := pixel.New(70+5*i, 90-7*c, 3)
			for p := range m.Pix {
				m.Pix[p] = uint8(p*(i+3)/200 + 40*c)
			}
			path := filepath.Join(dir, "val", class, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, jpeg.Encode(nil, m, 90, false), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	set, err := data.OpenFolder("folder", dir, "test", data.FolderOptions{ImageSize: 64})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// contents returns the files below dir by path, without the lock.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == ".lock" {
			return err
		}
		content, err := os.ReadFile(path)
		files[strings.TrimPrefix(path, dir+"/")] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func write(t testing.TB, o Options) Result {
	t.Helper()
	r, err := WriteCorruptions(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestPublishedFiles makes files of CIFAR-10-C as they were published.
func TestPublishedFiles(t *testing.T) {
	root := os.Getenv("AUGMIX_TEST_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "data")
	}
	set, err := data.Open("cifar10", root, "test")
	if err != nil {
		t.Skipf("no CIFAR-10: %v (AUGMIX_TEST_DATA names the folder)", err)
	}
	dir := t.TempDir()
	write(t, Options{Dir: dir, Clean: set, Names: []string{"contrast", "pixelate"}, Severities: []int{1, 2, 3, 4, 5}, Workers: 2})
	for name, want := range map[string]string{
		"labels.npy":   "c439b113295ed5254878798ffe28fd54",
		"contrast.npy": "3c8262171c51307f916c30a3308235a8",
		"pixelate.npy": "0f14f7e2db14288304e1de10df16832f",
	} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%x", md5.Sum(content)); got != want {
			t.Errorf("%s: got md5 %s, published is %s", name, got, want)
		}
	}
}

// TestWorkersDoNotMatter writes both layouts with one worker and with several, and
// with another seed.
func TestWorkersDoNotMatter(t *testing.T) {
	for layout, set := range map[string]data.Dataset{
		arrays: shapes(t, 300), folders: photographs(t, "1.jpg", "2.jpg", "3.jpg"),
	} {
		o := Options{Clean: set, Names: []string{"gaussian_noise", "frost", "jpeg_compression"}, Severities: []int{2, 5}, Workers: 1, Dir: t.TempDir()}
		r := write(t, o)
		want := contents(t, o.Dir)
		if r.Manifest.Layout != layout || r.Made != 6*set.Len() {
			t.Errorf("got %d images as %s, want %d as %s", r.Made, r.Manifest.Layout, 6*set.Len(), layout)
		}
		o.Workers, o.Dir = 5, t.TempDir()
		write(t, o)
		if got := contents(t, o.Dir); !maps.Equal(got, want) {
			t.Errorf("%s: five workers wrote other files than one", layout)
		}
		o.Seed, o.Dir = 1, t.TempDir()
		write(t, o)
		for path, content := range contents(t, o.Dir) {
			random := strings.Contains(path, "noise") || strings.Contains(path, "frost") || path == ManifestName
			if (content == want[path]) == random {
				t.Errorf("%s with another seed: the same is %v", path, !random)
			}
		}
	}
}

// TestArraysAreTheSetsMadeOnTheFly: in the published layout, one severity after the
// other.
func TestArraysAreTheSetsMadeOnTheFly(t *testing.T) {
	set := shapes(t, 100)
	o := Options{Dir: t.TempDir(), Clean: set, Names: []string{"fog", "snow"}, Severities: []int{1, 2, 3, 4, 5}, Workers: 2}
	write(t, o)
	c, err := data.OpenPartC(o.Dir, set, data.Part{Images: set.Len()})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range o.Names {
		for _, severity := range o.Severities {
			written, err := c.Severity(name, severity)
			if err != nil {
				t.Fatal(err)
			}
			made, err := Corrupted(set, name, severity, o.Making)
			if err != nil {
				t.Fatal(err)
			}
			sameImages(t, fmt.Sprintf("%s %d", name, severity), written, made)
		}
	}
}

// sameImages compares all images of two sets.
func sameImages(t *testing.T, name string, got, want data.Dataset) {
	t.Helper()
	if got.Len() != want.Len() {
		t.Fatalf("%s: got %d images, want %d", name, got.Len(), want.Len())
	}
	a, b := got.NewReader(false), want.NewReader(false)
	defer a.Close()
	defer b.Close()
	x, y := pixel.New(got.Size()), pixel.New(want.Size())
	for i := range got.Len() {
		if err := a.Read(i, x, nil); err != nil {
			t.Fatal(err)
		}
		if err := b.Read(i, y, nil); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(x.Pix, y.Pix) || got.Label(i) != want.Label(i) {
			t.Fatalf("%s: image %d differs", name, i)
		}
	}
}

// TestFoldersAreTheSetsMadeOnTheFly reads the JPEG files back, also of a part of the
// set, whose images are those of the whole.
func TestFoldersAreTheSetsMadeOnTheFly(t *testing.T) {
	whole := photographs(t, "1.jpg", "2.jpg", "3.jpg", "4.jpg")
	for _, n := range []int{8, 4} {
		part := data.Subset(whole, n, true)
		o := Options{Dir: t.TempDir(), Clean: part, Names: []string{"glass_blur"}, Severities: []int{3}, Workers: 3}
		write(t, o)
		made, err := Corrupted(whole, "glass_blur", 3, o.Making)
		if err != nil {
			t.Fatal(err)
		}
		made = data.Subset(made, n, true)
		reader := made.NewReader(false)
		want := pixel.New(64, 64, 3)
		var files []string
		for _, class := range []string{"cat", "dog"} {
			entries, err := os.ReadDir(filepath.Join(o.Dir, "glass_blur", "3", class))
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				files = append(files, filepath.Join(o.Dir, "glass_blur", "3", class, e.Name()))
			}
		}
		if len(files) != n || filepath.Base(files[0]) != "1.JPEG" {
			t.Fatalf("got the files %v, want %d", files, n)
		}
		for i, file := range files {
			got, err := data.ReadImage(file)
			if err != nil {
				t.Fatal(err)
			}
			if err := reader.Read(i, want, nil); err != nil {
				t.Fatal(err)
			}
			if got.W != 64 || !bytes.Equal(got.Pix, want.Pix) {
				t.Errorf("%s is not the image made on the fly", file)
			}
		}
		reader.Close()
	}
}

// TestInterrupted stops a call at many moments: what is there afterwards is whole,
// and repeating the call gives what an undisturbed one gives, without making again
// what is there.
func TestInterrupted(t *testing.T) {
	stop := errors.New("stopped")
	for layout, set := range map[string]data.Dataset{
		arrays: shapes(t, 900), folders: photographs(t, "1.jpg", "2.jpg", "3.jpg", "4.jpg", "5.jpg"),
	} {
		o := Options{Dir: t.TempDir(), Clean: set, Names: []string{"contrast", "fog"}, Severities: []int{1, 4}, Workers: 2}
		all := write(t, o).Made
		want := contents(t, o.Dir)
		for after := 1; after < all; after += all / 7 {
			o.Dir = t.TempDir()
			ctx, cancel := context.WithCancelCause(context.Background())
			o.Progress = func(done, total int, what string) {
				if total != all {
					t.Errorf("%s: progress of %d images, want %d", layout, total, all)
				}
				if done >= after {
					cancel(stop)
				}
			}
			if _, err := WriteCorruptions(ctx, o); err != nil && !errors.Is(err, stop) {
				t.Fatalf("%s: got %v, want the cause of the end", layout, err)
			}
			part := contents(t, o.Dir)
			for path, content := range part {
				if content != want[path] && path != ManifestName {
					t.Errorf("%s stopped after %d images: %s is not whole or not wanted", layout, after, path)
				}
			}
			o.Progress = nil
			r := write(t, o)
			if got := contents(t, o.Dir); !maps.Equal(got, want) {
				t.Errorf("%s stopped after %d images: repeated, the files differ", layout, after)
			}
			for _, f := range r.Files {
				if _, before := part[f.Path]; layout == arrays && f.There != before {
					t.Errorf("%s was there: %v, by the result %v", f.Path, before, f.There)
				}
			}
		}
	}
}

// TestConflicts: a folder with something else in it is left as it is.
func TestConflicts(t *testing.T) {
	set := shapes(t, 20)
	base := Options{Clean: set, Names: []string{"fog"}, Severities: []int{1}, Workers: 1, Version: "1"}
	for name, change := range map[string]func(o *Options){
		"seed":       func(o *Options) { o.Seed = 1 },
		"images":     func(o *Options) { o.Clean = shapes(t, 21) },
		"severities": func(o *Options) { o.Severities = []int{1, 2} },
		"version":    func(o *Options) { o.Version = "2" },
	} {
		o := base
		o.Dir = t.TempDir()
		write(t, o)
		before := contents(t, o.Dir)
		change(&o)
		_, err := WriteCorruptions(context.Background(), o)
		if !errors.As(err, new(*ConflictError)) {
			t.Errorf("another %s: got %v, want a *ConflictError", name, err)
		}
		if !maps.Equal(contents(t, o.Dir), before) {
			t.Errorf("another %s: the folder changed", name)
		}
	}
	published := base
	published.Dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(published.Dir, "fog.npy"), []byte("published"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := WriteCorruptions(context.Background(), published); !errors.As(err, new(*ConflictError)) {
		t.Errorf("a file without a manifest: got %v, want a *ConflictError", err)
	}
	cut := base
	cut.Dir = t.TempDir()
	write(t, cut)
	if err := os.Truncate(filepath.Join(cut.Dir, "fog.npy"), 100); err != nil {
		t.Fatal(err)
	}
	if _, err := WriteCorruptions(context.Background(), cut); !errors.As(err, new(*data.Error)) {
		t.Errorf("a file that was cut: got %v, want a *data.Error", err)
	}
}

// TestMoreNames adds corruptions to a folder; only those are made.
func TestMoreNames(t *testing.T) {
	o := Options{Dir: t.TempDir(), Clean: shapes(t, 30), Names: []string{"fog"}, Severities: []int{1, 3}, Workers: 2}
	write(t, o)
	o.Names = []string{"frost", "fog"}
	r := write(t, o)
	if r.Made != 60 || r.Manifest.Frost != ownFrost || len(r.Manifest.Files) != 3 {
		t.Errorf("got %d images, frost %q and %d files; want 60, %q and 3", r.Made, r.Manifest.Frost, len(r.Manifest.Files), ownFrost)
	}
	o.Frost = []*pixel.Image{pixel.New(400, 400, 3)}
	if _, err := WriteCorruptions(context.Background(), o); !errors.As(err, new(*ConflictError)) {
		t.Errorf("other textures: got %v, want a *ConflictError", err)
	}
	o.Frost, o.Names = nil, []string{"snow"} // without frost its textures do not matter
	if r := write(t, o); r.Manifest.Frost != ownFrost {
		t.Errorf("the manifest forgot frost: %q", r.Manifest.Frost)
	}
}

// TestNames: files are named after the images, which may lie in folders.
func TestNames(t *testing.T) {
	o := Options{Dir: t.TempDir(), Clean: photographs(t, "a.jpg", "x/a.jpeg", "x/b.c.jpg"), Names: []string{"contrast"}, Severities: []int{1}, Workers: 1}
	write(t, o)
	want := []string{"a.JPEG", "x/a.JPEG", "x/b.c.JPEG"}
	if got := slices.Sorted(maps.Keys(contents(t, filepath.Join(o.Dir, "contrast", "1", "dog")))); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	o.Dir, o.Clean = t.TempDir(), photographs(t, "a.jpeg", "a.jpg")
	if _, err := WriteCorruptions(context.Background(), o); !errors.As(err, new(*data.Error)) {
		t.Errorf("two images of one name: got %v, want a *data.Error", err)
	}
}

// TestManifest checks the digests that a manifest gives.
func TestManifest(t *testing.T) {
	o := Options{Dir: t.TempDir(), Clean: shapes(t, 30), Names: []string{"fog", "frost"}, Severities: []int{1, 3}, Workers: 2, Version: "v"}
	o.Seed = 7
	r := write(t, o)
	m, err := ReadManifest(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if m.difference(r.Manifest) != "" || !maps.Equal(m.Files, r.Manifest.Files) || m.Versions.Augmix != "v" || m.Versions.JPEG == "" {
		t.Errorf("got %+v, want %+v", m, r.Manifest)
	}
	for path, content := range contents(t, o.Dir) {
		if path == ManifestName {
			continue
		}
		if got, want := m.Files[path], (Entry{Bytes: int64(len(content)), SHA256: digest(content)}); got != want {
			t.Errorf("%s: got %+v, want %+v", path, got, want)
		}
	}
	held, err := CorruptionContents(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"fog": "generated (seed 7)", "frost": "generated (seed 7, own frost textures)"} {
		if got := m.Source(name); got != want || got != o.Making.Source(name, 32, 32) || got != held.Source(name) {
			t.Errorf("%s: got the source %q, want %q", name, got, want)
		}
	}
}

func TestContents(t *testing.T) {
	dir := t.TempDir()
	if held, err := CorruptionContents(dir); err != nil || held.Source("fog") != "published" || held.Known || held.Images != 0 {
		t.Errorf("without a manifest: %+v, %v", held, err)
	}
	for _, clean := range []data.Dataset{shapes(t, 4), photographs(t, "1.jpg", "2.jpg")} {
		o := Options{Dir: t.TempDir(), Clean: clean, Names: []string{"fog", "contrast"}, Severities: []int{2, 4}, Workers: 2}
		write(t, o)
		held, err := CorruptionContents(o.Dir)
		if err != nil || !held.Known || held.Images != 4 || !slices.Equal(held.Severities, o.Severities) ||
			!slices.Equal(held.Names, []string{"contrast", "fog"}) {
			t.Errorf("%s: got %+v, %v", clean.Name(), held, err)
		}
		if _, err := PerturbationContents(o.Dir); err == nil || !strings.Contains(err.Error(), "holds a corruption benchmark") {
			t.Errorf("%s: corruptions as perturbations: got %v", clean.Name(), err)
		}
		// One of the pieces of fog is not complete.
		m, err := ReadManifest(o.Dir)
		if err != nil {
			t.Fatal(err)
		}
		delete(m.Files, "fog.npy")
		delete(m.Files, "fog/4")
		if err := m.write(o.Dir); err != nil {
			t.Fatal(err)
		}
		if held, err := CorruptionContents(o.Dir); err != nil || !slices.Equal(held.Names, []string{"contrast"}) {
			t.Errorf("%s, not complete: got %+v, %v", clean.Name(), held, err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, ManifestName), []byte("{}"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := CorruptionContents(dir); !errors.As(err, new(*data.Error)) {
		t.Errorf("a bad manifest: got %v, want a *data.Error", err)
	}
}

func digest(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"format":1,"benchmark":"corruption","layout":"arrays","dataset":"x","images":1,"width":2,"height":2,"severities":[1,5],"files":{}}`))
	f.Add([]byte(`{"format":1,"benchmark":"perturbation","layout":"folders","dataset":"x","images":1,"width":2,"height":2}`))
	f.Add([]byte(`{"format":2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseManifest(text)
		if err != nil {
			return
		}
		if m.Images < 1 || m.Width < 1 || m.Source("fog") == "" || m.difference(m) != "" {
			t.Errorf("accepted %q", text)
		}
	})
}
