package data

import (
	"math"
	"slices"
	"testing"

	"augmix/pixel"
)

// The set must not change by accident: figures of different versions of the
// program are compared on it. (Processors that fuse multiplications and additions
// differ in the last bit of a float64, which moves one of the 18 million rounded
// values once in a million versions.)
func TestShapesFingerprint(t *testing.T) {
	for split, want := range map[string]string{
		"train": "2204cc8fabfd93c479b6fc29f42edbaba086cac4b23a1c1e6fd91fa43387680c",
		"test":  "3725b9232e4f7eceaa37a8f15b915f80a6037c9783e7ab065d2d3a4657383604",
	} {
		d, err := Open("shapes", "", split)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Fingerprint(); got != want {
			t.Errorf("shapes %s has the fingerprint %s, want %s", split, got, want)
		}
	}
}

func TestShapesAreBalanced(t *testing.T) {
	for split, n := range map[string]int{"train": shapesTrain, "test": shapesTest} {
		d := openShapes(split)
		counts := make([]int, len(d.Classes()))
		for i := range d.Len() {
			counts[d.Label(i)]++
		}
		if d.Len() != n || slices.Min(counts) != n/10 || slices.Max(counts) != n/10 {
			t.Errorf("%s: %d samples, by class %v", split, d.Len(), counts)
		}
	}
	if len(shapesFigures) != len(shapesClasses) {
		t.Errorf("%d figures, %d names", len(shapesFigures), len(shapesClasses))
	}
}

// No image is in the set twice, nor in both splits.
func TestShapesAreDifferent(t *testing.T) {
	seen := map[string]bool{}
	for _, split := range []string{"train", "test"} {
		d := openShapes(split)
		m := pixel.New(d.Size())
		for i := range d.Len() {
			if err := d.NewReader(false).Read(i, m, nil); err != nil {
				t.Fatal(err)
			}
			if seen[string(m.Pix)] {
				t.Fatalf("%s %d is there twice", split, i)
			}
			seen[string(m.Pix)] = true
		}
	}
}

// A figure covers part of the image and stays within its circle.
func TestFigures(t *testing.T) {
	const steps = 200
	areas := map[string]float64{}
	for i, distance := range shapesFigures {
		name, inside := shapesClasses[i], 0
		for y := range steps {
			for x := range steps {
				px, py := 3*(float64(x)+0.5)/steps-1.5, 3*(float64(y)+0.5)/steps-1.5
				d := distance(px, py)
				if math.IsNaN(d) {
					t.Fatalf("%s at (%v, %v) is NaN", name, px, py)
				}
				if d < 0 {
					inside++
					if math.Hypot(px, py) > 1.3 {
						t.Errorf("%s covers (%.2f, %.2f)", name, px, py)
					}
				}
			}
		}
		areas[name] = 9 * float64(inside) / steps / steps
	}
	// Areas by geometry, to a hundredth or two of the grid's resolution.
	want := map[string]float64{
		"disc":     math.Pi * 0.95 * 0.95,
		"ring":     math.Pi * (0.98*0.98 - 0.5*0.5),
		"square":   1.64 * 1.64,
		"frame":    1.74*1.74 - 0.9*0.9,
		"triangle": 3 * math.Sqrt(3) / 4 * 1.15 * 1.15,
		"star":     5 * 1.15 * 0.48 * math.Sin(math.Pi/5),
		"cross":    2*2*0.64 - 0.64*0.64,
		"bars":     3 * 1.8 * 0.4,
		"ell":      0.6*1.9 + 1.6*0.6 - 0.6*0.6,
	}
	for name, w := range want {
		if math.Abs(areas[name]-w) > 0.03*w {
			t.Errorf("%s has the area %.3f, want %.3f", name, areas[name], w)
		}
	}
	if a := areas["crescent"]; a < 0.8 || a > 0.7*want["disc"] {
		t.Errorf("crescent has the area %.3f", a)
	}
}

func BenchmarkShapes(b *testing.B) {
	for b.Loop() {
		openShapes("train")
	}
	b.ReportMetric(float64(b.N)*shapesTrain/b.Elapsed().Seconds(), "images/s")
}
