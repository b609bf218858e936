package nets

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"augmix/weights"

	torch "github.com/wangkuiyi/gotorch"
)

// TestParityFull compares every element of every gradient with files too large to be in the repository: PyTorch's in
// NCHW and in NHWC, each with the same layout here, and with as many threads as PyTorch had. What the layout alone
// changes, here and in PyTorch, is reported beside it.
func TestParityFull(t *testing.T) {
	dir := os.Getenv("AUGMIX_PARITY")
	if dir == "" {
		t.Skip("AUGMIX_PARITY names no folder; `make parity` writes one with PyTorch and runs this")
	}
	here, pytorch := map[string]map[string][]float32{}, map[string]map[string][]float32{}
	for _, layout := range []string{"NCHW", "NHWC"} {
		here[layout], pytorch[layout] = compareFile(t, filepath.Join(dir, "wrn-40-2-"+strings.ToLower(layout)+".safetensors"), layout)
	}
	t.Logf("parity: WRN-40-2, every gradient, NHWC here against NCHW in PyTorch, ‖Δ‖/‖g‖ | %.1e | reported",
		greatestDeviation(t, here["NHWC"], pytorch["NCHW"], "grad."))
	own := map[string][]float32{}
	for name, values := range pytorch["NHWC"] {
		if name, ok := strings.CutPrefix(name, "grad."); ok {
			own[name] = values
		}
	}
	t.Logf("parity: WRN-40-2, every gradient, NHWC against NCHW, both in PyTorch, ‖Δ‖/‖g‖ | %.1e | reported",
		greatestDeviation(t, own, pytorch["NCHW"], "grad."))
}

// compareFile returns the gradients by name, and the tensors of the file.
func compareFile(t *testing.T, path, layout string) (got, want map[string][]float32) {
	t.Helper()
	want, metadata := readTensors(t, path)
	batch, views := number(t, path, metadata, "batch"), number(t, path, metadata, "views")
	half, err := ParseNormalization("half")
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Model: "wrn", Classes: 10, Layers: 40, WidenFactor: 2, Normalize: half}
	still := newFormulaNet(t, cfg, 0)
	still.Train(false)
	n := newFormulaNet(t, cfg, float64(number(t, path, metadata, "bn_bias")))
	what := fmt.Sprintf("WRN-40-2, %s, %d images: ", layout, batch*views)
	torch.Scope(func() {
		// libtorch keeps the number for each thread of the system, and Scope stays on one.
		torch.SetNumThreads(int32(number(t, path, metadata, "threads")))
		torch.NoGrad(func() {
			x := layOut(still, layout, images("input", batch*views))
			_, largest := distance(still.Forward(x).Float32s(), want["eval_logits"])
			within(t, what+"logits, evaluation, largest difference", largest, logitsTolerance)
		})
		logits := n.Forward(layOut(n, layout, images(metadata["input"], batch*views)))
		loss := lossOf(t, logits, torch.FromInt64(formulaLabels(batch), int64(batch)), views)
		loss.Backward()
		_, largest := distance(logits.Float32s(), want["train_logits"])
		within(t, what+"logits, training, largest difference", largest, logitsTolerance)
		total := float64(want["loss"][2])
		within(t, what+"loss, relative", math.Abs(loss.Float64()-total)/total, lossTolerance)
	})
	got = gradients(n)
	within(t, what+"every gradient, ‖Δ‖/‖g‖", greatestDeviation(t, got, want, "grad."), gradientTolerance)
	within(t, what+"running statistics, ‖Δ‖/‖r‖", greatestDeviation(t, statistics(n), want, "after."), runningTolerance)
	return got, want
}

// readTensors returns the tensors of a file by name, and its metadata.
func readTensors(t *testing.T, path string) (tensors map[string][]float32, metadata map[string]string) {
	t.Helper()
	file, err := weights.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	tensors = map[string][]float32{}
	for _, w := range file.Tensors {
		if tensors[w.Name], err = w.Float32(); err != nil {
			t.Fatalf("%s: %s: %v", path, w.Name, err)
		}
	}
	return tensors, file.Metadata
}

func number(t *testing.T, path string, metadata map[string]string, key string) int {
	t.Helper()
	n, err := strconv.Atoi(metadata[key])
	if err != nil {
		t.Fatalf("%s: the metadata %s: %v", path, key, err)
	}
	return n
}

// greatestDeviation returns the greatest ‖Δ‖/‖x‖ of all tensors; in want their names begin with the prefix.
func greatestDeviation(t *testing.T, got, want map[string][]float32, prefix string) float64 {
	t.Helper()
	wanted := 0
	for name := range want {
		if strings.HasPrefix(name, prefix) {
			wanted++
		}
	}
	if len(got) != wanted {
		t.Errorf("%d tensors, PyTorch has %d that begin with %s", len(got), wanted, prefix)
	}
	worst := 0.0
	for name, values := range got {
		w := want[prefix+name]
		if len(w) != len(values) {
			t.Errorf("%s has %d elements, PyTorch's %s%s %d", name, len(values), prefix, name, len(w))
			continue
		}
		delta, _ := distance(values, w)
		if d := delta / normOf(w); !(d <= worst) {
			worst = d
		}
	}
	return worst
}

// TestNetworksFull compares every logit, gradient and running statistic of the networks of networks_test.go with what
// PyTorch computed in NCHW: in NCHW, and in NHWC, as the program trains. In NHWC PyTorch's own batch normalisation sums
// less exactly; how far that takes its gradients is reported beside it.
func TestNetworksFull(t *testing.T) {
	dir := os.Getenv("AUGMIX_PARITY")
	if dir == "" {
		t.Skip("AUGMIX_PARITY names no folder; `make parity` writes one with PyTorch and runs this")
	}
	golden := readNetworks(t)
	for _, c := range golden.Cases {
		t.Run(c.Name, func(t *testing.T) {
			path := func(layout string) string { return filepath.Join(dir, "network-"+c.Name+"-"+layout+".safetensors") }
			want, metadata := readTensors(t, path("nchw"))
			// libtorch keeps the number for each thread of the system.
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			torch.SetNumThreads(int32(number(t, path("nchw"), metadata, "threads")))
			for _, layout := range []string{"NCHW", "NHWC"} {
				c.compareAll(t, golden, want, layout)
			}
			last, _ := readTensors(t, path("nhwc"))
			own := map[string][]float32{}
			for name, values := range last {
				if name, ok := strings.CutPrefix(name, "grad."); ok {
					own[name] = values
				}
			}
			own, want = withoutRounding(own, want)
			t.Logf("parity: %s, every gradient, NHWC against NCHW, both in PyTorch, ‖Δ‖/‖g‖ | %.1e | reported", c.Name,
				greatestDeviation(t, own, want, "grad."))
		})
	}
}

func (c networkCase) compareAll(t *testing.T, golden networksGolden, want map[string][]float32, layout string) {
	t.Helper()
	what := c.Name + ", " + layout + ": "
	_, ten := distance(c.evaluate(t, 10, layout), want["eval_logits"])
	_, hundred := distance(c.evaluate(t, 100, layout), want["eval_logits_100"])
	within(t, what+"logits, evaluation, 10 and 100 classes, largest difference", max(ten, hundred), logitsTolerance)
	n := c.build(t, 10, c.Train.BNBias)
	defer n.Close()
	torch.Scope(func() {
		logits := n.Forward(layOut(n, layout, c.images(c.Train.Input)))
		c.loss(t, logits).Backward()
		_, largest := distance(logits.Float32s(), want["train_logits"])
		within(t, what+"logits, training, largest difference", largest, logitsTolerance)
	})
	got, wanted := withoutRounding(gradients(n), want)
	within(t, what+"every gradient, ‖Δ‖/‖g‖", greatestDeviation(t, got, wanted, "grad."), gradientTolerance)
	after := map[string][]float32{}
	for _, b := range c.follow(t, golden, layout) {
		after[b.Name] = b.Tensor.Float32s()
	}
	within(t, what+"running statistics after 3 steps, ‖Δ‖/‖r‖", greatestDeviation(t, after, want, "steps."), stepsTolerance)
}

// withoutRounding leaves out the gradients that in want are zero but for rounding, which TestNetworksTrain compares: in got
// by name, in want by "grad." and name.
func withoutRounding(got, want map[string][]float32) (g, w map[string][]float32) {
	whole := 0.0
	for name := range got {
		whole += normOf(want["grad."+name]) * normOf(want["grad."+name])
	}
	g, w = maps.Clone(got), maps.Clone(want)
	for name := range got {
		if normOf(want["grad."+name]) < roundingTolerance*math.Sqrt(whole) {
			delete(g, name)
			delete(w, "grad."+name)
		}
	}
	return g, w
}
