package eval

import (
	"fmt"
	"math"
	"runtime"

	"augmix/data"
	"augmix/nets"

	torch "github.com/wangkuiyi/gotorch"
)

// Predict returns the class probabilities of every image: of one network or the mean of several, at a temperature. What
// labels the images have does not matter. The error is a *torch.Error, or says that an output is not finite.
func Predict(networks []*nets.Net, images data.Dataset, temperature float64, bf16 bool) (out [][]float64, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if caught := torch.Maybe(func() { out, err = predict(networks, images, temperature, bf16) }); caught != nil {
		return nil, caught
	}
	return out, err
}

// predictBatch is small: few images are classified at a time by hand, and large ones need much memory.
const predictBatch = 64

func predict(networks []*nets.Net, images data.Dataset, temperature float64, bf16 bool) ([][]float64, error) {
	w, h, c := images.Size()
	p := NewPredictor(networks[0], w, h, c, min(predictBatch, images.Len()), runtime.GOMAXPROCS(0))
	defer p.Close()
	for i, net := range networks {
		net.SetBF16(bf16)
		if i > 0 {
			p.Also(net)
		}
	}
	var out [][]float64
	members := len(networks)
	pass := &pass{Options: Options{Ensemble: members > 1}, predictor: p, subjects: make([]*subject, members)}
	if pass.Ensemble {
		pass.subjects = append(pass.subjects, nil)
	}
	err := p.Each(images, func(o Outputs) error {
		logP := pass.probabilities(o)[len(pass.subjects)-1]
		rescale(logP, logP, p.classes, temperature)
		for at := 0; at < len(logP); at += p.classes {
			row := make([]float64, p.classes)
			for k, v := range logP[at : at+p.classes] {
				if row[k] = math.Exp(v); math.IsNaN(v) {
					return fmt.Errorf("%s: the network's output is not finite", images.Describe(len(out)))
				}
			}
			out = append(out, row)
		}
		return nil
	})
	return out, err
}
