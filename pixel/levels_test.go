package pixel_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"augmix/augmix"
	"augmix/pixel"
	"augmix/pixel/imagefile"
)

// TestLevelsEqualPillow compares AugMix's operations at every level and sign with
// the SHA-256 of what Pillow 13.0.0 made of the same images (testdata/levels.py):
// not one byte differs.
func TestLevelsEqualPillow(t *testing.T) {
	text, err := os.ReadFile("testdata/levels.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Set, Op, SHA256 string
			Level           float64
			Negative        bool
		}
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatalf("testdata/levels.json: %v", err)
	}
	sets := map[string][]*pixel.Image{"sizes": pixel.LevelImages(), "photographs": photographs(t)}
	if n := len(sets["sizes"]); n != 78 {
		t.Fatalf("%d images, want 78", n)
	}
	mixer := augmix.NewMixer(augmix.Default)
	compared := map[string]int{}
	for _, c := range golden.Cases {
		if len(sets[c.Set]) == 0 {
			continue
		}
		op := slices.IndexFunc(augmix.Operations[:], func(o augmix.Operation) bool { return o.Name == c.Op })
		hash := sha256.New()
		for _, src := range sets[c.Set] {
			dst := pixel.New(src.W, src.H, src.C)
			mixer.Chain(dst, src, []augmix.Step{{Op: op, Level: c.Level, Negative: c.Negative}})
			hash.Write(dst.Pix)
		}
		if got := hex.EncodeToString(hash.Sum(nil)); got != c.SHA256 {
			t.Errorf("%s: %s at level %v, negative %v: got SHA-256 %s, want Pillow's %s", c.Set, c.Op, c.Level, c.Negative, got, c.SHA256)
		}
		compared[c.Set]++
	}
	// Two operations without a level, posterize to level 9, ten levels of the other
	// ten, five of which have two signs.
	if want := 2 + 9 + 10*(10+5); compared["sizes"] != want {
		t.Errorf("%d cases of the seeded images, want %d", compared["sizes"], want)
	}
}

// photographs reads every twentieth photograph of the shared data, or none where
// they are not there.
func photographs(t *testing.T) []*pixel.Image {
	dir := os.Getenv("AUGMIX_TEST_DATA")
	if dir == "" {
		dir = "../../shared/data"
	}
	files, err := filepath.Glob(filepath.Join(dir, "imagenet-samples/val/*/*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Logf("only seeded images: there are no photographs in %s (AUGMIX_TEST_DATA)", dir)
	}
	var reader imagefile.Reader
	defer reader.Close()
	var images []*pixel.Image
	for i := 0; i < len(files); i += 20 {
		content, err := reader.ReadFile(files[i])
		if err != nil {
			t.Fatal(err)
		}
		m := &pixel.Image{}
		if err := reader.Decode(m, content); err != nil {
			t.Fatal(err)
		}
		images = append(images, m)
	}
	return images
}
