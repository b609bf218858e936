package nets

import (
	"fmt"
	"strconv"
	"strings"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
)

// Normalization is the mean and standard deviation of each channel, in pixels of [0, 1].
type Normalization struct {
	Name  string // half, cifar, imagenet, or the numbers as text.
	Mu    [3]float32
	Sigma [3]float32
}

// The known normalisations. half is what google-research/augmix uses for both CIFARs (cifar.py: mean = std = 0.5);
// cifar is that of its augment_and_mix.py; imagenet is torchvision's.
var normalizations = []Normalization{
	{"half", [3]float32{0.5, 0.5, 0.5}, [3]float32{0.5, 0.5, 0.5}},
	{"cifar", [3]float32{0.4914, 0.4822, 0.4465}, [3]float32{0.2023, 0.1994, 0.2010}},
	{"imagenet", [3]float32{0.485, 0.456, 0.406}, [3]float32{0.229, 0.224, 0.225}},
}

// ParseNormalization reads a name or "M,S", one mean and one standard deviation for all channels.
func ParseNormalization(text string) (Normalization, error) {
	for _, n := range normalizations {
		if n.Name == text {
			return n, nil
		}
	}
	m, s, ok := strings.Cut(text, ",")
	mu, err1 := strconv.ParseFloat(strings.TrimSpace(m), 32)
	sigma, err2 := strconv.ParseFloat(strings.TrimSpace(s), 32)
	if !ok || err1 != nil || err2 != nil || !(sigma > 0) || sigma > 1e6 || mu != mu || mu < -1e6 || mu > 1e6 {
		return Normalization{}, fmt.Errorf("%q is no normalisation: it is half, cifar, imagenet, or M,S with a standard deviation above 0, such as 0.5,0.25", text)
	}
	out := Normalization{Name: text}
	for c := range out.Mu {
		out.Mu[c], out.Sigma[c] = float32(mu), float32(sigma)
	}
	return out, nil
}

// Normalize is the first layer of every network: (x − mu)/sigma for each channel. Both are stored with the weights.
type Normalize struct {
	nn.Module
	Mu    torch.Tensor `gotorch:"mu,buffer"`    // [1, 3, 1, 1]
	Sigma torch.Tensor `gotorch:"sigma,buffer"` // [1, 3, 1, 1]
}

func newNormalize(n Normalization) *Normalize {
	l := &Normalize{
		Mu:    torch.FromFloat32(n.Mu[:], 1, 3, 1, 1),
		Sigma: torch.FromFloat32(n.Sigma[:], 1, 3, 1, 1),
	}
	l.Init(l)
	return l
}

// Forward normalises images of shape [N, 3, H, W].
func (l *Normalize) Forward(x torch.Tensor) torch.Tensor {
	centred := torch.Sub(x, l.Mu, 1)
	return centred.DivI(l.Sigma)
}

// Named returns n under the name of the known normalisation with the same values, else under "stored".
func (n Normalization) Named() Normalization {
	n.Name = "stored"
	for _, known := range normalizations {
		if known.Mu == n.Mu && known.Sigma == n.Sigma {
			return known
		}
	}
	return n
}
