package preview

import (
	"bytes"
	"fmt"
	"image"
	"testing"

	"augmix/augmix"
	"augmix/benchmark"
	"augmix/corrupt"
	"augmix/data"
	"augmix/pixel"
)

// ramp is an image in which every pixel differs from its neighbours.
func ramp(w, h, c int) Named {
	m := pixel.New(w, h, c)
	for i := range m.Pix {
		m.Pix[i] = uint8(i * 37)
	}
	return Named{Image: m, Name: "ramp"}
}

func TestMixturesDependOnTheSeedAlone(t *testing.T) {
	images := []Named{ramp(32, 32, 3), ramp(40, 20, 3)}
	got := Mixtures(images, augmix.Default, 5)
	if again := Mixtures(images, augmix.Default, 5); !bytes.Equal(got.Pix, again.Pix) {
		t.Error("the same seed gave two pictures")
	}
	if other := Mixtures(images, augmix.Default, 6); bytes.Equal(got.Pix, other.Pix) {
		t.Error("another seed gave the same picture")
	}
}

// TestFirstCellIsTheImage: enlarged by a whole factor, or shrunk to the cell.
func TestFirstCellIsTheImage(t *testing.T) {
	small := ramp(32, 32, 3)
	got := Mixtures([]Named{small}, augmix.Default, 0)
	x, y := gap, gap+lineHeight+margin
	want := small.Image.ToNRGBA()
	for py := range mixtureSide {
		for px := range mixtureSide {
			if g, w := got.NRGBAAt(x+px, y+py), want.NRGBAAt(px/4, py/4); g != w {
				t.Fatalf("pixel (%d, %d): got %v, want %v", px, py, g, w)
			}
		}
	}
	large := ramp(300, 200, 3)
	shown := pixel.New(128, 85, 3)
	pixel.Resize(shown, large.Image, pixel.Bilinear)
	got, want = Mixtures([]Named{large}, augmix.Default, 0), shown.ToNRGBA()
	if g, w := got.NRGBAAt(x+100, y+50), want.NRGBAAt(100, 50); g != w {
		t.Errorf("shrunk image: got %v at (100, 50), want %v", g, w)
	}
}

// TestOperationsShowsEveryLevel: a row for each operation and sign, as wide as ten
// levels and the image.
func TestOperationsShowsEveryLevel(t *testing.T) {
	src := ramp(96, 96, 3)
	for _, c := range []struct {
		allOps bool
		rows   int
	}{{false, 9 + 5}, {true, 13 + 5}} {
		cfg := augmix.Default
		cfg.AllOps = c.allOps
		got := Operations(src, cfg)
		rowH := operationSide + margin + lineHeight + gap
		if want := gap + lineHeight + margin + c.rows*rowH; got.Rect.Dy() != want {
			t.Errorf("all operations %v: got height %d, want %d for %d rows", c.allOps, got.Rect.Dy(), want, c.rows)
		}
		// The last cell of the fourth row is rotate at level 10.
		turned := pixel.New(96, 96, 3)
		pixel.Rotate(turned, src.Image, 30, 0)
		want := turned.ToNRGBA().NRGBAAt(50, 60)
		x := got.Rect.Dx() - gap - operationSide
		if g := got.NRGBAAt(x+50, gap+lineHeight+margin+3*rowH+60); g != want {
			t.Errorf("rotate at level 10: got %v at (50, 60), want %v", g, want)
		}
	}
}

func TestSheetsOfAnyShape(t *testing.T) {
	cfg := augmix.Config{Width: 1, Depth: 4, Severity: 10, Alpha: 1, AllOps: true}
	for _, named := range []Named{ramp(1, 1, 3), ramp(9, 300, 1), ramp(1000, 1, 3), ramp(300, 20, 3)} {
		Mixtures([]Named{named}, cfg, 1)
		Operations(named, cfg)
	}
}

// shape returns a test image of the embedded set.
func shape(t *testing.T, i int) (data.Dataset, Named) {
	t.Helper()
	set, err := data.Open("shapes", "", "test")
	if err != nil {
		t.Fatal(err)
	}
	reader := set.NewReader(false)
	defer reader.Close()
	m := pixel.New(set.Size())
	if err := reader.Read(i, m, nil); err != nil {
		t.Fatal(err)
	}
	return set, Named{Image: m, Name: "shape", Index: i}
}

// read returns sample i of a set.
func read(t *testing.T, set data.Dataset, i int) *pixel.Image {
	t.Helper()
	m := pixel.New(set.Size())
	reader := set.NewReader(false)
	defer reader.Close()
	if err := reader.Read(i, m, nil); err != nil {
		t.Fatal(err)
	}
	return m
}

// checkPicture compares a picture at (x, y) of a sheet with an image enlarged by a whole factor.
func checkPicture(t *testing.T, sheet *image.NRGBA, x, y, factor int, want *pixel.Image, what string) {
	t.Helper()
	pixels := want.ToNRGBA()
	for py := range want.H * factor {
		for px := range want.W * factor {
			if g, w := sheet.NRGBAAt(x+px, y+py), pixels.NRGBAAt(px/factor, py/factor); g != w {
				t.Fatalf("%s: pixel (%d, %d) is %v, want %v", what, px, py, g, w)
			}
		}
	}
}

// TestCorruptionsAreTheBenchmarks: three rows of five panels with the very images of the corruption benchmark.
func TestCorruptionsAreTheBenchmarks(t *testing.T) {
	const index, severity, pitch = 7, 4, smallCorruptionSide + gap
	set, named := shape(t, index)
	making := benchmark.Making{Seed: 3}
	got, err := Corruptions(named, corrupt.Test(), []int{severity}, making)
	if err != nil {
		t.Fatal(err)
	}
	rowH := smallCorruptionSide + margin + lineHeight + gap
	if w, h := got.Rect.Dx(), got.Rect.Dy(); w != gap+5*pitch || h != gap+3*rowH {
		t.Fatalf("the picture has %d×%d pixels, want %d×%d for 3 rows of 5", w, h, gap+5*pitch, gap+3*rowH)
	}
	for i, name := range corrupt.Test() {
		corrupted, err := benchmark.Corrupted(set, name, severity, making)
		if err != nil {
			t.Fatal(err)
		}
		checkPicture(t, got, gap+i%5*pitch, gap+i/5*rowH, 4, read(t, corrupted, index), name)
	}
	// At more severities: a row for each, after a column with the image.
	if got, err = Corruptions(named, []string{"fog", "saturate"}, []int{1, 5}, making); err != nil {
		t.Fatal(err)
	}
	left, top := gap+width(bold, "Saturate")+gap, gap+lineHeight+margin
	checkPicture(t, got, left, top, 4, named.Image, "the image")
	corrupted, err := benchmark.Corrupted(set, "saturate", 5, making)
	if err != nil {
		t.Fatal(err)
	}
	checkPicture(t, got, left+2*pitch, top+smallCorruptionSide+gap, 4, read(t, corrupted, index), "saturate 5")
	if _, err := Corruptions(named, []string{"fogg"}, []int{1}, making); err == nil {
		t.Error("a corruption that is not known is no error")
	}
}

// TestPerturbationsAreTheBenchmarks: the first, the last and the frames between of the sequences that are evaluated.
func TestPerturbationsAreTheBenchmarks(t *testing.T) {
	const index = 11
	set, named := shape(t, index)
	making := benchmark.Making{Seed: 2}
	names := []string{"gaussian_noise_2", "translate"}
	got, err := Perturbations(named, names, 4, making)
	if err != nil {
		t.Fatal(err)
	}
	left := gap + width(bold, "Gaussian noise 2") + gap
	rowH := 96 + margin + lineHeight + gap // three times 32
	for i, frames := range [][]int{{0, 10, 20, 30}, {0, 5, 10, 15}} {
		sequences, err := benchmark.Perturbed(set, names[i], making)
		if err != nil {
			t.Fatal(err)
		}
		whole := read(t, sequences, index)
		for k, j := range frames {
			size := len(named.Image.Pix)
			frame := &pixel.Image{Pix: whole.Pix[j*size : (j+1)*size], W: 32, H: 32, C: 3}
			checkPicture(t, got, left+k*(frameSide+gap), gap+i*rowH, 3, frame, fmt.Sprintf("%s, frame %d", names[i], j))
		}
	}
	if got, err = Perturbations(named, []string{"translate"}, 100, making); err != nil {
		t.Fatal(err)
	}
	if want := gap + width(bold, "Translate") + gap + 16*(frameSide+gap); got.Rect.Dx() != want {
		t.Errorf("all frames of translate: the picture is %d wide, want %d", got.Rect.Dx(), want)
	}
	if _, err := Perturbations(named, []string{"fog"}, 2, making); err == nil {
		t.Error("a perturbation that is not known is no error")
	}
}

// TestBenchmarked: a photograph is cut as ImageNet-C's are, a small image stays.
func TestBenchmarked(t *testing.T) {
	photograph := ramp(500, 375, 3)
	got := Benchmarked(photograph)
	want := pixel.New(224, 224, 3)
	new(pixel.Resizer).ResizeCrop(want, photograph.Image, 256, pixel.Bilinear)
	if !bytes.Equal(got.Image.Pix, want.Pix) || got.Whole.W != 341 || got.Whole.H != 256 {
		t.Errorf("got %d×%d of %d×%d pixels, not the middle 224×224 of 341×256", got.Image.W, got.Image.H, got.Whole.W, got.Whole.H)
	}
	for _, m := range []Named{ramp(299, 299, 3), ramp(1, 1, 3), ramp(32, 200, 1)} {
		if got := Benchmarked(m); got.Image != m.Image || got.Whole != nil {
			t.Errorf("%d×%d pixels became %d×%d", m.Image.W, m.Image.H, got.Image.W, got.Image.H)
		}
	}
	if _, err := Perturbations(got, []string{"translate"}, 3, benchmark.Making{}); err != nil {
		t.Error(err)
	}
	for _, m := range []Named{ramp(1, 1, 3), ramp(5, 40, 1), ramp(60, 20, 3)} {
		if _, err := Corruptions(m, corrupt.Names(), []int{1, 5}, benchmark.Making{}); err != nil {
			t.Error(err)
		}
		if _, err := Perturbations(m, corrupt.Perturbations(), 3, benchmark.Making{}); err != nil {
			t.Error(err)
		}
	}
}
