package data

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"augmix/pixel"
)

func TestCIFARLayouts(t *testing.T) {
	for _, name := range []string{"cifar10", "cifar100"} {
		f := newFixture(t, name)
		for _, split := range []string{"train", "test"} {
			var prints []string
			for _, l := range f.layouts {
				only := *f.cifarSet
				only.layouts = []cifarLayout{l}
				// The dataset's own folder, or one that holds it.
				for _, dir := range []string{filepath.Join(f.dir, l.folder), f.dir} {
					d, err := only.open(dir, split)
					if err != nil {
						t.Fatalf("%s %s in %s: %v", name, split, dir, err)
					}
					f.check(t, d, split)
					prints = append(prints, d.Fingerprint())
				}
			}
			if len(slices.Compact(prints)) != 1 {
				t.Errorf("%s %s: the layouts' fingerprints differ: %v", name, split, prints)
			}
		}
	}
}

// check compares a dataset with what the fixture wrote.
func (f *fixture) check(t *testing.T, d Dataset, split string) {
	t.Helper()
	if d.Name() != f.name || d.Len() != len(f.labels[split]) || !slices.Equal(d.Classes(), f.classes) {
		t.Fatalf("got %s with %d samples and %d classes", d.Name(), d.Len(), len(d.Classes()))
	}
	m := pixel.New(d.Size())
	for i := range d.Len() {
		if err := d.NewReader(false).Read(i, m, nil); err != nil {
			t.Fatal(err)
		}
		if d.Label(i) != int(f.labels[split][i]) {
			t.Errorf("label %d is %d, want %d", i, d.Label(i), f.labels[split][i])
		}
		for p := range cifarPlane {
			for c := range 3 {
				if want := f.planar[split][i*cifarImage+c*cifarPlane+p]; m.Pix[3*p+c] != want {
					t.Fatalf("image %d pixel %d channel %d is %d, want %d", i, p, c, m.Pix[3*p+c], want)
				}
			}
		}
	}
}

// Where both layouts are there, a complete one is read before one with holes.
func TestCIFARPrefersTheCompleteLayout(t *testing.T) {
	f := newFixture(t, "cifar10")
	binary := filepath.Join(f.dir, "cifar-10-batches-bin", "data_batch_2.bin")
	if err := os.Remove(binary); err != nil {
		t.Fatal(err)
	}
	d, err := f.open(f.dir, "train")
	if err != nil {
		t.Fatal(err)
	}
	f.check(t, d, "train")
	// Without the other layout the hole is named.
	if err := os.RemoveAll(filepath.Join(f.dir, "cifar-10-batches-py")); err != nil {
		t.Fatal(err)
	}
	wantError(t, "a hole", func() error { _, err := f.open(f.dir, "train"); return err }(), Missing, binary, "no such file")
}

// wantError checks an error's type, kind, path and words.
func wantError(t *testing.T, name string, err error, kind Kind, path string, words ...string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) {
		t.Errorf("%s: got %v, want an *Error", name, err)
		return
	}
	if e.Kind != kind || e.Path != path {
		t.Errorf("%s: got %v about %s, want %v about %s", name, e.Kind, e.Path, kind, path)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: %q does not say %q", name, err, w)
		}
	}
	if strings.Count(err.Error(), path) > 1 && !strings.Contains(e.Remedy, path) {
		t.Errorf("%s: %q names the path twice", name, err)
	}
}

func TestCIFARMissing(t *testing.T) {
	empty := t.TempDir()
	_, err := Open("cifar10", empty, "train")
	wantError(t, "an empty folder", err, Missing, empty, "CIFAR-10", "`augmix fetch cifar10 --data "+empty+"`", "--dataset shapes")
	none := filepath.Join(empty, "none")
	_, err = Open("cifar100", none, "test")
	wantError(t, "no folder", err, Missing, none, "no such folder", "`augmix fetch cifar100 --data "+none+"`")
	file := filepath.Join(empty, "file")
	write(t, file, []byte("x"))
	_, err = Open("cifar100", file, "test")
	wantError(t, "a file", err, Invalid, file, "not a folder", "augmix fetch cifar100 --data "+empty+"`")

	// The archive unpacks to a folder of its own: its parent is named.
	own := filepath.Join(empty, "cifar-10-batches-py")
	if err := os.Mkdir(own, 0o755); err != nil {
		t.Fatal(err)
	}
	_, err = Open("cifar10", own, "test")
	wantError(t, "an empty own folder", err, Missing, filepath.Join(own, "test_batch"), "augmix fetch cifar10 --data "+empty+"`")

	hundred := newFixture(t, "cifar100")
	_, err = Open("cifar10", hundred.dir, "train")
	wantError(t, "the other set", err, Missing, hundred.dir, "holds CIFAR-100, not CIFAR-10", "--dataset cifar100")
	own = filepath.Join(hundred.dir, "cifar-100-binary")
	_, err = Open("cifar10", own, "train")
	wantError(t, "the other set's own folder", err, Missing, own, "holds CIFAR-100, not CIFAR-10")
}

func TestCIFARRefuses(t *testing.T) {
	const bin, py = "cifar-10-batches-bin/data_batch_1.bin", "cifar-10-batches-py/data_batch_1"
	const bin100, py100 = "cifar-100-binary/train.bin", "cifar-100-python/train"
	edit := func(at int, value byte) func([]byte) []byte {
		return func(b []byte) []byte { b[at] = value; return b }
	}
	is := func(content string) func([]byte) []byte { return func([]byte) []byte { return []byte(content) } }
	swap := func(old, new string) func([]byte) []byte {
		return func(b []byte) []byte {
			if !bytes.Contains(b, []byte(old)) {
				panic("nothing to replace")
			}
			return bytes.Replace(b, []byte(old), []byte(new), 1)
		}
	}
	tests := []struct {
		name, set, file string
		change          func([]byte) []byte
		words           []string
	}{
		{"bin empty", "cifar10", bin, is(""), []string{"has 0 bytes", "cut off"}},
		{"bin truncated", "cifar10", bin, func(b []byte) []byte { return b[:5000] }, []string{"has 5000 bytes, the published file has 6146", "cut off"}},
		{"bin one byte short", "cifar10", bin, func(b []byte) []byte { return b[:len(b)-1] }, []string{"cut off"}},
		{"bin one byte long", "cifar10", bin, func(b []byte) []byte { return append(b, 0) }, []string{"has 6147 bytes"}},
		{"bin label 10", "cifar10", bin, edit(0, 10), []string{"image 0 has the label 10", "0 to 9"}},
		{"bin label 255", "cifar10", bin, edit(3073, 255), []string{"image 1 has the label 255"}},
		{"bin mislabelled", "cifar10", bin, edit(0, 9), []string{"md5"}},
		{"bin a pixel", "cifar10", bin, edit(100, 1), []string{"another content", "md5"}},
		{"bin is a gzip", "cifar10", bin, is("\x1f\x8b\x08 archive"), []string{"has 11 bytes"}},
		{"bin100 fine 100", "cifar100", bin100, edit(1, 100), []string{"image 0 has the label 100", "0 to 99"}},
		{"bin100 coarse 20", "cifar100", bin100, edit(3074, 20), []string{"image 1 has the coarse label 20", "0 to 19"}},
		{"bin100 mislabelled", "cifar100", bin100, edit(1, 99), []string{"another content", "SHA-256"}},
		{"py empty", "cifar10", py, is(""), []string{"has 0 bytes"}},
		{"py truncated", "cifar10", py, func(b []byte) []byte { return b[:3000] }, []string{"has 3000 bytes", "ends early"}},
		{"py one byte long", "cifar10", py, func(b []byte) []byte { return append(b, 0) }, []string{"1 bytes follow"}},
		{"py text", "cifar10", py, is("<html>404 Not Found</html>"), []string{"has 26 bytes"}},
		{"py other global", "cifar10", py, is("\x80\x02cposix\nsystem\nU\x02id\x85R."), []string{"posix", "system"}},
		{"py other global inside", "cifar10", py, swap("cnumpy\ndtype\n", "cos\nsystem\n"), []string{"os", "system"}},
		{"py a label", "cifar10", py, swap("U\x06labels](K\x05", "U\x06labels](K\x0a"), []string{"labels[0] is 10"}},
		{"py mislabelled", "cifar10", py, swap("U\x06labels](K\x05", "U\x06labels](K\x06"), []string{"md5"}},
		{"py a pixel", "cifar10", py, swap("\x05\x06\x07\x08", "\x05\x06\x07\x09"), []string{"md5"}},
		{"py of CIFAR-100", "cifar10", py, func([]byte) []byte {
			return pickleBatch(make([]byte, 2*cifarImage), []uint8{1, 2}, true)
		}, []string{"labels of CIFAR-100, not of CIFAR-10"}},
		{"py of CIFAR-10", "cifar100", py100, func([]byte) []byte {
			return pickleBatch(make([]byte, 4*cifarImage), []uint8{1, 2, 3, 4}, false)
		}, []string{"labels of CIFAR-10, not of CIFAR-100"}},
		{"py too few images", "cifar10", py, func([]byte) []byte {
			return pickleBatch(make([]byte, cifarImage), []uint8{1}, false)
		}, []string{"has 1 images, the published file has 2"}},
	}
	for _, tt := range tests {
		f := newFixture(t, tt.set)
		path := filepath.Join(f.dir, filepath.FromSlash(tt.file))
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, tt.change(content))
		_, err = f.open(filepath.Dir(path), "train")
		wantError(t, tt.name, err, Invalid, path, append(tt.words, "--dataset shapes")...)
	}
}

func TestCIFARIsNotARegularFile(t *testing.T) {
	f := newFixture(t, "cifar10")
	path := filepath.Join(f.dir, "cifar-10-batches-bin", "data_batch_1.bin")
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := f.open(filepath.Dir(path), "train")
	wantError(t, "a folder", err, Invalid, path, "not a regular file")
}

// A published file under another file's name is recognised.
func TestWrongDigestNamesTheFile(t *testing.T) {
	set := cifarSets["cifar10"]
	f := set.layouts[1].train[0]
	err := set.wrongDigest(f, "data_batch_1", set.layouts[1].train[1].digest)
	if want := "data_batch_1: is the file data_batch_2 of CIFAR-10 under another name"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	hundred := cifarSets["cifar100"].layouts[0].train[0]
	if err := set.wrongDigest(hundred, "x", "0"); !strings.Contains(err.Error(), "SHA-256 is 0") {
		t.Errorf("got %q, want SHA-256 named", err)
	}
}

func TestPublishedSets(t *testing.T) {
	for name, set := range cifarSets {
		if set.name != name {
			t.Errorf("%s is named %s", name, set.name)
		}
		classes := slices.Clone(set.classes)
		slices.Sort(classes)
		if len(slices.Compact(classes)) != map[string]int{"cifar10": 10, "cifar100": 100}[name] || !slices.IsSorted(set.classes) {
			t.Errorf("%s: the classes are not 10 or 100 different names in order", name)
		}
		for _, l := range set.layouts {
			for split, want := range map[string]int{"train": 50000, "test": 10000} {
				images := 0
				for _, f := range l.files(split) {
					images += f.images
					head := int64(1 + min(set.coarse, 1))
					if l.binary && f.size != int64(f.images)*(head+cifarImage) {
						t.Errorf("%s: %d bytes for %d images", f.name, f.size, f.images)
					}
					if n := len(f.digest); n != 32 && n != 64 {
						t.Errorf("%s: a digest of %d digits", f.name, n)
					}
				}
				if images != want {
					t.Errorf("%s %s: %d images, want %d", l.folder, split, images, want)
				}
			}
		}
	}
}

func TestOpenUnknown(t *testing.T) {
	for _, args := range [][2]string{{"cifar", "train"}, {"cifar10", "val"}, {"shapes", ""}} {
		_, err := Open(args[0], t.TempDir(), args[1])
		var e *Error
		if err == nil || errors.As(err, &e) {
			t.Errorf("Open(%s, %s) = %v, want a plain error: a wrong argument is no wrong file", args[0], args[1], err)
		}
	}
}

// FuzzCIFARBinary: a file is refused, or its records come out as they went in.
func FuzzCIFARBinary(f *testing.F) {
	image := bytes.Repeat([]byte{7}, cifarImage)
	f.Add(binaryBatch(image, []uint8{3}, false), uint8(1), false)
	f.Add(binaryBatch(image, []uint8{99}, true), uint8(1), true)
	f.Add([]byte{}, uint8(0), true)
	f.Fuzz(func(t *testing.T, raw []byte, images uint8, hundred bool) {
		set := cifarSets["cifar10"]
		if hundred {
			set = cifarSets["cifar100"]
		}
		labels := make([]uint8, images)
		file := slices.Clone(raw)
		if err := set.parseBinary(raw, labels); err != nil {
			return
		}
		for i := range labels {
			record := len(file) / len(labels)
			r := file[i*record : (i+1)*record]
			if int(labels[i]) >= len(set.classes) || labels[i] != r[record-cifarImage-1] ||
				!bytes.Equal(raw[i*cifarImage:(i+1)*cifarImage], r[record-cifarImage:]) {
				t.Fatalf("image %d of %d differs", i, images)
			}
		}
	})
}
