package train

import (
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"augmix/data"
	"augmix/methods"
	"augmix/pixel"
	"augmix/rng"
	"augmix/run"

	torch "github.com/wangkuiyi/gotorch"
)

// noise is a small set of random images under the name of a dataset.
type noise struct {
	name       string
	w, h, size int
	classes    int
}

func (n noise) Name() string               { return n.name }
func (n noise) Len() int                   { return n.size }
func (n noise) Classes() []string          { return make([]string, n.classes) }
func (n noise) Size() (w, h, c int)        { return n.w, n.h, 3 }
func (n noise) Label(i int) int            { return i * 7 % n.classes }
func (n noise) Describe(i int) string      { return fmt.Sprint("sample ", i) }
func (n noise) Fingerprint() string        { return n.name }
func (n noise) NewReader(bool) data.Reader { return n }
func (n noise) Close()                     {}
func (n noise) Read(i int, dst *pixel.Image, _ *rng.Stream) error {
	r := rng.Named("noise", uint64(i))
	for p := range dst.Pix {
		dst.Pix[p] = uint8(r.IntN(256))
	}
	return nil
}

// photographs is an image folder of two classes.
func photographs(t *testing.T) data.Dataset {
	t.Helper()
	dir := t.TempDir()
	for i := range 6 {
		m := pixel.New(30+i, 40, 3)
		if err := (noise{}).Read(i, m, nil); err != nil {
			t.Fatal(err)
		}
		class := filepath.Join(dir, "train", fmt.Sprint("class ", i%2))
		if err := os.MkdirAll(class, 0o700); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(filepath.Join(class, fmt.Sprint(i, ".png")))
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, m.ToNRGBA()); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	set, err := data.OpenFolder("folder", dir, "train", data.FolderOptions{ImageSize: 32})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// layouts are sets of the shapes that the datasets have, real ones where they are at hand.
func layouts(t *testing.T) map[string]data.Dataset {
	t.Helper()
	shapes, err := data.Open("shapes", "", "train")
	if err != nil {
		t.Fatal(err)
	}
	sets := map[string]data.Dataset{
		"shapes":   data.Subset(shapes, 6, false),
		"cifar100": noise{"cifar100", 32, 32, 6, 100},
		"folder":   photographs(t),
		"imagenet": noise{"imagenet", 40, 48, 6, 3},
		"cifar10":  noise{"cifar10", 32, 32, 6, 10},
	}
	dir := os.Getenv("AUGMIX_TEST_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	if real, err := data.Open("cifar10", dir, "test"); err == nil {
		sets["cifar10"] = data.Subset(real, 6, false)
	}
	return sets
}

// variants are the methods, each in the forms that differ in what a step does.
func variants(cfg run.Config) map[string]run.Config {
	out := map[string]run.Config{}
	for _, name := range methods.Names() {
		c := cfg
		c.Method = name
		if name == "corruption" {
			c.Corruption = "gaussian_noise"
		}
		out[name] = c
	}
	vary := func(name, method string, change func(c *run.Config)) {
		c := cfg
		c.Method = method
		change(&c)
		out[name] = c
	}
	vary("augmix, 2 views", "augmix", func(c *run.Config) { c.Views = 2 })
	vary("augmix, no JSD", "augmix", func(c *run.Config) { c.NoJSD = true })
	vary("augmix, all operations", "augmix", func(c *run.Config) { c.AllOps = true })
	vary("corruption, severity 5", "corruption", func(c *run.Config) { c.Corruption, c.Severity = "pixelate", 5 })
	return out
}

// Every method trains for two steps, the last batch smaller, on a set of every layout, to finite losses that depend on
// nothing but the seed.
func TestEveryMethodTrains(t *testing.T) {
	cfg, _, _ := small(t)
	cfg.Epochs, cfg.BatchSize, cfg.EvalBatchSize, cfg.Precision = 1, 4, 6, "fp32"
	cfg.AttackSteps = 2
	for layout, set := range layouts(t) {
		cfg.Dataset, cfg.Classes = layout, set.Classes()
		weights := map[string]string{}
		for name, c := range variants(cfg) {
			if err := ResolveMethod(&c); err != nil {
				t.Fatal(err)
			}
			got := make([]run.TrainResult, 2)
			if layout != "shapes" {
				got = got[:1]
			}
			for i := range got {
				c.Save = filepath.Join(t.TempDir(), "run")
				c.NumWorkers = 1 + 2*i
				got[i] = mustRun(t, Options{Config: c, Resume: "none", Train: set, Test: set})
			}
			if got[0].Steps != 2 || math.IsNaN(got[0].TrainLoss) || got[0].TrainLoss <= 0 {
				t.Errorf("%s on %s: got %d steps and loss %v", name, layout, got[0].Steps, got[0].TrainLoss)
			}
			if last := got[len(got)-1]; got[0].WeightsSHA256 != last.WeightsSHA256 {
				t.Errorf("%s on %s: the weights depend on the number of workers", name, layout)
			}
			if other, ok := weights[got[0].WeightsSHA256]; ok {
				t.Errorf("%s on %s: the weights are those of %s", name, layout, other)
			}
			weights[got[0].WeightsSHA256] = name
		}
	}
}

// The attack on a network stays within its ball around the clean images and within [0, 1], raises the loss, and leaves
// no gradient in the weights.
func TestAttackStaysInItsBall(t *testing.T) {
	for precision, radii := range map[string][]float64{"fp32": {8. / 255, 0.3}, "bf16": {8. / 255}} {
		cfg, _, _ := small(t)
		cfg.Method, cfg.Droprate, cfg.Precision, cfg.BatchSize = "adversarial", 0, precision, 8
		for _, epsilon := range radii {
			cfg.Epsilon, cfg.AttackStep, cfg.AttackSteps = epsilon, epsilon/2, 4
			method, err := NewMethod(cfg)
			if err != nil {
				t.Fatal(err)
			}
			net, err := newNet(cfg, 10)
			if err != nil {
				t.Fatal(err)
			}
			m := newMachine(cfg, method, net, 32, 32, 3, t.Logf)
			torch.Seed(1)
			torch.Scope(func() {
				b := m.part(m.feed.load(m.synthetic()), 0).Batch
				x, y := method.Batch(b)
				before, after := method.Loss(net.Forward(b.Images), y).Float64(), method.Loss(net.Forward(x), y).Float64()
				if !(after > before) {
					t.Errorf("%s, radius %v: the loss goes from %v to %v, want it to rise", precision, epsilon, before, after)
				}
				clean, changed, widest := b.Images.Contiguous().Float32s(), x.Contiguous().Float32s(), 0.0
				for i, v := range changed {
					if !(v >= 0 && v <= 1) {
						t.Fatalf("%s, radius %v: a pixel is %v", precision, epsilon, v)
					}
					widest = max(widest, math.Abs(float64(v)-float64(clean[i])))
				}
				if !(widest <= epsilon+1e-6) || widest < 0.99*epsilon {
					t.Errorf("%s, radius %v: the largest change is %v", precision, epsilon, widest)
				}
				for _, p := range net.Parameters() {
					if p.Grad().Defined() {
						t.Fatalf("%s: the attack left a gradient in a weight", precision)
					}
				}
			})
			m.close()
			net.Close()
		}
	}
}

// A run is not gone on with when the text of its policy has changed under the same name.
func TestResumeRefusesAnotherPolicy(t *testing.T) {
	cfg, train, test := small(t)
	cfg.Method, cfg.Policy = "autoaugment", filepath.Join(t.TempDir(), "policy.json")
	write := func(op string) {
		text := `{"source": "", "magnitudes": "autoaugment", "policy": [[{"op": "` + op + `", "probability": 1}]]}`
		if err := os.WriteFile(cfg.Policy, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := ResolveMethod(&cfg); err != nil {
			t.Fatal(err)
		}
	}
	write("invert")
	stop := make(chan os.Signal, 1)
	stop <- os.Interrupt
	options := Options{Config: cfg, Resume: "none", Train: train, Test: test, Log: io.Discard, Stop: stop}
	if _, err := Run(options); !errors.As(err, new(*Interrupted)) {
		t.Fatalf("got error %v, want *Interrupted", err)
	}
	write("equalize")
	options.Config, options.Resume, options.Stop = cfg, "auto", nil
	if _, err := Run(options); !errors.As(err, new(*ResumeError)) {
		t.Errorf("resuming with another policy: got error %v, want a *ResumeError", err)
	}
}
