package data

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"augmix/pixel"
	"augmix/pixel/jpeg"
	"augmix/rng"
)

// picture returns a colourful image that no other seed gives.
func picture(w, h int, seed uint64) *pixel.Image {
	r := rng.Named("picture", seed)
	m := pixel.New(w, h, 3)
	var slope [3]float64
	for c := range slope {
		slope[c] = r.Uniform(-2, 2)
	}
	for i := range m.Pix {
		m.Pix[i] = uint8(100 + slope[i%3]*float64(i/3%w) + slope[(i+1)%3]*float64(i/3/w) + r.Uniform(0, 20))
	}
	return m
}

// photographs makes an image folder of n pictures of different sizes in each of two
// classes, train and val the same. The last one is a PNG.
func photographs(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	for i := range 2 * n {
		m := picture(80+7*(i%5), 70+5*(i%7), uint64(i))
		content := jpeg.Encode(nil, m, 90, false)
		if i == 2*n-1 {
			content = encodePNG(t, m.ToNRGBA())
		}
		for _, split := range []string{"train", "val"} {
			write(t, filepath.Join(dir, split, []string{"cat", "dog"}[i/n], fmt.Sprintf("%02d.jpg", i)), content)
		}
	}
	return dir
}

func encodePNG(t *testing.T, m image.Image) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.png")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, m); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func mustOpenFolder(t testing.TB, dir, split string, o FolderOptions) *Folder {
	t.Helper()
	f, err := OpenFolder("folder", dir, split, o)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// The transforms of ImageNet's recipes, from the file to the pixels, bit for bit.
func TestPhotographsEqualTorchvision(t *testing.T) {
	dir := filepath.Join(realData(t), "imagenet-samples")
	if !isDir(dir) {
		t.Skipf("no test data: there is no %s", dir)
	}
	f := mustOpenFolder(t, dir, "test", FolderOptions{})
	golden := readTorchvision(t).Photographs
	if f.Len() != len(golden) {
		t.Fatalf("%s has %d images, want %d", dir, f.Len(), len(golden))
	}
	r := f.NewReader(false).(*folderReader)
	defer r.Close()
	m := pixel.New(f.Size())
	check := func(what, file, want string, err error) {
		t.Helper()
		sum := sha256.Sum256(m.Pix)
		if got := hex.EncodeToString(sum[:]); err != nil || got != want {
			t.Errorf("%s of %s: got %.8s…, %v, want %.8s…", what, file, got, err, want)
		}
	}
	for i, g := range golden {
		if f.Describe(i) != "val/"+g.File || f.Label(i) != g.Label {
			t.Fatalf("image %d is %s labelled %d, want %s, %d", i, f.Describe(i), f.Label(i), g.File, g.Label)
		}
		check("evaluation", g.File, g.Evaluation, r.Read(i, m, nil))
		content, err := r.file.ReadFile(f.path(i))
		if err != nil {
			t.Fatal(err)
		}
		check("crop", g.File, g.Crop, r.training(m, content, window{g.Box[0], g.Box[1], g.Box[2], g.Box[3]}, g.Flip))
	}
}

// A training sample is the crop that its stream draws, mirrored or not.
func TestTrainingSample(t *testing.T) {
	f := mustOpenFolder(t, photographs(t, 3), "train", FolderOptions{ImageSize: 32})
	reader := f.NewReader(true)
	defer reader.Close()
	got, want, whole := pixel.New(32, 32, 3), pixel.New(32, 32, 3), &pixel.Image{}
	flips := 0
	for i := range f.Len() {
		for epoch := range uint64(20) {
			r := rng.New(1, epoch, uint64(i), 0)
			again := r
			if err := reader.Read(i, got, &r); err != nil {
				t.Fatal(err)
			}
			content, err := os.ReadFile(f.path(i))
			if err != nil {
				t.Fatal(err)
			}
			files := &reader.(*folderReader).file
			if err := files.Decode(whole, content); err != nil {
				t.Fatal(err)
			}
			crop := randomResizedCrop(whole.W, whole.H, &again)
			cut := pixel.New(crop.w, crop.h, 3)
			pixel.Crop(cut, whole, crop.x, crop.y)
			pixel.Resize(want, cut, pixel.Bilinear)
			if again.Bool() {
				flips++
				pixel.FlipH(want, want)
			}
			if !slices.Equal(got.Pix, want.Pix) {
				t.Errorf("image %d, epoch %d: not the crop %v resized", i, epoch, crop)
			}
			if r.Uint64() != again.Uint64() {
				t.Errorf("image %d, epoch %d: another number of draws", i, epoch)
			}
		}
	}
	if n := f.Len() * 20; flips < n/4 || flips > 3*n/4 {
		t.Errorf("%d of %d samples are mirrored", flips, n)
	}
}

// The number of workers changes no byte, nor does the place where the pipeline
// begins.
func TestFolderPipeline(t *testing.T) {
	f := mustOpenFolder(t, photographs(t, 9), "train", FolderOptions{ImageSize: 24})
	configure := func(workers int) PipelineConfig {
		cfg := config(f)
		cfg.BatchSize, cfg.Workers, cfg.Slots = 4, workers, slots(f, 3, 3, 4)
		return cfg
	}
	all := drain(t, configure(1), 0, 0)
	if len(all) != 3*5 {
		t.Fatalf("got %d batches, want 15", len(all))
	}
	for _, workers := range []int{2, 5, 16} {
		if got := drain(t, configure(workers), 0, 0); !slices.Equal(got, all) {
			t.Errorf("%d workers: other batches than one", workers)
		}
	}
	if got := drain(t, configure(2), 1, 3); !slices.Equal(got, all[8:]) {
		t.Error("from epoch 1 step 3: not the rest of the whole run")
	}
	seen := map[[32]byte]bool{}
	for _, r := range all {
		seen[r.hash] = true
	}
	if len(seen) != len(all) {
		t.Error("two batches are the same")
	}
}

// Two ranks read every image once in an epoch.
func TestRanksShareAFolder(t *testing.T) {
	f := mustOpenFolder(t, photographs(t, 7), "train", FolderOptions{ImageSize: 8})
	var all []int
	for rank := range 2 {
		cfg := config(f)
		cfg.Sampler.Rank, cfg.Sampler.World, cfg.BatchSize, cfg.Epochs, cfg.Slots = rank, 2, 6, 1, slots(f, 2, 3, 3)
		p, err := NewPipeline(cfg)
		if err != nil {
			t.Fatal(err)
		}
		p.Start(0, 0)
		for {
			b, err := p.Next()
			if err != nil {
				break
			}
			all = append(all, b.Index...)
			p.Release(b)
		}
		p.Close()
	}
	slices.Sort(all)
	if !slices.Equal(all, ascending(f.Len())) {
		t.Errorf("the ranks read %v", all)
	}
}

// An image that is read allocates nothing once the largest has been.
func TestFolderAllocation(t *testing.T) {
	dir := photographs(t, 4)
	if err := os.Remove(filepath.Join(dir, "train", "dog", "07.jpg")); err != nil { // the PNG
		t.Fatal(err)
	}
	for name, cfg := range map[string]PipelineConfig{
		"training":                {Train: true},
		"evaluation":              {},
		"training, fast decode":   {Train: true, Seed: 1},
		"evaluation, fast decode": {Seed: 1},
	} {
		f := mustOpenFolder(t, dir, "train", FolderOptions{ImageSize: 16, FastDecode: cfg.Seed == 1})
		cfg.Dataset, cfg.NewViewer = f, func() Viewer { return Plain{} }
		w := newWorker(&cfg)
		defer w.close()
		n := f.Len()
		b := Batch{Pixels: make([]float32, n*16*16*3), Labels: make([]int64, n), Index: ascending(n), N: n, Views: 1}
		fill := func() {
			for i := range n {
				if _, err := w.fill(&b, i); err != nil {
					t.Fatal(err)
				}
			}
		}
		for range 50 { // Of random crops the largest comes late.
			fill()
		}
		if allocations := testing.AllocsPerRun(20, fill); allocations != 0 {
			t.Errorf("%s: %v allocations in %d images, want 0", name, allocations, n)
		}
	}
}

// With an exact decoder a scaled one's pixels differ by a few levels.
func TestFastDecode(t *testing.T) {
	dir := photographs(t, 4)
	for _, train := range []bool{false, true} {
		exact := mustOpenFolder(t, dir, "train", FolderOptions{ImageSize: 16}).NewReader(train)
		fast := mustOpenFolder(t, dir, "train", FolderOptions{ImageSize: 16, FastDecode: true}).NewReader(train)
		defer exact.Close()
		defer fast.Close()
		a, b := pixel.New(16, 16, 3), pixel.New(16, 16, 3)
		differ := 0
		for i := range 7 {
			r := rng.New(1, 0, uint64(i), 0)
			again := r
			if err := exact.Read(i, a, &r); err != nil {
				t.Fatal(err)
			}
			if err := fast.Read(i, b, &again); err != nil {
				t.Fatal(err)
			}
			mean := meanDifference(a, b)
			if mean > 8 {
				t.Errorf("training %v, image %d: the mean difference is %.1f levels, want at most 8", train, i, mean)
			}
			if mean > 0 {
				differ++
			}
		}
		if differ == 0 {
			t.Errorf("training %v: no image differs: nothing was decoded at a reduced size", train)
		}
	}
}

// What --fast-decode changes on photographs of about 500×375 pixels, as the comment
// on FolderOptions states it.
func TestFastDecodeOnPhotographs(t *testing.T) {
	dir := filepath.Join(realData(t), "imagenet-samples")
	if !isDir(dir) {
		t.Skipf("no test data: there is no %s", dir)
	}
	for side, wantShare := range map[int]float64{224: 0.02, 64: 0.85} {
		var readers [2]Reader
		var images [2]*pixel.Image
		for i, fast := range []bool{false, true} {
			f := mustOpenFolder(t, dir, "test", FolderOptions{ImageSize: side, FastDecode: fast})
			readers[i], images[i] = f.NewReader(true), pixel.New(f.Size())
			defer readers[i].Close()
		}
		samples, reduced, sum := 0, 0, 0.0
		for epoch := range uint64(2) {
			for i := range 120 {
				for k, r := range readers {
					stream := rng.New(1, epoch, uint64(i), 0)
					if err := r.Read(i, images[k], &stream); err != nil {
						t.Fatal(err)
					}
				}
				samples++
				if difference := meanDifference(images[0], images[1]); difference > 0 {
					reduced++
					sum += difference
				}
			}
		}
		share, mean := float64(reduced)/float64(samples), sum/float64(max(reduced, 1))
		t.Logf("crops of %d pixels: %.0f %% are decoded at a reduced size, those differ by %.1f levels in the mean", side, 100*share, mean)
		if share < wantShare-0.05 || share > wantShare+0.05 || mean > 4 {
			t.Errorf("crops of %d pixels: %.3f differ by %.2f levels in the mean, want %.2f and at most 4", side, share, mean, wantShare)
		}
	}
}

// meanDifference returns the mean absolute difference of two images' values.
func meanDifference(a, b *pixel.Image) float64 {
	sum := 0
	for i := range a.Pix {
		d := int(a.Pix[i]) - int(b.Pix[i])
		sum += max(d, -d)
	}
	return float64(sum) / float64(len(a.Pix))
}

// TestReadImage reads a file as a whole and says what is wrong with one that is no
// image.
func TestReadImage(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.png")
	var file bytes.Buffer
	src := image.NewNRGBA(image.Rect(0, 0, 3, 2))
	src.SetNRGBA(2, 1, color.NRGBA{10, 20, 30, 128})
	if err := png.Encode(&file, src); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := ReadImage(path)
	if err != nil || m.W != 3 || m.H != 2 || !slices.Equal(m.Pix[15:], []uint8{10, 20, 30}) {
		t.Errorf("got %+v, %v, want 3×2 pixels, the last 10 20 30 with its transparency dropped", m, err)
	}
	for name, want := range map[string]Kind{dir: Invalid, filepath.Join(dir, "none.png"): Missing} {
		if _, err := ReadImage(name); err == nil {
			t.Errorf("%s: no error", name)
		} else if e, ok := errors.AsType[*Error](err); !ok || e.Kind != want || e.Path != name {
			t.Errorf("%s: got %v, want an Error of kind %v that names it", name, err, want)
		}
	}
}

// From the file to the pixels, on one core.
func BenchmarkPhotographs(b *testing.B) {
	dir := filepath.Join(realData(b), "imagenet-samples")
	if !isDir(dir) {
		b.Skipf("no test data: there is no %s", dir)
	}
	for _, side := range []int{224, 64} {
		for _, train := range []bool{true, false} {
			for _, fast := range []bool{false, true} {
				b.Run(fmt.Sprintf("side=%d/train=%v/fast=%v", side, train, fast), func(b *testing.B) {
					f := mustOpenFolder(b, dir, "test", FolderOptions{ImageSize: side, FastDecode: fast})
					r, m := f.NewReader(train), pixel.New(f.Size())
					defer r.Close()
					i := 0
					for b.Loop() {
						stream := rng.New(1, uint64(i/f.Len()), uint64(i%f.Len()), 0)
						if err := r.Read(i%f.Len(), m, &stream); err != nil {
							b.Fatal(err)
						}
						i++
					}
				})
			}
		}
	}
}
