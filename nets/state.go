package nets

import (
	"fmt"
	"slices"
	"strings"

	"augmix/weights"

	torch "github.com/wangkuiyi/gotorch"
)

// Tensors copies the network's parameters and buffers, float32, in the order and under the names of the state dict of
// the network's PyTorch source; mu and sigma come first. num_batches_tracked is left out: a run counts its steps once.
func (n *Net) Tensors() []weights.Tensor {
	var out []weights.Tensor
	for _, t := range n.NamedTensors() {
		out = append(out, weights.Tensor{Name: t.Name, DType: weights.F32, Shape: t.Tensor.Shape(), Data: t.Tensor.Bytes()})
	}
	return out
}

// Load copies a checkpoint's tensors into the network. The names of other people's files are understood by the rules of
// CanonicalName; mu and sigma are taken where the file has them, and num_batches_tracked is passed over. Every tensor
// that is missing, left over, or of another shape or type is listed in the error, and the network is then unchanged.
func (n *Net) Load(tensors []weights.Tensor) error {
	found, err := n.match(tensors)
	if err != nil {
		return err
	}
	torch.Scope(func() {
		torch.NoGrad(func() {
			for _, f := range found {
				f.to.Copy(torch.FromFloat32(f.data, f.to.Shape()...))
			}
		})
	})
	return nil
}

// found is one of the network's tensors in a checkpoint.
type found struct {
	to   torch.Tensor
	from weights.Tensor // Under the network's own name.
	data []float32      // The elements of from.
}

// match finds the network's tensors in a checkpoint and returns them in the network's order.
func (n *Net) match(tensors []weights.Tensor) ([]found, error) {
	given := map[string]weights.Tensor{}
	var problems []string
	for _, t := range tensors {
		name, use := CanonicalName(t.Name)
		if !use || n.config.Splits < 2 && strings.Contains(name, auxiliary) {
			continue // Evaluation of a network that was trained split needs its first part alone.
		}
		if _, twice := given[name]; twice {
			problems = append(problems, fmt.Sprintf("%s is there twice, the second time as %s", name, t.Name))
		}
		given[name] = t
	}
	var out []found
	for _, want := range n.NamedTensors() {
		t, ok := given[want.Name]
		delete(given, want.Name)
		if !ok {
			if !isNormalization(want.Name) {
				problems = append(problems, want.Name+" is missing")
			}
			continue
		}
		if shape := want.Tensor.Shape(); !slices.Equal(shape, t.Shape) {
			problems = append(problems, fmt.Sprintf("%s has shape %v, the network's has %v", want.Name, t.Shape, shape))
			continue
		}
		data, err := t.Float32()
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s: %v", want.Name, err))
			continue
		}
		t.Name = want.Name
		out = append(out, found{want.Tensor, t, data})
	}
	for name := range given {
		problems = append(problems, name+" is not in the network")
	}
	if len(problems) > 0 {
		slices.Sort(problems)
		return nil, fmt.Errorf("the weights are not those of %s with %d classes: %s", n.Describe(), n.config.Classes, list(problems))
	}
	return out, nil
}

// list names every problem: a few on the message's line, more of them, as a file of another network has, on their own.
func list(problems []string) string {
	const few = 8
	if len(problems) <= few {
		return strings.Join(problems, "; ")
	}
	return fmt.Sprintf("%d tensors do not fit:\n  %s", len(problems), strings.Join(problems, "\n  "))
}

func isNormalization(name string) bool { return name == "mu" || name == "sigma" }

// CanonicalName maps the name of a tensor in a checkpoint to the network's own: the prefixes module. (DataParallel) and
// model. (RobustBench's wrapper) are cut off, however often they stand there, RobustBench's convShortcut is
// conv_shortcut, and the mean and std of a layer called normalize, or of the network, are mu and sigma. use is false for
// what a network does not hold: num_batches_tracked and the optimizer's state.
func CanonicalName(name string) (canonical string, use bool) {
	name = ownName(name)
	if strings.HasSuffix(name, batchCounter) || strings.HasPrefix(name, OptimizerPrefix) {
		return "", false
	}
	return name, true
}

// ownName maps names as CanonicalName does, also those of what a network does not hold.
func ownName(name string) string {
	for {
		rest, ok := strings.CutPrefix(name, "module.")
		if !ok {
			rest, ok = strings.CutPrefix(name, "model.")
		}
		if !ok {
			break
		}
		name = rest
	}
	switch name {
	case "normalize.mean", "mean":
		return "mu"
	case "normalize.std", "std":
		return "sigma"
	}
	return strings.ReplaceAll(name, "convShortcut", "conv_shortcut")
}

// batchCounter ends the name of a batch normalisation's count of the batches that it was trained on, an int64 scalar.
const batchCounter = "num_batches_tracked"

// OptimizerPrefix begins the names of the optimizer's tensors in a checkpoint of a run.
const OptimizerPrefix = "optimizer."
