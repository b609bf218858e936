package imagefile

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"augmix/pixel"
	"augmix/pixel/jpeg"
)

// golden is testdata/golden.json, which testdata/golden.py wrote and explains.
type golden struct {
	Qualities   []int
	Files       []goldenFile
	Go          []goldenFile
	Photographs []goldenFile
}

type goldenFile struct {
	Name                           string
	Size                           []int
	Pixels, Encoded, Centre, Crops string
	Rectangles                     [][4]int
}

func readGolden(t testing.TB) golden {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatalf("testdata/golden.json: %v", err)
	}
	return g
}

// photographs returns the folder of ImageNet's, or skips the test.
func photographs(t testing.TB) string {
	t.Helper()
	root := os.Getenv("AUGMIX_TEST_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "..", "shared", "data")
	}
	dir := filepath.Join(root, "imagenet-samples", "val")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no photographs at %s: set AUGMIX_TEST_DATA", dir)
	}
	return dir
}

func hash(parts ...[]byte) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// refused are the files of testdata/images and of Go that Pillow reads and this package does
// not, with the reason.
var refused = map[string]string{
	"arithmetic.jpg":                       "JPEG of a kind that is not supported: arithmetic coding",
	"missing-scans.jpg":                    "truncated JPEG: some of its scans are missing",
	"progressive-dc.jpg":                   "truncated JPEG: some of its scans are missing",
	"progressive-some.jpg":                 "truncated JPEG: some of its scans are missing",
	"video-001.progressive.truncated.jpeg": "truncated JPEG: some of its scans are missing",
	"grey-16.png":                          "greyscale PNG of 16 bits; convert it to 8",
}

// check decodes a file and compares its pixels with Pillow's.
func check(t *testing.T, r *Reader, m *pixel.Image, path string, want goldenFile) bool {
	t.Helper()
	data, err := r.ReadFile(path)
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return false
	}
	err = r.Decode(m, data)
	if reason := refused[want.Name]; reason != "" {
		if err == nil || err.Error() != reason {
			t.Errorf("%s: got the error %v, want %q", want.Name, err, reason)
		}
		return false
	}
	if err != nil {
		t.Errorf("%s: %v", want.Name, err)
		return false
	}
	w, h, err := r.Size(data)
	if err != nil || m.C != 3 || m.W != want.Size[0] || m.H != want.Size[1] || w != m.W || h != m.H {
		t.Errorf("%s: got %d×%d with %d channels, Size says %d×%d (%v), want %v", want.Name, m.W, m.H, m.C, w, h, err, want.Size)
		return false
	}
	if got := hash(m.Pix); got != want.Pixels {
		t.Errorf("%s: the pixels' SHA-256 is %s, want Pillow's %s", want.Name, got, want.Pixels)
		return false
	}
	return true
}

// TestPillowParity compares every kind of JPEG and PNG with what Pillow reads, and
// what Encode writes with what Pillow writes.
func TestPillowParity(t *testing.T) {
	g := readGolden(t)
	if len(g.Files) < 60 || len(g.Qualities) < 10 {
		t.Fatalf("testdata/golden.json has %d files and %d qualities, want at least 60 and 10", len(g.Files), len(g.Qualities))
	}
	var r Reader
	defer r.Close()
	for _, want := range g.Files {
		var m pixel.Image
		if !check(t, &r, &m, filepath.Join("testdata/images", want.Name), want) {
			continue
		}
		var all []byte
		for _, q := range g.Qualities {
			all = jpeg.Encode(all, &m, q, false)
		}
		if got := hash(jpeg.Encode(all, &m, 85, true)); got != want.Encoded {
			t.Errorf("%s: encoded the SHA-256 is %s, want Pillow's %s", want.Name, got, want.Encoded)
		}
	}
}

// TestGoTestdata does the same with the JPEG files that come with Go.
func TestGoTestdata(t *testing.T) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skipf("no Go to ask for its folder: %v", err)
	}
	dir := filepath.Join(strings.TrimSpace(string(root)), "src/image/testdata")
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("this Go comes without its test data: %v", err)
	}
	var r Reader
	defer r.Close()
	for _, want := range readGolden(t).Go {
		var m pixel.Image
		if path := filepath.Join(dir, want.Name); fileExists(path) {
			check(t, &r, &m, path, want)
		}
	}
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// TestPhotographs compares ImageNet's photographs with Pillow and torchvision: as
// decoded, as an evaluation sees them, and as RandomResizedCrop does.
func TestPhotographs(t *testing.T) {
	dir, g := photographs(t), readGolden(t)
	if len(g.Photographs) != 120 {
		t.Fatalf("testdata/golden.json has %d photographs, want 120", len(g.Photographs))
	}
	var r Reader
	defer r.Close()
	var whole, region pixel.Image
	var resizer pixel.Resizer
	small := pixel.New(224, 224, 3)
	for _, want := range g.Photographs {
		if !check(t, &r, &whole, filepath.Join(dir, want.Name), want) {
			continue
		}
		resizer.ResizeCrop(small, &whole, 256, pixel.Bilinear)
		if got := hash(small.Pix); got != want.Centre {
			t.Errorf("%s: Resize(256), CenterCrop(224): SHA-256 %s, want torchvision's %s", want.Name, got, want.Centre)
		}
		if got := hash(jpeg.Encode(nil, small, 85, true)); got != want.Encoded {
			t.Errorf("%s: encoded with quality 85: SHA-256 %s, want Pillow's %s", want.Name, got, want.Encoded)
		}
		var crops []byte
		for _, c := range want.Rectangles {
			if err := r.Region(&region, r.file.data, c[0], c[1], c[2], c[3]); err != nil {
				t.Fatalf("%s: %v", want.Name, err)
			}
			resizer.Resize(small, &region, pixel.Bilinear)
			crops = append(crops, small.Pix...)
		}
		if got := hash(crops); got != want.Crops {
			t.Errorf("%s: %d crops: SHA-256 %s, want torchvision's %s", want.Name, len(want.Rectangles), got, want.Crops)
		}
	}
}
