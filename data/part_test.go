package data

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"augmix/pixel"
	"augmix/pixel/jpeg"
)

// TestSomeOfFolderC: of some test images the benchmark needs no others, unpacked and packed.
func TestSomeOfFolderC(t *testing.T) {
	clean := mustOpenFolder(t, photographs(t, 3), "test", FolderOptions{ImageSize: 16})
	some := Subset(clean, 2, true) // images 0 and 3
	folder := folderBenchmark(t, clean)
	image := func(i int) string { return filepath.Join(folder, "fog", "2", clean.key(i)+".JPEG") }
	gone(image(1))
	for _, dir := range []string{folder, packed(t, folder, "%.0s")} {
		c, err := OpenC(dir, some)
		if err != nil {
			t.Fatal(err)
		}
		set, err := c.Severity("fog", 2)
		if err != nil {
			t.Fatal(err)
		}
		if set.Len() != 2 || set.Label(1) != clean.Label(3) {
			t.Errorf("%s: got %d images, the second labelled %d", dir, set.Len(), set.Label(1))
		}
		reader, got := set.NewReader(false), pixel.New(16, 16, 3)
		for k, i := range []int{0, 3} {
			var want pixel.Image
			var decoder jpeg.Decoder
			if err := decoder.Decode(&want, jpeg.Encode(nil, photoC("fog", 2, i), 85, true)); err != nil {
				t.Fatal(err)
			}
			decoder.Close()
			if err := reader.Read(k, got, nil); err != nil || !bytes.Equal(got.Pix, want.Pix) {
				t.Errorf("%s: image %d is not test image %d: %v", dir, k, i, err)
			}
		}
		reader.Close()
	}
	gone(image(3))
	for _, dir := range []string{folder, packed(t, folder, "%.0s")} {
		c, err := OpenPartC(dir, some, Part{Images: 1})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Severity("fog", 2)
		if e, ok := errors.AsType[*Error](err); !ok || e.Kind != Missing || !strings.Contains(err.Error(), "test image "+clean.Describe(3)) ||
			!strings.Contains(e.Remedy, "--limit-eval 1") {
			t.Errorf("%s without a wanted image: got %v", dir, err)
		}
	}
}

// TestPartsOfArrays: blocks of images and severities lie where the part says, and the images that are
// wanted are found among those that are held.
func TestPartsOfArrays(t *testing.T) {
	dir, clean := t.TempDir(), numbered(7)
	part := Part{Images: 4, Severities: []int{2, 5}}
	var labels, fog []byte
	for _, severity := range part.Severities {
		labels = append(labels, clean.labels[:4]...)
		for _, p := range clean.pixels[:4*4] {
			fog = append(fog, p+uint8(40*severity))
		}
	}
	writeNPY(t, filepath.Join(dir, "labels.npy"), NPYHeader{"|u1", []int{8}}, labels)
	writeNPY(t, filepath.Join(dir, "fog.npy"), NPYHeader{"|u1", []int{8, 2, 2, 1}}, fog)
	for _, n := range []int{4, 2} {
		c, err := OpenPartC(dir, Subset(clean, n, false), part)
		if err != nil {
			t.Fatal(err)
		}
		for _, severity := range part.Severities {
			set, err := c.Severity("fog", severity)
			if err != nil || set.Len() != n {
				t.Fatalf("%d images at severity %d: %v", n, severity, err)
			}
			reader, got := set.NewReader(false), pixel.New(set.Size())
			for i := range n {
				if err := reader.Read(i, got, nil); err != nil || got.Pix[3] != clean.pixels[4*i+3]+uint8(40*severity) || set.Label(i) != clean.Label(i) {
					t.Errorf("severity %d, image %d: got %v labelled %d, %v", severity, i, got.Pix, set.Label(i), err)
				}
			}
			reader.Close()
		}
		_, err = c.Severity("fog", 3)
		if e, ok := errors.AsType[*Error](err); !ok || e.Kind != Missing || !strings.Contains(e.Remedy, "--severity 2,5") {
			t.Errorf("severity 3: got %v", err)
		}
	}
	for _, wanted := range []Dataset{clean, Subset(clean, 5, false)} {
		_, err := OpenPartC(dir, wanted, part)
		if e, ok := errors.AsType[*Error](err); !ok || e.Kind != Missing || !strings.Contains(err.Error(), "holds 4 of the 7 test images, and not image 4") ||
			!strings.Contains(e.Remedy, "--limit-eval 4") {
			t.Errorf("%d images: got %v", wanted.Len(), err)
		}
	}
	if _, err := OpenC(dir, clean); err == nil {
		t.Error("a part was taken for a whole benchmark")
	}
}

// TestSomeSequences: of some test images there are their sequences.
func TestSomeSequences(t *testing.T) {
	p, err := OpenP(sequenceArrays(t), Subset(numbered(5), 3, false))
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Sequences("zoom", 0)
	if err != nil {
		t.Fatal(err)
	}
	wantSteady(t, s, 3, 3)
	_, err = OpenPartP(sequenceArrays(t), numbered(5), Part{Images: 2})
	if e, ok := errors.AsType[*Error](err); !ok || !strings.Contains(e.Remedy, "--limit-eval 2") {
		t.Errorf("more images than are held: got %v", err)
	}
}
