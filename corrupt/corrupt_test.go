package corrupt_test

import (
	"bytes"
	"crypto/md5"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"augmix/corrupt"
	"augmix/pixel"
	"augmix/rng"
)

// picture is a smooth pattern with a little noise; testdata/original.py makes the
// same one.
func picture(w, h, channels int) *pixel.Image {
	m := pixel.New(w, h, channels)
	for i := range m.Pix {
		x, y, c := i/channels%w, i/channels/w, i%channels
		noise := (x*7919 + y*104729 + c*1299709) * 2654435761 >> 16 % 32
		m.Pix[i] = uint8((x*x+3*x*y+40*c*y)/16 + noise)
	}
	return m
}

// apply returns m corrupted, by the constants for the shorter side.
func apply(t testing.TB, name string, m *pixel.Image, severity, index int) *pixel.Image {
	t.Helper()
	c, err := corrupt.New(name, min(m.W, m.H))
	if err != nil {
		t.Fatal(err)
	}
	dst := pixel.New(m.W, m.H, m.C)
	r := corrupt.Stream(name, 0, severity, index)
	c.Apply(dst, m, severity, &r)
	return dst
}

// TestOriginal compares with the original's formulas on NumPy, Pillow, OpenCV and
// scikit-image, at sizes other than CIFAR's.
func TestOriginal(t *testing.T) {
	text, err := os.ReadFile("testdata/original.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var w, h, table int
		var name, want string
		if _, err := fmt.Sscan(line, &w, &h, &table, &name, &want); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		c, err := corrupt.New(name, min(w, h))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Table(); got != table {
			t.Errorf("%s at %d×%d: got the constants for %d pixels, want %d", name, w, h, got, table)
		}
		src, dst, sum := picture(w, h, 3), pixel.New(w, h, 3), md5.New()
		for severity := 1; severity <= corrupt.Severities; severity++ {
			c.Apply(dst, src, severity, nil)
			sum.Write(dst.Pix)
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != want {
			t.Errorf("%s at %d×%d: got %s, want %s", name, w, h, got, want)
		}
	}
}

// TestMotion compares with ImageMagick at given angles.
func TestMotion(t *testing.T) {
	text, err := os.ReadFile("testdata/motion.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var w, h, channels int
		var radius, sigma, angle float64
		var want string
		if _, err := fmt.Sscan(line, &w, &h, &channels, &radius, &sigma, &angle, &want); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		src, dst := picture(w, h, 3), pixel.New(w, h, channels)
		if channels == 1 { // the first channel of the RGB picture
			grey := pixel.New(w, h, 1)
			for i := range grey.Pix {
				grey.Pix[i] = src.Pix[3*i]
			}
			src = grey
		}
		corrupt.MotionBlur(dst, src, radius, sigma, angle)
		sum := md5.Sum(dst.Pix)
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%s: got %s", strings.TrimSpace(line), got)
		}
	}
}

// TestDisk compares kernels of defocus_blur with the original's (make_imagenet_c.py's
// disk with OpenCV 5.0 on a processor with AVX2): the SHA-256 of their float32 weights.
func TestDisk(t *testing.T) {
	for _, c := range []struct {
		radius, alias float64
		want          string
	}{
		{3, 0.1, "37f5ff517a66ec62"},
		{4, 0.5, "f7fbaa054dfbca95"},
		{8, 0.5, "554fe4ea1d9c1392"},
		{10, 0.5, "834e8492ac4d768b"},
		{12, 0.5, "9dc559b671200649"},
	} {
		var weights bytes.Buffer
		if err := binary.Write(&weights, binary.LittleEndian, corrupt.Disk(c.radius, c.alias)); err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(weights.Bytes()); fmt.Sprintf("%x", sum[:8]) != c.want {
			t.Errorf("radius %v: got %x, want %s", c.radius, sum[:8], c.want)
		}
	}
}

// TestRelief compares with OpenCV's Canny, distance transform, equalisation and
// filters.
func TestRelief(t *testing.T) {
	text, err := os.ReadFile("testdata/relief.txt")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		var w, h, threshold int
		var want string
		if _, err := fmt.Sscan(line, &w, &h, &threshold, &want); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		src, liquid := picture(w, h, 3), make([]uint8, w*h)
		for i := range liquid {
			if v := src.Pix[3*i]; int(v) >= threshold {
				liquid[i] = v
			}
		}
		sum := md5.Sum(corrupt.Relief(liquid, w, h))
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%s: got %s", strings.TrimSpace(line), got)
		}
	}
}

// TestFrostTextures: other textures are used, of any size, and a folder that is not
// as it should be is said.
func TestFrostTextures(t *testing.T) {
	ice := pixel.New(40, 33, 3)
	for i := range ice.Pix {
		ice.Pix[i] = 200
	}
	for _, size := range [][2]int{{32, 32}, {64, 64}, {224, 180}, {1, 1}} {
		c, err := corrupt.NewFrost(min(size[0], size[1]), []*pixel.Image{ice})
		if err != nil {
			t.Fatal(err)
		}
		src, dst := pixel.New(size[0], size[1], 3), pixel.New(size[0], size[1], 3)
		r := corrupt.Stream("frost", 0, 1, 0)
		c.Apply(dst, src, 1, &r)
		for _, v := range dst.Pix {
			if want := map[int]uint8{32: 40, 64: 60, 224: 80}[c.Table()]; v != want {
				t.Fatalf("%v: got %d, want %d", size, v, want)
			}
		}
	}
	if _, err := corrupt.NewFrost(32, nil); err == nil {
		t.Error("NewFrost accepts no textures")
	}

	dir := t.TempDir()
	if _, err := corrupt.ReadFrost(dir); err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "frost1.png")) {
		t.Errorf("ReadFrost of an empty folder: got %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "frost1.png"), []byte("ice"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := corrupt.ReadFrost(dir); err == nil || !strings.Contains(err.Error(), "frost1.png") {
		t.Errorf("ReadFrost of a text: got %v", err)
	}
	textures, err := corrupt.ReadFrost(filepath.Join(testData(), "frost"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("needs the original's textures: %v", err)
	}
	if err != nil || len(textures) != 5 || textures[0].W != 900 || textures[4].H != 495 {
		t.Errorf("ReadFrost of the original's: got %d textures, %v", len(textures), err)
	}
}

// TestNoise compares the mean and the variance of the bytes with those of the
// formula trunc(255·clip(…)), whose probabilities gonum's distributions give.
func TestNoise(t *testing.T) {
	normal := func(x float64) float64 { return distuv.UnitNormal.CDF(x) }
	// below is the probability that 255 times the unclipped result is below k.
	for _, c := range []struct {
		name  string
		below func(level, v, k float64) float64
		at32  []float64
		at224 []float64
	}{
		{
			"gaussian_noise",
			func(sigma, v, k float64) float64 { return normal((k - v) / 255 / sigma) },
			[]float64{0.04, 0.06, 0.08, 0.09, 0.10}, []float64{0.08, 0.12, 0.18, 0.26, 0.38},
		},
		{
			"speckle_noise",
			func(sigma, v, k float64) float64 { return normal((k - v) / (v * sigma)) },
			[]float64{0.06, 0.1, 0.12, 0.16, 0.2}, []float64{0.15, 0.2, 0.35, 0.45, 0.6},
		},
		{
			"shot_noise",
			func(white, v, k float64) float64 {
				return distuv.Poisson{Lambda: v / 255 * white}.CDF(math.Ceil(white*k/255) - 1)
			},
			[]float64{500, 250, 100, 75, 50}, []float64{60, 25, 12, 5, 3},
		},
		{
			"impulse_noise",
			func(amount, v, k float64) float64 {
				if k <= v {
					return amount / 2
				}
				return 1 - amount/2
			},
			[]float64{0.01, 0.02, 0.03, 0.05, 0.07}, []float64{0.03, 0.06, 0.09, 0.17, 0.27},
		},
	} {
		for size, levels := range map[int][]float64{32: c.at32, 224: c.at224} {
			for severity, level := range levels {
				for _, v := range []uint8{1, 20, 128, 255} {
					distribution := func(k int) float64 {
						if k == 256 {
							return 1
						}
						return c.below(level, float64(v), float64(k))
					}
					checkNoise(t, c.name, size, severity+1, v, distribution)
				}
			}
		}
	}
}

// checkNoise compares noise on images of value v with the distribution whose
// probabilities of less than k = 1 … 256 below gives.
func checkNoise(t *testing.T, name string, size, severity int, v uint8, below func(k int) float64) {
	t.Helper()
	src := pixel.New(size, size, 3)
	for i := range src.Pix {
		src.Pix[i] = v
	}
	var n, sum, squares float64
	for index := range 20 * 32 / size * 2 {
		for _, b := range apply(t, name, src, severity, index).Pix {
			n++
			sum += float64(b)
			squares += float64(b) * float64(b)
		}
	}
	var p [256]float64
	last := 0.0
	for k := range p {
		p[k] = below(k+1) - last
		last += p[k]
	}
	var mean, second, fourth float64
	for k, p := range p {
		mean += p * float64(k)
	}
	for k, p := range p {
		d := float64(k) - mean
		second += p * d * d
		fourth += p * d * d * d * d
	}
	gotMean := sum / n
	gotSecond := squares/n - 2*mean*gotMean + mean*mean
	if se := math.Sqrt(second / n); math.Abs(gotMean-mean) > 5*se {
		t.Errorf("%s, size %d, severity %d, value %d: mean %.3f, want %.3f ± %.3f", name, size, severity, v, gotMean, mean, se)
	}
	if se := math.Sqrt((fourth - second*second) / n); math.Abs(gotSecond-second) > 5*se {
		t.Errorf("%s, size %d, severity %d, value %d: variance %.2f, want %.2f ± %.2f", name, size, severity, v, gotSecond, second, se)
	}
}

// TestNoiseIsIndependent: neighbours, channels and images share no noise.
func TestNoiseIsIndependent(t *testing.T) {
	src := pixel.New(64, 64, 3)
	for i := range src.Pix {
		src.Pix[i] = 128
	}
	a := apply(t, "gaussian_noise", src, 3, 0).Pix
	b := apply(t, "gaussian_noise", src, 3, 1).Pix
	c := apply(t, "gaussian_noise", src, 4, 0).Pix
	for _, pair := range []struct {
		name string
		x, y []uint8
	}{
		{"channels", a[:len(a)-1], a[1:]},
		{"neighbours", a[:len(a)-3], a[3:]},
		{"rows", a[:len(a)-3*64], a[3*64:]},
		{"images", a, b},
		{"severities", a, c},
	} {
		var xx, yy, xy float64
		for i := range pair.x {
			// 127.5 is the mean: values are truncated.
			x, y := float64(pair.x[i])-127.5, float64(pair.y[i])-127.5
			xx, yy, xy = xx+x*x, yy+y*y, xy+x*y
		}
		if r := xy / math.Sqrt(xx*yy); math.Abs(r) > 5/math.Sqrt(float64(len(pair.x))) {
			t.Errorf("%s: correlation %.4f", pair.name, r)
		}
	}
}

// TestWorkers: bytes depend on the image's number, not on the goroutine or on what
// a Corruptor did before.
func TestWorkers(t *testing.T) {
	var images []*pixel.Image
	for i := range 24 {
		m := picture(32, 32, 3)
		for j := range m.Pix {
			m.Pix[j] += uint8(i * j)
		}
		images = append(images, m)
	}
	for _, name := range corrupt.Names() {
		for severity := 1; severity <= corrupt.Severities; severity++ {
			want := corruptAll(t, name, images, severity, 1)
			for _, workers := range []int{2, 5, 24} {
				if !bytes.Equal(corruptAll(t, name, images, severity, workers), want) {
					t.Errorf("%s, severity %d: other bytes with %d workers", name, severity, workers)
				}
			}
		}
	}
}

// perChannel holds the corruptions that treat equal channels unequally.
var perChannel = map[string]bool{
	"gaussian_noise": true, "shot_noise": true, "impulse_noise": true, "speckle_noise": true,
	"frost":    true, // has coloured textures
	"spatter":  true, // has coloured drops
	"saturate": true, // makes grey pixels of an RGB image red
}

// TestAnySize: grey and colour, odd, narrow and single pixels; a Corruptor is used
// for all in turn, the source stays, and a grey picture is a colour one of equal
// channels.
func TestAnySize(t *testing.T) {
	for _, name := range corrupt.Names() {
		c, err := corrupt.New(name, 32)
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range [][2]int{{64, 48}, {1, 1}, {3, 1}, {1, 7}, {33, 2}, {32, 32}} {
			w, h := size[0], size[1]
			grey, colour := picture(w, h, 1), pixel.New(w, h, 3)
			for i := range colour.Pix {
				colour.Pix[i] = grey.Pix[i/3]
			}
			for severity := 1; severity <= corrupt.Severities; severity++ {
				keep := grey.Clone()
				g, rgb := pixel.New(w, h, 1), pixel.New(w, h, 3)
				r, r3 := corrupt.Stream(name, 1, severity, 0), corrupt.Stream(name, 1, severity, 0)
				c.Apply(g, grey, severity, &r)
				c.Apply(rgb, colour, severity, &r3)
				if !reflect.DeepEqual(keep, grey) {
					t.Fatalf("%s: the source changed", name)
				}
				if perChannel[name] {
					continue
				}
				for i, v := range rgb.Pix {
					if v != g.Pix[i/3] {
						t.Fatalf("%s at %d×%d: grey gives %d, colour %d", name, w, h, g.Pix[i/3], v)
					}
				}
				if w*h > 1000 && bytes.Equal(g.Pix, grey.Pix) {
					t.Errorf("%s at %d×%d: severity %d changes nothing", name, w, h, severity)
				}
			}
		}
	}
}

func TestRegistry(t *testing.T) {
	if got, want := corrupt.Names(), []string{
		"gaussian_noise", "shot_noise", "impulse_noise", "defocus_blur", "glass_blur", "motion_blur", "zoom_blur", "snow", "frost",
		"fog", "brightness", "contrast", "elastic_transform", "pixelate", "jpeg_compression", "speckle_noise", "gaussian_blur",
		"spatter", "saturate",
	}; !slices.Equal(got, want) {
		t.Errorf("Names: got %v, want %v", got, want)
	}
	if got := corrupt.Test(); !slices.Equal(got, corrupt.Names()[:len(got)]) || slices.Contains(got, "saturate") {
		t.Errorf("Test: got %v", got)
	}
	if names := corrupt.Names(); len(corrupt.Test()) != 15 || names[14] != "jpeg_compression" || names[18] != "saturate" {
		t.Errorf("got %d for testing of %v", len(corrupt.Test()), names)
	}
	counts := map[string]int{}
	for _, name := range corrupt.Test() {
		if !slices.Contains(corrupt.Groups(), corrupt.Group(name)) {
			t.Errorf("Group(%q): got %q, not one of %v", name, corrupt.Group(name), corrupt.Groups())
		}
		counts[corrupt.Group(name)]++
	}
	if want := map[string]int{"noise": 3, "blur": 4, "weather": 4, "digital": 4}; !reflect.DeepEqual(counts, want) {
		t.Errorf("test corruptions by group: got %v, want %v", counts, want)
	}
	if got := corrupt.Group("rain"); got != "" {
		t.Errorf("Group(rain): got %q", got)
	}
	for _, c := range []struct {
		name, text string
		size       int
	}{
		{"rain", `corruption "rain": not one of gaussian_noise, `, 32},
		{"contrast", "0 pixels", 0},
	} {
		if _, err := corrupt.New(c.name, c.size); err == nil || !strings.Contains(err.Error(), c.text) {
			t.Errorf("New(%q, %d): got %v, want an error with %q", c.name, c.size, err, c.text)
		}
	}
	for size, want := range map[int]int{1: 32, 32: 32, 48: 32, 49: 64, 96: 64, 144: 64, 145: 224, 224: 224, 256: 224, 262: 299, 4000: 299} {
		if got := corrupt.TableSize(size); got != want {
			t.Errorf("TableSize(%d): got %d, want %d", size, got, want)
		}
	}
}

func TestApplyRefuses(t *testing.T) {
	c, err := corrupt.New("contrast", 32)
	if err != nil {
		t.Fatal(err)
	}
	for _, try := range []struct {
		name     string
		dst      *pixel.Image
		severity int
	}{
		{"severity 0", pixel.New(32, 32, 3), 0},
		{"severity 6", pixel.New(32, 32, 3), 6},
		{"another height", pixel.New(32, 31, 3), 1},
		{"grey", pixel.New(32, 32, 1), 1},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", try.name)
				}
			}()
			c.Apply(try.dst, pixel.New(32, 32, 3), try.severity, nil)
		}()
	}
}

func TestNoAllocation(t *testing.T) {
	src, dst := picture(32, 32, 3), pixel.New(32, 32, 3)
	for _, name := range corrupt.Names() {
		c, err := corrupt.New(name, 32)
		if err != nil {
			t.Fatal(err)
		}
		index := 0
		var r rng.Stream
		all := func() {
			for severity := 1; severity <= corrupt.Severities; severity++ {
				r = corrupt.Stream(name, 0, severity, index)
				c.Apply(dst, src, severity, &r)
				index++
			}
		}
		all()
		if got := testing.AllocsPerRun(10, all); got != 0 {
			t.Errorf("%s: %v allocations for %d images, want none", name, got, corrupt.Severities)
		}
	}
}

func BenchmarkApply(b *testing.B) {
	for _, size := range []int{32, 224} {
		src, dst := picture(size, size, 3), pixel.New(size, size, 3)
		for _, name := range corrupt.Names() {
			b.Run(fmt.Sprintf("corruption=%s/size=%d", name, size), func(b *testing.B) {
				c, err := corrupt.New(name, size)
				if err != nil {
					b.Fatal(err)
				}
				r := corrupt.Stream(name, 0, 1, 0)
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					c.Apply(dst, src, i%corrupt.Severities+1, &r)
				}
			})
		}
	}
}
