package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"augmix/run"
)

// reproduceSection has the commands that make the runs again, and their configurations.
func reproduceSection(s Summary) section {
	sec := section{ID: "reproduce", Title: "Reproduce"}
	var dirs []string
	for _, r := range s.Runs {
		prefix := ""
		if len(s.Runs) > 1 {
			prefix = r.Name + ": "
		}
		if r.Env != nil {
			for i, env := range append(slices.Clone(r.Env.Earlier), *r.Env) {
				what := "training, as it was started"
				if i > 0 {
					what = "training, as it was resumed"
				}
				sec.Commands = append(sec.Commands, command{prefix + what, visible(shellLine(env.Command))})
			}
		}
		sec.Commands = append(sec.Commands, command{prefix + "training again, from the configuration below", visible(r.trainAgain())})
		if r.Eval != nil {
			sec.Commands = append(sec.Commands, command{prefix + "evaluation", visible(r.evaluationCommand())})
		}
		dirs = append(dirs, quote(r.Dir))
		sec.Folded = append(sec.Folded, folded{Summary: r.Name + "/config.json", Text: configText(r.Config)})
	}
	report := "augmix report " + strings.Join(dirs, " ")
	if len(dirs) > 1 {
		report += " --out DIR"
	}
	sec.Commands = append(sec.Commands, command{"this report", visible(report)})
	return sec
}

// configText is config.json, so that a page alone is enough to train again.
func configText(c run.Config) string {
	lines := strings.Split(strings.TrimSuffix(string(c.JSON()), "\n"), "\n")
	for i := range lines {
		lines[i] = visible(lines[i])
	}
	return strings.Join(lines, "\n")
}

func shellLine(args []string) string {
	quoted := make([]string, len(args))
	for i, a := range args {
		quoted[i] = quote(a)
	}
	return strings.Join(quoted, " ")
}

// evaluationCommand is the call of `augmix eval` that measures what a run's evaluation holds.
func (r Run) evaluationCommand() string {
	e := r.Eval
	var sets []string
	add := func(name string, is bool) {
		if is {
			sets = append(sets, name)
		}
	}
	add("clean", e.Clean != nil)
	add("c", e.Corruption != nil)
	add("p", e.Perturbation != nil)
	add("fourier", e.Fourier != nil)
	command := "augmix eval " + quote(r.Dir)
	if len(sets) > 0 {
		command += " --sets " + strings.Join(sets, ",")
	}
	if e.Precision == "bf16" {
		command += " --precision bf16"
	}
	if whole := r.Train != nil && r.Config.LimitEval == 0 && r.Train.NExpected == e.NExpected; !whole && e.NExpected > 0 {
		command += fmt.Sprintf(" --limit-eval %d", e.NExpected)
	}
	if c := e.Corruption; c != nil {
		if names := slices.Sorted(maps.Keys(c.ByCorruption)); !slices.Equal(names, slices.Sorted(slices.Values(paperOrder[:15]))) {
			command += " --only " + quote(strings.Join(inOrder(set(names), paperOrder), ","))
		}
		if len(c.Severities) != 5 {
			command += " --severity " + strings.Trim(strings.ReplaceAll(fmt.Sprint(c.Severities), " ", ","), "[]")
		}
		if strings.HasPrefix(c.Source, "generated") {
			command += " --c-data generate"
		}
	}
	if p := e.Perturbation; p != nil && strings.HasPrefix(p.Source, "generated") {
		command += " --p-data generate"
	}
	if m := e.Fourier; m != nil {
		command += fmt.Sprintf(" --fourier-epsilon %g --fourier-images %d --fourier-side %d", m.Epsilon, m.N, m.Side)
	}
	if t := e.Temperature; t != nil && t.From == "--temperature" {
		command += fmt.Sprintf(" --temperature %g", t.Value)
	} else if t != nil {
		command += " --temperature fit"
	}
	if e.Intervals != nil {
		command += fmt.Sprintf(" --ci=%d", e.Intervals.Resamples)
	}
	return command
}

func set(names []string) map[string]bool {
	out := map[string]bool{}
	for _, name := range names {
		out[name] = true
	}
	return out
}
