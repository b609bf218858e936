package nets

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"augmix/augmix"
	"augmix/jsd"
	"augmix/methods"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
)

// Tolerances against PyTorch in float32 on a CPU. `wrn.py --noise` prints how far float32 itself is from float64: at
// most 2e-5 in the logits, 1e-7 in the loss and, in NCHW, 9e-5 in a gradient, so that each leaves room for another order
// of summation and for nothing else.
const (
	logitsTolerance     = 1e-4 // max |Δ|
	lossTolerance       = 1e-5 // relative
	gradientTolerance   = 1e-3 // ‖Δ‖/‖g‖
	runningTolerance    = 1e-5 // ‖Δ‖/‖r‖
	trajectoryTolerance = 1e-4 // relative
)

// parityCase is a network and what PyTorch computed with it (scripts/parity/wrn.py).
type parityCase struct {
	Name, Model  string
	Layers       int
	WidenFactor  int `json:"widen_factor"`
	Batch, Views int
	Mean, Std    [3]float32

	Eval struct {
		Input  string
		BNBias float64 `json:"bn_bias"`
		Logits [][]float64
	}
	Train struct {
		Input              string
		BNBias             float64 `json:"bn_bias"`
		Logits             [][]float64
		Loss               struct{ CE, JS, Total float64 }
		Gradients, Running []summary
	}
}

// summary is the norm of a tensor and eight of its elements.
type summary struct {
	Name    string
	Norm    float64
	Samples [8]float64
}

// trajectory is the loss before each of some SGD steps.
type trajectory struct {
	parityCase
	Steps        int
	BNBias       float64 `json:"bn_bias"`
	LearningRate float64 `json:"learning_rate"`
	Momentum     float64
	Decay        float64
	Nesterov     bool
	Losses       []float64
}

func (c parityCase) config() Config {
	return Config{
		Model: c.Model, Classes: 10, Layers: c.Layers, WidenFactor: c.WidenFactor,
		Normalize: Normalization{Mu: c.Mean, Sigma: c.Std},
	}
}

func readGolden(t *testing.T) (cases []parityCase, paths []trajectory) {
	t.Helper()
	text, err := os.ReadFile("testdata/parity.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Weight       float64 `json:"jsd_weight"`
		Cases        []parityCase
		Trajectories []trajectory
	}
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatalf("testdata/parity.json: %v", err)
	}
	if len(golden.Cases) != 3 || len(golden.Trajectories) != 2 || golden.Weight != jsdWeight {
		t.Fatalf("testdata/parity.json has %d cases, %d trajectories and the weight %v, want 3, 2 and %v",
			len(golden.Cases), len(golden.Trajectories), golden.Weight, jsdWeight)
	}
	return golden.Cases, golden.Trajectories
}

// jsdWeight is AugMix's weight of the consistency loss.
const jsdWeight = 12

// within compares a deviation with its tolerance. scripts/parity.sh makes its table of these lines.
func within(t *testing.T, what string, deviation, tolerance float64) {
	t.Helper()
	t.Logf("parity: %s | %.1e | %.0e", what, deviation, tolerance)
	if !(deviation <= tolerance) {
		t.Errorf("%s: deviates by %.3g, tolerated is %.3g", what, deviation, tolerance)
	}
}

func distance[A, B float32 | float64](got []A, want []B) (norm, largest float64) {
	for i := range got {
		d := float64(got[i]) - float64(want[i])
		norm += d * d
		// Written so that a NaN stays.
		if !(math.Abs(d) <= largest) {
			largest = math.Abs(d)
		}
	}
	return math.Sqrt(norm), largest
}

func normOf[F float32 | float64](x []F) float64 {
	norm, _ := distance(x, make([]F, len(x)))
	return norm
}

func flat(rows [][]float64) (out []float64) {
	for _, r := range rows {
		out = append(out, r...)
	}
	return out
}

// deviation estimates ‖Δ‖/‖x‖ of a tensor from its summary: the greater of what the norms and, scaled up to all
// elements, the sampled ones say.
func (s summary) deviation(values []float32) float64 {
	chosen := make([]float32, 0, len(s.Samples))
	for _, i := range sampleIndices(s.Name, len(values)) {
		chosen = append(chosen, values[i])
	}
	delta, _ := distance(chosen, s.Samples[:])
	delta *= math.Sqrt(float64(len(values)) / float64(len(chosen)))
	return max(math.Abs(normOf(values)-s.Norm), delta) / s.Norm
}

// lossOf is AugMix's loss as the trainer computes it.
func lossOf(t *testing.T, logits, labels torch.Tensor, views int) torch.Tensor {
	t.Helper()
	m, err := methods.New(methods.Config{Method: "augmix", Views: views, JSDWeight: jsdWeight, Mixing: augmix.Default})
	if err != nil {
		t.Fatal(err)
	}
	return m.Loss(logits, methods.Targets{Labels: labels})
}

func TestParityEval(t *testing.T) {
	cases, _ := readGolden(t)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			n := newFormulaNet(t, c.config(), c.Eval.BNBias)
			n.Train(false)
			torch.Scope(func() {
				torch.NoGrad(func() {
					got := n.Forward(images(c.Eval.Input, c.Batch*c.Views)).Float32s()
					_, largest := distance(got, flat(c.Eval.Logits))
					within(t, c.Name+" logits, evaluation, largest difference", largest, logitsTolerance)
				})
			})
		})
	}
}

func TestParityTrain(t *testing.T) {
	cases, _ := readGolden(t)
	for _, c := range cases {
		for _, layout := range []string{"NCHW", "NHWC"} {
			t.Run(c.Name+"/"+layout, func(t *testing.T) { compareTraining(t, c, layout) })
		}
	}
}

// layOut returns a batch, and gives the network its weights, in one of the two orders of memory. Training uses NHWC,
// PyTorch's golden values come from NCHW. libtorch's batch normalisation sums gradients less exactly in NHWC: there
// PyTorch itself, with itself in float64, disagrees by 1e-3 in the biases whose gradient nearly cancels, against 1e-4.
func layOut(n *Net, layout string, x torch.Tensor) torch.Tensor {
	if layout == "NHWC" {
		return x
	}
	for _, p := range n.Parameters() {
		d := p.Detach()
		p.SetData(d.Contiguous())
	}
	return x.Contiguous()
}

func compareTraining(t *testing.T, c parityCase, layout string) {
	n := newFormulaNet(t, c.config(), c.Train.BNBias)
	what := c.Name + ", " + layout + ": "
	torch.Scope(func() {
		logits := n.Forward(layOut(n, layout, images(c.Train.Input, c.Batch*c.Views)))
		loss := lossOf(t, logits, torch.FromInt64(formulaLabels(c.Batch), int64(c.Batch)), c.Views)
		loss.Backward()

		_, largest := distance(logits.Float32s(), flat(c.Train.Logits))
		within(t, what+"logits, training, largest difference", largest, logitsTolerance)
		within(t, what+"loss, relative", math.Abs(loss.Float64()-c.Train.Loss.Total)/c.Train.Loss.Total, lossTolerance)
		// Float32's own noise in a divergence near zero is 1e-7; relative to it nothing could be asked.
		js := jsd.Loss(logits, c.Views).Float64()
		within(t, what+"divergence, difference", math.Abs(js-c.Train.Loss.JS), 1e-6)
		compareSummaries(t, what+"gradients, norms and samples, ‖Δ‖/‖g‖", gradients(n), c.Train.Gradients, gradientTolerance)
		compareSummaries(t, what+"running statistics, ‖Δ‖/‖r‖", statistics(n), c.Train.Running, runningTolerance)
	})
}

// gradients returns the gradient of every parameter by name.
func gradients(n *Net) map[string][]float32 {
	out := map[string][]float32{}
	for _, p := range n.NamedTensors() {
		if !p.Buffer {
			out[p.Name] = p.Tensor.Grad().Float32s()
		}
	}
	return out
}

// statistics returns every running statistic by name.
func statistics(n *Net) map[string][]float32 {
	out := map[string][]float32{}
	for _, b := range n.Body.(interface{ NamedTensors() []nn.Named }).NamedTensors() {
		if b.Buffer {
			out[b.Name] = b.Tensor.Float32s()
		}
	}
	return out
}

func compareSummaries(t *testing.T, what string, got map[string][]float32, want []summary, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d tensors, want %d", what, len(got), len(want))
	}
	worst, name := 0.0, ""
	for _, s := range want {
		values, ok := got[s.Name]
		if !ok {
			t.Errorf("%s: there is no %s", what, s.Name)
			continue
		}
		if d := s.deviation(values); !(d <= worst) {
			worst, name = d, s.Name
		}
	}
	within(t, what, worst, tolerance)
	t.Logf("the greatest deviation is that of %s", name)
}

// At the learning rate 0.1 the loss grows tenfold; how far the two programs part there is reported, not judged.
func TestParityTrajectory(t *testing.T) {
	_, paths := readGolden(t)
	for _, p := range paths {
		what := fmt.Sprintf("WRN-%d-%d, %d SGD steps at %v, losses, relative", p.Layers, p.WidenFactor, p.Steps, p.LearningRate)
		t.Run(fmt.Sprint(p.LearningRate), func(t *testing.T) {
			got := follow(t, p)
			var worst float64
			for step, want := range p.Losses {
				if d := math.Abs(got[step]-want) / want; !(d <= worst) {
					worst = d
				}
			}
			if p.LearningRate == 0.01 {
				within(t, what, worst, trajectoryTolerance)
				return
			}
			t.Logf("parity: %s | %.1e | reported", what, worst)
		})
	}
}

// follow takes the trajectory's steps and returns the loss before each.
func follow(t *testing.T, p trajectory) []float64 {
	t.Helper()
	n := newFormulaNet(t, p.config(), p.BNBias)
	sgd := torch.SGD(p.LearningRate, p.Momentum, 0, p.Decay, p.Nesterov)
	defer sgd.Close()
	sgd.AddParameters(n.Parameters())
	var losses []float64
	for step := range p.Steps {
		torch.Scope(func() {
			logits := n.Forward(images(fmt.Sprintf("input.%d", step), p.Batch*p.Views))
			loss := lossOf(t, logits, torch.FromInt64(formulaLabels(p.Batch), int64(p.Batch)), p.Views)
			sgd.ZeroGrad()
			loss.Backward()
			sgd.Step()
			losses = append(losses, loss.Float64())
		})
	}
	return losses
}
