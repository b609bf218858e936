package corrupt_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"augmix/corrupt"
	"augmix/pixel"
)

// pattern is the test picture of scripts/parity/perturbations.py.
func pattern(w, h int) *pixel.Image {
	m := pixel.New(w, h, 3)
	for y := range h {
		for x := range w {
			for c := range 3 {
				m.Pix[(y*w+x)*3+c] = uint8(5*x + 3*y + 70*c + 4*(x*y%11))
			}
		}
	}
	return m
}

// blots stands in for noise, as in that script.
func blots(x, y int) float64 { return float64(float64((x/3*7+y/4*13)%32)*0.137) - 1.6 }

// TestSequencesEqualTheOriginals: frame by frame, byte by byte. The digests were made
// by scripts/parity/perturbations.py from the original's own code, of the pattern of
// 32×32 pixels and, resized and cropped there, of 341×256.
func TestSequencesEqualTheOriginals(t *testing.T) {
	text, err := os.ReadFile("testdata/perturbations.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]map[string][]string
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		size, w, h int
	}{{32, 32, 32}, {224, 341, 256}} {
		src := pattern(c.w, c.h)
		sequences := want[fmt.Sprint(c.size)]
		if len(sequences) != 11 {
			t.Errorf("%d pixels: digests of %d perturbations, want 11: all without those of noise", c.size, len(sequences))
		}
		for name, digests := range sequences {
			p, err := corrupt.NewPerturber(name, c.size)
			if err != nil {
				t.Fatal(err)
			}
			if p.Frames() != len(digests) {
				t.Errorf("%s at %d pixels: %d frames, the original has %d", name, c.size, p.Frames(), len(digests))
				continue
			}
			frames := make([]pixel.Image, p.Frames())
			for i := range frames {
				frames[i] = *pixel.New(c.size, c.size, 3)
			}
			left, top := (c.w-c.size)/2, (c.h-c.size)/2
			if name == "snow" || name == "spatter" {
				p.ApplyNoise(frames, src, left, top, blots)
			} else {
				dst := pixel.New(c.size, c.size*len(frames), 3)
				p.Apply(dst, src, nil)
				for i := range frames {
					copy(frames[i].Pix, dst.Pix[i*len(frames[i].Pix):])
				}
			}
			differ := 0
			for i := range frames {
				if sum := sha256.Sum256(frames[i].Pix); fmt.Sprintf("%x", sum[:8]) != digests[i] {
					differ++
				}
			}
			if differ > 0 {
				t.Errorf("%s at %d pixels: %d of %d frames are not the original's", name, c.size, differ, len(frames))
			}
		}
	}
}

// TestNoiseSequences: the first frame is the image, the others have noise of the
// published strength, each its own.
func TestNoiseSequences(t *testing.T) {
	src := pixel.New(64, 64, 3)
	for i := range src.Pix {
		src.Pix[i] = 128
	}
	const x = 128.0 / 255
	for name, want := range map[string]float64{ // of a pixel of this value, on the scale of 0 to 255
		"gaussian_noise": 0.02 * 255, "gaussian_noise_2": 0.04 * 255, "gaussian_noise_3": 0.06 * 255,
		"shot_noise": math.Sqrt(x/700) * 255, "shot_noise_2": math.Sqrt(x/400) * 255, "shot_noise_3": math.Sqrt(x/200) * 255,
		"speckle_noise": 0.05 * 128, "speckle_noise_2": 0.07 * 128, "speckle_noise_3": 0.1 * 128,
	} {
		p, err := corrupt.NewPerturber(name, 32)
		if err != nil {
			t.Fatal(err)
		}
		dst := pixel.New(64, 64*p.Frames(), 3)
		r := corrupt.PerturbationStream(name, 1, 2)
		p.Apply(dst, src, &r)
		n := len(src.Pix)
		if p.Frames() != 31 || !bytes.Equal(dst.Pix[:n], src.Pix) || bytes.Equal(dst.Pix[n:2*n], dst.Pix[2*n:3*n]) {
			t.Errorf("%s: %d frames, or the first is not the image, or two are equal", name, p.Frames())
		}
		var squares float64
		for _, v := range dst.Pix[n:] {
			d := float64(v) + 0.5 - 128
			squares += d * d
		}
		if got := math.Sqrt(squares / float64(len(dst.Pix)-n)); math.Abs(got-want) > 0.02*want {
			t.Errorf("%s: deviation %.2f, want %.2f", name, got, want)
		}
	}
}

// TestRandomSequencesAreSeeded: the same stream gives the same frames, another others.
func TestRandomSequencesAreSeeded(t *testing.T) {
	src := pattern(32, 32)
	for _, name := range append(corrupt.Perturbations(), corrupt.PerturbationVariants()...) {
		random := corrupt.IsNoise(name) || name == "snow" || name == "spatter"
		frames := func(index int) []byte {
			p, err := corrupt.NewPerturber(name, 32)
			if err != nil {
				t.Fatal(err)
			}
			dst := pixel.New(32, 32*p.Frames(), 3)
			r := corrupt.PerturbationStream(name, 0, index)
			p.Apply(dst, src, &r)
			return dst.Pix
		}
		if !bytes.Equal(frames(1), frames(1)) {
			t.Errorf("%s: the same stream gave other frames", name)
		}
		if bytes.Equal(frames(1), frames(2)) == random {
			t.Errorf("%s: frames of another stream are other frames: %v", name, !random)
		}
	}
}

// TestSequencesOfAnyShape: grey and oblong images, windows, and tables for other sizes.
func TestSequencesOfAnyShape(t *testing.T) {
	for _, name := range append(corrupt.Perturbations(), corrupt.PerturbationVariants()...) {
		for _, c := range []struct{ size, w, h, channels, table int }{
			{32, 32, 32, 1, 32}, {20, 33, 47, 3, 32}, {1, 1, 1, 3, 32}, {200, 229, 229, 1, 224},
		} {
			p, err := corrupt.NewPerturber(name, c.size)
			if err != nil {
				t.Fatal(err)
			}
			if p.Table() != c.table {
				t.Errorf("%s of %d pixels: constants for %d, want %d", name, c.size, p.Table(), c.table)
			}
			src := pixel.New(c.w, c.h, c.channels)
			for i := range src.Pix {
				src.Pix[i] = uint8(i * 7)
			}
			r := corrupt.PerturbationStream(name, 0, 0)
			p.Apply(pixel.New(c.size, c.size*p.Frames(), c.channels), src, &r)
		}
	}
	if _, err := corrupt.NewPerturber("gaussian_noise_4", 32); err == nil {
		t.Error("there is a fourth gaussian noise")
	}
}

func BenchmarkPerturb(b *testing.B) {
	src := pattern(32, 32)
	for _, name := range corrupt.Perturbations() {
		b.Run("perturbation="+name, func(b *testing.B) {
			p, err := corrupt.NewPerturber(name, 32)
			if err != nil {
				b.Fatal(err)
			}
			dst := pixel.New(32, 32*p.Frames(), 3)
			for b.Loop() {
				r := corrupt.PerturbationStream(name, 0, 0)
				p.Apply(dst, src, &r)
			}
		})
	}
}
