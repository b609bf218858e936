package methods

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"augmix/pixel"
	"augmix/rng"
)

// policyGolden is testdata/policies.json, which testdata/policies.py makes.
type policyGolden struct {
	Tables map[string][][]struct {
		Op          string
		Probability float64
		Magnitude   *float64
	}
	Digests map[string][]string
}

func readPolicies(t *testing.T) (g policyGolden) {
	t.Helper()
	text, err := os.ReadFile("testdata/policies.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &g); err != nil {
		t.Fatalf("testdata/policies.json: %v", err)
	}
	return g
}

// The tables are torchvision's, without a difference, but that there the magnitude of an operation that has none is
// null. (What torchvision's operations do with them differs: solarize from 255 to 0, nearest pixels, black.)
func TestPolicyTables(t *testing.T) {
	tables := readPolicies(t).Tables
	if len(tables) != 2 {
		t.Fatalf("got %d tables, want CIFAR-10's and ImageNet's", len(tables))
	}
	for name, table := range tables {
		p, _, err := openPolicy(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.subs) != 25 || len(table) != 25 || p.space != autoAugmentSpace {
			t.Fatalf("%s: got %d sub-policies in the space %s, torchvision has %d; want 25", name, len(p.subs), p.space.name, len(table))
		}
		for i, sub := range table {
			for j, want := range sub {
				got := p.subs[i][j]
				if got.name != want.Op || got.probability != want.Probability || got.leveled != (want.Magnitude != nil) ||
					want.Magnitude != nil && got.magnitude != *want.Magnitude {
					t.Errorf("%s, sub-policy %d, operation %d: got %s %v %v, torchvision has %+v", name, i+1, j+1,
						got.name, got.probability, got.magnitude, want)
				}
			}
		}
	}
}

// pillowImages are the images of policies.py.
func pillowImages() []*pixel.Image {
	photo := func(w, h int, seed uint64) *pixel.Image { return inputImage("photo", w, h, seed) }
	return []*pixel.Image{photo(32, 32, 0), inputImage("noise", 32, 32, 1), inputImage("gradient", 32, 32, 2),
		photo(17, 33, 3), photo(64, 48, 4), inputImage("noise", 700, 4, 5), inputImage("noise", 4, 700, 6)}
}

// inputImage makes the image that make() of package pixel's testdata/inputs.py makes.
func inputImage(kind string, w, h int, seed uint64) *pixel.Image {
	m := pixel.New(w, h, 3)
	below := func(n uint64) int {
		seed += 0x9e3779b97f4a7c15
		z := seed
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		return int((z ^ z>>31) % n)
	}
	each := func(value func(x, y, k int) int) {
		for i := range m.Pix {
			m.Pix[i] = uint8(value(i/3%w, i/3/w, i%3))
		}
	}
	switch kind {
	case "noise":
		each(func(int, int, int) int { return below(256) })
	case "gradient":
		var slopes [3][3]int
		for k := range slopes {
			slopes[k] = [3]int{below(17) - 8, below(17) - 8, below(256)}
		}
		each(func(x, y, k int) int { return slopes[k][0]*x + slopes[k][1]*y + slopes[k][2] })
	default:
		base, contrast := below(100), 40+below(116)
		var grid [5][5][3]int
		for i := range 75 {
			grid[i/15][i/3%5][i%3] = below(256)
		}
		each(func(x, y, k int) int {
			gx, fx := x*4*256/w>>8, x*4*256/w&255
			gy, fy := y*4*256/h>>8, y*4*256/h&255
			top := grid[gy][gx][k]*(256-fx) + grid[gy][gx+1][k]*fx
			bottom := grid[gy+1][gx][k]*(256-fx) + grid[gy+1][gx+1][k]*fx
			return min(max(base+((top*(256-fy)+bottom*fy)>>16*contrast>>8)+below(9)-4, 0), 255)
		})
	}
	return m
}

// Every sub-policy of every policy that the program carries, in all directions, gives the bytes of the same Pillow
// calls.
func TestPoliciesEqualPillow(t *testing.T) {
	digests := readPolicies(t).Digests
	images := pillowImages()
	for _, name := range PolicyNames() {
		p, _, err := openPolicy(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(digests[name]) != len(p.subs) {
			t.Fatalf("%s: got %d sub-policies, testdata/policies.json has %d", name, len(p.subs), len(digests[name]))
		}
		viewer := &policyViewer{}
		for i, sub := range p.subs {
			hash := sha256.New()
			for directions := range 4 {
				for _, m := range images {
					for j, u := range sub {
						m = viewer.apply(m, u, place{negative: directions>>(1-j)&1 == 1, x: 0.3, y: 0.8})
					}
					hash.Write(m.Pix)
				}
			}
			if got := hex.EncodeToString(hash.Sum(nil)); got != digests[name][i] {
				t.Errorf("%s, sub-policy %d (%s, %s): got SHA-256 %s, want Pillow's %s", name, i+1, sub[0].name, sub[1].name,
					got, digests[name][i])
			}
		}
	}
}

// A policy's operations are used as often as their probabilities say, and each direction as often as the other.
func TestPolicyDraws(t *testing.T) {
	p, err := parsePolicy([]byte(`{"source": "", "magnitudes": "autoaugment",
		"policy": [[{"op": "invert", "probability": 0.25}], [{"op": "brightness", "probability": 1, "magnitude": 9}]]}`))
	if err != nil {
		t.Fatal(err)
	}
	viewer := autoAugment{policy: p}.NewViewer()
	src := pixel.New(1, 1, 3)
	copy(src.Pix, []uint8{100, 100, 100})
	counts := map[float32]int{}
	dst := make([]float32, 3)
	const n = 20000
	for i := range n {
		r := rng.New(1, 0, uint64(i), 0)
		viewer.View(dst, 0, src, &r)
		counts[dst[0]*255]++
	}
	for value, want := range map[float32]float64{100: 0.375, 155: 0.125, 190: 0.25, 10: 0.25} {
		got := 0
		for v, c := range counts {
			if v > value-1.5 && v < value+1.5 {
				got += c
			}
		}
		if share := float64(got) / n; share < want-0.015 || share > want+0.015 {
			t.Errorf("the value %v came %v of the time, want %v", value, share, want)
		}
	}
}

func TestParsePolicyRefuses(t *testing.T) {
	op := func(text string) string { return `{"magnitudes": "autoaugment", "policy": [[` + text + `]]}` }
	for _, c := range []struct{ text, want string }{
		{``, "not a policy"},
		{`[]`, "not a policy"},
		{`{"magnitudes": "autoaugment", "polcy": []}`, "polcy"},
		{`{"magnitudes": "torchvision", "policy": []}`, "want autoaugment or fast-autoaugment"},
		{`{"magnitudes": "autoaugment", "policy": []}`, "0 sub-policies"},
		{`{"magnitudes": "autoaugment", "policy": [[]]}`, "sub-policy 1: 0 operations"},
		{op(`{"op": "invert", "probability": 1}`) + "x", "something after"},
		{op(`{"op": "invert", "probability": 1}, {"op": "rotat"}`), `sub-policy 1, operation 2: op "rotat"`},
		{op(`{"op": "cutout", "probability": 1, "magnitude": 1}`), `op "cutout"`},
		{op(`{"op": "invert"}`), "invert: want a probability"},
		{op(`{"op": "invert", "probability": 1.1}`), "invert: want a probability"},
		{op(`{"op": "invert", "probability": -1}`), "invert: want a probability"},
		{op(`{"op": "invert", "probability": 1, "magnitude": 1}`), "invert has no magnitude"},
		{op(`{"op": "rotate", "probability": 1}`), "rotate: want a magnitude from 0 to 9"},
		{op(`{"op": "rotate", "probability": 1, "magnitude": 10}`), "rotate: want a magnitude from 0 to 9"},
		{op(`{"op": "rotate", "probability": 1, "magnitude": 1.5}`), "not a whole number"},
		{op(`{"op": "rotate", "probability": "1", "magnitude": 1}`), "not a policy"},
		{`{"magnitudes": "fast-autoaugment", "policy": [[{"op": "rotate", "probability": 1, "magnitude": 1.5}]]}`, "from 0 to 1"},
		{strings.Repeat(" ", maxPolicyBytes+1), "larger than"},
	} {
		if p, err := parsePolicy([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.80s: got %v, %v; want an error with %q", c.text, p, err, c.want)
		}
	}
}

// Whatever parses has only operations that run on images of any size.
func FuzzParsePolicy(f *testing.F) {
	for _, name := range PolicyNames() {
		text, err := published.ReadFile("policies/" + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text[:min(len(text), 2000)])
	}
	f.Add([]byte(`{"source": "x", "magnitudes": "fast-autoaugment", "policy": [[{"op": "cutout", "probability": 1, "magnitude": 1}]]}`))
	f.Add([]byte(`{"magnitudes": "autoaugment", "policy": [[{"op": "rotate", "probability": 0, "magnitude": 9}]]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := parsePolicy(text)
		if err != nil {
			return
		}
		viewer := &policyViewer{}
		for _, sub := range p.subs[:min(len(p.subs), 3)] {
			m := testImage(5, 3, 3, 1)
			for _, u := range sub {
				m = viewer.apply(m, u, place{negative: true, x: 0.5, y: 0.99})
			}
		}
	})
}
