package nets

import (
	"encoding/json"
	"math"
	"os"
	"strconv"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
	F "github.com/wangkuiyi/gotorch/nn/functional"
)

// Tolerances against PyTorch beside those of parity_test.go. `networks.py --noise` prints how far float32 itself is from
// float64.
const (
	// ‖Δ‖ over the norm of the whole gradient, of tensors whose gradient is zero but for rounding: the biases of AllConv's
	// convolutions, each before a batch normalisation.
	roundingTolerance = 1e-6
	stepsTolerance    = 1e-4 // ‖Δ‖/‖r‖ of running statistics after three steps
)

// networkCase is a network and what PyTorch computed with it (scripts/parity/networks.py).
type networkCase struct {
	Name, Model        string
	DenseNetVariant    string `json:"densenet_variant"`
	Cardinality        int
	BaseWidth          int `json:"base_width"`
	Pool               string
	Size, Batch, Views int
	Mean, Std          [3]float32

	Eval struct {
		Input     string
		BNBias    float64 `json:"bn_bias"`
		Logits    [][]float64
		Logits100 summary `json:"logits_100"`
	}
	Train struct {
		Input     string
		BNBias    float64 `json:"bn_bias"`
		Logits    [][]float64
		Loss      struct{ CE, JS, Total float64 }
		Gradients []brief
		Steps     []brief
	}
}

// brief is the norm of a tensor and one of its elements.
type brief [2]float64

// networksGolden is the content of testdata/networks.json.
type networksGolden struct {
	Weight       float64 `json:"jsd_weight"`
	Steps        int
	LearningRate float64 `json:"learning_rate"`
	Momentum     float64
	Decay        float64
	Cases        []networkCase
}

func readNetworks(t *testing.T) networksGolden {
	t.Helper()
	text, err := os.ReadFile("testdata/networks.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden networksGolden
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatalf("testdata/networks.json: %v", err)
	}
	if len(golden.Cases) != 9 || golden.Weight != jsdWeight || golden.Steps != 3 {
		t.Fatalf("testdata/networks.json has %d cases of %d steps and the weight %v, want 9, 3 and %v",
			len(golden.Cases), golden.Steps, golden.Weight, jsdWeight)
	}
	return golden
}

func (c networkCase) config(classes int) Config {
	return Config{
		Model: c.Model, Classes: classes, DenseNetVariant: c.DenseNetVariant, Cardinality: c.Cardinality,
		BaseWidth: c.BaseWidth, Pool: c.Pool, Normalize: Normalization{Mu: c.Mean, Sigma: c.Std},
	}
}

// build returns the network with the formula's weights and without dropout, whose draws are no part of a definition.
func (c networkCase) build(t *testing.T, classes int, bnBias float64) *Net {
	t.Helper()
	n := newFormulaNet(t, c.config(classes), bnBias)
	n.Apply(func(m nn.IModule) {
		if m, ok := m.(*maxPoolDropout); ok {
			m.rate = 0
		}
	})
	return n
}

func (c networkCase) images(name string) torch.Tensor { return imagesOf(name, c.Batch*c.Views, c.Size) }

func (c networkCase) loss(t *testing.T, logits torch.Tensor) torch.Tensor {
	t.Helper()
	return lossOf(t, logits, torch.FromInt64(formulaLabels(c.Batch), int64(c.Batch)), c.Views)
}

// evaluate returns the logits of the batch "input" with running statistics moved half-way to those of the batch "input.0".
func (c networkCase) evaluate(t *testing.T, classes int, layout string) []float32 {
	t.Helper()
	n := c.build(t, classes, c.Eval.BNBias)
	n.Apply(func(m nn.IModule) {
		if m, ok := m.(*nn.BatchNorm2dModule); ok {
			m.Momentum = 0.5
		}
	})
	var logits []float32
	torch.Scope(func() {
		torch.NoGrad(func() {
			n.Forward(layOut(n, layout, c.images("input.0")))
			n.Train(false)
			logits = n.Forward(layOut(n, layout, c.images(c.Eval.Input))).Float32s()
		})
	})
	return logits
}

// follow takes the golden file's SGD steps and returns the running statistics after them.
func (c networkCase) follow(t *testing.T, g networksGolden, layout string) []nn.Named {
	t.Helper()
	n := c.build(t, 10, c.Train.BNBias)
	sgd := torch.SGD(g.LearningRate, g.Momentum, 0, g.Decay, true)
	defer sgd.Close()
	sgd.AddParameters(n.Parameters())
	for step := range g.Steps {
		torch.Scope(func() {
			logits := n.Forward(layOut(n, layout, c.images("input."+strconv.Itoa(step))))
			labels := formulaLabels(c.Batch * c.Views)
			loss := F.CrossEntropy(logits, torch.FromInt64(labels, int64(len(labels))), torch.Tensor{}, -100, "mean")
			sgd.ZeroGrad()
			loss.Backward()
			sgd.Step()
		})
	}
	return running(n)
}

// running returns the running statistics in the order of the state dict.
func running(n *Net) []nn.Named {
	var out []nn.Named
	for _, b := range n.Body.(interface{ NamedTensors() []nn.Named }).NamedTensors() {
		if b.Buffer && b.Tensor.Dim() == 1 {
			out = append(out, b)
		}
	}
	return out
}

// deviation estimates ‖Δ‖ of a tensor: the greater of what the norms and, scaled up to all elements, the sampled one say.
func (b brief) deviation(name string, values []float32) float64 {
	at := sampleIndices(name, len(values))[0]
	return max(math.Abs(normOf(values)-b[0]), math.Abs(float64(values[at])-b[1])*math.Sqrt(float64(len(values))))
}

func TestNetworksEval(t *testing.T) {
	for _, c := range readNetworks(t).Cases {
		t.Run(c.Name, func(t *testing.T) {
			_, largest := distance(c.evaluate(t, 10, "NHWC"), flat(c.Eval.Logits))
			within(t, c.Name+": logits, evaluation, 10 classes, largest difference", largest, logitsTolerance)
			// Of the sampled logits the largest difference, and of all how far their norm is off.
			hundred := c.evaluate(t, 100, "NHWC")
			want := c.Eval.Logits100
			worst := math.Abs(normOf(hundred) - want.Norm)
			for i, at := range sampleIndices(want.Name, len(hundred)) {
				worst = max(worst, math.Abs(float64(hundred[at])-want.Samples[i]))
			}
			within(t, c.Name+": logits, evaluation, 100 classes, largest difference", worst, logitsTolerance)
		})
	}
}

// The networks compute in NHWC, as in training, PyTorch did in NCHW: in NHWC its batch normalisation sums less exactly.
// TestNetworksFull compares both layouts.
func TestNetworksTrain(t *testing.T) {
	for _, c := range readNetworks(t).Cases {
		t.Run(c.Name, func(t *testing.T) {
			n := c.build(t, 10, c.Train.BNBias)
			torch.Scope(func() {
				logits := n.Forward(c.images(c.Train.Input))
				loss := c.loss(t, logits)
				loss.Backward()
				_, largest := distance(logits.Float32s(), flat(c.Train.Logits))
				within(t, c.Name+": logits, training, largest difference", largest, logitsTolerance)
				within(t, c.Name+": loss, relative", math.Abs(loss.Float64()-c.Train.Loss.Total)/c.Train.Loss.Total, lossTolerance)
				c.compareGradients(t, n)
			})
		})
	}
}

func (c networkCase) compareGradients(t *testing.T, n *Net) {
	t.Helper()
	whole := 0.0
	for _, b := range c.Train.Gradients {
		whole += b[0] * b[0]
	}
	whole = math.Sqrt(whole)
	worst, rounding, i, name := 0.0, 0.0, 0, ""
	for _, p := range n.NamedTensors() {
		if p.Buffer {
			continue
		}
		if i == len(c.Train.Gradients) {
			t.Fatalf("%s: more parameters than PyTorch's %d", c.Name, i)
		}
		want := c.Train.Gradients[i]
		i++
		d := want.deviation(p.Name, p.Tensor.Grad().Float32s())
		if want[0] < roundingTolerance*whole {
			rounding = max(rounding, d/whole)
		} else if d /= want[0]; !(d <= worst) {
			worst, name = d, p.Name
		}
	}
	if i != len(c.Train.Gradients) {
		t.Errorf("%s: %d parameters, PyTorch's %d", c.Name, i, len(c.Train.Gradients))
	}
	within(t, c.Name+": gradients, norms and samples, ‖Δ‖/‖g‖", worst, gradientTolerance)
	t.Logf("the greatest deviation is that of %s", name)
	if rounding > 0 {
		within(t, c.Name+": gradients that are nothing but rounding, ‖Δ‖ over the whole gradient's norm", rounding, roundingTolerance)
	}
}

func TestNetworksSteps(t *testing.T) {
	golden := readNetworks(t)
	for _, c := range golden.Cases {
		t.Run(c.Name, func(t *testing.T) {
			got := c.follow(t, golden, "NHWC")
			if len(got) != len(c.Train.Steps) {
				t.Fatalf("%d running statistics, PyTorch has %d", len(got), len(c.Train.Steps))
			}
			worst := 0.0
			for i, b := range got {
				if d := c.Train.Steps[i].deviation(b.Name, b.Tensor.Float32s()) / c.Train.Steps[i][0]; !(d <= worst) {
					worst = d
				}
			}
			within(t, c.Name+": running statistics after 3 steps, ‖Δ‖/‖r‖", worst, stepsTolerance)
		})
	}
}
