package nets

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"augmix/weights"
)

// small is a configuration of a network that is quick to build.
func small(model string) Config {
	return Config{
		Model: model, Classes: 7, Layers: 10, WidenFactor: 1, DenseNetVariant: DenseNetReference, Cardinality: 2, BaseWidth: 4, Pool: PoolMaxBlur,
	}
}

func keys(tensors []weights.Tensor) []string {
	var out []string
	for _, t := range tensors {
		out = append(out, t.Name)
	}
	return out
}

func identical(a, b weights.Tensor) bool {
	return a.Name == b.Name && a.DType == b.DType && slices.Equal(a.Shape, b.Shape) && bytes.Equal(a.Data, b.Data)
}

// exported is Export's state dict of the network's own weights.
func exported(t *testing.T, n *Net, names string, batches uint64) []weights.Tensor {
	t.Helper()
	state, _, err := n.Export(n.Tensors(), names, batches)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// Every network's state dict survives every way through the formats, bit by bit and in its order.
func TestStateDictsRoundTrip(t *testing.T) {
	write := map[string]func(io.Writer, *weights.File) error{
		weights.FormatSafetensors: weights.WriteSafetensors, weights.FormatTorchZip: weights.WriteTorch,
	}
	path := filepath.Join(t.TempDir(), "weights")
	through := func(t *testing.T, format string, ts []weights.Tensor) []weights.Tensor {
		t.Helper()
		var b bytes.Buffer
		if err := write[format](&b, &weights.File{Tensors: ts}); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		f, err := weights.Read(path)
		if err != nil || f.Format != format {
			t.Fatalf("%s is read as %v, %v", format, f, err)
		}
		return f.Tensors
	}
	for _, model := range Names() {
		t.Run(model, func(t *testing.T) {
			n := mustNew(t, small(model), 1)
			own := weights.Digest(n.Tensors())
			for _, names := range []string{PyTorchNames, RobustBenchNames} {
				state := exported(t, n, names, 1<<40)
				for from := range write {
					once := through(t, from, state)
					if !slices.EqualFunc(once, state, identical) {
						t.Errorf("%s names, %s: the tensors differ", names, from)
					}
					for to := range write {
						if names == PyTorchNames && !slices.EqualFunc(through(t, to, once), state, identical) {
							t.Errorf("%s names, %s to %s: the tensors differ", names, from, to)
						}
					}
				}
				fresh := mustNew(t, small(model), 2)
				if err := fresh.Load(state); err != nil {
					t.Errorf("%s names: %v", names, err)
				} else if weights.Digest(fresh.Tensors()) != own {
					t.Errorf("%s names: the network that loads the state dict differs", names)
				}
			}
		})
	}
}

// The state dict has PyTorch's layout: each batch normalisation's five tensors in a row, and no mu and sigma.
func TestExportKeys(t *testing.T) {
	for _, model := range Names() {
		n := mustNew(t, small(model), 1)
		state := exported(t, n, PyTorchNames, 5)
		want := keys(n.Tensors()[2:]) // without mu and sigma
		var without []string
		for i, x := range state {
			norm, ok := strings.CutSuffix(x.Name, ".num_batches_tracked")
			if !ok {
				without = append(without, x.Name)
				continue
			}
			var five []string
			for _, part := range []string{"weight", "bias", "running_mean", "running_var", "num_batches_tracked"} {
				five = append(five, norm+"."+part)
			}
			if got := keys(state[i-4 : i+1]); !slices.Equal(got, five) {
				t.Errorf("%s: a batch normalisation is %v, want %v", model, got, five)
			}
			if x.DType != weights.I64 || len(x.Shape) != 0 || binary.LittleEndian.Uint64(x.Data) != 5 {
				t.Errorf("%s: %s is %v%v %v, want 5 in a scalar", model, x.Name, x.DType, x.Shape, x.Data)
			}
		}
		if !slices.Equal(without, want) {
			t.Errorf("%s: the keys are %v, want %v", model, without, want)
		}
		first := []string{"mu", "sigma"}
		if model == "resnet18" || model == "resnet50" {
			first = []string{"normalize.mean", "normalize.std"}
		}
		if robust := keys(exported(t, n, RobustBenchNames, 5)); len(robust) != len(state)+2 || !slices.Equal(robust[:2], first) {
			t.Errorf("%s: RobustBench's keys begin with %v, want %v", model, robust[:2], first)
		}
		if classes, err := Classes(state); err != nil || classes != 7 {
			t.Errorf("%s: %d classes, %v, want 7", model, classes, err)
		}
	}
	state := exported(t, mustNew(t, smallWRN, 1), RobustBenchNames, 0)
	if got := keys(state); !slices.Contains(got, "block1.layer.0.convShortcut.weight") && !slices.Contains(got, "block2.layer.0.convShortcut.weight") {
		t.Errorf("there is no convShortcut in %v", got)
	}
	if slices.ContainsFunc(state, func(x weights.Tensor) bool { return strings.Contains(x.Name, "conv_shortcut") }) {
		t.Error("RobustBench's names have a conv_shortcut")
	}
	for file, cfg := range map[string]Config{
		"robustbench-wrn-normalized": {Model: "wrn", Layers: 40, WidenFactor: 2, Classes: 10},
		"robustbench-resnet50":       {Model: "resnet50", Classes: 1000},
	} {
		want := slices.DeleteFunc(keys(readKeys(t, file)), func(s string) bool { return strings.HasSuffix(s, "num_batches_tracked") })
		n := mustNew(t, cfg, 1)
		got := slices.DeleteFunc(keys(exported(t, n, RobustBenchNames, 0)), func(s string) bool { return strings.HasSuffix(s, "num_batches_tracked") })
		n.Close()
		if !slices.Equal(got, want) {
			t.Errorf("%s: got the keys %v, want %v", file, got, want)
		}
	}
}

// What the checkpoint says is kept: its element types and its num_batches_tracked, under other people's names too.
func TestExportKeeps(t *testing.T) {
	n := mustNew(t, smallWRN, 1)
	given := renamed(exported(t, n, PyTorchNames, 9), func(s string) string { return "module." + s })
	for i := range given {
		if given[i].DType == weights.F32 { // the upper half of a float32 is a bfloat16
			values := given[i].Data
			given[i].DType, given[i].Data = weights.BF16, nil
			for at := 0; at < len(values); at += 4 {
				given[i].Data = append(given[i].Data, values[at+2], values[at+3])
			}
		}
	}
	state, kept, err := n.Export(given, PyTorchNames, 0)
	if err != nil || !kept {
		t.Fatalf("kept is %v, %v", kept, err)
	}
	want := renamed(given, func(s string) string { return strings.TrimPrefix(s, "module.") })
	if weights.Digest(state) != weights.Digest(want) {
		t.Error("the state dict has other tensors than the checkpoint")
	}
	if _, kept, _ := n.Export(n.Tensors(), PyTorchNames, 0); kept {
		t.Error("kept is true for a checkpoint without num_batches_tracked")
	}
}

func TestExportRefuses(t *testing.T) {
	n := mustNew(t, smallWRN, 1)
	counter := func(name string, d weights.DType, shape []int64) []weights.Tensor {
		return append(n.Tensors(), weights.Tensor{Name: name, DType: d, Shape: shape, Data: make([]byte, 8)})
	}
	for name, c := range map[string]struct {
		given []weights.Tensor
		want  string
	}{
		"a tensor missing":      {n.Tensors()[:5], "is missing"},
		"a counter of a vector": {counter("bn1.num_batches_tracked", weights.I64, []int64{1}), "bn1.num_batches_tracked"},
		"a counter of a float":  {counter("bn1.num_batches_tracked", weights.F64, nil), "bn1.num_batches_tracked"},
		"a counter of nothing":  {counter("model.bn7.num_batches_tracked", weights.I64, nil), "WRN-10-1 has no bn7.num_batches_tracked"},
	} {
		if _, _, err := n.Export(c.given, PyTorchNames, 0); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want one with %q", name, err, c.want)
		}
	}
	for name, given := range map[string][]weights.Tensor{
		"none":          nil,
		"two":           append(n.Tensors(), float32Tensor("other.weight", []int64{1, 1}, []float32{0})),
		"without a row": {{Name: "fc.weight", DType: weights.F32, Shape: []int64{0, 4}}},
		"of 2^40 rows":  {{Name: "fc.weight", DType: weights.F32, Shape: []int64{1 << 40, 0}}},
		"of a momentum": {float32Tensor(OptimizerPrefix+"momentum.fc.weight", []int64{1, 1}, []float32{0})},
	} {
		if classes, err := Classes(given); err == nil {
			t.Errorf("a head %s: got %d classes, want an error", name, classes)
		}
	}
}
