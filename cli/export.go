package cli

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"augmix/eval"
	"augmix/nets"
	"augmix/run"
	"augmix/weights"
)

func exportCommand() command {
	return command{
		name: "export", operands: "RUN|CHECKPOINT", summary: "writes a checkpoint as a safetensors or PyTorch file",
		about: "A run gives its best checkpoint, else its last one, and knows its network. A checkpoint of another program\n" +
			"needs --model and is checked against it; without --model it is converted as it is, with its own keys.\n" +
			"torch.load reads the PyTorch file with weights_only=True.",
		setup: func(f *flags) func(*call) error { return newExport(f).run },
	}
}

// export is what the flags of export write to.
type export struct {
	flags       *flags
	config      run.Config // values of flags; defaults where they are not given
	checkpoints []string
	out         string
	names       string
	quiet       bool
}

func newExport(f *flags) *export {
	e := &export{flags: f, config: defaults(), names: nets.PyTorchNames}
	c := &e.config
	c.Model = "" // Nothing would be gained by guessing.
	g := f.group("Checkpoint")
	g.add(&filesValue{&e.checkpoints}, "checkpoint", "the checkpoint, in RUN's place")
	g.network(c)
	g.normalize(c, "the checkpoint's, else the model's published one")

	g = f.group("Output")
	g.text(&e.out, "out", "FILE", checkWeightsFile, "the file to write: .safetensors, or .pt or .pth for PyTorch's; none may be there")
	g.choice(&e.names, "names", "naming", []string{nets.PyTorchNames, nets.RobustBenchNames},
		"its keys: those that the network's PyTorch source wants, or RobustBench's, with mu and sigma")
	g.toggle(&e.quiet, "quiet", "no messages, only the result and errors")
	return e
}

// weightsWriters are the formats by the ends of files' names.
var weightsWriters = map[string]struct {
	format string
	write  func(io.Writer, *weights.File) error
}{
	".safetensors": {"safetensors", weights.WriteSafetensors},
	".pt":          {"PyTorch", weights.WriteTorch},
	".pth":         {"PyTorch", weights.WriteTorch},
}

// checkWeightsFile refuses the name of a file to export to. What is there stays: it may
// be the only copy of days of training.
func checkWeightsFile(path string) error {
	if _, ok := weightsWriters[filepath.Ext(path)]; !ok {
		return errors.New("end its name in .safetensors, .pt or .pth, which says the format")
	}
	if _, err := os.Lstat(path); err == nil {
		return errors.New("it is there already and is not overwritten; delete it, or choose another name")
	}
	return checkTarget(path)
}

func (e *export) run(c *call) error {
	if err := e.check(c.args); err != nil {
		return err
	}
	path, file, err := e.read(c.args)
	if err != nil {
		return err
	}
	log := newProgress(c.stderr, e.quiet)
	out, err := e.arrange(path, file, log)
	if err != nil {
		return err
	}
	w, sum := weightsWriters[filepath.Ext(e.out)], sha256.New()
	err = run.WriteFile(e.out, func(to io.Writer) error { return w.write(io.MultiWriter(to, sum), out) })
	if err != nil {
		return err
	}
	tensors := "tensors"
	if len(out.Tensors) == 1 {
		tensors = "tensor"
	}
	_, err = fmt.Fprintf(c.stdout, "%s: %s, %d %s, sha256 %x\n", e.out, w.format, len(out.Tensors), tensors, sum.Sum(nil))
	return err
}

// check looks at the command line alone.
func (e *export) check(args []string) error {
	if n := len(args) + len(e.checkpoints); n != 1 {
		return usage("export writes one file from one checkpoint: name a run's folder or a checkpoint, and one only")
	}
	if e.out == "" {
		return usage("where to? Name a file that is not there yet with --out, such as --out model.safetensors or --out model.pt")
	}
	if e.flags.given("normalize") && e.names != nets.RobustBenchNames {
		return usage("--normalize is about mu and sigma, which only --names %s writes; add that, or leave it out", nets.RobustBenchNames)
	}
	return checkSaid(e.flags.given, e.config, defaults())
}

// read reads the checkpoint; of a run the one that eval evaluates.
func (e *export) read(args []string) (path string, file *weights.File, err error) {
	path = strings.Join(append(args, e.checkpoints...), "")
	if info, err := os.Stat(path); len(args) == 0 || err != nil || !info.IsDir() {
		file, err := weights.Read(path)
		return path, file, err
	}
	folder, err := run.Open(path)
	if err != nil {
		return path, nil, usage("%v", err)
	}
	best, err := folder.Best()
	if err != nil {
		return path, nil, err
	}
	return best.Path, best.File, nil
}

// arrange returns what is to be written of a checkpoint.
func (e *export) arrange(path string, file *weights.File, log *progress) (*weights.File, error) {
	was, ours, err := trained(path, file)
	if err != nil {
		return nil, err
	}
	if ours || e.flags.given("model") {
		return e.stateDict(path, file, was, ours, log)
	}
	if name := e.flags.firstGiven(append([]string{"names", "normalize"}, nets.Flags()...)...); name != "" {
		return nil, &eval.MismatchError{Path: path, Reason: fmt.Sprintf(
			"--%s is about a network, and the file does not say which one it is for; add --model", name)}
	}
	log.say("%s does not say which network it is for: its keys stay as they are; --model NAME checks them", path)
	return e.asItIs(file, log), nil
}

// asItIs returns the file's tensors as they are.
func (e *export) asItIs(file *weights.File, log *progress) *weights.File {
	var lost []string
	for key := range file.Metadata {
		if !slices.Contains([]string{"format", "digest", "sha256"}, key) { // of safetensors files themselves
			lost = append(lost, key)
		}
	}
	if filepath.Ext(e.out) != ".safetensors" && len(lost) > 0 {
		slices.Sort(lost)
		log.say("a state dict has no place for what stands beside the tensors: %s", show(strings.Join(lost, ", ")))
	}
	return &weights.File{Tensors: file.Tensors, Metadata: file.Metadata}
}

// stateDict returns a checkpoint of a known network as a state dict of its source. was is
// the configuration of its run where it is ours.
func (e *export) stateDict(path string, file *weights.File, was run.Config, ours bool, log *progress) (*weights.File, error) {
	said, err := e.said(path, file, ours)
	if err != nil {
		return nil, err
	}
	net, config, source, err := eval.Build(path, file, said)
	if err != nil {
		return nil, err
	}
	defer net.Close()
	log.say("%s with %d classes from %s", net.Describe(), net.Config().Classes, path)

	steps := uint64(0) // also of a file that was exported before, which has the counters
	if ours {
		steps, _ = strconv.ParseUint(file.Metadata[run.MetaStep], 10, 63)
	}
	state, kept, err := net.Export(file.Tensors, e.names, steps)
	if err != nil {
		return nil, &eval.MismatchError{Path: path, Reason: err.Error()}
	}
	switch {
	case kept:
		log.say("num_batches_tracked is the checkpoint's")
	case steps > 0:
		log.say("num_batches_tracked is %d, the steps of the run", steps)
	default:
		log.say("num_batches_tracked is 0, because the checkpoint does not say")
	}
	if e.names == nets.RobustBenchNames {
		log.say("mu and sigma are those of the normalisation %s (%s)", config.Normalize, source)
	} else {
		log.say("mu and sigma are left out: who loads the file normalises pixels with %s (%s)", config.Normalize, source)
	}
	out := &weights.File{Tensors: state, Metadata: map[string]string{"format": "pt"}}
	if ours {
		was.Data, was.Save = "", "" // Where they were is nobody else's concern.
		out.Metadata["config"] = string(was.JSON())
	}
	return out, nil
}

// said is what the flags say of the network, and of one that is not a run's all that is
// needed to build it.
func (e *export) said(path string, file *weights.File, ours bool) (run.Config, error) {
	var out run.Config
	takeGiven(&out, e.flags.given, e.config, append([]string{"model", "normalize"}, nets.Flags()...)...)
	if ours {
		return out, nil
	}
	out = completeNetwork(out, e.flags.given, defaults())
	classes, err := nets.Classes(file.Tensors)
	if err != nil {
		return out, &eval.MismatchError{Path: path, Reason: err.Error()}
	}
	out.Classes = make([]string, classes)
	return out, nil
}
