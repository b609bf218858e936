package cli

import (
	"fmt"
	"path/filepath"
	"slices"

	"augmix/grid"
	"augmix/run"

	"github.com/spf13/pflag"
)

// planGrid parses and checks every run of the grid, and compares those that were begun with what is asked for now,
// before anything is trained.
func (t *training) planGrid() ([]*gridRun, error) {
	g, err := grid.Read(t.grid)
	if err != nil {
		return nil, usage("--grid: %v", err)
	}
	folder := g.Folder
	if t.flags.given("save") {
		folder = t.config.Save
	}
	given, machine := t.givenToAll(), t.givenToEvaluations()
	var runs []*gridRun
	for _, cell := range g.Runs {
		r := &gridRun{Run: cell}
		save := filepath.Join(folder, cell.Name)
		wrap := func(err error) error { return usage("--grid %s, run %s: %v", t.grid, cell.Name, err) }
		if r.train, err = parseRun(append(arguments(cell.Flags), given...), save, t.quiet); err != nil {
			return nil, wrap(err)
		}
		if r.state, err = run.Inspect(save); err != nil {
			return nil, err
		}
		if err := r.compare(save); err != nil {
			return nil, wrap(err)
		}
		if g.Eval != nil {
			if r.eval, err = parseEvaluation(append(arguments(g.Eval), machine...), save, t.quiet); err != nil {
				return nil, usage("--grid %s, eval: %v", t.grid, err)
			}
		}
		runs = append(runs, r)
	}
	return runs, nil
}

// givenToAll lists the flags on the command line, which every run gets after those of the file.
func (t *training) givenToAll() []string {
	return t.given(func(name string) bool {
		return !slices.Contains([]string{"grid", "save", "dry-run", "quiet", "json"}, name)
	})
}

// givenToEvaluations lists those among them that say what of the machine is to be used, which holds for evaluations too.
func (t *training) givenToEvaluations() []string {
	return t.given(func(name string) bool { return slices.Contains([]string{"device", "threads", "num-workers"}, name) })
}

// given lists the flags on the command line whose names are wanted.
func (t *training) given(wanted func(name string) bool) []string {
	var out []string
	t.flags.set.Visit(func(f *pflag.Flag) {
		if wanted(f.Name) {
			out = append(out, "--"+f.Name+"="+f.Value.String())
		}
	})
	return out
}

func arguments(flags []grid.Flag) []string {
	var out []string
	for _, f := range flags {
		out = append(out, f.String())
	}
	return out
}

// parseRun parses and decides a command line of `augmix train`. What the grid decides may not be in it.
func parseRun(args []string, save string, quiet bool) (*training, error) {
	f := newFlags("augmix train")
	t := newTraining(f)
	operands, err := f.parse(args)
	if err != nil {
		return nil, err
	}
	if name := f.firstGiven("save", "resume", "config", "evaluate", "dry-run", "quiet", "json", "grid", "gpus", "procs", "max-restarts",
		"help", "version"); name != "" {
		return nil, usage("--%s is not a run's to say in a grid; leave it out", name)
	}
	if len(operands) > 0 {
		return nil, usage("what is %s for?", show(operands[0]))
	}
	t.config.Save, t.resume, t.quiet = save, "auto", quiet
	return t, t.decide()
}

// parseEvaluation parses and decides a command line of `augmix eval` for the run in save.
func parseEvaluation(args []string, save string, quiet bool) (*evaluation, error) {
	f := newFlags("augmix eval")
	e := newEvaluation(f)
	operands, err := f.parse(args)
	if err != nil {
		return nil, err
	}
	if name := f.firstGiven("checkpoint", "ensemble", "save-logits", "dry-run", "quiet", "json", "help", "version"); name != "" {
		return nil, usage("--%s is not for the evaluations of a grid; leave it out", name)
	}
	if len(operands) > 0 {
		return nil, usage("what is %s for?", show(operands[0]))
	}
	e.quiet = quiet
	return e, e.decide([]string{save})
}

// compare refuses a run that was begun with another configuration. What is known only when the data are open, and the
// thread count, which a resumed run keeps, are taken as they were.
func (r *gridRun) compare(save string) error {
	if r.state.Phase == run.Absent {
		return nil
	}
	folder, err := run.Open(save)
	if err != nil {
		return err
	}
	was, err := folder.Config()
	if err != nil {
		return err
	}
	now := r.train.config
	now.Classes, now.Threads = was.Classes, was.Threads
	if now.Init != "" && was.InitSHA256 != "" {
		now.InitSHA256 = was.InitSHA256
		if now.Normalize == "" {
			now.Normalize = was.Normalize
		}
	}
	for _, d := range run.Differences(was, now) {
		if !d.Free || d.Flag == "init" {
			return fmt.Errorf("%s holds a run with other settings: %v; give it another name, or move that folder away", save, d)
		}
	}
	return nil
}
