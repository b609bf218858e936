//go:build cuda

package eval

import (
	"math"
	"runtime"
	"testing"

	"augmix/data"
	"augmix/device"
	"augmix/pixel"

	torch "github.com/wangkuiyi/gotorch"
)

// onCUDA runs f on one thread, float32 meaning float32, and skips the test where there is no CUDA device.
func onCUDA(t *testing.T, f func()) {
	t.Helper()
	if !torch.IsCUDAAvailable() {
		t.Skip(torch.NoCUDA())
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	torch.SetTF32(false)
	f()
}

// Every byte becomes the float32 on a GPU that pixel.Float32s makes of it.
func TestCUDABytesBecomePixels(t *testing.T) {
	onCUDA(t, func() {
		m := pixel.New(16, 16, 1)
		for i := range m.Pix {
			m.Pix[i] = uint8(i)
		}
		want := make([]float32, 256)
		pixel.Float32s(want, m)
		net := smallNet(t, 1)
		if err := Move(net, "cuda", false); err != nil {
			t.Fatal(err)
		}
		p := NewPredictor(net, 16, 16, 1, 1, 1)
		defer p.Close()
		d := p.distant
		copy(d.host[0].MemoryBytes(), m.Pix)
		device.At(net.Device()).Do(func() {
			torch.Scope(func() {
				d.bytes.Copy(d.host[0])
				d.floats(d.input, 1)
				for i, got := range d.input.Float32s() {
					if math.Float32bits(got) != math.Float32bits(want[i]) {
						t.Errorf("byte %d: got %v, want %v", i, got, want[i])
					}
				}
			})
		})
	})
}

// Evaluation on a GPU, with graphs and without, finds the CPU's errors: at most one image more or fewer of each set, and the
// mean loss to 1e-4; with bfloat16 the loss to 5 %. So do Fourier maps, to one image for each frequency.
func TestCUDAEvaluation(t *testing.T) {
	onCUDA(t, func() {
		shapes, err := data.Open("shapes", "", "test")
		if err != nil {
			t.Fatal(err)
		}
		set := data.Subset(shapes, 130, false)
		o := Options{Dataset: set, Sets: []string{"clean", "c", "p"}, Only: []string{"fog", "contrast"}, Severities: []int{1, 5},
			Perturbations: []string{"translate"}, CData: "generate", PData: "generate", BatchSize: 16, Workers: 2, FitTemperature: true}
		onCPU := smallNet(t, 1)
		want, err := Run(onCPU, o)
		if err != nil {
			t.Fatal(err)
		}
		fourier := FourierOptions{Dataset: data.Subset(shapes, 40, false), Epsilon: 4, Side: 5, BatchSize: 16, Workers: 1}
		wantMap, err := Fourier(onCPU, fourier)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct{ noGraph, bf16 bool }{{false, false}, {true, false}, {false, true}} {
			net := smallNet(t, 1)
			if err := Move(net, "cuda", c.bf16); err != nil {
				t.Fatal(err)
			}
			o.NoGraph, o.BF16 = c.noGraph, c.bf16
			o.Note = func(text string) { t.Error(text) }
			got, err := Run(net, o)
			if err != nil {
				t.Fatal(err)
			}
			images, loss := 1.0, 1e-4
			if c.bf16 {
				images, loss = 13, 0.05
			}
			most := images*100/130 + 1e-9
			if d := math.Abs(got.Clean.NLL - want.Clean.NLL); !(d <= loss*want.Clean.NLL) {
				t.Errorf("%+v: clean loss %v, on the CPU %v", c, got.Clean.NLL, want.Clean.NLL)
			}
			if d := math.Abs(got.Clean.Error - want.Clean.Error); !(d <= most) {
				t.Errorf("%+v: clean error %v %%, on the CPU %v %%", c, got.Clean.Error, want.Clean.Error)
			}
			for name, w := range want.Corruption.ByCorruption {
				if d := math.Abs(float64(got.Corruption.ByCorruption[name].Error) - float64(w.Error)); !(d <= most) {
					t.Errorf("%+v: error on %s %v %%, on the CPU %v %%", c, name, got.Corruption.ByCorruption[name].Error, w.Error)
				}
			}
			fourier.NoGraph, fourier.BF16 = c.noGraph, c.bf16
			gotMap, err := Fourier(net, fourier)
			if err != nil {
				t.Fatal(err)
			}
			for y, row := range wantMap.Error {
				for x, w := range row {
					if d := math.Abs(gotMap.Error[y][x] - w); !(d <= images*100/40+1e-9) {
						t.Errorf("%+v: the map's error at %d, %d is %v %%, on the CPU %v %%", c, x, y, gotMap.Error[y][x], w)
					}
				}
			}
		}
	})
}
