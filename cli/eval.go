package cli

import (
	"fmt"
	"slices"
	"strings"

	"augmix/corrupt"
	"augmix/data"
	"augmix/eval"
	"augmix/nets"
	"augmix/pixel"
	"augmix/run"
	"augmix/train"
	"augmix/weights"
)

func evalCommand() command {
	return command{
		name: "eval", operands: "RUN…", summary: "measures runs and checkpoints on clean and corrupted images",
		about: "A run, or a checkpoint of one, knows its model, dataset and normalisation; of another checkpoint say at least\n" +
			"--model. The result of a RUN is also written into its folder, where augmix report finds it.",
		setup: func(f *flags) func(*call) error { return newEvaluation(f).run },
	}
}

// evaluation is what the flags of eval write to.
type evaluation struct {
	given  func(flag string) bool
	config run.Config // values of flags; those that are not given say nothing
	// foreign is what a checkpoint that no run of ours wrote is taken for where
	// the flags say nothing.
	foreign     run.Config
	checkpoints []string
	sets        []string
	only        []string
	severities  []int
	cData       string
	frostDir    string
	frost       []*pixel.Image // what is in frostDir
	ensemble    bool
	temperature string // "", fit or a number
	resamples   int
	logits      string // a folder
	fourier     fourierFlags
	json        string
	robustBench string // a file
	dryRun      bool
	quiet       bool

	perturbations []string
	pData         string
	alexNetFlips  string         // a file
	flipNorm      *eval.FlipNorm // what is in it
}

func allSeverities() []int {
	var all []int
	for s := range corrupt.Severities {
		all = append(all, s+1)
	}
	return all
}

// bareEvaluation is what eval and predict begin with: nothing is said yet of the dataset and the network.
func bareEvaluation(f *flags) *evaluation {
	e := &evaluation{given: f.given, config: defaults(), foreign: defaults()}
	e.foreign.Model = "" // Nothing would be gained by guessing.
	c := &e.config
	c.Dataset, c.Model = "", "" // shown as no default
	for _, flag := range nets.Flags() {
		c.Take(flag, run.Config{})
	}
	return e
}

func newEvaluation(f *flags) *evaluation {
	e := bareEvaluation(f)
	e.checkpointFlags(f.group("Checkpoints"))

	g := f.group("Data")
	e.imageFlags(g, "clean", "c", "p", "fourier")
	g.names(&e.perturbations, "perturbations", "perturbation", slices.Concat(corrupt.Perturbations(), corrupt.PerturbationVariants()),
		"only these perturbations (default: those for testing, and spatter)")
	g.text(&e.pData, "p-data", "DIR|generate", nil,
		"the perturbation sequences, or generate to make them (default: those beside the data if there are any, else generate)")
	g.text(&e.alexNetFlips, "alexnet-flips", "FILE", nil, "AlexNet's flip probabilities, for mFR: a JSON object of each perturbation's in percent")
	g.frost(&e.frostDir)

	e.figures(f.group("Figures"))
	e.fourierFlags(f.group("Fourier map (--sets fourier)"))

	e.machineFlags(f.group("Machine"))

	g = f.group("Output")
	g.toggle(&e.dryRun, "dry-run", "print what would be measured, open data and checkpoints, write nothing")
	g.json(&e.json)
	e.robustBenchFlag(g)
	g.toggle(&e.quiet, "quiet", "no progress and no messages, only results and errors")
	return e
}

// checkpointFlags declares the flags that say which networks are measured.
func (e *evaluation) checkpointFlags(g *group) {
	g.add(&filesValue{&e.checkpoints}, "checkpoint", "a checkpoint: of a run, or another's safetensors or PyTorch file; may be repeated")
	g.network(&e.config)
	g.normalize(&e.config, "the checkpoint's, else the model's published one")
}

// imageFlags declares the flags that say on which images, of sets of these kinds.
func (e *evaluation) imageFlags(g *group, sets ...string) {
	e.sets, e.severities = []string{"clean", "c"}, allSeverities()
	g.dataset(&e.config)
	g.data(&e.config)
	g.images(&e.config, "test images")
	g.names(&e.sets, "sets", "set", sets, "what to measure on")
	g.names(&e.only, "only", "corruption", corrupt.Names(), "only these corruptions (default: those for testing)")
	g.add(&severitiesValue{&e.severities, corrupt.Severities}, "severity", "only these severities, such as 1,3 or 2-5")
	g.text(&e.cData, "c-data", "DIR|generate", nil,
		"the published corrupted images, or generate to make them (default: those beside the data if there are any, else generate)")
	g.limit(&e.config.LimitEval, "limit-eval", "test")
}

// machineFlags declares the flags that say how it is computed.
func (e *evaluation) machineFlags(g *group) {
	g.machine(&e.config)
	g.noGraph(&e.config)
	g.workers(&e.config)
	g.evalBatch(&e.config)
}

func (e *evaluation) run(c *call) error {
	if err := e.decide(c.args); err != nil {
		return err
	}
	targets, err := e.targets(c.args)
	if err != nil {
		return err
	}
	if err := e.checkRobustBench(targets); err != nil {
		return err
	}
	log := newProgress(c.stderr, e.quiet)
	defer log.close()
	if err := e.open(targets, log); err != nil {
		return err
	}
	train.Prepare(e.config)
	var tables []evalTable
	for first, n := 0, 0; first < len(targets); first += n {
		some := targets[first : first+e.together(targets[first:])]
		measured, err := e.measure(some, first+1, len(targets), log)
		n = min(len(measured), len(some))
		log.close()
		if err != nil {
			return err
		}
		for i, table := range measured {
			if e.json != toStdout {
				if len(tables) > 0 {
					fmt.Fprintln(c.stdout)
				}
				if err := table.write(c.stdout); err != nil {
					return err
				}
			}
			tables = append(tables, table)
			if i < n && some[i].folder != nil && !e.dryRun && complete(table.result) == nil {
				if err := keep(some[i].folder, table.result, log); err != nil {
					return err
				}
			}
		}
	}
	return e.finish(c, tables, log)
}

// finish writes what is about all results, and returns an error where images are
// missing from one.
func (e *evaluation) finish(c *call, tables []evalTable, log *progress) error {
	var results run.Evaluations
	for _, t := range tables {
		results = append(results, t.result)
	}
	if e.json != toStdout && len(results) > 1 && !e.dryRun {
		fmt.Fprintln(c.stdout)
		if err := writeRows(c.stdout, comparison(tables), true); err != nil {
			return err
		}
		if rows := sideBySide(tables); rows != nil {
			fmt.Fprintln(c.stdout)
			if err := writeRows(c.stdout, rows, true); err != nil {
				return err
			}
		}
	}
	var err error
	if e.json == toStdout {
		err = writeJSON(c.stdout, results)
	} else if !e.dryRun {
		err = saveJSON(e.json, results)
	}
	for _, r := range results {
		if err == nil {
			err = complete(r)
		}
	}
	if err == nil {
		err = e.saveRobustBench(tables, log)
	}
	return err
}

// decide checks the flags and completes the configuration.
func (e *evaluation) decide(runs []string) error {
	c := &e.config
	if len(runs) == 0 && len(e.checkpoints) == 0 {
		return usage("what is to be evaluated? Name a run's folder, or --checkpoint FILE")
	}
	if !slices.Contains(e.sets, "p") {
		for _, name := range []string{"perturbations", "p-data", "alexnet-flips"} {
			if e.given(name) {
				return usage("--%s is about sequences, which --sets %s leaves out; add p, or leave --%s out", name, strings.Join(e.sets, ","), name)
			}
		}
	}
	if !slices.Contains(e.sets, "c") {
		for _, name := range []string{"only", "severity", "c-data", "frost-dir"} {
			if e.given(name) {
				return usage("--%s is about corrupted images, which --sets %s leaves out; add c, or leave --%s out",
					name, strings.Join(e.sets, ","), name)
			}
		}
	}
	if !slices.Contains(e.sets, "fourier") {
		for _, name := range []string{"fourier-epsilon", "fourier-images", "fourier-side", "out"} {
			if e.given(name) {
				return usage("--%s is about Fourier maps, which --sets %s leaves out; add fourier, or leave --%s out",
					name, strings.Join(e.sets, ","), name)
			}
		}
	}
	if err := e.decideRobustBench(len(runs) + len(e.checkpoints)); err != nil {
		return err
	}
	if e.ensemble && len(runs)+len(e.checkpoints) < 2 {
		return usage("--ensemble averages several checkpoints; name more runs or --checkpoint FILEs, or leave it out")
	}
	if e.given("frost-dir") {
		if e.given("only") && !slices.Contains(e.only, "frost") {
			return usage("--frost-dir is about frost, which --only %s leaves out; add frost, or leave --frost-dir out", strings.Join(e.only, ","))
		}
		var err error
		if e.frost, err = corrupt.ReadFrost(e.frostDir); err != nil {
			return usage("--frost-dir: %v", err)
		}
	}
	if e.given("alexnet-flips") {
		var err error
		if e.flipNorm, err = eval.ReadFlipNorm(e.alexNetFlips); err != nil {
			return usage("--alexnet-flips: %v", err)
		}
	}
	if err := checkSaid(e.given, *c, e.foreign); err != nil {
		return err
	}
	precision := c.Precision
	if precision == "auto" {
		precision = "fp32" // Evaluation is float32 unless asked otherwise.
	}
	if err := train.Resolve(c, precision, c.Device); err != nil {
		return usage("%v", err)
	}
	return nil
}

// said is what the flags say of a target's network, and of one that is not a run's
// all that is needed to build it.
func (e *evaluation) said(t target) (run.Config, error) {
	var out run.Config
	takeGiven(&out, e.given, e.config, append([]string{"model", "dataset", "normalize"}, nets.Flags()...)...)
	file, err := weights.Read(t.path)
	if err != nil {
		return out, err
	}
	if _, ours, err := trained(t.path, file); err != nil || ours {
		return out, err
	}
	if out.Model == "" {
		out.Model = e.foreign.Model
	}
	out = completeNetwork(out, e.given, e.foreign)
	out.Dataset, out.Classes = t.dataset, t.test.Classes()
	if n, err := nets.Classes(file.Tensors); err == nil && t.dataset == "imagenet" && n == len(data.ImageNetClasses()) {
		out.Classes = data.ImageNetClasses() // The images may be of some of them.
	}
	return out, nil
}
