// Package initializer fills new parameters. Draws come from libtorch's default generator.
package initializer

import (
	"fmt"
	"math"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/internal/aten"
)

// ManualSeed seeds libtorch's default generator.
func ManualSeed(seed int64) { torch.Seed(uint64(seed)) }

// Normal fills a with draws from N(mean, std²).
func Normal(a *torch.Tensor, mean, std float64) {
	torch.NoGrad(func() { aten.Normal(a.T, mean, std) })
}

// Uniform fills a with draws from [low, high).
func Uniform(a *torch.Tensor, low, high float64) {
	torch.NoGrad(func() { aten.Uniform(a.T, low, high) })
}

// Zeros fills a with zeros.
func Zeros(a *torch.Tensor) { torch.NoGrad(func() { a.Fill(0) }) }

// Ones fills a with ones.
func Ones(a *torch.Tensor) { torch.NoGrad(func() { a.Fill(1) }) }

// CalculateFanInAndFanOut returns how many inputs reach an output of a weight [out, in, …] and the reverse. It panics
// with a *torch.Error for fewer than two dimensions.
func CalculateFanInAndFanOut(input torch.Tensor) (int64, int64) {
	shape := input.Shape()
	if len(shape) < 2 {
		panic(&torch.Error{Op: "fan", Msg: "a weight needs at least two dimensions"})
	}
	field := int64(1)
	for _, s := range shape[2:] {
		field *= s
	}
	return shape[1] * field, shape[0] * field
}

// KaimingUniform fills a weight with draws from ±gain·√(3/fan), He et al. 2015, as PyTorch's kaiming_uniform_. The fan
// mode is "fan_in" or "fan_out"; the non-linearity is "relu", "leaky_relu" (with slope a), "tanh" or "linear".
func KaimingUniform(input *torch.Tensor, a float64, fanMode string, nonLinearity string) {
	bound := math.Sqrt(3) * kaimingStd(*input, a, fanMode, nonLinearity)
	Uniform(input, -bound, bound)
}

// KaimingNormal fills a weight with draws from N(0, gain²/fan), as PyTorch's kaiming_normal_.
func KaimingNormal(input *torch.Tensor, a float64, fanMode string, nonLinearity string) {
	Normal(input, 0, kaimingStd(*input, a, fanMode, nonLinearity))
}

func kaimingStd(t torch.Tensor, a float64, fanMode, nonLinearity string) float64 {
	in, out := CalculateFanInAndFanOut(t)
	fan := in
	switch fanMode {
	case "fan_in":
	case "fan_out":
		fan = out
	default:
		panic(&torch.Error{Op: "kaiming", Msg: fmt.Sprintf("the fan mode is fan_in or fan_out, not %q", fanMode)})
	}
	return gain(a, nonLinearity) / math.Sqrt(float64(fan))
}

// gain is PyTorch's calculate_gain.
func gain(a float64, nonLinearity string) float64 {
	switch nonLinearity {
	case "linear":
		return 1
	case "tanh":
		return 5.0 / 3
	case "relu":
		return math.Sqrt2
	case "leaky_relu":
		return math.Sqrt(2 / (1 + a*a))
	}
	panic(&torch.Error{Op: "kaiming", Msg: fmt.Sprintf("unknown non-linearity %q", nonLinearity)})
}
