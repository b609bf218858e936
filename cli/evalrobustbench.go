package cli

import (
	"errors"
	"slices"
	"strings"

	"augmix/corrupt"
	"augmix/eval"
)

// robustBenchFlag declares --robustbench.
func (e *evaluation) robustBenchFlag(g *group) {
	g.text(&e.robustBench, "robustbench", "FILE", func(path string) error {
		if path == toStdout {
			return errors.New("name a file")
		}
		return checkTarget(path)
	}, "also write the accuracies as a file of RobustBench's model_info; needs the whole clean set and all fifteen test corruptions")
}

// decideRobustBench refuses an evaluation that has not what --robustbench writes,
// before it begins.
func (e *evaluation) decideRobustBench(checkpoints int) error {
	if e.robustBench == "" {
		return nil
	}
	for _, set := range []string{"clean", "c"} {
		if !slices.Contains(e.sets, set) {
			return usage("--robustbench needs the clean and the corrupted images, and --sets %s leaves %s out", strings.Join(e.sets, ","), set)
		}
	}
	if e.given("only") {
		for _, name := range corrupt.Test() {
			if !slices.Contains(e.only, name) {
				return usage("--robustbench needs all %d test corruptions, and --only leaves %s out", len(corrupt.Test()), name)
			}
		}
	}
	switch {
	case len(e.severities) != corrupt.Severities:
		return usage("--robustbench needs all %d severities; leave --severity out", corrupt.Severities)
	case e.config.LimitEval != 0:
		return usage("--robustbench is about the whole test set; leave --limit-eval out")
	case checkpoints > 1 && !e.ensemble:
		return usage("--robustbench writes one model a file, and there are %d checkpoints; give them one by one, or as an --ensemble", checkpoints)
	}
	return nil
}

// checkRobustBench refuses targets of which RobustBench keeps no list.
func (e *evaluation) checkRobustBench(targets []target) error {
	for _, t := range targets {
		if e.robustBench != "" && !slices.Contains(eval.RobustBenchDatasets(), t.dataset) {
			return usage("--robustbench: RobustBench has no list for %s; it has %s", t.dataset, strings.Join(eval.RobustBenchDatasets(), ", "))
		}
	}
	return nil
}

// saveRobustBench writes what RobustBench records of the last result: of the only
// checkpoint, or of the ensemble.
func (e *evaluation) saveRobustBench(tables []evalTable, log *progress) error {
	if e.robustBench == "" || e.dryRun {
		return nil
	}
	last := tables[len(tables)-1]
	info, err := eval.RobustBench(last.result, last.configs)
	if err != nil {
		return err
	}
	if err := saveJSON(e.robustBench, info); err != nil {
		return err
	}
	log.say("wrote %s; what is null in it no measurement knows", e.robustBench)
	return nil
}
