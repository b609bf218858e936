package nets

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
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
	file, err := weights.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	number := func(key string) int {
		n, err := strconv.Atoi(file.Metadata[key])
		if err != nil {
			t.Fatalf("%s: the metadata %s: %v", path, key, err)
		}
		return n
	}
	batch, views := number("batch"), number("views")
	want = map[string][]float32{}
	for _, w := range file.Tensors {
		if want[w.Name], err = w.Float32(); err != nil {
			t.Fatalf("%s: %s: %v", path, w.Name, err)
		}
	}
	half, err := ParseNormalization("half")
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Model: "wrn", Classes: 10, Layers: 40, WidenFactor: 2, Normalize: half}
	still := newFormulaNet(t, cfg, 0)
	still.Train(false)
	n := newFormulaNet(t, cfg, float64(number("bn_bias")))
	what := fmt.Sprintf("WRN-40-2, %s, %d images: ", layout, batch*views)
	torch.Scope(func() {
		// libtorch keeps the number for each thread of the system, and Scope stays on one.
		torch.SetNumThreads(int32(number("threads")))
		torch.NoGrad(func() {
			x := layOut(still, layout, images("input", batch*views))
			_, largest := distance(still.Forward(x).Float32s(), want["eval_logits"])
			within(t, what+"logits, evaluation, largest difference", largest, logitsTolerance)
		})
		logits := n.Forward(layOut(n, layout, images(file.Metadata["input"], batch*views)))
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
