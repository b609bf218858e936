package nets

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"augmix/weights"

	torch "github.com/wangkuiyi/gotorch"
)

// beginning lists small forms of networks that differ in how their heads and normalisations are called.
func beginning() map[string]Config {
	return map[string]Config{
		"fc.":         {Model: "wrn", Layers: 10, WidenFactor: 1},
		"linear.":     {Model: "resnet20"},
		"classifier.": {Model: "allconv"},
	}
}

func byName(tensors []weights.Tensor) map[string][]byte {
	out := map[string][]byte{}
	for _, t := range tensors {
		out[t.Name] = t.Data
	}
	return out
}

// A network that begins with another's weights has all of them but for the head, if that is to be new, and the
// normalisation. Of a split one every part has them.
func TestBegin(t *testing.T) {
	for head, cfg := range beginning() {
		cfg.Classes = 10
		from := mustNew(t, cfg, 1)
		if got, want := from.Head(), []string{head + "weight", head + "bias"}; !slices.Equal(got, want) {
			t.Errorf("%s: got the head %v, want %v", cfg.Model, got, want)
		}
		theirs := byName(from.Tensors())
		for _, c := range []struct {
			classes, splits int
			newHead         bool
		}{{10, 1, false}, {3, 1, true}, {10, 1, true}, {10, 3, false}, {3, 2, true}} {
			cfg.Classes, cfg.Splits = c.classes, c.splits
			cfg.Normalize, _ = ParseNormalization("0.25,2")
			n := mustNew(t, cfg, 2)
			before := byName(n.Tensors())
			if err := n.Begin(renamed(from.Tensors(), func(s string) string { return "module." + s }), c.newHead); err != nil {
				t.Fatalf("%s, %+v: %v", cfg.Model, c, err)
			}
			for name, data := range byName(n.Tensors()) {
				want := theirs[name]
				if first, ok := firstPart(name); ok {
					want = theirs[first]
				}
				if isNormalization(name) || c.newHead && strings.HasPrefix(name, head) {
					want = before[name]
				}
				if !bytes.Equal(data, want) {
					t.Errorf("%s, %+v: %s is another tensor", cfg.Model, c, name)
				}
			}
		}
		cfg.Normalize = Normalization{}
		cfg.Classes, cfg.Splits = 3, 1
		if err := mustNew(t, cfg, 2).Begin(from.Tensors(), false); err == nil || !strings.Contains(err.Error(), head+"weight has shape") {
			t.Errorf("%s: a head of another size: got error %v", cfg.Model, err)
		}
	}
}

// The weights of a split network load into one that is not, which then gives in evaluation what the split one gives, and
// into one that is split alike.
func TestSplitWeightsLoad(t *testing.T) {
	for _, cfg := range beginning() {
		cfg.Classes, cfg.Splits = 10, 2
		split := mustNew(t, cfg, 1)
		torch.Scope(func() {
			split.Forward(torch.Rand([]int64{8, 3, 32, 32}, false)) // Moves the parts' statistics apart.
		})
		same := mustNew(t, cfg, 2)
		cfg.Splits = 0
		whole := mustNew(t, cfg, 2)
		tensors := split.Tensors()
		for _, n := range []*Net{same, whole} {
			if err := n.Load(tensors); err != nil {
				t.Fatalf("%s: %v", cfg.Model, err)
			}
		}
		if !slices.EqualFunc(same.Tensors(), tensors, func(a, b weights.Tensor) bool { return a.Name == b.Name && bytes.Equal(a.Data, b.Data) }) {
			t.Errorf("%s: a network split alike has other weights", cfg.Model)
		}
		parts := byName(tensors)
		if bn := "bn1.running_mean"; parts[bn] != nil && bytes.Equal(parts[bn], parts["bn1.aux_bn.0.running_mean"]) {
			t.Errorf("%s: both parts have the same statistics, so that the test shows nothing", cfg.Model)
		}
		torch.Scope(func() {
			x := torch.Rand([]int64{4, 3, 32, 32}, false)
			split.Train(false)
			whole.Train(false)
			if !slices.Equal(split.Forward(x).Float32s(), whole.Forward(x).Float32s()) {
				t.Errorf("%s: the split network has other logits in evaluation", cfg.Model)
			}
		})
		state, _, err := whole.Export(tensors, PyTorchNames, 7)
		if err != nil {
			t.Fatalf("%s: %v", cfg.Model, err)
		}
		for _, s := range state {
			if strings.Contains(s.Name, auxiliary) {
				t.Errorf("%s: %s is exported", cfg.Model, s.Name)
			}
		}
	}
}
