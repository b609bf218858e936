package nets

import (
	"strings"

	"augmix/weights"
)

// Head lists the names of the tensors of the network's last layer, which tells the classes apart: its weight, the only
// matrix of the network, and its bias.
func (n *Net) Head() []string {
	prefix := ""
	for _, t := range n.NamedTensors() {
		if t.Tensor.Dim() == 2 {
			prefix = strings.TrimSuffix(t.Name, "weight")
		}
	}
	var out []string
	for _, t := range n.NamedTensors() {
		if strings.HasPrefix(t.Name, prefix) {
			out = append(out, t.Name)
		}
	}
	return out
}

// Begin copies a checkpoint's weights into the network as Load does, for training to go on from. The normalisation stays
// the network's. With newHead the head keeps its initialisation, and the checkpoint may have one of any shape or none.
// Where the network is split and the checkpoint is not, every part of a batch normalisation begins with the checkpoint's.
func (n *Net) Begin(checkpoint []weights.Tensor, newHead bool) error {
	keeps := map[string]bool{"mu": true, "sigma": true}
	if newHead {
		for _, name := range n.Head() {
			keeps[name] = true
		}
	}
	given := map[string]bool{}
	var tensors []weights.Tensor
	for _, t := range checkpoint {
		name, _ := CanonicalName(t.Name)
		given[name] = true
		if !keeps[name] {
			tensors = append(tensors, t)
		}
	}
	for _, t := range n.Tensors() {
		if _, ok := firstPart(t.Name); keeps[t.Name] || ok && !given[t.Name] {
			tensors = append(tensors, t)
		}
	}
	if err := n.Load(tensors); err != nil {
		return err
	}
	n.copyToParts(given)
	return nil
}
