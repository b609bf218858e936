package imagefile

import (
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"augmix/pixel"
)

// resizedCrop draws the rectangle of torchvision's RandomResizedCrop(scale=(0.08,
// 1), ratio=(3/4, 4/3)) in its first attempt that fits.
func resizedCrop(rnd *rand.Rand, w, h int) (x, y, cw, ch int) {
	for range 10 {
		area := float64(w*h) * (0.08 + 0.92*rnd.Float64())
		ratio := math.Exp((rnd.Float64()*2 - 1) * math.Log(4./3))
		cw, ch = int(math.Round(math.Sqrt(area*ratio))), int(math.Round(math.Sqrt(area/ratio)))
		if cw > 0 && cw <= w && ch > 0 && ch <= h {
			return rnd.IntN(w - cw + 1), rnd.IntN(h - ch + 1), cw, ch
		}
	}
	return 0, 0, w, h
}

// photographsInMemory returns the content of all photographs.
func photographsInMemory(t testing.TB) (names []string, files [][]byte) {
	dir := photographs(t)
	for _, p := range readGolden(t).Photographs {
		data, err := os.ReadFile(filepath.Join(dir, p.Name))
		if err != nil {
			t.Fatal(err)
		}
		names, files = append(names, p.Name), append(files, data)
	}
	return names, files
}

// TestFastDecode measures what scaling while decoding changes in 224×224 crops of
// the photographs: whole ones, which are the largest regions that there are, and
// random ones. It fails where the difference is more than one would expect of
// another resampling filter.
func TestFastDecode(t *testing.T) {
	_, files := photographsInMemory(t)
	rnd := rand.New(rand.NewPCG(1, 2))
	var r Reader
	defer r.Close()
	var resizer pixel.Resizer
	var region pixel.Image
	exact, fast := pixel.New(224, 224, 3), pixel.New(224, 224, 3)
	for kind, times := range map[string]int{"whole": 1, "random": 5} {
		scaled, n := 0, 0
		var sum, squares, worst float64
		for _, data := range files {
			w, h, err := r.Size(data)
			if err != nil {
				t.Fatal(err)
			}
			for range times {
				x, y, cw, ch := 0, 0, w, h
				if kind == "random" {
					x, y, cw, ch = resizedCrop(rnd, w, h)
				}
				n++
				d := Denominator(cw, ch, 224, 224)
				if d == 1 {
					continue
				}
				scaled++
				if err := r.Region(&region, data, x, y, cw, ch); err != nil {
					t.Fatal(err)
				}
				resizer.Resize(exact, &region, pixel.Bilinear)
				if err := r.RegionScaled(&region, data, x, y, cw, ch, d); err != nil {
					t.Fatal(err)
				}
				resizer.Resize(fast, &region, pixel.Bilinear)
				var s, q float64
				for i := range exact.Pix {
					diff := math.Abs(float64(exact.Pix[i]) - float64(fast.Pix[i]))
					s += diff
					q += diff * diff
				}
				sum, squares, worst = sum+s, squares+q, max(worst, s/float64(len(exact.Pix)))
			}
		}
		if scaled == 0 {
			continue
		}
		values := float64(scaled * len(exact.Pix))
		mean, psnr := sum/values, 10*math.Log10(255*255/(squares/values))
		t.Logf("%s: %d of %d crops are decoded at a smaller scale; these differ by %.2f of 255 on average (at most %.2f), PSNR %.1f dB", kind, scaled, n, mean, worst, psnr)
		if mean > 4 || psnr < 30 {
			t.Errorf("%s: mean difference %.2f, PSNR %.1f dB; want at most 4 and at least 30", kind, mean, psnr)
		}
	}
}

// processTime returns the nanoseconds of processor time that this process has taken:
// what other programs take meanwhile does not count.
func processTime(b *testing.B) int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return t.Nano()
}

// BenchmarkPhotograph times one photograph on its way to 224×224: decoded alone, as
// evaluations see it, as a random crop, and as a whole where it is large enough for
// --fast-decode to change something.
func BenchmarkPhotograph(b *testing.B) {
	_, files := photographsInMemory(b)
	var r Reader
	defer r.Close()
	var resizer pixel.Resizer
	var m pixel.Image
	small := pixel.New(224, 224, 3)
	decode := func(b *testing.B, data []byte) {
		if err := r.Decode(&m, data); err != nil {
			b.Fatal(err)
		}
	}
	crop := func(b *testing.B, data []byte, rnd *rand.Rand, fast bool) {
		w, h, err := r.Size(data)
		if err != nil {
			b.Fatal(err)
		}
		x, y, cw, ch := 0, 0, w, h
		if rnd != nil {
			x, y, cw, ch = resizedCrop(rnd, w, h)
		}
		d := 1
		if fast {
			d = Denominator(cw, ch, 224, 224)
		}
		if err := r.RegionScaled(&m, data, x, y, cw, ch, d); err != nil {
			b.Fatal(err)
		}
		resizer.Resize(small, &m, pixel.Bilinear)
	}
	var large [][]byte // both sides at least 448
	for _, data := range files {
		if w, h, err := r.Size(data); err == nil && Denominator(w, h, 224, 224) > 1 {
			large = append(large, data)
		}
	}
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name  string
		files [][]byte
		do    func(b *testing.B, data []byte)
	}{
		{"decode", files, decode},
		{"decode,centre", files, func(b *testing.B, data []byte) {
			decode(b, data)
			resizer.ResizeCrop(small, &m, 256, pixel.Bilinear)
		}},
		{"crop", files, func(b *testing.B, data []byte) { crop(b, data, rnd, false) }},
		{"crop,fast", files, func(b *testing.B, data []byte) { crop(b, data, rnd, true) }},
		{"large", large, func(b *testing.B, data []byte) { crop(b, data, nil, false) }},
		{"large,fast", large, func(b *testing.B, data []byte) { crop(b, data, nil, true) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			start := processTime(b)
			for i := 0; b.Loop(); i++ {
				c.do(b, c.files[i%len(c.files)])
			}
			b.ReportMetric(float64(processTime(b)-start)/float64(b.N), "cpu-ns/op")
		})
	}
}
