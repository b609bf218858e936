package pixel

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"
)

// TestNearestAndBicubicParity compares with the SHA-256 of what Pillow 13.0.0 made of the same images
// (testdata/nearest.py): not one byte differs.
func TestNearestAndBicubicParity(t *testing.T) {
	operations := map[string]operation{
		"shear_x_bicubic": ShearXBicubic,
		"shear_y_bicubic": ShearYBicubic,
		"shear_x_nearest": ShearXNearest,
		"shear_y_nearest": ShearYNearest,
		"translate_x_nearest": func(dst, src *Image, v float64, fill uint8) {
			TranslateNearest(dst, src, v, 0, fill)
		},
		"translate_y_nearest": func(dst, src *Image, v float64, fill uint8) {
			TranslateNearest(dst, src, 0, v, fill)
		},
		"rotate_nearest": RotateNearest,
		"invert":         withoutArgument(Invert),
	}
	text, err := os.ReadFile("testdata/nearest.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Set, Op, SHA256 string
			Arg             float64
			Fill            uint8
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatalf("testdata/nearest.json: %v", err)
	}
	if len(golden.Cases) < 500 {
		t.Fatalf("testdata/nearest.json has %d cases, want at least 500", len(golden.Cases))
	}
	sets := testSets()
	for _, c := range golden.Cases {
		hash := sha256.New()
		for _, src := range sets[c.Set] {
			dst := New(src.W, src.H, src.C)
			for i := range dst.Pix {
				dst.Pix[i] = 0xa5
			}
			operations[c.Op](dst, src, c.Arg, c.Fill)
			hash.Write(dst.Pix)
		}
		if got := hex.EncodeToString(hash.Sum(nil)); got != c.SHA256 {
			t.Errorf("%s %s %v fill %d: got SHA-256 %s, want Pillow's %s", c.Set, c.Op, c.Arg, c.Fill, got, c.SHA256)
		}
	}
}
