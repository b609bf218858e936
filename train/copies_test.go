package train

import (
	"math"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
)

// losses are those of so many steps on a synthetic batch.
func losses(m *machine, steps int) (out []float64) {
	for step := range steps {
		m.step(m.synthetic(), 0.1, uint64(step))
		m.meter.read()
		out = append(out, m.meter.meanLoss())
		m.meter.startEpoch()
	}
	return out
}

// Training with bfloat16 copies of the weights, as on CUDA, is training by autocasting, bit for bit where both go through
// libtorch's kernels; the gradients of several parts, which autograd adds up otherwise, to 1e-6. Autocasting on the CPU pads
// by reflection in float32, so that behind that only the losses are the same, and the weights after a step nearly.
func TestCopiesTrainAsAutocasting(t *testing.T) {
	defer torch.SetFastKernels(torch.SetFastKernels(false))
	for _, c := range []struct {
		form         string
		parts, steps int
		most         float64 // Between losses,
		weights      float64 // and between weights.
	}{{"wrn", 0, 3, 0, 0}, {"wrn", 2, 3, 1e-6, 1e-6}, {"allconv", 0, 1, 0, 0}, {"resnet18, maxblurpool", 0, 1, 0, 0.1}} {
		cfg, _, _ := small(t)
		cfg = forms(cfg)[c.form]
		cfg.Precision, cfg.BatchSize, cfg.GradAccum, cfg.EMA, cfg.ClipGrad = "bf16", 2, c.parts, 0.9, 5
		auto, copies := testMachine(t, cfg), testMachine(t, cfg)
		copies.net.CopyWeights()
		want, got := losses(auto, c.steps), losses(copies, c.steps)
		for i := range want {
			if math.Abs(got[i]-want[i]) > c.most*math.Abs(want[i]) {
				t.Errorf("%s in %d parts, step %d: the loss is %v with copies, %v by autocasting", c.form, c.parts, i, got[i], want[i])
			}
		}
		if worst, where := farthest(values(auto.net), values(copies.net)); worst > c.weights {
			t.Errorf("%s in %d parts: %s differs by %.2g of its largest value", c.form, c.parts, where, worst)
		}
	}
}

// The copies follow the weights, what is evaluated and saved are the weights in float32, and the copies are no tensors of the
// network's.
func TestCopiesAreNotSaved(t *testing.T) {
	cfg, _, _ := small(t)
	cfg.Precision, cfg.BatchSize = "bf16", 4
	plain, m := testMachine(t, cfg), testMachine(t, cfg)
	m.net.CopyWeights()
	losses(m, 2)
	if got, want := len(m.tensors()), len(plain.tensors()); got != want {
		t.Fatalf("the checkpoint has %d tensors, want %d", got, want)
	}
	for _, n := range m.net.NamedTensors() {
		if n.Tensor.Dtype() != torch.Float {
			t.Errorf("%s has data type %d, want float32", n.Name, n.Tensor.Dtype())
		}
	}
	logits := func(m *machine) (out []float32) {
		m.net.SetBF16(false)
		defer m.net.SetBF16(true)
		torch.Scope(func() {
			out = m.net.Forward(m.part(m.feed.load(m.synthetic()), 0).Images).Float32s()
		})
		return out
	}
	if err := plain.net.Load(m.net.Tensors()); err != nil {
		t.Fatal(err)
	}
	plain.net.Train(false)
	m.net.Train(false)
	got, want := logits(m), logits(plain)
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("in float32, logit %d is %v with copies, %v without", i, got[i], want[i])
		}
	}
}
