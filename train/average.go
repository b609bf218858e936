package train

import (
	"augmix/nets"

	torch "github.com/wangkuiyi/gotorch"
)

// average is an exponential moving average of a network's weights and of the statistics of its batch normalisation: after
// each step every value moves by 1 − decay of the way to the network's. It begins as a copy.
type average struct {
	net     *nets.Net // Of the same form, with the average as its weights.
	of      *nets.Net
	towards float64 // 1 − decay.

	mine, theirs []torch.Tensor
}

// keepAverage begins the average of the machine's network where the configuration asks for one.
func (m *machine) keepAverage() error {
	if m.cfg.EMA == 0 {
		return nil
	}
	net, err := newNet(m.cfg, m.net.Config().Classes)
	if err != nil {
		return err
	}
	m.average = newAverage(m.net, net, m.cfg.EMA)
	return nil
}

// newAverage returns the average of a network's weights, kept in another network of the same form.
func newAverage(of, net *nets.Net, decay float64) *average {
	a := &average{net: net, of: of, towards: 1 - decay}
	mine, theirs := net.NamedTensors(), of.NamedTensors()
	for i := range mine {
		a.mine, a.theirs = append(a.mine, mine[i].Tensor), append(a.theirs, theirs[i].Tensor)
	}
	a.reset()
	return a
}

// reset makes the average a copy of the network.
func (a *average) reset() {
	torch.NoGrad(func() {
		for i := range a.mine {
			a.mine[i].Copy(a.theirs[i])
		}
	})
}

// follow takes a step of the network into account.
func (a *average) follow() { torch.Lerp(a.mine, a.theirs, a.towards) }

func (a *average) close() { a.net.Close() }
