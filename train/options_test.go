package train

import (
	"bytes"
	"math"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"augmix/data"
	"augmix/eval"
	"augmix/nets"
	"augmix/run"
	"augmix/weights"

	torch "github.com/wangkuiyi/gotorch"
)

// testMachine is a machine on synthetic 32×32 images.
func testMachine(t *testing.T, cfg run.Config) *machine {
	t.Helper()
	runtime.LockOSThread() // The number of threads is the thread's that sets it.
	t.Cleanup(runtime.UnlockOSThread)
	UseThreads(cfg.Threads)
	method, err := NewMethod(cfg)
	if err != nil {
		t.Fatal(err)
	}
	net, err := newNet(cfg, benchClasses)
	if err != nil {
		t.Fatal(err)
	}
	m := newMachine(cfg, method, net, 32, 32, 3, t.Logf)
	if err := m.keepAverage(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.close(); net.Close() })
	return m
}

// values copies a network's tensors.
func values(net *nets.Net) map[string][]float32 {
	out := map[string][]float32{}
	for _, n := range net.NamedTensors() {
		out[n.Name] = n.Tensor.Float32s()
	}
	return out
}

// farthest is the largest difference between two networks' tensors, as a part of the tensor's largest value but of no less
// than 0.1, and where.
func farthest(a, b map[string][]float32) (worst float64, where string) {
	for name := range a {
		scale, most := 0.1, 0.0
		for i, v := range a[name] {
			scale = max(scale, math.Abs(float64(v)))
			most = max(most, math.Abs(float64(v)-float64(b[name][i])))
		}
		if most/scale > worst {
			worst, where = most/scale, name
		}
	}
	return worst, where
}

// Three steps on batches in parts give the weights of three steps on whole ones, also where the last part is smaller,
// with batch normalisation by fixed statistics; by the batch's own they do not.
func TestGradAccumEqualsTheBigBatch(t *testing.T) {
	cfg, _, _ := small(t)
	cfg.Droprate, cfg.CEViews, cfg.LabelSmoothing, cfg.ClipGrad, cfg.Views = 0, "all", 0.1, 1, 2
	for _, c := range []struct {
		images int
		fixed  bool
		most   float64
	}{{16, true, 1e-5}, {13, true, 1e-5}, {16, false, math.Inf(1)}} {
		var got [2]map[string][]float32
		var losses [2]float64
		for i, parts := range []int{0, 4} {
			cfg.BatchSize, cfg.GradAccum = 16/max(parts, 1), parts
			m := testMachine(t, cfg)
			m.net.Train(!c.fixed)
			batch := m.synthetic()
			batch.N = c.images
			for step := range uint64(3) {
				m.step(batch, 0.05, step)
			}
			m.meter.read()
			got[i], losses[i] = values(m.net), m.meter.meanLoss()
		}
		worst, where := farthest(got[0], got[1])
		if worst > c.most || !c.fixed && worst < 1e-3 {
			t.Errorf("%d images, fixed statistics %v: %s differs by %.2g of its largest value", c.images, c.fixed, where, worst)
		}
		if c.fixed && math.Abs(losses[0]-losses[1]) > 1e-5*losses[0] {
			t.Errorf("%d images: the mean loss is %v in parts, %v whole", c.images, losses[1], losses[0])
		}
	}
}

// The average after four steps is what the formula gives in float64 from the weights after each.
func TestAverageEqualsItsDefinition(t *testing.T) {
	cfg, _, _ := small(t)
	cfg.EMA, cfg.BatchSize = 0.7, 8
	m := testMachine(t, cfg)
	want := map[string][]float64{}
	for name, v := range values(m.net) {
		for _, x := range v {
			want[name] = append(want[name], float64(x))
		}
	}
	for step := range uint64(4) {
		m.step(m.synthetic(), 0.1, step)
		for name, v := range values(m.net) {
			for i, x := range v {
				want[name][i] = 0.7*want[name][i] + (1-0.7)*float64(x)
			}
		}
	}
	trained := values(m.net)
	moved := 0
	for name, v := range values(m.average.net) {
		for i, x := range v {
			if math.Abs(float64(x)-want[name][i]) > 1e-6*max(1, math.Abs(want[name][i])) {
				t.Fatalf("%s[%d]: got %v, want %v", name, i, x, want[name][i])
			}
			if math.Abs(float64(x)-float64(trained[name][i])) > 1e-4 {
				moved++
			}
		}
	}
	if moved < 1000 {
		t.Errorf("only %d values differ from the trained ones, so that the test shows nothing", moved)
	}
}

// With a clipped gradient, no momentum and no decay, a step moves the weights by learning rate times the norm.
func TestClipBoundsTheStep(t *testing.T) {
	cfg, _, _ := small(t)
	cfg.BatchSize, cfg.Momentum, cfg.NoNesterov, cfg.Decay = 8, 0, true, 0
	for _, clip := range []float64{0.01, 0} {
		cfg.ClipGrad = clip
		m := testMachine(t, cfg)
		before := values(m.net)
		m.step(m.synthetic(), 0.5, 1)
		moved := 0.0
		for _, n := range m.net.NamedTensors() {
			if !n.Buffer {
				for i, v := range n.Tensor.Float32s() {
					d := float64(v) - float64(before[n.Name][i])
					moved += d * d
				}
			}
		}
		moved = math.Sqrt(moved)
		if clip > 0 && math.Abs(moved-0.5*clip) > 1e-3*clip || clip == 0 && moved < 0.1 {
			t.Errorf("--clip-grad %v at rate 0.5: the weights moved by %v", clip, moved)
		}
	}
}

// The views of an image that are all the same have the same statistics, by themselves and together: a split network then
// gives the logits of one that is not. Of views that differ it does not.
func TestSplitBatchNormSeesEachView(t *testing.T) {
	cfg, _, _ := small(t)
	cfg.Droprate, cfg.BatchSize = 0, 8
	whole := testMachine(t, cfg)
	cfg.SplitBN = true
	split := testMachine(t, cfg)
	if got, want := split.net.ParameterCount()-whole.net.ParameterCount(), int64(2*2*(16+16+16+32+32+64+64)); got != want {
		t.Errorf("the split network has %d parameters more, want %d", got, want)
	}
	for _, same := range []bool{true, false} {
		var logits [2][]float32
		for i, m := range []*machine{whole, split} {
			batch := m.synthetic()
			if same {
				pixels := m.feed.slots()[0].Pixels
				third := len(pixels) / 3
				copy(pixels[third:2*third], pixels[:third])
				copy(pixels[2*third:], pixels[:third])
			} else {
				for j, v := range m.feed.slots()[0].Pixels {
					if j >= len(m.feed.slots()[0].Pixels)/2 {
						m.feed.slots()[0].Pixels[j] = v * v
					}
				}
			}
			torch.Scope(func() {
				x, _ := m.method.Batch(m.part(m.feed.load(batch), 0).Batch)
				logits[i] = m.net.Forward(x).Float32s()
			})
		}
		worst := 0.0
		for j, v := range logits[0] {
			worst = max(worst, math.Abs(float64(v)-float64(logits[1][j])))
		}
		if same && worst > 1e-4 || !same && worst < 1e-2 {
			t.Errorf("views all the same: %v; the logits differ by up to %v", same, worst)
		}
	}
}

// What a run with an average logs, and what its checkpoint gives to those who evaluate it, are the average.
func TestAverageIsEvaluated(t *testing.T) {
	cfg, train, test := small(t)
	train, test = data.Subset(train, 60, false), data.Subset(test, 50, false)
	cfg.EMA, cfg.Epochs, cfg.BatchSize, cfg.SplitBN = 0.9, 1, 20, true
	result := mustRun(t, Options{Config: cfg, Resume: "none", Train: train, Test: test})
	path := filepath.Join(cfg.Save, "checkpoints", "last")
	file, err := weights.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]weights.Tensor{}
	for _, tensor := range file.Tensors {
		byName[tensor.Name] = tensor
	}
	if average, trained := byName["fc.weight"].Data, byName[trainedPrefix+"fc.weight"].Data; len(trained) == 0 || bytes.Equal(average, trained) {
		t.Error("the checkpoint does not have both the average and the trained weights")
	}
	net, _, _, err := eval.Load(path, run.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	p := eval.NewPredictor(net, 32, 32, 3, cfg.EvalBatchSize, 1)
	defer p.Close()
	scores, _, err := eval.Score(p, test)
	if err != nil {
		t.Fatal(err)
	}
	// The log, from which the run's result comes, has six digits.
	if math.Abs(scores.NLL-result.TestLoss) > 1e-5*scores.NLL || scores.Error != result.TestError {
		t.Errorf("the checkpoint has the loss %v and the error %v, the run says %v and %v", scores.NLL, scores.Error, result.TestLoss, result.TestError)
	}
}

// A run that begins with a checkpoint has its weights, the head too where the classes are the same; where they are not,
// it says that the head is new.
func TestInit(t *testing.T) {
	cfg, train, test := small(t)
	train, test = data.Subset(train, 40, false), data.Subset(test, 20, false)
	cfg.Epochs, cfg.BatchSize, cfg.Views = 1, 20, 2
	mustRun(t, Options{Config: cfg, Resume: "none", Train: train, Test: test})
	from := filepath.Join(cfg.Save, "checkpoints", "last")
	before, _, _, err := eval.Load(from, run.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	three := data.Dataset(noise{"cifar10", 32, 32, 30, 3})
	for _, c := range []struct {
		name    string
		set     data.Dataset
		classes []string
		newHead bool
		said    string
		change  func(*run.Config)
	}{
		{"the same classes", train, cfg.Classes, false, "beginning with the weights of " + from, func(*run.Config) {}},
		{"fewer classes", three, []string{"a", "b", "c"}, true, "new head (fc.weight, fc.bias): the checkpoint tells 10 classes apart, cifar10 has 3",
			func(*run.Config) {}},
		{"other classes", train, strings.Fields("a b c d e f g h i j"), true, "new head (fc.weight, fc.bias): the checkpoint's 10 classes are those of shapes",
			func(*run.Config) {}},
		{"split", train, cfg.Classes, false, "beginning with", func(c *run.Config) { c.SplitBN, c.EMA = true, 0.5 }},
	} {
		next := cfg
		next.Save, next.Init, next.Normalize = filepath.Join(t.TempDir(), "run"), from, ""
		next.Classes, next.LearningRate, next.Decay = c.classes, 1e-9, 0
		c.change(&next)
		if err := ResolveInit(&next); err != nil {
			t.Fatal(err)
		}
		if next.Normalize != "half" || len(next.InitSHA256) != 64 {
			t.Errorf("%s: normalisation %q, digest %q", c.name, next.Normalize, next.InitSHA256)
		}
		var log strings.Builder
		mustRun(t, Options{Config: next, Resume: "none", Train: c.set, Test: c.set, Log: &log})
		if !strings.Contains(log.String(), c.said) {
			t.Errorf("%s: got the messages %s, want %q", c.name, log.String(), c.said)
		}
		after, _, _, err := eval.Load(filepath.Join(next.Save, "checkpoints", "last"), run.Config{})
		if err != nil {
			t.Fatal(err)
		}
		was := values(before)
		for _, n := range after.NamedTensors() {
			isHead := strings.HasPrefix(n.Name, "fc.")
			if n.Buffer || isHead && c.newHead {
				continue // Statistics move with every step.
			}
			for i, v := range n.Tensor.Float32s() {
				if math.Abs(float64(v)-float64(was[n.Name][i])) > 1e-6 {
					t.Fatalf("%s: %s[%d] begins as %v, the checkpoint has %v", c.name, n.Name, i, v, was[n.Name][i])
				}
			}
		}
		after.Close()
	}
	next := cfg
	next.Save, next.Init, next.WidenFactor = filepath.Join(t.TempDir(), "run"), from, 2
	if err := ResolveInit(&next); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(Options{Config: next, Resume: "none", Train: train, Test: test, Log: new(strings.Builder)}); err == nil || !strings.Contains(err.Error(), from) {
		t.Errorf("another network: got error %v, want one that names the checkpoint", err)
	}
}
