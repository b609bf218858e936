package data

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"augmix/pixel"
)

// benchmark writes a corruption benchmark of numbered(7) with one corruption, fog,
// whose pixels are 100·severity + the clean ones modulo 256, and returns its folder.
func benchmark(t *testing.T) (dir string, clean *arrays) {
	t.Helper()
	dir, clean = t.TempDir(), numbered(7)
	var labels, fog []byte
	for severity := 1; severity <= Severities; severity++ {
		labels = append(labels, clean.labels...)
		for _, p := range clean.pixels {
			fog = append(fog, p+uint8(100*severity))
		}
	}
	writeNPY(t, filepath.Join(dir, "labels.npy"), NPYHeader{"|u1", []int{35}}, labels)
	writeNPY(t, filepath.Join(dir, "fog.npy"), NPYHeader{"|u1", []int{35, 2, 2, 1}}, fog)
	return dir, clean
}

func writeNPY(t *testing.T, path string, h NPYHeader, data []byte) {
	t.Helper()
	var b bytes.Buffer
	if err := WriteNPY(&b, h, data); err != nil {
		t.Fatal(err)
	}
	write(t, path, b.Bytes())
}

func TestC(t *testing.T) {
	dir, clean := benchmark(t)
	c, err := OpenC(dir, clean)
	if err != nil {
		t.Fatal(err)
	}
	if names, err := c.Names(); err != nil || !slices.Equal(names, []string{"fog"}) {
		t.Errorf("Names() = %v, %v, want fog", names, err)
	}
	prints := map[string]bool{}
	for severity := 1; severity <= Severities; severity++ {
		d, err := c.Severity("fog", severity)
		if err != nil {
			t.Fatal(err)
		}
		r, m := d.NewReader(false), pixel.New(d.Size())
		for i := range clean.Len() {
			want := slices.Clone(clean.pixels[i*4 : (i+1)*4])
			for j := range want {
				want[j] += uint8(100 * severity)
			}
			if err := r.Read(i, m, nil); err != nil || !bytes.Equal(m.Pix, want) || d.Label(i) != clean.Label(i) {
				t.Errorf("severity %d, image %d: got %v labelled %d, %v, want %v labelled %d", severity, i, m.Pix, d.Label(i), err,
					want, clean.Label(i))
			}
		}
		prints[d.Fingerprint()] = true
	}
	if len(prints) != Severities {
		t.Errorf("%d different fingerprints of %d severities", len(prints), Severities)
	}
}

func TestFindC(t *testing.T) {
	dir, _ := benchmark(t)
	root := t.TempDir()
	if err := os.Rename(dir, filepath.Join(root, "CIFAR-10-C")); err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(root, "cifar-10-batches-py")
	if err := os.Mkdir(own, 0o755); err != nil {
		t.Fatal(err)
	}
	want := filepath.Join(root, "CIFAR-10-C")
	for _, from := range []string{root, own} {
		if got := FindC(from, "cifar10"); got != want {
			t.Errorf("FindC(%s) = %q, want %q", from, got, want)
		}
	}
	if got := FindC(root, "cifar100"); got != "" {
		t.Errorf("FindC for cifar100 = %q, want none", got)
	}
	// OpenC takes the folder that holds it, too.
	clean := numbered(7)
	clean.name = "cifar10"
	c, err := OpenC(root, clean)
	if err != nil || c.Dir() != want {
		t.Errorf("OpenC(%s): %v", root, err)
	}
}

func TestCLabelsOfAnyWidth(t *testing.T) {
	dir, clean := benchmark(t)
	for _, descr := range []string{"|i1", "<u2", "<i4", "<i8", "<u8"} {
		h := NPYHeader{descr, []int{35}}
		data := make([]byte, 35*h.itemSize())
		for i := range 35 {
			data[i*h.itemSize()] = clean.labels[i%7]
		}
		writeNPY(t, filepath.Join(dir, "labels.npy"), h, data)
		if _, err := OpenC(dir, clean); err != nil {
			t.Errorf("labels of type %s: %v", descr, err)
		}
	}
}

func TestCRefusesLabels(t *testing.T) {
	good, _ := benchmark(t)
	labels, err := os.ReadFile(filepath.Join(good, "labels.npy"))
	if err != nil {
		t.Fatal(err)
	}
	fog, err := os.ReadFile(filepath.Join(good, "fog.npy"))
	if err != nil {
		t.Fatal(err)
	}
	encode := func(h NPYHeader, data []byte) []byte {
		var b bytes.Buffer
		if err := WriteNPY(&b, h, data); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	// at changes label i of the good file.
	at := func(i int, v uint8) []byte {
		b := slices.Clone(labels)
		b[128+i] = v
		return b
	}
	shifted := slices.Concat(labels[:128], labels[129:128+35], labels[128:129])
	var floats []byte
	for i := range 35 {
		floats = binary.LittleEndian.AppendUint32(floats, math.Float32bits(float32(i%7)))
	}
	wide := make([]byte, 35*8)
	for i := range 35 {
		wide[8*i] = uint8(i % 7)
	}
	wide[7] = 0x80
	tests := []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "x93NUMPY"},
		{"truncated", labels[:150], "has 22 bytes of data"},
		{"one byte long", append(slices.Clone(labels), 0), "has 36 bytes of data"},
		{"floats", encode(NPYHeader{"<f4", []int{35}}, floats), "not integers"},
		{"booleans", encode(NPYHeader{"|b1", []int{35}}, make([]byte, 35)), "not integers"},
		{"one severity", encode(NPYHeader{"|u1", []int{7}}, make([]byte, 7)), "shape (7,), want (35,)"},
		{"six severities", encode(NPYHeader{"|u1", []int{42}}, make([]byte, 42)), "shape (42,), want (35,)"},
		{"two dimensions", encode(NPYHeader{"|u1", []int{35, 1}}, make([]byte, 35)), "shape (35, 1), want (35,)"},
		{"five rows", encode(NPYHeader{"|u1", []int{5, 7}}, make([]byte, 35)), "shape (5, 7), want (35,)"},
		{"no dimension", encode(NPYHeader{"|u1", nil}, make([]byte, 1)), "shape (), want (35,)"},
		{"images", fog, "shape (35, 2, 2, 1), want (35,)"},
		{"a label of 7", at(0, 7), "label 0 is 7, but numbered has classes 0 to 6"},
		{"a negative label", encode(NPYHeader{"|i1", []int{35}}, bytes.Repeat([]byte{255}, 35)), "label 0 is -1"},
		{"a label of 2^63", encode(NPYHeader{"<u8", []int{35}}, wide), "beyond every label"},
		{"a severity differs", at(30, 1), "severity 5 gives image 2 the label 1, severity 1 gives it 2"},
		{"another test set", shifted, "image 0 has the label 1, the test set gives it 0"},
	}
	for _, tt := range tests {
		dir, clean := benchmark(t)
		path := filepath.Join(dir, "labels.npy")
		write(t, path, tt.file)
		_, err := OpenC(dir, clean)
		wantError(t, tt.name, err, Invalid, path, tt.want, "--c-data generate")
	}
}

func TestCRefusesImages(t *testing.T) {
	good, _ := benchmark(t)
	fog, err := os.ReadFile(filepath.Join(good, "fog.npy"))
	if err != nil {
		t.Fatal(err)
	}
	labels, err := os.ReadFile(filepath.Join(good, "labels.npy"))
	if err != nil {
		t.Fatal(err)
	}
	shaped := func(descr string, shape ...int) []byte {
		var b bytes.Buffer
		h := NPYHeader{descr, shape}
		size, _ := h.bytes()
		if err := WriteNPY(&b, h, make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	object := []byte(strings.Replace(string(fog), "|u1", "|O ", 1))
	tests := []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "x93NUMPY"},
		{"one byte short", fog[:len(fog)-1], "has 139 bytes of data"},
		{"one byte long", append(slices.Clone(fog), 0), "has 141 bytes of data"},
		{"labels", labels, "holds (35,) of |u1, want (35, 2, 2, 1) of |u1"},
		{"objects", object, `descr is "|O "`},
		{"signed", shaped("|i1", 35, 2, 2, 1), "of |i1, want"},
		{"floats", shaped("<f4", 35, 2, 2, 1), "of <f4, want"},
		{"one severity", shaped("|u1", 7, 2, 2, 1), "holds (7, 2, 2, 1)"},
		{"channels first", shaped("|u1", 35, 1, 2, 2), "holds (35, 1, 2, 2)"},
		{"flat", shaped("|u1", 35, 4), "holds (35, 4)"},
		{"by severity", shaped("|u1", 5, 7, 2, 2, 1), "holds (5, 7, 2, 2, 1)"},
		{"another size", shaped("|u1", 35, 4, 4, 1), "holds (35, 4, 4, 1)"},
		{"colour", shaped("|u1", 35, 2, 2, 3), "holds (35, 2, 2, 3)"},
	}
	for _, tt := range tests {
		dir, clean := benchmark(t)
		path := filepath.Join(dir, "fog.npy")
		write(t, path, tt.file)
		c, err := OpenC(dir, clean)
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Severity("fog", 1)
		wantError(t, tt.name, err, Invalid, path, tt.want, "--c-data generate")
	}
}

func TestCMissing(t *testing.T) {
	dir, clean := benchmark(t)
	c, err := OpenC(dir, clean)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Severity("snow", 3)
	wantError(t, "no file", err, Missing, filepath.Join(dir, "snow.npy"), "--c-data generate")

	none := filepath.Join(dir, "none")
	_, err = OpenC(none, clean)
	wantError(t, "no folder", err, Missing, none, "augmix corrupt")

	empty := t.TempDir()
	_, err = OpenC(empty, clean)
	wantError(t, "no labels", err, Missing, filepath.Join(empty, "labels.npy"), "no such file")
}
