package nets

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
)

// Counted from the layers' shapes by hand; those of wrn are also published, and torchvision's.
func TestParameterCount(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		want int64
	}{
		{Config{Model: "wrn", Classes: 10, Layers: 40, WidenFactor: 2}, 2243546},
		{Config{Model: "wrn", Classes: 100, Layers: 40, WidenFactor: 2}, 2255156},
		{Config{Model: "wrn", Classes: 10, Layers: 16, WidenFactor: 1}, 175066},
		{Config{Model: "resnet20", Classes: 10}, 269722},
		{Config{Model: "resnet32", Classes: 10}, 464154},
		{Config{Model: "resnet44", Classes: 10}, 658586},
		{Config{Model: "resnet56", Classes: 10}, 853018},
		{Config{Model: "allconv", Classes: 10}, 1409674},
		{Config{Model: "allconv", Classes: 100}, 1427044},
		{Config{Model: "densenet", Classes: 10}, 769162},
		{Config{Model: "densenet", Classes: 100}, 800032},
		{Config{Model: "densenet", Classes: 10, DenseNetVariant: DenseNetReference}, 1059298},
		{Config{Model: "densenet", Classes: 100, DenseNetVariant: DenseNetReference}, 1100428},
		{Config{Model: "resnext", Classes: 10}, 6807882},
		{Config{Model: "resnext", Classes: 100}, 6900132},
		{Config{Model: "resnet18", Classes: 1000}, 11689512},
		{Config{Model: "resnet50", Classes: 1000}, 25557032},
		// A blur has no parameters.
		{Config{Model: "resnet18", Classes: 1000, Pool: PoolMaxBlur}, 11689512},
		{Config{Model: "resnet50", Classes: 1000, Pool: PoolMaxBlur}, 25557032},
	} {
		n := mustNew(t, c.cfg, 1)
		if got := n.ParameterCount(); got != c.want {
			t.Errorf("%s for %d classes: got %d parameters, want %d", n.Describe(), c.cfg.Classes, got, c.want)
		}
		n.Close()
	}
}

func batchNormNames(prefix string) []string {
	var out []string
	for _, s := range []string{"weight", "bias", "running_mean", "running_var"} {
		out = append(out, prefix+"."+s)
	}
	return out
}

// wrnNames is the state dict of wideresnet.py, num_batches_tracked left out.
func wrnNames(blocks int) []string {
	out := []string{"conv1.weight"}
	for stage := 1; stage <= 3; stage++ {
		for i := range blocks {
			p := fmt.Sprintf("block%d.layer.%d.", stage, i)
			out = append(out, batchNormNames(p+"bn1")...)
			out = append(out, p+"conv1.weight")
			out = append(out, batchNormNames(p+"bn2")...)
			out = append(out, p+"conv2.weight")
			if i == 0 {
				out = append(out, p+"conv_shortcut.weight")
			}
		}
	}
	return append(append(out, batchNormNames("bn1")...), "fc.weight", "fc.bias")
}

// resNetNames is the state dict of resnet.py, num_batches_tracked left out.
func resNetNames(blocks int) []string {
	out := append([]string{"conv1.weight"}, batchNormNames("bn1")...)
	for stage := 1; stage <= 3; stage++ {
		for i := range blocks {
			p := fmt.Sprintf("layer%d.%d.", stage, i)
			out = append(out, p+"conv1.weight")
			out = append(out, batchNormNames(p+"bn1")...)
			out = append(out, p+"conv2.weight")
			out = append(out, batchNormNames(p+"bn2")...)
		}
	}
	return append(out, "linear.weight", "linear.bias")
}

func TestStateDict(t *testing.T) {
	for _, c := range []struct {
		cfg   Config
		names []string
		norms int // Batch normalisations, each with a num_batches_tracked of its own in PyTorch.
		total int // Tensors of PyTorch's state dict.
	}{
		{Config{Model: "wrn", Classes: 10, Layers: 40, WidenFactor: 2}, wrnNames(6), 37, 227},
		// A widen factor of 1 leaves the first stage at 16 channels, hence without a shortcut convolution.
		{Config{Model: "wrn", Classes: 10, Layers: 16, WidenFactor: 1}, slices.DeleteFunc(wrnNames(2), func(s string) bool {
			return s == "block1.layer.0.conv_shortcut.weight"
		}), 13, 82},
		{Config{Model: "resnet20", Classes: 10}, resNetNames(3), 19, 116},
	} {
		n := mustNew(t, c.cfg, 1)
		var got []string
		for _, w := range n.Tensors() {
			got = append(got, w.Name)
		}
		if want := append([]string{"mu", "sigma"}, c.names...); !slices.Equal(got, want) {
			t.Errorf("%s: got names\n%s\nwant\n%s", n.Describe(), strings.Join(got, " "), strings.Join(want, " "))
		}
		if got := len(c.names) + c.norms; got != c.total {
			t.Errorf("%s: %d tensors with num_batches_tracked, want PyTorch's %d", n.Describe(), got, c.total)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{Model: "wrm", Classes: 10}, `--model: unknown model "wrm"`},
		{Config{Model: "resnet20"}, "at least one class"},
		{Config{Model: "wrn", Classes: 10, Layers: 41, WidenFactor: 2}, "--layers 41: a wide residual network has 6n+4 layers: give 40 or 46"},
		{Config{Model: "wrn", Classes: 10, Layers: 4, WidenFactor: 2}, "give 10 or 16"},
		{Config{Model: "wrn", Classes: 10, Layers: 40}, "--widen-factor 0"},
		{Config{Model: "wrn", Classes: 10, Layers: 40, WidenFactor: 2, DropRate: 1}, "--droprate 1"},
		{Config{Model: "wrn", Classes: 10, Layers: 40, WidenFactor: 2, DropRate: -0.1}, "--droprate -0.1"},
		{Config{Model: "wrn", Classes: 10, Layers: 40, WidenFactor: 2, DropRate: math.NaN()}, "--droprate NaN"},
		{Config{Model: "densenet", Classes: 10}, `--densenet-variant: unknown variant ""; it is bc or reference`},
		{Config{Model: "resnext", Classes: 10, BaseWidth: 32}, "--cardinality 0"},
		{Config{Model: "resnext", Classes: 10, Cardinality: 4}, "--base-width 0"},
		{Config{Model: "resnext", Classes: 10, Cardinality: 1024, BaseWidth: 1024}, "1048576 channels are too many"},
		{Config{Model: "resnet50", Classes: 10, Pool: "mean"}, `--pool: unknown pooling "mean"; it is max or maxblurpool`},
	} {
		before := torch.LiveTensors()
		if _, err := New(c.cfg, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: got error %v, want one that says %q", c.cfg, err, c.want)
		}
		if got := torch.LiveTensors() - before; got != 0 {
			t.Errorf("%+v: %d tensors left alive", c.cfg, got)
		}
	}
}

func TestCheckSize(t *testing.T) {
	for _, c := range []struct {
		model          string
		w, h, channels int
		want           string // Empty where the network takes the images.
	}{
		{"wrn", 32, 32, 3, ""}, {"wrn", 64, 48, 3, ""}, {"wrn", 4, 32, 3, "at least 8×8"},
		{"wrn", 32, 32, 1, "3 channels, not 1"},
		{"allconv", 32, 32, 3, ""}, {"allconv", 24, 55, 3, ""}, {"allconv", 64, 64, 3, "at most 55×55"}, {"allconv", 32, 23, 3, "at least 24×24"},
		{"resnet18", 32, 32, 3, ""}, {"resnet50", 224, 224, 3, ""}, {"resnet50", 31, 224, 3, "at least 32×32"},
	} {
		err := Config{Model: c.model}.CheckSize(c.w, c.h, c.channels)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s, %d×%d×%d: got error %v, want %q", c.model, c.w, c.h, c.channels, err, c.want)
		}
	}
}

// Each network takes the smallest images that CheckSize lets through, and the largest where there is a bound.
func TestSmallestImages(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		side int
	}{
		{smallWRN, 8}, {Config{Model: "allconv", Classes: 10}, 24}, {Config{Model: "allconv", Classes: 10}, 55},
		{Config{Model: "densenet", Classes: 10, DenseNetVariant: DenseNetReference}, 8}, {Config{Model: "resnext", Classes: 10, Cardinality: 1, BaseWidth: 8}, 8},
		{Config{Model: "resnet20", Classes: 10}, 8}, {Config{Model: "resnet18", Classes: 10}, 32},
		{Config{Model: "resnet18", Classes: 10, Pool: PoolMaxBlur}, 32}, {Config{Model: "resnet50", Classes: 10, Pool: PoolMaxBlur}, 33},
	} {
		n := mustNew(t, c.cfg, 1)
		if err := n.Config().CheckSize(c.side, c.side, 3); err != nil {
			t.Errorf("%s: %v", n.Describe(), err)
			continue
		}
		torch.Scope(func() {
			torch.NoGrad(func() {
				logits := n.Forward(imagesOf("input", 2, c.side))
				if got := logits.Shape(); !slices.Equal(got, []int64{2, 10}) {
					t.Errorf("%s, %d×%d: logits of shape %v, want [2 10]", n.Describe(), c.side, c.side, got)
				}
			})
		})
	}
}

func TestDescribe(t *testing.T) {
	for _, c := range []struct {
		cfg  Config
		want string
	}{
		{Config{Model: "wrn", Layers: 40, WidenFactor: 2}, "WRN-40-2"},
		{Config{Model: "allconv"}, "AllConv"},
		{Config{Model: "densenet", DenseNetVariant: DenseNetBC}, "DenseNet-BC-100-12"},
		{Config{Model: "densenet", DenseNetVariant: DenseNetReference}, "DenseNet-40-12"},
		{Config{Model: "resnext", Cardinality: 4, BaseWidth: 32}, "ResNeXt-29-4×32d"},
		{Config{Model: "resnet20"}, "ResNet-20"},
		{Config{Model: "resnet50", Pool: PoolMax}, "ResNet-50"},
		{Config{Model: "resnet18", Pool: PoolMaxBlur}, "ResNet-18 with MaxBlurPool"},
	} {
		if got := c.cfg.Describe(); got != c.want {
			t.Errorf("%+v: got %s, want %s", c.cfg, got, c.want)
		}
	}
}

func TestFlags(t *testing.T) {
	if got, want := strings.Join(Flags(), " "), "layers widen-factor droprate densenet-variant cardinality base-width pool"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := strings.Join(Having("pool"), " "), "resnet18 resnet50"; got != want {
		t.Errorf("models with --pool: got %s, want %s", got, want)
	}
	if !Has("wrn", "layers") || Has("resnet20", "layers") || Has("no model", "layers") {
		t.Error("--layers is about wrn alone")
	}
}

func TestParseNormalization(t *testing.T) {
	for _, c := range []struct {
		text      string
		mu, sigma [3]float32
	}{
		{"half", [3]float32{0.5, 0.5, 0.5}, [3]float32{0.5, 0.5, 0.5}},
		{"imagenet", [3]float32{0.485, 0.456, 0.406}, [3]float32{0.229, 0.224, 0.225}},
		{"0.25, 2", [3]float32{0.25, 0.25, 0.25}, [3]float32{2, 2, 2}},
	} {
		got, err := ParseNormalization(c.text)
		if err != nil || got.Mu != c.mu || got.Sigma != c.sigma || got.Name != c.text {
			t.Errorf("%q: got %+v and error %v, want %v and %v", c.text, got, err, c.mu, c.sigma)
		}
	}
	for _, text := range []string{"", "haf", "0.5", "0.5,", ",1", "0.5,0", "0.5,-1", "nan,1", "0.5,nan", "0.5,inf", "inf,1", "0.5,1,2"} {
		if got, err := ParseNormalization(text); err == nil {
			t.Errorf("%q: got %+v, want an error", text, got)
		}
	}
}

// The weights of convolutions lie in memory as NHWC, where libtorch's kernels want them.
func TestChannelsLast(t *testing.T) {
	for _, model := range Names() {
		cfg := smallWRN
		cfg.Model = model
		n := mustNew(t, cfg, 1)
		for _, p := range n.NamedTensors() {
			if !p.Buffer && p.Tensor.Dim() == 4 && !p.Tensor.IsChannelsLast() {
				t.Errorf("%s: %s is not channels_last", n.Describe(), p.Name)
			}
		}
		if err := n.Load(mustNew(t, cfg, 2).Tensors()); err != nil {
			t.Fatal(err)
		}
		for _, w := range n.Parameters() {
			if w.Dim() == 4 && !w.IsChannelsLast() {
				t.Errorf("%s: loading undid channels_last", n.Describe())
			}
		}
	}
}

// bfloat16 keeps 8 bits of a number, so that a convolution is off by some 2^-9 of its size, and 40 layers by a few times
// that. The tolerance is 3 % of the greatest logit; float32 deviates by 1e-6 of it and must not pass for bfloat16.
func TestBF16(t *testing.T) {
	cases, _ := readGolden(t)
	for _, c := range cases {
		n := newFormulaNet(t, c.config(), c.Eval.BNBias)
		n.Train(false)
		n.SetBF16(true)
		torch.Scope(func() {
			torch.NoGrad(func() {
				logits := n.Forward(images(c.Eval.Input, c.Batch*c.Views))
				if got := logits.Dtype(); got != torch.Float {
					t.Errorf("%s: logits of dtype %d, want float32", c.Name, got)
				}
				want := flat(c.Eval.Logits)
				_, largest := distance(logits.Float32s(), want)
				_, greatest := distance(want, make([]float64, len(want)))
				if relative := largest / greatest; !(relative <= 0.03 && relative >= 1e-4) {
					t.Errorf("%s: off by %.2g of the greatest logit, want 1e-4 to 0.03", c.Name, relative)
				} else {
					t.Logf("%s: off by %.2g of the greatest logit", c.Name, relative)
				}
			})
		})
	}
}

// Gradients of parameters are float32 under bfloat16 too, and finite; running statistics stay float32.
func TestBF16Backward(t *testing.T) {
	n := newFormulaNet(t, smallWRN, 2)
	n.SetBF16(true)
	torch.Scope(func() {
		loss := lossOf(t, n.Forward(images("input", 6)), torch.FromInt64(formulaLabels(2), 2), 3)
		loss.Backward()
	})
	for name, g := range gradients(n) {
		if norm := normOf(g); !(norm > 0) || math.IsInf(norm, 0) {
			t.Errorf("the gradient of %s has the norm %v", name, norm)
		}
	}
}

// Initialisation is a function of the seed, and what the network's source says.
func TestInitialisation(t *testing.T) {
	spread := func(n *Net, name string) (mean, deviation float64) {
		for _, w := range n.NamedTensors() {
			if w.Name == name {
				x := w.Tensor.Float32s()
				for _, v := range x {
					mean += float64(v) / float64(len(x))
				}
				for _, v := range x {
					deviation += (float64(v) - mean) * (float64(v) - mean) / float64(len(x))
				}
				return mean, math.Sqrt(deviation)
			}
		}
		t.Fatalf("there is no %s", name)
		return 0, 0
	}
	wrn := mustNew(t, Config{Model: "wrn", Classes: 10, Layers: 16, WidenFactor: 2}, 1)
	resnet := mustNew(t, Config{Model: "resnet20", Classes: 10}, 1)
	allconv := mustNew(t, Config{Model: "allconv", Classes: 100}, 1)
	densenet := mustNew(t, Config{Model: "densenet", Classes: 100}, 1)
	resnext := mustNew(t, Config{Model: "resnext", Classes: 100}, 1)
	resnet50 := mustNew(t, Config{Model: "resnet50", Classes: 10}, 1)
	for _, c := range []struct {
		n         *Net
		name      string
		deviation float64
	}{
		{wrn, "block3.layer.1.conv2.weight", math.Sqrt(2.0 / (9 * 128))},
		{wrn, "block2.layer.0.conv_shortcut.weight", math.Sqrt(2.0 / 64)},
		{wrn, "fc.weight", math.Sqrt(1.0 / (3 * 128))}, // Uniform in ±1/√128.
		{wrn, "fc.bias", 0},
		{resnet, "layer3.1.conv1.weight", math.Sqrt(2.0 / (9 * 64))},
		{resnet, "layer3.0.conv1.weight", math.Sqrt(2.0 / (9 * 32))},
		{resnet, "linear.weight", math.Sqrt(2.0 / 64)},
		{allconv, "features.3.weight", math.Sqrt(2.0 / (9 * 96))},
		{allconv, "features.25.weight", math.Sqrt(2.0 / 192)},
		{allconv, "features.22.bias", math.Sqrt(1.0 / (3 * 9 * 192))}, // Uniform in ±1/√fan_in.
		{allconv, "classifier.weight", math.Sqrt(1.0 / (3 * 192))},
		{allconv, "classifier.bias", 0},
		{densenet, "dense1.3.conv1.weight", math.Sqrt(2.0 / 48)},
		{densenet, "dense3.15.conv2.weight", math.Sqrt(2.0 / (9 * 12))},
		{densenet, "fc.bias", 0},
		{resnext, "stage_2.1.conv_conv.weight", math.Sqrt(2.0 / (9 * 256))}, // The groups do not count.
		{resnext, "stage_3.0.downsample.0.weight", math.Sqrt(2.0 / 1024)},
		{resnext, "classifier.weight", math.Sqrt(2.0 / 1024)},
		{resnext, "classifier.bias", 0},
		{resnet50, "conv1.weight", math.Sqrt(2.0 / (49 * 64))},
		{resnet50, "layer3.2.conv3.weight", math.Sqrt(2.0 / 1024)},
		{resnet50, "fc.weight", math.Sqrt(1.0 / (3 * 2048))},
	} {
		mean, deviation := spread(c.n, c.name)
		if math.Abs(mean) > 0.15*c.deviation || math.Abs(deviation-c.deviation) > 0.1*c.deviation {
			t.Errorf("%s %s: got mean %.3g and deviation %.4g, want 0 and %.4g", c.n.Describe(), c.name, mean, deviation, c.deviation)
		}
	}
	for _, w := range resnet50.NamedTensors() {
		// torchvision's default: no block begins as the identity.
		if w.Name == "layer1.0.bn3.weight" && w.Tensor.Float32s()[0] != 1 {
			t.Errorf("ResNet-50: layer1.0.bn3.weight begins with %v, want 1", w.Tensor.Float32s()[0])
		}
	}
	again := mustNew(t, Config{Model: "resnet20", Classes: 10}, 1)
	for i, p := range again.Parameters() {
		if !torch.Equal(p, resnet.Parameters()[i]) {
			t.Fatal("the same seed gave other weights")
		}
	}
}

// Dropout acts in training only, and is a function of the seed.
func TestDropout(t *testing.T) {
	cfg := smallWRN
	cfg.DropRate = 0.5
	for _, cfg := range []Config{cfg, {Model: "allconv", Classes: 10}} {
		t.Run(cfg.Model, func(t *testing.T) { testDropout(t, mustNew(t, cfg, 1)) })
	}
}

func testDropout(t *testing.T, n *Net) {
	torch.Scope(func() {
		torch.NoGrad(func() {
			x := images("input", 4)
			forward := func(seed uint64) []float32 {
				torch.Seed(seed)
				return n.Forward(x).Float32s()
			}
			n.Train(true)
			if a, b := forward(1), forward(2); slices.Equal(a, b) {
				t.Error("two seeds gave the same training pass")
			}
			if a, b := forward(1), forward(1); !slices.Equal(a, b) {
				t.Error("one seed gave two training passes")
			}
			n.Train(false)
			if a, b := forward(1), forward(2); !slices.Equal(a, b) {
				t.Error("dropout acted in evaluation")
			}
		})
	})
}

// Closing a network frees all it holds.
func TestClose(t *testing.T) {
	before := torch.LiveTensors()
	n, err := New(smallWRN, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := torch.LiveTensors() - before; got < len(n.NamedTensors()) {
		t.Errorf("%d tensors alive, want at least %d", got, len(n.NamedTensors()))
	}
	n.Close()
	if got := torch.LiveTensors() - before; got != 0 {
		t.Errorf("%d tensors alive after Close, want 0", got)
	}
}
