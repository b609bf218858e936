package nets

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"augmix/weights"
)

// The ways in which Export names tensors.
const (
	// PyTorchNames are the keys that a strict load_state_dict of the network's PyTorch source wants: without mu and
	// sigma, which that source does not have.
	PyTorchNames = "pytorch"
	// RobustBenchNames are those of RobustBench's networks, which normalise pixels themselves: convShortcut for
	// conv_shortcut, with mu and sigma; of networks for ImageNet those of its wrapper, model. and a layer normalize.
	RobustBenchNames = "robustbench"
)

// Export arranges a checkpoint that Load takes as a state dict of the network's source, with the keys that names says,
// in that source's order. Elements keep the checkpoint's type; mu and sigma are the network's, float32.
//
// Every batch normalisation gets its num_batches_tracked, which decides nothing at the usual momentum: the checkpoint's
// where it has one, else batches. kept reports whether the checkpoint had them all.
//
// The error lists what does not fit, as Load's does.
func (n *Net) Export(checkpoint []weights.Tensor, names string, batches uint64) (state []weights.Tensor, kept bool, err error) {
	tensors, err := n.match(checkpoint)
	if err != nil {
		return nil, false, err
	}
	counters, err := batchCounters(checkpoint)
	if err != nil {
		return nil, false, err
	}
	if names == RobustBenchNames {
		for _, t := range n.Tensors() {
			if isNormalization(t.Name) {
				state = append(state, t)
			}
		}
	}
	kept = true
	for _, f := range tensors {
		if isNormalization(f.from.Name) {
			continue
		}
		state = append(state, f.from)
		norm, ok := strings.CutSuffix(f.from.Name, "running_var")
		if !ok {
			continue
		}
		name := norm + batchCounter
		counter, ok := counters[name]
		if !ok {
			counter, kept = binary.LittleEndian.AppendUint64(nil, batches), false
		}
		delete(counters, name)
		state = append(state, weights.Tensor{Name: name, DType: weights.I64, Data: counter})
	}
	if left := slices.Sorted(maps.Keys(counters)); len(left) > 0 {
		return nil, false, fmt.Errorf("%s has no %s", n.Describe(), strings.Join(left, ", "))
	}
	if names == RobustBenchNames {
		for i := range state {
			state[i].Name = n.robustBenchName(state[i].Name)
		}
	}
	return state, kept, nil
}

// robustBenchName returns what RobustBench calls a tensor of the network: the wrapper is normalize_model of its
// robustbench/model_zoo/architectures/utils_architectures.py.
func (n *Net) robustBenchName(name string) string {
	if !Has(n.config.Model, "pool") {
		return strings.ReplaceAll(name, "conv_shortcut", "convShortcut")
	}
	switch name {
	case "mu":
		return "normalize.mean"
	case "sigma":
		return "normalize.std"
	}
	return "model." + name
}

// batchCounters returns the bytes of a checkpoint's num_batches_tracked by the networks' own names.
func batchCounters(checkpoint []weights.Tensor) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, t := range checkpoint {
		if !strings.HasSuffix(t.Name, batchCounter) || strings.Contains(t.Name, auxiliary) {
			continue
		}
		if t.DType != weights.I64 || len(t.Shape) != 0 || len(t.Data) != 8 {
			return nil, fmt.Errorf("%s is %v%v, not one I64", t.Name, t.DType, t.Shape)
		}
		out[ownName(t.Name)] = t.Data
	}
	return out, nil
}

// maxClasses is far above what any set of labelled images has; it bounds the network that a file can ask for.
const maxClasses = 100_000

// Classes returns how many classes the network in a checkpoint tells apart: the rows of its head, which is the only
// matrix of every network here. It is an error where there is none or several.
func Classes(checkpoint []weights.Tensor) (int, error) {
	var heads []weights.Tensor
	for _, t := range checkpoint {
		if _, use := CanonicalName(t.Name); use && len(t.Shape) == 2 {
			heads = append(heads, t)
		}
	}
	if len(heads) != 1 {
		return 0, fmt.Errorf("it has %d matrices; a network here has one, its head, with a row for each class", len(heads))
	}
	if classes := heads[0].Shape[0]; classes >= 1 && classes <= maxClasses {
		return int(classes), nil
	}
	return 0, fmt.Errorf("its head %s has the shape %v; a row for each of 1 to %d classes is wanted", heads[0].Name, heads[0].Shape, maxClasses)
}
