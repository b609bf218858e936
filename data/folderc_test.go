package data

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"augmix/pixel"
	"augmix/pixel/jpeg"
)

// photoC is the image of clean's sample i under a corruption at a severity.
func photoC(name string, severity, i int) *pixel.Image {
	return picture(16, 16, uint64(1000*len(name)+100*severity+i))
}

// folderBenchmark writes fog (in a folder) and shot_noise (in the folder of its group)
// at every severity for clean, and returns the folder.
func folderBenchmark(t *testing.T, clean *Folder) string {
	t.Helper()
	dir := t.TempDir()
	for severity := 1; severity <= Severities; severity++ {
		for i := range clean.Len() {
			for path, name := range map[string]string{"fog": "fog", "noise/shot_noise": "shot_noise"} {
				write(t, filepath.Join(dir, path, fmt.Sprint(severity), clean.key(i)+".JPEG"), jpeg.Encode(nil, photoC(name, severity, i), 85, true))
			}
		}
	}
	return dir
}

// packed writes the benchmark at dir as archives of its groups, noise.tar and
// weather.tar, and returns their folder.
func packed(t *testing.T, dir string, prefix string) string {
	t.Helper()
	out := t.TempDir()
	for group, root := range map[string]string{"noise": filepath.Join(dir, "noise"), "weather": dir} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		name := map[string]string{"noise": "shot_noise", "weather": "fog"}[group]
		if err := filepath.WalkDir(filepath.Join(root, name), func(path string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			h := &tar.Header{Name: fmt.Sprintf(prefix, group) + rel, Mode: 0o644}
			var content []byte
			if d.IsDir() {
				h.Name, h.Typeflag = h.Name+"/", tar.TypeDir
			} else if content, err = os.ReadFile(path); err != nil {
				return err
			}
			h.Size = int64(len(content))
			if err := w.WriteHeader(h); err != nil {
				return err
			}
			_, err = w.Write(content)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(out, group+".tar"), b.Bytes())
	}
	return out
}

// Both groupings, unpacked and packed, give the images as they were written.
func TestFolderC(t *testing.T) {
	clean := mustOpenFolder(t, photographs(t, 3), "test", FolderOptions{ImageSize: 16})
	folder := folderBenchmark(t, clean)
	write(t, filepath.Join(folder, "fog", "1", "zebra", "x.JPEG"), nil) // no test image has it
	prints := map[string]bool{}
	for _, dir := range []string{folder, packed(t, folder, "%.0s"), packed(t, folder, "./%s/")} {
		c, err := OpenC(dir, clean)
		if err != nil {
			t.Fatal(err)
		}
		if names, err := c.Names(); err != nil || !slices.Equal(names, []string{"fog", "shot_noise"}) || c.Dir() != dir {
			t.Errorf("%s: Names() = %v, %v", c.Dir(), names, err)
		}
		for _, name := range []string{"fog", "shot_noise"} {
			for severity := 1; severity <= Severities; severity++ {
				d, err := c.Severity(name, severity)
				if err != nil {
					t.Fatal(err)
				}
				prints[d.Fingerprint()] = true
				if d.Len() != clean.Len() || !slices.Equal(d.Classes(), clean.Classes()) {
					t.Errorf("%s: %d images of %v", d.Name(), d.Len(), d.Classes())
				}
				r, m := d.NewReader(false), pixel.New(d.Size())
				for i := range d.Len() {
					want := pixel.New(16, 16, 3)
					var decoder jpeg.Decoder
					if err := decoder.Decode(want, jpeg.Encode(nil, photoC(name, severity, i), 85, true)); err != nil {
						t.Fatal(err)
					}
					decoder.Close()
					if err := r.Read(i, m, nil); err != nil || !bytes.Equal(m.Pix, want.Pix) || d.Label(i) != clean.Label(i) {
						t.Errorf("%s, image %d: label %d, %v", d.Name(), i, d.Label(i), err)
					}
				}
				r.Close()
			}
		}
	}
	if len(prints) != 2*Severities {
		t.Errorf("%d different fingerprints, want %d", len(prints), 2*Severities)
	}
}

func TestFolderCRefuses(t *testing.T) {
	clean := mustOpenFolder(t, photographs(t, 3), "test", FolderOptions{ImageSize: 16})
	one := func(dir string, parts ...string) string {
		return filepath.Join(append([]string{dir, "fog", "2"}, parts...)...)
	}
	image := jpeg.Encode(nil, picture(16, 16, 1), 85, true)
	for _, c := range []struct {
		name   string
		spoil  func(dir string) (path string)
		packed bool
		kind   Kind
		want   string
	}{
		{"an image is missing", func(dir string) string { return withoutExtension(gone(one(dir, clean.key(1)+".JPEG"))) }, false, Missing,
			"none for the test image " + clean.Describe(1)},
		{"a class is missing", func(dir string) string { gone(one(dir, "dog")); return one(dir, clean.key(3)) }, false, Missing, "nor for 2 others of 6"},
		{"a severity is missing", func(dir string) string { return gone(one(dir)) }, false, Missing, "no such folder"},
		{"a corruption is missing", func(dir string) string { return gone(filepath.Join(dir, "fog")) }, false, Missing, "no such folder, neither here"},
		{"an image is twice", func(dir string) string { p := one(dir, clean.key(1)+".png"); write(t, p, image); return p }, false, Invalid, "there twice"},
		{"an image is larger", func(dir string) string {
			p := one(dir, clean.key(1)+".JPEG")
			write(t, p, jpeg.Encode(nil, picture(20, 16, 1), 85, true))
			return p
		}, false, Invalid, "has 20×16 pixels, want 16×16 (--image-size)"},
		{"an image is cut off", func(dir string) string { p := one(dir, clean.key(1)+".JPEG"); write(t, p, image[:200]); return p }, false, Invalid, "truncated JPEG"},
		{"an image is empty", func(dir string) string { p := one(dir, clean.key(1)+".JPEG"); write(t, p, nil); return p }, false, Invalid, "empty"},
		{"an image is missing from an archive", func(dir string) string { gone(one(dir, clean.key(1)+".JPEG")); return "weather.tar" }, true, Missing,
			"has no fog/2/" + clean.key(1) + " for the test image " + clean.Describe(1)},
		{"a severity is missing from an archive", func(dir string) string { gone(one(dir)); return "weather.tar" }, true, Missing, "has no folder fog/2"},
		{"a corruption is missing from the archives", func(dir string) string {
			if err := os.Rename(filepath.Join(dir, "fog"), filepath.Join(dir, "snow")); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(filepath.Join(dir, "fog"), 0o755); err != nil {
				t.Fatal(err)
			}
			return "fog"
		}, true, Missing, "nor is it in the 2 archives"},
		{"an image in an archive is twice", func(dir string) string { write(t, one(dir, clean.key(1)+".png"), image); return "weather.tar" }, true, Invalid, "is there twice"},
	} {
		dir := folderBenchmark(t, clean)
		path := c.spoil(dir)
		if c.packed {
			dir = packed(t, dir, "%.0s")
			path = filepath.Join(dir, path)
		}
		set, err := OpenC(dir, clean)
		if err != nil {
			t.Fatal(err)
		}
		d, err := set.Severity("fog", 2)
		if err == nil {
			r, m := d.NewReader(false), pixel.New(d.Size())
			for i := range d.Len() {
				if err = r.Read(i, m, nil); err != nil {
					break
				}
			}
			r.Close()
		}
		wantError(t, c.name, err, c.kind, path, c.want)
	}
	_, err := OpenC(filepath.Join(t.TempDir(), "none"), clean)
	if e, ok := err.(*Error); !ok || e.Kind != Missing {
		t.Errorf("no folder: %v", err)
	}
}

// An archive that was cut off, or is none, is refused as a whole.
func TestTarGroupRefuses(t *testing.T) {
	clean := mustOpenFolder(t, photographs(t, 3), "test", FolderOptions{ImageSize: 16})
	whole := packed(t, folderBenchmark(t, clean), "%.0s")
	content, err := os.ReadFile(filepath.Join(whole, "weather.tar"))
	if err != nil {
		t.Fatal(err)
	}
	link := bytes.Clone(content)
	at := bytes.Index(link, []byte(clean.key(0)+".JPEG"))
	link[at/512*512+156] = '2'
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"cut off":  {content[:len(content)-3000], "not a whole .tar file"},
		"a page":   {bytes.Repeat([]byte("<!DOCTYPE html>"), 100), "not a whole .tar file"},
		"a link":   {link, "not a whole .tar file"},
		"no files": {make([]byte, 1024), "nor is it in the 1 archives"},
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "weather.tar"), c.content)
		set, err := OpenC(dir, clean)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "weather.tar")
		kind := Invalid
		if name == "no files" {
			path, kind = filepath.Join(dir, "fog"), Missing
		}
		_, err = set.Severity("fog", 1)
		wantError(t, name, err, kind, path, c.want, "augmix corrupt")
	}
}

func TestWithClasses(t *testing.T) {
	f := mustOpenFolder(t, photographs(t, 3), "test", FolderOptions{ImageSize: 16})
	known, err := f.WithClasses([]string{"ant", "cat", "cow", "dog", "eel"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range f.Len() {
		if got, want := known.Label(i), []int{1, 3}[f.Label(i)]; got != want {
			t.Errorf("image %d has the label %d, want %d", i, got, want)
		}
	}
	if len(known.Classes()) != 5 || known.FolderClasses() != 2 || known.Fingerprint() == f.Fingerprint() {
		t.Errorf("%v of %d", known.Classes(), known.FolderClasses())
	}
	if same, err := f.WithClasses([]string{"cat", "dog"}); err != nil || same != f {
		t.Errorf("the same classes: %v", err)
	}
	_, err = f.WithClasses([]string{"ant", "cat"})
	wantError(t, "an unknown class", err, Invalid, filepath.Join(f.root, "dog"), "no class that is known", "2 classes")
}

func TestImageNetClasses(t *testing.T) {
	classes := ImageNetClasses()
	if len(classes) != imageNetClasses || !slices.IsSorted(classes) || slices.ContainsFunc(classes, func(c string) bool { return !wordNetID.MatchString(c) }) {
		t.Fatalf("%d classes", len(classes))
	}
	// The labels of torchvision's weights: tench, golden retriever, African elephant, toilet tissue.
	for name, label := range map[string]int{"n01440764": 0, "n02099601": 207, "n02504458": 386, "n15075141": 999} {
		if got := slices.Index(classes, name); got != label {
			t.Errorf("%s is class %d, want %d", name, got, label)
		}
	}
	for _, class := range mustOpenFolder(t, filepath.Join(realData(t), "imagenet-samples"), "test", FolderOptions{}).Classes() {
		if !slices.Contains(classes, class) {
			t.Errorf("the photographs have a class %s", class)
		}
	}
}

// Finding the images in an archive of 20,000 of 20 kB; the largest published one has a million.
func BenchmarkTarGroup(b *testing.B) {
	path := filepath.Join(b.TempDir(), "weather.tar")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	const n = 20_000
	w := tar.NewWriter(f)
	for i := range n {
		h := &tar.Header{Name: fmt.Sprintf("fog/1/n%08d/ILSVRC2012_val_%08d.JPEG", i/50, i), Size: 20_000, Mode: 0o644}
		if err := w.WriteHeader(h); err != nil {
			b.Fatal(err)
		}
		if _, err := w.Write(make([]byte, h.Size)); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	f.Close()
	clean := &Folder{root: "r", listing: &listing{classes: []string{"cat"}, paths: "r/cat/a.JPEG", ends: []int{12}, starts: []int{0}}}
	for b.Loop() {
		g := &tarGroup{path: path, group: "weather", clean: clean}
		if _, err := g.index(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/image")
}

func FuzzTarGroup(f *testing.F) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range []string{"fog/1/cat/a.JPEG", "./weather/fog/2/dog/b.JPEG", "fog/9/x", "../fog/1/cat/a.JPEG"} {
		w.WriteHeader(&tar.Header{Name: name, Size: 3, Mode: 0o644})
		w.Write([]byte("abc"))
	}
	w.Close()
	f.Add(b.Bytes())
	f.Add(b.Bytes()[:700])
	clean := &Folder{root: "r", listing: &listing{classes: []string{"cat", "dog"}, paths: "r/cat/a.JPEGr/dog/b.JPEG", ends: []int{12, 24}, starts: []int{0, 1}}}
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "weather.tar")
		write(t, path, content)
		g := &tarGroup{path: path, group: "weather", clean: clean}
		sets, err := g.index()
		if err != nil {
			return
		}
		for set, members := range sets {
			if set.severity < 1 || set.severity > Severities || len(members) != 2 {
				t.Errorf("%+v has %d members", set, len(members))
			}
			for _, m := range members {
				if _, err := m.read(bytes.NewReader(content), nil); err != nil {
					t.Errorf("%+v: %+v: %v", set, m, err)
				}
			}
		}
	})
}
