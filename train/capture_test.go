package train

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"augmix/run"

	torch "github.com/wangkuiyi/gotorch"
)

// refused are the operations that may not be captured as a CUDA graph, with the reason. A name that ends in a dot stands
// for all of an operation's overloads.
var refused = map[string]string{
	"aten::_local_scalar_dense": "reads a number back",
	"aten::item":                "reads a number back",
	"aten::is_nonzero":          "reads a number back",
	"aten::equal":               "reads a number back",
	"aten::allclose":            "reads a number back",
	"aten::nonzero":             "its result's size is read back",
	"aten::nonzero_numpy":       "its result's size is read back",
	"aten::argwhere":            "its result's size is read back",
	"aten::masked_select":       "its result's size is read back",
	"aten::_unique":             "its result's size is read back",
	"aten::_unique2":            "its result's size is read back",
	"aten::unique_dim":          "its result's size is read back",
	"aten::repeat_interleave.":  "its result's size is read back",
	"aten::bincount":            "its result's size is read back",
	"aten::index.":              "an index of booleans has a size that is read back",
	"aten::index_put_.":         "an index of booleans has a size that is read back",
	"aten::_index_put_impl_":    "an index of booleans has a size that is read back",
	"aten::masked_scatter_":     "its source is counted",
	"aten::where":               "its result's size is read back", // Of the condition alone; that of two tensors is where.self.
	"aten::pin_memory":          "allocates the CPU's memory",
	"aten::_pin_memory":         "allocates the CPU's memory",
	"aten::is_pinned":           "asks about the CPU's memory",
	"aten::empty.pin_memory":    "allocates the CPU's memory",
}

// move is the conversion that Tensor.To and FromFloat32 take to another device, where a copy follows it. A conversion to
// another data type has other overloads. Of a copy into a tensor that is there, the names do not tell between which devices.
const move = "aten::to.device"

// reasonAgainst says why an operation, which another one follows, may not be captured; it is empty where it may.
func reasonAgainst(operation, next string) string {
	if operation == move && next == "aten::_to_copy" {
		return "copies to another device"
	}
	name, _, _ := strings.Cut(operation, ".")
	if reason, ok := refused[name+"."]; ok {
		return reason
	}
	return refused[operation]
}

// capturedOperations are those of the part of step number n that is captured, on the batch with that many images.
func capturedOperations(m *machine, images int, n uint64) []string {
	b := m.synthetic()
	b.N = images
	torch.Seed(n)
	m.draw(b, n)
	in := m.feed.load(b)
	m.sgd.SetLR(0.01)
	operations := torch.RecordOperations(func() { m.update(in) })
	m.meter.Next(images)
	m.feed.used(b)
	return withoutSGDsRate(operations)
}

// withoutSGDsRate takes out how the CPU's update reads the learning rate, which on CUDA its kernel reads.
func withoutSGDsRate(operations []string) []string {
	var out []string
	inUpdate := false
	for _, o := range operations {
		if strings.HasPrefix(o, "aten::_fused_sgd_") {
			inUpdate = true
		} else if o != "aten::item" && o != "aten::_local_scalar_dense" {
			inUpdate = false
		}
		if !inUpdate || strings.HasPrefix(o, "aten::_fused_sgd_") {
			out = append(out, o)
		}
	}
	return out
}

// checkCaptured checks the operations of steps 2 and 3 on batches of so many images.
func checkCaptured(t *testing.T, what string, m *machine, images int) {
	t.Helper()
	capturedOperations(m, images, 1)
	second, third := capturedOperations(m, images, 2), capturedOperations(m, images, 3)
	if len(second) < 50 {
		t.Fatalf("%s: %d operations were recorded, which is no step", what, len(second))
	}
	if i := firstDifference(second, third); i >= 0 {
		t.Errorf("%s, %d images: operation %d of step 2 is %s, of step 3 %s", what, images, i, at(second, i), at(third, i))
	}
	told := map[string]bool{}
	for i, o := range third {
		reason := reasonAgainst(o, at(third, i+1))
		if reason != "" && !told[o] {
			told[o] = true
			t.Errorf("%s, %d images: operation %d, after %s, is %s: it %s", what, images, i, at(third, i-1), o, reason)
		}
	}
}

func at(operations []string, i int) string {
	if i < 0 || i >= len(operations) {
		return "none"
	}
	return operations[i]
}

func firstDifference(a, b []string) int {
	for i := range max(len(a), len(b)) {
		if at(a, i) != at(b, i) {
			return i
		}
	}
	return -1
}

// What a step does between its draws and its bookkeeping can be captured as a CUDA graph, as far as the names of its
// operations on the CPU tell: it reads no number back, allocates no memory of the CPU's, takes nothing from there to the
// device, and does the same in every step. That is checked for every network with AugMix and every method with two networks,
// with dropout and clipped gradients, for WRN also with accumulated gradients, a moving average and an epoch's partial batch;
// in float32, and with the bfloat16 copies of the weights that CUDA has. Without AUGMIX_EVERY (`make networks`) what repeats
// other networks and methods is left out, and copies are checked of two. The bridge's own kernels, which CUDA has not, are
// switched off.
func TestStepsCanBeCaptured(t *testing.T) {
	defer torch.SetFastKernels(torch.SetFastKernels(false))
	all := os.Getenv("AUGMIX_EVERY") != ""
	cfg, _, _ := small(t)
	cfg.AttackSteps, cfg.Droprate, cfg.ClipGrad, cfg.LabelSmoothing = 1, 0.3, 1, 0.1
	cases := map[string]run.Config{}
	// These are others again, with more layers.
	longer := []string{"resnet32", "resnet44", "resnet56", "densenet", "resnet50, maxblurpool"}
	for form, c := range forms(cfg) {
		if slices.Contains(longer, form) && !all {
			continue
		}
		c.Method = "augmix"
		cases[form+", augmix"] = c
		if form != "wrn" && form != "resnet18" {
			continue
		}
		for name, c := range variants(c) {
			// Methods that change single images do that before a step, which is then standard's.
			if own := []string{"augmix", "standard", "mixup", "cutmix", "adversarial"}; slices.Contains(own, c.Method) || form == "wrn" || all {
				cases[form+", "+name] = c
			}
		}
		c.SplitBN, c.CEViews = true, "all"
		cases[form+", split"] = c
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		for _, precision := range []string{"fp32", "bf16"} {
			if precision == "bf16" && !all && !slices.Contains([]string{"wrn, augmix", "resnet18, augmix"}, name) {
				continue
			}
			c := cases[name]
			c.BatchSize, c.Precision = 1, precision
			if c.Model == "wrn" {
				c.GradAccum, c.EMA = 2, 0.9
			}
			if c.Method != "augmix" || c.NoJSD {
				c.BatchSize = 2 // Batch normalisation wants more than one value a channel.
			}
			if err := ResolveMethod(&c); err != nil {
				t.Fatal(err)
			}
			m := testMachine(t, c)
			if precision == "bf16" {
				m.net.CopyWeights()
			}
			whole := imagesPerStep(c)
			checkCaptured(t, name+", "+precision, m, whole)
			if c.Model == "wrn" {
				checkCaptured(t, name+", "+precision, m, whole-1)
			}
		}
	}
}

// A step that reads a number back is found, and so is one that is not the same each time.
func TestWhatCannotBeCapturedIsFound(t *testing.T) {
	for _, c := range []struct{ operation, want string }{
		{"aten::item", "reads a number back"},
		{"aten::index.Tensor", "an index of booleans has a size that is read back"},
		{"aten::where.self", ""},
		{"aten::where", "its result's size is read back"},
		{"aten::convolution", ""},
		{"aten::to.dtype", ""},
		{move, "copies to another device"},
	} {
		if got := reasonAgainst(c.operation, "aten::_to_copy"); got != c.want {
			t.Errorf("%s: got %q, want %q", c.operation, got, c.want)
		}
	}
	cfg, _, _ := small(t)
	cfg.BatchSize = 2
	m := testMachine(t, cfg)
	for name, reduce := range map[string]func(){
		"aten::_local_scalar_dense": func() { m.meter.cell.Sum().Item() },
		move:                        func() { torch.FromFloat32([]float32{1}, 1) },
	} {
		m.reduce = func(float64) { torch.Scope(reduce) }
		got := capturedOperations(m, 2, 1)
		if i := slices.Index(got, name); i < 0 || reasonAgainst(name, at(got, i+1)) == "" {
			t.Errorf("a step with %s is not found", name)
		}
	}
	steps := 0
	m.reduce = func(float64) {
		if steps++; steps == 2 {
			m.meter.cell.Fill(0)
		}
	}
	if i := firstDifference(capturedOperations(m, 2, 1), capturedOperations(m, 2, 2)); i < 0 {
		t.Error("two steps with different operations record the same ones")
	}
}
