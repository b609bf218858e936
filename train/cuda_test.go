//go:build cuda

package train

import (
	"errors"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"augmix/eval"
	"augmix/run"

	torch "github.com/wangkuiyi/gotorch"
)

// onCUDA runs f with a small configuration on the first CUDA device, by kernels that repeat themselves, and skips the test
// where there is none.
func onCUDA(t *testing.T, f func(cfg run.Config)) {
	t.Helper()
	if !torch.IsCUDAAvailable() {
		t.Skip(torch.NoCUDA())
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cfg, _, _ := small(t)
	cfg.Device, cfg.Deterministic = "cuda", true
	Prepare(cfg)
	t.Cleanup(func() { torch.SetDeterministic(false) })
	place(cfg).Do(func() { f(cfg) })
}

// gradients copies the gradients of a network's parameters by name.
func gradients(m *machine) map[string][]float32 {
	out := map[string][]float32{}
	for _, n := range m.net.NamedTensors() {
		if !n.Buffer {
			out[n.Name] = n.Tensor.Grad().Float32s()
		}
	}
	return out
}

// relative is the norm of the difference of two vectors over the norm of the second.
func relative(got, want []float32) float64 {
	var difference, norm float64
	for i, w := range want {
		difference += math.Pow(float64(got[i])-float64(w), 2)
		norm += math.Pow(float64(w), 2)
	}
	return math.Sqrt(difference / max(norm, 1e-30))
}

// From the same weights, on the same batch and in float32, every network has on a GPU the CPU's logits, loss and gradients:
// the logits to 1e-4 of their norm, the loss to 1e-5, each gradient to 1e-2 of its norm, or of a hundredth of the largest
// one's where it is smaller. TF32 is off.
func TestCUDAParity(t *testing.T) {
	onCUDA(t, func(cfg run.Config) {
		torch.SetDeterministic(false) // Not every network has kernels that repeat themselves.
		networks := forms(cfg)
		for _, form := range slices.Sorted(maps.Keys(networks)) {
			c := networks[form]
			c.BatchSize, c.Droprate, c.Method = 8, 0, "augmix"
			var logits, grads [2]map[string][]float32
			var losses [2]float64
			for i, d := range []string{"cpu", "cuda"} {
				c.Device = d
				m := testMachine(t, c)
				if c.Model == "allconv" {
					m.net.Train(false) // Its dropout draws other numbers on a GPU.
				}
				batch := m.synthetic()
				m.place.Do(func() {
					torch.Scope(func() {
						torch.NoGrad(func() {
							training := m.net.IsTraining()
							m.net.Train(false)
							logits[i] = map[string][]float32{"": m.net.Forward(m.part(m.feed.load(batch), 0).Images).Float32s()}
							m.net.Train(training)
						})
					})
					m.step(batch, 0, 1)
					grads[i] = gradients(m)
					m.meter.read()
					losses[i] = m.meter.meanLoss()
				})
			}
			if d := relative(logits[1][""], logits[0][""]); !(d < 1e-4) {
				t.Errorf("%s: the logits differ by %.2g of their norm", form, d)
			}
			if d := math.Abs(losses[1]-losses[0]) / losses[0]; !(d < 1e-5) {
				t.Errorf("%s: the loss is %v on the GPU, %v on the CPU", form, losses[1], losses[0])
			}
			largest := 0.0
			for _, g := range grads[0] {
				largest = max(largest, norm(g))
			}
			worst, where := 0.0, ""
			for name, g := range grads[0] {
				scale := norm(g) / max(norm(g), largest/100)
				if d := relative(grads[1][name], g) * scale; d > worst || math.IsNaN(d) {
					worst, where = d, name
				}
			}
			t.Logf("%s: logits %.2g, loss %.2g, gradients at most %.2g (%s)", form, relative(logits[1][""], logits[0][""]),
				math.Abs(losses[1]-losses[0])/losses[0], worst, where)
			if !(worst < 1e-2) {
				t.Errorf("%s: the gradient of %s differs by %.2g of its norm", form, where, worst)
			}
		}
	})
}

func norm(v []float32) float64 {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}

// trained is what steps on changing batches end with, every fourth of them smaller, and how many graphs they were replayed
// from.
func trained(t *testing.T, cfg run.Config, steps int) (losses []float64, weights map[string][]float32, graphs int) {
	t.Helper()
	m := testMachine(t, cfg)
	m.place.Do(func() {
		batch := m.synthetic()
		for i := 1; i < len(m.feed.ring); i++ {
			copy(m.feed.slots()[i].Pixels, m.feed.slots()[0].Pixels)
			copy(m.feed.slots()[i].Labels, m.feed.slots()[0].Labels)
		}
		for step := range steps {
			b := batch
			b.Slot = step % len(m.feed.ring)
			if step%4 == 3 {
				b.N--
			}
			m.step(b, 0.05/float64(1+step), uint64(step))
			m.meter.read()
			losses = append(losses, m.meter.meanLoss())
			m.meter.startEpoch()
		}
		weights, graphs = values(m.net), m.graphs.Captured()
	})
	return losses, weights, graphs
}

// Steps that are replayed from graphs are, bit for bit, those that are launched one operation after the other: for every
// method, in both precisions, with dropout, whose draws each replay seeds anew, on whole and partial batches.
func TestCUDAGraphEqualsEager(t *testing.T) {
	onCUDA(t, func(cfg run.Config) {
		cfg.AttackSteps, cfg.Droprate, cfg.ClipGrad, cfg.EMA, cfg.BatchSize = 2, 0.3, 1, 0.9, 16
		cases := variants(cfg)
		parts := cfg
		parts.GradAccum, parts.BatchSize = 2, 8
		cases["augmix, two parts"] = parts
		allconv := forms(cfg)["allconv"]
		allconv.Method = "augmix"
		cases["allconv"] = allconv
		for _, name := range slices.Sorted(maps.Keys(cases)) {
			for _, precision := range []string{"fp32", "bf16"} {
				c := cases[name]
				c.Precision = precision
				if err := ResolveMethod(&c); err != nil {
					t.Fatal(err)
				}
				const steps = 12
				c.NoGraph = true
				want, wantWeights, none := trained(t, c, steps)
				c.NoGraph = false
				got, gotWeights, graphs := trained(t, c, steps)
				if none != 0 || graphs != 2 {
					t.Errorf("%s, %s: %d graphs with --no-graph, %d without; want 0 and 2", name, precision, none, graphs)
				}
				if !slices.Equal(got, want) {
					t.Errorf("%s, %s: the losses are %v replayed, %v launched", name, precision, got, want)
				}
				if worst, where := farthest(wantWeights, gotWeights); worst != 0 {
					t.Errorf("%s, %s: %s differs by %.2g of its largest value", name, precision, where, worst)
				}
			}
		}
	})
}

// Training with the bfloat16 copies stays near float32: the mean of 12 losses within 2 %.
func TestCUDABF16(t *testing.T) {
	onCUDA(t, func(cfg run.Config) {
		cfg.BatchSize, cfg.Droprate = 32, 0
		var mean [2]float64
		for i, precision := range []string{"fp32", "bf16"} {
			cfg.Precision = precision
			losses, _, _ := trained(t, cfg, 12)
			for _, l := range losses {
				mean[i] += l / float64(len(losses))
			}
		}
		t.Logf("mean loss %v in float32, %v in bfloat16", mean[0], mean[1])
		if !(math.Abs(mean[1]-mean[0]) < 0.02*mean[0]) {
			t.Errorf("the mean loss is %v in float32, %v in bfloat16", mean[0], mean[1])
		}
	})
}

// From step 20 to step 200 tensors take the same memory on the device, and none more is alive.
func TestCUDAMemoryIsFlat(t *testing.T) {
	onCUDA(t, func(cfg run.Config) {
		cfg.BatchSize = 16
		for _, cfg.NoGraph = range []bool{false, true} {
			m := testMachine(t, cfg)
			batch := m.synthetic()
			var bytes [2]int64
			var live [2]int
			for step := range 200 {
				b := batch
				b.N -= step % 2
				m.step(b, 0.01, uint64(step))
				if m.meter.full() {
					m.place.Do(func() { m.meter.read() })
				}
				if at := slices.Index([]int{20, 199}, step); at >= 0 {
					m.place.Wait()
					bytes[at], _ = m.place.Memory()
					live[at] = torch.LiveTensors()
				}
			}
			if bytes[0] != bytes[1] || live[0] != live[1] {
				t.Errorf("without graphs %v: %d bytes and %d tensors at step 20, %d and %d at step 199", cfg.NoGraph, bytes[0], live[0], bytes[1], live[1])
			}
		}
	})
}

// A run on a GPU that is stopped and gone on with ends with the weights of one that was not, and in both precisions with
// finite losses; its checkpoint can be evaluated on the CPU.
func TestCUDAResume(t *testing.T) {
	onCUDA(t, func(cfg run.Config) {
		_, train, test := small(t)
		for _, precision := range []string{"fp32", "bf16"} {
			cfg.Precision, cfg.Epochs, cfg.EMA, cfg.Save = precision, 3, 0.9, filepath.Join(t.TempDir(), "whole")
			want := mustRun(t, Options{Config: cfg, Resume: "none", Train: train, Test: test})
			cfg.Save = filepath.Join(t.TempDir(), "stopped")
			stop, reports := make(chan os.Signal, 1), 0
			options := Options{Config: cfg, Resume: "auto", Train: train, Test: test, Log: io.Discard, Stop: stop}
			options.Progress = func(Status) {
				if reports++; reports == 4 {
					stop <- syscall.SIGTERM
				}
			}
			if _, err := Run(options); !errors.As(err, new(*Interrupted)) {
				t.Fatalf("got error %v, want *Interrupted", err)
			}
			options.Stop, options.Progress = nil, nil
			if got := mustRun(t, options); got.WeightsSHA256 != want.WeightsSHA256 {
				t.Errorf("%s: weights_sha256: got %s, want %s", precision, got.WeightsSHA256, want.WeightsSHA256)
			}
		}
	})
}

// Evaluation during training on a GPU, from the second time on of images that stay there, finds the errors that the CPU finds
// with the weights of the checkpoint: at most one image more or fewer, and the loss to 1e-4.
func TestCUDATrainingEvaluates(t *testing.T) {
	onCUDA(t, func(cfg run.Config) {
		_, train, test := small(t)
		cfg.Epochs = 3
		got := mustRun(t, Options{Config: cfg, Resume: "none", Train: train, Test: test})
		net, _, _, err := eval.Load(filepath.Join(cfg.Save, "checkpoints", "last"), run.Config{})
		if err != nil {
			t.Fatal(err)
		}
		defer net.Close()
		want, err := eval.Run(net, eval.Options{Dataset: test, Sets: []string{"clean"}, BatchSize: 50, Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		one := 100 / float64(test.Len())
		if math.Abs(got.TestError-want.Clean.Error) > one+1e-9 || math.Abs(got.TestLoss-want.Clean.NLL) > 1e-4*want.Clean.NLL {
			t.Errorf("test error %v %%, loss %v on the GPU; %v %%, %v on the CPU", got.TestError, got.TestLoss, want.Clean.Error, want.Clean.NLL)
		}
	})
}
