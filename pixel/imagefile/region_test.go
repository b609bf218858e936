package imagefile

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"augmix/pixel"
)

// images returns the content of the files in testdata/images that are decoded, and
// of every nth photograph where they are there.
func images(t testing.TB, nth int) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	read := func(paths []string) {
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if name := filepath.Base(path); refused[name] == "" {
				files[name] = data
			}
		}
	}
	small, err := filepath.Glob("testdata/images/*")
	if err != nil || len(small) < 60 {
		t.Fatalf("testdata/images has %d files (%v), want at least 60", len(small), err)
	}
	read(small)
	root := os.Getenv("AUGMIX_TEST_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	photos, err := filepath.Glob(filepath.Join(root, "imagenet-samples/val/*/*.JPEG"))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(photos); i += nth {
		read(photos[i : i+1])
	}
	return files
}

// rectangle draws one inside w×h, now and then touching its borders.
func rectangle(rnd *rand.Rand, w, h int) (x, y, width, height int) {
	span := func(n int) (from, length int) {
		switch rnd.IntN(6) {
		case 0:
			return 0, 1 + rnd.IntN(n)
		case 1:
			from = rnd.IntN(n)
			return from, n - from
		}
		from = rnd.IntN(n)
		return from, 1 + rnd.IntN(n-from)
	}
	x, width = span(w)
	y, height = span(h)
	return x, y, width, height
}

// TestRegion compares regions with the same part of the whole image, at every scale.
func TestRegion(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var r Reader
	defer r.Close()
	var whole, got pixel.Image
	for name, data := range images(t, 1) {
		w, h, err := r.Size(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		png := kindOf(data) == kindPNG
		for _, d := range []int{1, 1, 2, 4, 8} {
			if err := r.RegionScaled(&whole, data, 0, 0, w, h, d); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			n := 3
			if len(data) < 4096 {
				n = 20
			}
			for range n {
				x, y, rw, rh := rectangle(rnd, w, h)
				if err := r.RegionScaled(&got, data, x, y, rw, rh, d); err != nil {
					t.Fatalf("%s: region %d,%d %d×%d of %d×%d: %v", name, x, y, rw, rh, w, h, err)
				}
				div := d
				if png {
					div = 1
				}
				left, top := x/div, y/div
				want := pixel.New((x+rw+div-1)/div-left, (y+rh+div-1)/div-top, 3)
				pixel.Crop(want, &whole, left, top)
				if got.W != want.W || got.H != want.H || got.C != 3 || !bytes.Equal(got.Pix, want.Pix) {
					t.Fatalf("%s: region %d,%d %d×%d of %d×%d at 1/%d differs from the whole image", name, x, y, rw, rh, w, h, d)
				}
			}
		}
	}
}

func TestRegionOutsidePanics(t *testing.T) {
	var r Reader
	defer r.Close()
	for _, name := range []string{"420.jpg", "rgb.png"} {
		data, err := os.ReadFile(filepath.Join("testdata/images", name))
		if err != nil {
			t.Fatal(err)
		}
		w, h, err := r.Size(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range [][5]int{{0, 0, w + 1, h, 1}, {1, 0, w, h, 1}, {0, 1, w, h, 1}, {-1, 0, 1, 1, 1}, {0, 0, 0, 1, 1}, {w, 0, 1, 1, 1}} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: Region%v of %d×%d did not panic", name, c, w, h)
					}
				}()
				var m pixel.Image
				_ = r.Region(&m, data, c[0], c[1], c[2], c[3])
			}()
		}
	}
}

func TestDenominator(t *testing.T) {
	for _, c := range []struct{ w, h, want int }{
		{224, 224, 1}, {447, 2000, 1}, {448, 448, 2}, {449, 895, 2}, {896, 896, 4}, {1792, 1792, 8}, {1791, 1792, 4}, {10000, 10000, 8}, {10, 10, 1},
	} {
		if got := Denominator(c.w, c.h, 224, 224); got != c.want {
			t.Errorf("%d×%d: got %d, want %d", c.w, c.h, got, c.want)
		}
	}
}

// TestNoAllocation checks that JPEG files cost no Go memory once the buffers fit.
func TestNoAllocation(t *testing.T) {
	var r Reader
	defer r.Close()
	var m, region pixel.Image
	small := pixel.New(24, 24, 3)
	var resizer pixel.Resizer
	paths, err := filepath.Glob("testdata/images/*4*.jpg")
	if err != nil || len(paths) < 5 {
		t.Fatalf("%d files (%v), want at least 5", len(paths), err)
	}
	n := testing.AllocsPerRun(3, func() {
		for _, path := range paths {
			data, err := r.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			w, h, err := r.Size(data)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Decode(&m, data); err != nil {
				t.Fatal(err)
			}
			if err := r.Region(&region, data, w/4, h/4, (w+1)/2, (h+1)/2); err != nil {
				t.Fatal(err)
			}
			resizer.Resize(small, &region, pixel.Bilinear)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations for %d files, want none", n, len(paths))
	}
}
