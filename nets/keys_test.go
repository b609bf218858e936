package nets

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"augmix/weights"
)

// checkpointKeys are the tensors of other people's checkpoints, as scripts/parity/networks.py lists them in
// testdata/keys: the reference's are those of its own networks inside DataParallel.
var checkpointKeys = []struct {
	file      string
	cfg       Config
	tensors   int
	normalize bool // The file has the normalisation.
}{
	{"reference-wrn", Config{Model: "wrn", Layers: 40, WidenFactor: 2, Classes: 10}, 227, false},
	{"reference-resnext", Config{Model: "resnext", Classes: 10}, 188, false},
	{"reference-densenet", Config{Model: "densenet", DenseNetVariant: DenseNetReference, Classes: 10}, 236, false},
	{"reference-densenet-bc", Config{Model: "densenet", Classes: 10}, 596, false},
	{"reference-allconv", Config{Model: "allconv", Classes: 10}, 65, false},
	{"reference-resnet50", Config{Model: "resnet50", Classes: 1000}, 320, false},
	{"torchvision-resnet18", Config{Model: "resnet18", Classes: 1000}, 122, false},
	{"antialiased-resnet18", Config{Model: "resnet18", Pool: PoolMaxBlur, Classes: 1000}, 129, false},
	{"robustbench-wrn", Config{Model: "wrn", Layers: 40, WidenFactor: 2, Classes: 10}, 227, false},
	{"robustbench-wrn-normalized", Config{Model: "wrn", Layers: 40, WidenFactor: 2, Classes: 10}, 229, true},
	{"robustbench-resnext", Config{Model: "resnext", Classes: 10}, 188, false},
	{"robustbench-resnet50", Config{Model: "resnet50", Classes: 1000}, 322, true},
}

// readKeys returns the tensors of a list of names and shapes, filled with 0.5.
func readKeys(t *testing.T, file string) []weights.Tensor {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "keys", file+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	var out []weights.Tensor
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		shape, n := []int64{}, int64(1)
		for _, f := range fields[1:] {
			var size int64
			if _, err := fmt.Sscan(f, &size); err != nil {
				t.Fatalf("%s: %q: %v", file, line, err)
			}
			shape, n = append(shape, size), n*size
		}
		if strings.HasSuffix(fields[0], "num_batches_tracked") {
			out = append(out, weights.Tensor{Name: fields[0], DType: weights.I64, Data: make([]byte, 8)})
			continue
		}
		values := make([]float32, n)
		for i := range values {
			values[i] = 0.5
		}
		out = append(out, float32Tensor(fields[0], shape, values))
	}
	return out
}

// Every tensor of a checkpoint finds its place, and the network's names, in the order of the source, are those of the
// file.
func TestCheckpointKeys(t *testing.T) {
	for _, c := range checkpointKeys {
		t.Run(c.file, func(t *testing.T) {
			tensors := readKeys(t, c.file)
			if len(tensors) != c.tensors {
				t.Errorf("%d tensors, want %d", len(tensors), c.tensors)
			}
			n := mustNew(t, c.cfg, 1)
			if err := n.Load(tensors); err != nil {
				t.Fatal(err)
			}
			var want, got []string
			for _, w := range tensors {
				if name, use := CanonicalName(w.Name); use {
					want = append(want, name)
				}
			}
			for _, w := range n.Tensors() {
				if !c.normalize && (w.Name == "mu" || w.Name == "sigma") {
					continue
				}
				got = append(got, w.Name)
				values, err := w.Float32()
				if err != nil {
					t.Fatal(err)
				}
				if slices.Max(values) != 0.5 || slices.Min(values) != 0.5 {
					t.Errorf("%s was not loaded", w.Name)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("got names\n%s\nwant\n%s", strings.Join(got, " "), strings.Join(want, " "))
			}
			n.Close()
		})
	}
}

// A file without num_batches_tracked loads, and one with a tensor too few, too many or of another shape is refused, with
// every such tensor's name.
func TestCheckpointKeysThatDoNotFit(t *testing.T) {
	for _, c := range checkpointKeys {
		t.Run(c.file, func(t *testing.T) {
			tensors := slices.DeleteFunc(readKeys(t, c.file), func(w weights.Tensor) bool {
				return strings.HasSuffix(w.Name, "num_batches_tracked")
			})
			n := mustNew(t, c.cfg, 1)
			defer n.Close()
			if err := n.Load(tensors); err != nil {
				t.Errorf("without num_batches_tracked: %v", err)
			}
			last := &tensors[len(tensors)-1] // The head's bias.
			last.Shape, last.Data = []int64{7}, last.Data[:28]
			bias, _ := CanonicalName(last.Name)
			first := slices.IndexFunc(tensors, func(w weights.Tensor) bool { return len(w.Shape) == 4 && w.Shape[0] > 1 })
			lost, _ := CanonicalName(tensors[first].Name)
			tensors[first].Name = "module.other.weight"
			err := n.Load(tensors)
			if err == nil {
				t.Fatal("got no error")
			}
			for _, want := range []string{bias + " has shape [7]", lost + " is missing", "other.weight is not in the network"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error lacks %q: %v", want, err)
				}
			}
		})
	}
}
