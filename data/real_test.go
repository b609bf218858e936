package data

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"augmix/pixel"
)

// realData returns the folder of test data, or skips the test.
func realData(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("AUGMIX_TEST_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	if !isDir(filepath.Join(dir, "cifar-10-batches-py")) {
		t.Skipf("no test data: %s has no cifar-10-batches-py; AUGMIX_TEST_DATA names another folder", dir)
	}
	return dir
}

// The first images of each split, as Python's pickle module and NumPy read them.
func TestRealCIFAR10(t *testing.T) {
	dir := realData(t)
	tests := []struct {
		split       string
		n           int
		first, last []int   // labels
		red         []uint8 // of the first image's first four pixels
	}{
		{"train", 50000, []int{6, 9, 9, 4, 1}, []int{2, 6, 9, 1, 1}, []uint8{59, 43, 50, 68}},
		{"test", 10000, []int{3, 8, 8, 0, 6}, []int{8, 3, 5, 1, 7}, []uint8{158, 159, 165, 166}},
	}
	for _, tt := range tests {
		d, err := Open("cifar10", dir, tt.split)
		if err != nil {
			t.Fatal(err)
		}
		if d.Len() != tt.n {
			t.Fatalf("%s: %d images, want %d", tt.split, d.Len(), tt.n)
		}
		counts := make([]int, 10)
		for i := range d.Len() {
			counts[d.Label(i)]++
		}
		if slices.Min(counts) != tt.n/10 || slices.Max(counts) != tt.n/10 {
			t.Errorf("%s: images per class %v, want %d of each", tt.split, counts, tt.n/10)
		}
		var first, last []int
		for i := range 5 {
			first = append(first, d.Label(i))
			last = append(last, d.Label(tt.n-5+i))
		}
		m := pixel.New(d.Size())
		if err := d.NewReader(false).Read(0, m, nil); err != nil {
			t.Fatal(err)
		}
		red := []uint8{m.Pix[0], m.Pix[3], m.Pix[6], m.Pix[9]}
		if !slices.Equal(first, tt.first) || !slices.Equal(last, tt.last) || !slices.Equal(red, tt.red) {
			t.Errorf("%s: first labels %v, last %v, red %v; want %v, %v, %v", tt.split, first, last, red, tt.first, tt.last, tt.red)
		}
	}
}

// CIFAR-10-C's labels.npy is the test labels five times, as uint8, in the bytes
// that NumPy writes: the md5 is that of the published file.
func TestRealLabelsNPY(t *testing.T) {
	d, err := Open("cifar10", realData(t), "test")
	if err != nil {
		t.Fatal(err)
	}
	var labels []byte
	for range Severities {
		for i := range d.Len() {
			labels = append(labels, uint8(d.Label(i)))
		}
	}
	var file bytes.Buffer
	if err := WriteNPY(&file, NPYHeader{"|u1", []int{len(labels)}}, labels); err != nil {
		t.Fatal(err)
	}
	sum := md5.Sum(file.Bytes())
	if got, want := hex.EncodeToString(sum[:]), "c439b113295ed5254878798ffe28fd54"; got != want {
		t.Errorf("labels.npy has the md5 %s, the published one %s", got, want)
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "labels.npy"), file.Bytes())
	if _, err := OpenC(dir, d); err != nil {
		t.Error(err)
	}
}
