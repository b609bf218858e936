package methods

import (
	"math"
	"strings"
	"testing"

	"augmix/augmix"
	"augmix/pixel"
	"augmix/rng"

	torch "github.com/wangkuiyi/gotorch"
)

// config is a valid configuration of a method.
func config(method string) Config {
	return Config{Method: method, Dataset: "cifar10", Mean: [3]float32{0.5, 0.25, 0.75}, Views: 3, JSDWeight: 12,
		Mixing: augmix.Default, Settings: Settings{Corruption: "contrast"}}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(c *Config)
		want   string
	}{
		{"unknown", func(c *Config) { c.Method = "cutoff" }, "--method"},
		{"no corruption", func(c *Config) { c.Method, c.Corruption = "corruption", "" }, "--corruption NAME"},
		{"policy", func(c *Config) { c.Method, c.Policy = "autoaugment", "nowhere.json" }, "--policy: nowhere.json: no such file"},
		{"one view", func(c *Config) { c.Views = 1 }, "--views"},
		{"views", func(c *Config) { c.CEViews = "some" }, "--ce-views"},
		{"views of one", func(c *Config) { c.CEViews, c.NoJSD = "all", true }, "--ce-views all: with --no-jsd"},
		{"weight", func(c *Config) { c.JSDWeight = math.NaN() }, "--jsd-weight"},
	} {
		cfg := config("augmix")
		c.change(&cfg)
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want one that names %s", c.name, err, c.want)
		}
	}
}

// What is not set has the default that each method's authors give, and other methods' settings are cleared.
func TestDefaults(t *testing.T) {
	all := Settings{CutoutLength: 3, MixupAlpha: 3, CutMixBeta: 3, CutMixProb: 0.3, PatchWidth: 3, PatchNoise: 0.3,
		Epsilon: 0.3, AttackStep: 0.3, AttackSteps: 3, Corruption: "contrast", Severity: 3}
	for _, c := range []struct {
		method, dataset string
		set, want       Settings
	}{
		{"augmix", "cifar10", all, Settings{}},
		{"standard", "cifar10", all, Settings{}},
		{"cutout", "cifar10", Settings{}, Settings{CutoutLength: 16}},
		{"cutout", "cifar100", Settings{}, Settings{CutoutLength: 8}},
		{"cutout", "imagenet", Settings{}, Settings{}},
		{"cutout", "cifar10", all, Settings{CutoutLength: 3}},
		{"mixup", "cifar10", Settings{}, Settings{MixupAlpha: 1}},
		{"cutmix", "cifar10", Settings{}, Settings{CutMixBeta: 1, CutMixProb: 0.5}},
		{"cutmix", "imagenet", Settings{}, Settings{CutMixBeta: 1, CutMixProb: 1}},
		{"adversarial", "cifar10", Settings{}, Settings{Epsilon: 8. / 255, AttackStep: 2. / 255, AttackSteps: 10}},
		{"autoaugment", "cifar100", Settings{}, Settings{Policy: "autoaugment-cifar10"}},
		{"autoaugment", "imagenet", Settings{}, Settings{Policy: "autoaugment-imagenet"}},
		{"patch-uniform", "cifar10", Settings{}, Settings{PatchNoise: 1}},
		{"corruption", "cifar10", all, Settings{Corruption: "contrast", Severity: 3}},
	} {
		cfg := config(c.method)
		cfg.Dataset, cfg.Settings = c.dataset, c.set
		if got := cfg.Resolve(); got != c.want {
			t.Errorf("%s on %s with %+v: got %+v, want %+v", c.method, c.dataset, c.set, got, c.want)
		}
	}
}

// testImage is a picture of no particular pattern.
func testImage(w, h, c int, seed uint64) *pixel.Image {
	r := rng.Named("test image", seed)
	m := pixel.New(w, h, c)
	for i := range m.Pix {
		m.Pix[i] = uint8(r.IntN(256))
	}
	return m
}

// Every method shows pixels in [0, 1], the same for the same stream whatever the viewer did before, on images of any
// size; the methods that change single images change them.
func TestViews(t *testing.T) {
	changes := map[string]bool{"cutout": true, "patch-uniform": true, "corruption": true, "augmix": true,
		"autoaugment": true, "random-autoaugment": true}
	for _, name := range Names() {
		method, err := New(config(name))
		if err != nil {
			t.Fatal(err)
		}
		used := method.NewViewer()
		for _, size := range [][2]int{{32, 32}, {17, 40}, {3, 1}, {1, 1}} {
			src := testImage(size[0], size[1], 3, 1)
			before := src.Clone()
			clean := make([]float32, len(src.Pix))
			pixel.Float32s(clean, src)
			changed := false
			for draw := range 8 {
				view := draw % method.Views()
				got, again := make([]float32, len(src.Pix)), make([]float32, len(src.Pix))
				r := rng.New(1, 2, uint64(draw), uint64(view))
				s := r
				used.View(got, view, src, &r)
				method.NewViewer().View(again, view, src, &s)
				for i := range got {
					if !(got[i] >= 0 && got[i] <= 1) {
						t.Fatalf("%s %v: value %d is %v", name, size, i, got[i])
					}
					if got[i] != again[i] {
						t.Fatalf("%s %v: value %d is %v, and %v in another viewer", name, size, i, got[i], again[i])
					}
					changed = changed || got[i] != clean[i]
				}
			}
			if size == [2]int{32, 32} && changed != changes[name] {
				t.Errorf("%s: changed the image: %v, want %v", name, changed, changes[name])
			}
			for i := range src.Pix {
				if src.Pix[i] != before.Pix[i] {
					t.Fatalf("%s wrote into the image that it views", name)
				}
			}
		}
	}
}

// values returns the elements of a tensor of images in the order of their memory in a batch.
func values(x torch.Tensor) []float32 {
	last := x.Permute([]int64{0, 2, 3, 1})
	return last.Float32s()
}
