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
			for _, line := range r.evaluationCommands() {
				sec.Commands = append(sec.Commands, command{prefix + "evaluation", visible(line)})
			}
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

// evaluationCommands are the calls of `augmix eval` that measure what a run's evaluation holds: one, and another for the
// sequences of perturbed images where these are of another number of images.
func (r Run) evaluationCommands() []string {
	e := r.Eval
	sequences := ""
	if p := e.Perturbation; p != nil && strings.HasPrefix(p.Source, "generated") {
		sequences = " --p-data generate"
	}
	together := e.Perturbation != nil && (e.Perturbation.Sequences == e.N || e.Clean == nil && e.Corruption == nil)
	var sets []string
	for _, set := range []struct {
		name string
		is   bool
	}{{"clean", e.Clean != nil}, {"c", e.Corruption != nil}, {"p", together}, {"fourier", e.Fourier != nil}} {
		if set.is {
			sets = append(sets, set.name)
		}
	}
	var commands []string
	if len(sets) > 0 {
		images := e.NExpected
		if together && e.Clean == nil && e.Corruption == nil {
			images = e.Perturbation.Sequences // NExpected is about clean images, of which none was measured.
		}
		command := r.evalCall(strings.Join(sets, ","), images) + r.corruptionFlags()
		if together {
			command += sequences
		}
		commands = append(commands, command+r.otherFlags())
	}
	if e.Perturbation != nil && !together {
		commands = append(commands, r.evalCall("p", e.Perturbation.Sequences)+sequences)
	}
	return commands
}

// evalCall is a call of `augmix eval` on so many images, which are not said where they are all.
func (r Run) evalCall(sets string, images int) string {
	command := "augmix eval " + quote(r.Dir) + " --sets " + sets
	if r.Eval.Precision == "bf16" {
		command += " --precision bf16"
	}
	if whole := r.Train != nil && r.Config.LimitEval == 0 && r.Train.NExpected == images; !whole && images > 0 {
		command += fmt.Sprintf(" --limit-eval %d", images)
	}
	return command
}

// corruptionFlags say what differs from the usual fifteen corruptions and five severities, and where their images are from.
func (r Run) corruptionFlags() string {
	c := r.corruption()
	if c == nil {
		return ""
	}
	flags := ""
	if names := slices.Sorted(maps.Keys(c.ByCorruption)); !slices.Equal(names, slices.Sorted(slices.Values(paperOrder[:15]))) {
		flags += " --only " + quote(strings.Join(inOrder(set(names), paperOrder), ","))
	}
	if len(c.Severities) != 5 {
		flags += " --severity " + strings.Trim(strings.ReplaceAll(fmt.Sprint(c.Severities), " ", ","), "[]")
	}
	if strings.HasPrefix(c.Source, "generated") {
		flags += " --c-data generate"
	}
	return flags
}

// otherFlags are those of the Fourier map, the temperature and the intervals.
func (r Run) otherFlags() string {
	flags := ""
	if m := r.Eval.Fourier; m != nil {
		flags += fmt.Sprintf(" --fourier-epsilon %g --fourier-images %d --fourier-side %d", m.Epsilon, m.N, m.Side)
	}
	if t := r.Eval.Temperature; t != nil && t.From == "--temperature" {
		flags += fmt.Sprintf(" --temperature %g", t.Value)
	} else if t != nil {
		flags += " --temperature fit"
	}
	if r.Eval.Intervals != nil {
		flags += fmt.Sprintf(" --ci=%d", r.Eval.Intervals.Resamples)
	}
	return flags
}

func set(names []string) map[string]bool {
	out := map[string]bool{}
	for _, name := range names {
		out[name] = true
	}
	return out
}
