package jsd

import (
	"math"
	"math/rand/v2"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
)

// divergence is the definition in float64, one image at a time.
func divergence(logits []float32, views, n, k int) float64 {
	var total float64
	for i := range n {
		p := make([][]float64, views)
		m := make([]float64, k)
		for v := range views {
			p[v] = softmax(logits[(v*n+i)*k : (v*n+i+1)*k])
			for c := range k {
				m[c] += p[v][c] / float64(views)
			}
		}
		for v := range views {
			for c := range k {
				if p[v][c] > 0 {
					total += p[v][c] * math.Log(p[v][c]/min(max(m[c], Floor), 1))
				}
			}
		}
	}
	return total / float64(views*n)
}

func softmax(x []float32) []float64 {
	out := make([]float64, len(x))
	largest, sum := math.Inf(-1), 0.0
	for _, v := range x {
		largest = max(largest, float64(v))
	}
	for i, v := range x {
		out[i] = math.Exp(float64(v) - largest)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

func draw(seed uint64, n int, scale float64) []float32 {
	r := rand.New(rand.NewPCG(seed, 0))
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(r.NormFloat64() * scale)
	}
	return out
}

func TestLossEqualsDefinition(t *testing.T) {
	for _, c := range []struct {
		views, n, k int
		scale       float64
	}{{3, 8, 10, 1}, {2, 5, 100, 3}, {4, 1, 2, 10}, {3, 7, 10, 50}} {
		logits := draw(1, c.views*c.n*c.k, c.scale)
		torch.Scope(func() {
			got := Loss(torch.FromFloat32(logits, int64(c.views*c.n), int64(c.k)), c.views).Float64()
			want := divergence(logits, c.views, c.n, c.k)
			if math.Abs(got-want) > 1e-5*max(want, 0.1) {
				t.Errorf("views %d, n %d, k %d, scale %v: got %v, want %v", c.views, c.n, c.k, c.scale, got, want)
			}
			if limit := math.Log(float64(c.views)); got < -1e-6 || got > limit+1e-6 {
				t.Errorf("views %d: %v is outside [0, ln %d]", c.views, got, c.views)
			}
		})
	}
}

func TestIdenticalViewsCostNothing(t *testing.T) {
	torch.Scope(func() {
		x := torch.FromFloat32(draw(2, 40, 2), 4, 10)
		if got := Loss(torch.Cat([]torch.Tensor{x, x, x}, 0), 3).Float64(); math.Abs(got) > 1e-7 {
			t.Errorf("identical views: got %v, want 0", got)
		}
	})
}

// The central difference is taken in float64 on the definition, so that it is exact to about 1e-9.
func TestGradient(t *testing.T) {
	const views, n, k = 3, 4, 10
	logits := draw(3, views*n*k, 2)
	torch.Scope(func() {
		x := torch.FromFloat32(logits, views*n, k)
		x.SetRequiresGrad(true)
		Loss(x, views).Backward()
		grad := x.Grad().Float32s()
		for i := range logits {
			const h = 1.0 / 1024
			up, down := append([]float32(nil), logits...), append([]float32(nil), logits...)
			up[i] += h
			down[i] -= h
			width := float64(up[i]) - float64(down[i])
			want := (divergence(up, views, n, k) - divergence(down, views, n, k)) / width
			if math.Abs(float64(grad[i])-want) > 1e-6+1e-3*math.Abs(want) {
				t.Errorf("gradient of logit %d: got %v, want %v", i, grad[i], want)
			}
		}
		for row := range views * n {
			var sum float64
			for _, g := range grad[row*k : (row+1)*k] {
				sum += float64(g)
			}
			if math.Abs(sum) > 1e-6 {
				t.Errorf("the gradient of row %d sums to %v over the classes, want 0", row, sum)
			}
		}
	})
}

// A prediction that underflows to 0 must give a finite loss and gradient.
func TestExtremeLogits(t *testing.T) {
	torch.Scope(func() {
		x := torch.FromFloat32([]float32{300, 0, -300, 0, 300, -300, -300, 0, 300}, 3, 3)
		x.SetRequiresGrad(true)
		loss := Loss(x, 3)
		loss.Backward()
		if got, want := loss.Float64(), math.Log(3); math.Abs(got-want) > 1e-5 {
			t.Errorf("disjoint predictions: got %v, want ln 3 = %v", got, want)
		}
		for i, g := range x.Grad().Float32s() {
			if math.IsNaN(float64(g)) || math.IsInf(float64(g), 0) {
				t.Errorf("gradient %d is %v", i, g)
			}
		}
	})
}
