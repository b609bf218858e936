package nets

import (
	"strings"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
)

// auxiliary is in the names of what a split batch normalisation has beside its first part's tensors.
const auxiliary = ".aux_bn."

// split gives each part of a training batch its own batch normalisation throughout the network; evaluation uses the first
// part's. New tensors belong to the current scope.
func (n *Net) split() {
	var found []*nn.BatchNorm2dModule
	n.Body.Apply(func(m nn.IModule) {
		if b, ok := m.(*nn.BatchNorm2dModule); ok {
			found = append(found, b)
		}
	})
	for _, b := range found {
		b.Split(n.config.Splits)
	}
}

// copyToParts copies the first part's normalisation to the others where the network is split, but for tensors with the
// names in except.
func (n *Net) copyToParts(except map[string]bool) {
	all := map[string]torch.Tensor{}
	for _, t := range n.NamedTensors() {
		all[t.Name] = t.Tensor
	}
	torch.NoGrad(func() {
		for name, to := range all {
			if first, ok := firstPart(name); ok && !except[name] {
				to.Copy(all[first])
			}
		}
	})
}

// firstPart is the name of the first part's tensor that corresponds to one of another part: bn1.weight for
// bn1.aux_bn.0.weight. ok is false for any other name.
func firstPart(name string) (first string, ok bool) {
	before, after, ok := strings.Cut(name, auxiliary)
	if !ok {
		return "", false
	}
	_, tensor, _ := strings.Cut(after, ".")
	return before + "." + tensor, true
}
