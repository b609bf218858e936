package nn_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/nn"
)

// network has a field of every kind that a module may have.
type network struct {
	nn.Module
	Scale       torch.Tensor
	RunningMean torch.Tensor `gotorch:"buffer"`
	Seen        torch.Tensor `gotorch:"num_seen,buffer"`
	Absent      torch.Tensor
	Conv1       *nn.Conv2dModule
	Blocks      []*block `gotorch:"layer1"`
	Extra       *nn.LinearModule
	FC          *nn.LinearModule `gotorch:"head"`
	Table       []torch.Tensor
	Tail        *nn.SequentialModule

	width int
}

type block struct {
	nn.Module
	BN *nn.BatchNorm2dModule
}

func newNetwork() *network {
	n := &network{
		Scale: torch.Ones([]int64{1}, true), RunningMean: torch.Zeros([]int64{2}, false), Seen: torch.Zeros([]int64{}, false),
		Conv1:  nn.Conv2d(3, 2, 3, 1, 1, 1, 1, false, "zeros"),
		Blocks: []*block{{BN: nn.BatchNorm2d(2, 1e-5, 0.1, true, true)}, nil, {BN: nn.BatchNorm2d(2, 1e-5, 0.1, false, false)}},
		FC:     nn.Linear(2, 4, true),
		Table:  []torch.Tensor{torch.Ones([]int64{1}, true), {}, torch.Ones([]int64{2}, true)},
		Tail:   nn.Sequential(nn.Linear(4, 4, false), nil, nn.Linear(4, 1, true)),
		width:  2,
	}
	n.Blocks[0].Init(n.Blocks[0])
	n.Blocks[2].Init(n.Blocks[2])
	n.Init(n)
	return n
}

func TestNamedTensors(t *testing.T) {
	torch.Scope(func() {
		n := newNetwork()
		want := []string{
			"scale", "running_mean*", "num_seen*", "conv1.weight", "layer1.0.bn.weight", "layer1.0.bn.bias",
			"layer1.0.bn.running_mean*", "layer1.0.bn.running_var*", "head.weight", "head.bias", "table.0", "table.2",
			"tail.0.weight", "tail.2.weight", "tail.2.bias",
		}
		var got []string
		buffers := 0
		for _, x := range n.NamedTensors() {
			name := x.Name
			if x.Buffer {
				name += "*"
				buffers++
			}
			got = append(got, name)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got names\n%s\nwant (buffers starred)\n%s", strings.Join(got, " "), strings.Join(want, " "))
		}
		if p, b := len(n.Parameters()), len(n.Buffers()); p != len(want)-buffers || b != buffers {
			t.Errorf("got %d parameters and %d buffers, want %d and %d", p, b, len(want)-buffers, buffers)
		}
	})
}

func TestStateDictNames(t *testing.T) {
	torch.Scope(func() {
		n := newNetwork()
		parameters := []string{
			"network.Blocks[0].BN.Bias", "network.Blocks[0].BN.Weight", "network.Conv1.Weight", "network.FC.Bias",
			"network.FC.Weight", "network.Scale", "network.Table[0]", "network.Table[2]", "network.Tail.Modules[0].Weight",
			"network.Tail.Modules[2].Bias", "network.Tail.Modules[2].Weight",
		}
		buffers := []string{"network.Blocks[0].BN.RunningMean", "network.Blocks[0].BN.RunningVar", "network.RunningMean", "network.Seen"}
		both := slices.Sorted(slices.Values(append(slices.Clone(parameters), buffers...)))
		for _, c := range []struct {
			name string
			got  map[string]torch.Tensor
			want []string
		}{
			{"NamedParameters", n.NamedParameters(), parameters},
			{"NamedBuffers", n.NamedBuffers(), buffers},
			{"StateDict", n.StateDict(), both},
		} {
			if got := slices.Sorted(maps.Keys(c.got)); !slices.Equal(got, c.want) {
				t.Errorf("%s: got\n%s\nwant\n%s", c.name, strings.Join(got, " "), strings.Join(c.want, " "))
			}
		}
	})
}

func TestNames(t *testing.T) {
	type row struct {
		nn.Module
		W             torch.Tensor
		BN1           torch.Tensor
		ConvShortcut  torch.Tensor
		RunningVar    torch.Tensor `gotorch:"buffer"`
		Plain         torch.Tensor `gotorch:"param"`
		EmptyNamed    torch.Tensor `gotorch:",buffer"`
		RenamedBuffer torch.Tensor `gotorch:"running_mean,buffer"`
	}
	torch.Scope(func() {
		x := torch.Ones([]int64{1}, false)
		r := &row{W: x, BN1: x, ConvShortcut: x, RunningVar: x, Plain: x, EmptyNamed: x, RenamedBuffer: x}
		r.Init(r)
		want := []nn.Named{
			{Name: "w"}, {Name: "bn1"}, {Name: "conv_shortcut"}, {Name: "running_var", Buffer: true}, {Name: "plain"},
			{Name: "empty_named", Buffer: true}, {Name: "running_mean", Buffer: true},
		}
		for i, got := range r.NamedTensors() {
			if got.Name != want[i].Name || got.Buffer != want[i].Buffer {
				t.Errorf("field %d: got %q, buffer %v, want %q, %v", i, got.Name, got.Buffer, want[i].Name, want[i].Buffer)
			}
		}
	})
}

func TestTrain(t *testing.T) {
	torch.Scope(func() {
		n := newNetwork()
		modes := func() []bool {
			var out []bool
			n.Apply(func(m nn.IModule) { out = append(out, m.IsTraining()) })
			return out
		}
		if got := modes(); len(got) != 10 || slices.Contains(got, false) {
			t.Errorf("a new network: got %v, want ten modules in training", got)
		}
		n.Train(false)
		if got := modes(); len(got) != 10 || slices.Contains(got, true) {
			t.Errorf("after Train(false): got %v, want none in training", got)
		}
		n.Blocks[2].Train(true)
		if n.IsTraining() || !n.Blocks[2].BN.IsTraining() || n.Blocks[0].BN.IsTraining() {
			t.Error("Train of a block did not act on that block alone")
		}
	})
}

// Children come before their parents, as PyTorch's apply has it.
func TestApply(t *testing.T) {
	torch.Scope(func() {
		n := newNetwork()
		var got []string
		n.Apply(func(m nn.IModule) { got = append(got, m.Name()) })
		want := []string{
			"nn.Conv2dModule", "nn.BatchNorm2dModule", "nn_test.block", "nn.BatchNorm2dModule", "nn_test.block", "nn.LinearModule",
			"nn.LinearModule", "nn.LinearModule", "nn.SequentialModule", "nn_test.network",
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		if n.Outer() != nn.IModule(n) {
			t.Error("Outer is not the network")
		}
	})
}

func TestTo(t *testing.T) {
	torch.Scope(func() {
		n := newNetwork()
		cpu := torch.NewDevice("cpu")
		n.To(cpu)
		if got := n.Conv1.Weight.Dtype(); got != torch.Float {
			t.Errorf("To a device changed the dtype to %d", got)
		}
		live := torch.LiveTensors()
		n.To(cpu, torch.Double)
		for _, x := range n.NamedTensors() {
			if got := x.Tensor.Dtype(); got != torch.Double {
				t.Errorf("%s has dtype %d, want %d", x.Name, got, torch.Double)
			}
		}
		if got := torch.LiveTensors() - live; got != 0 {
			t.Errorf("To left %d tensors", got)
		}
	})
}

// TestToKeeps checks what moving a module leaves as it is; on a CPU a conversion takes the same way as a move.
func TestToKeeps(t *testing.T) {
	torch.Scope(func() {
		c := nn.Conv2d(4, 8, 3, 1, 1, 1, 1, true, "zeros")
		c.Weight.SetData(c.Weight.ChannelsLast())
		c.Bias.SetRequiresGrad(false)
		x := torch.Ones([]int64{1, 4, 3, 3}, false)
		y := c.Forward(x)
		y.Sum().Backward()
		want := c.Weight.Grad().CastTo(torch.Double)
		weight := c.Weight
		c.To(torch.NewDevice("cpu"), torch.Double)
		if c.Weight != weight || !c.Weight.IsChannelsLast() || !c.Weight.RequiresGrad() || c.Bias.RequiresGrad() {
			t.Errorf("the weight is the same %v, channels last %v, trained %v; the bias is trained %v",
				c.Weight == weight, c.Weight.IsChannelsLast(), c.Weight.RequiresGrad(), c.Bias.RequiresGrad())
		}
		if got := c.Weight.Grad(); got.Dtype() != torch.Double || !torch.Equal(got, want) {
			t.Errorf("the gradient: got data type %d and %v, want %v", got.Dtype(), got, want)
		}
		y = c.Forward(x.CastTo(torch.Double))
		y.Sum().Backward() // Adds to the gradient that went along.
		if got := c.Weight.Grad(); !torch.AllClose(got, want.MulScalar(2)) {
			t.Errorf("a second pass: got the gradient %v, want twice %v", got, want)
		}
	})
}

// integers is a module with a tensor that is no weight.
type integers struct {
	nn.Module
	Steps  torch.Tensor `gotorch:"buffer"`
	Weight torch.Tensor
}

func TestToConvertsFloatsOnly(t *testing.T) {
	torch.Scope(func() {
		m := &integers{Steps: torch.FromInt64([]int64{1 << 40}, 1), Weight: torch.Ones([]int64{1}, true)}
		m.Init(m)
		m.To(torch.NewDevice("cpu"), torch.BFloat16)
		if got := m.Steps; got.Dtype() != torch.Long || got.Item() != int64(1<<40) {
			t.Errorf("an integer buffer: got %v", got)
		}
		if got := m.Weight.Dtype(); got != torch.BFloat16 {
			t.Errorf("a weight: got data type %d, want %d", got, torch.BFloat16)
		}
	})
}

// SetStateDict shares memory, does not compare shapes (gotorch's own tests want that) and lists every missing name.
func TestSetStateDict(t *testing.T) {
	torch.Scope(func() {
		a, b := newNetwork(), newNetwork()
		sd := a.StateDict()
		sd["network.FC.Weight"] = torch.Full([]int64{5, 7}, 3, false)
		sd["network.Unknown"] = torch.Ones([]int64{1}, false)
		if err := b.SetStateDict(sd); err != nil {
			t.Fatal(err)
		}
		if got := b.FC.Weight.Shape(); !slices.Equal(got, []int64{5, 7}) {
			t.Errorf("the shape of another weight: got %v, want [5 7]", got)
		}
		if !b.FC.Weight.RequiresGrad() {
			t.Error("the weight stopped to require gradients")
		}
		torch.NoGrad(func() { a.Scale.Fill(9) })
		if got := b.Scale.Item(); got != float32(9) {
			t.Errorf("the scale after the given one changed: got %v, want 9", got)
		}

		delete(sd, "network.Conv1.Weight")
		delete(sd, "network.Tail.Modules[2].Bias")
		err := b.SetStateDict(sd)
		if err == nil || !strings.Contains(err.Error(), "network.Conv1.Weight, network.Tail.Modules[2].Bias") {
			t.Errorf("got error %v, want one that names both missing tensors", err)
		}
	})
}

// A module that was not told its outer struct cannot know its tensors.
func TestWithoutInit(t *testing.T) {
	b := &block{}
	for name, use := range map[string]func(){
		"Train": func() { b.Train(false) }, "To": func() { b.To(torch.NewDevice("cpu")) }, "Apply": func() { b.Apply(func(nn.IModule) {}) },
		"Name": func() { _ = b.Name() }, "NamedTensors": func() { b.NamedTensors() }, "Parameters": func() { b.Parameters() },
		"Buffers": func() { b.Buffers() }, "StateDict": func() { b.StateDict() }, "NamedParameters": func() { b.NamedParameters() },
		"SetStateDict": func() { _ = b.SetStateDict(nil) },
	} {
		if got := recovered(use); !strings.Contains(got, "before its Init") {
			t.Errorf("%s: panicked with %q, want a hint to Init", name, got)
		}
	}
}

func TestUnexportedFields(t *testing.T) {
	type hiddenModule struct {
		nn.Module
		hidden *block
	}
	type hiddenTensor struct {
		nn.Module
		hidden torch.Tensor
	}
	m := &hiddenModule{hidden: &block{}}
	m.Init(m)
	if got := recovered(func() { m.Train(true) }); !strings.Contains(got, "hidden must be exported") {
		t.Errorf("a hidden module: panicked with %q, want that it must be exported", got)
	}
	torch.Scope(func() {
		m := &hiddenTensor{hidden: torch.Ones([]int64{1}, false)}
		m.Init(m)
		if got := recovered(func() { m.NamedTensors() }); !strings.Contains(got, "hidden must be exported") {
			t.Errorf("a hidden tensor: panicked with %q, want that it must be exported", got)
		}
	})
}

// recovered returns the text that f panicked with.
func recovered(f func()) (text string) {
	defer func() {
		if err, ok := recover().(error); ok {
			text = err.Error()
		}
	}()
	f()
	return ""
}
