package report

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// Gap is something that runs lack, and the command that makes it.
type Gap struct {
	What    string   `json:"what"`
	Runs    []string `json:"runs"`
	Command string   `json:"command"`

	// Of a command that takes several runs: what is before and behind their folders.
	before, after string
	dirs          []string
}

// String is one line.
func (g Gap) String() string { return g.What + ": " + visible(g.Command) }

// gap is one that a command for a single run fills.
func gap(what, command string) Gap { return Gap{What: what, Command: command} }

// merged lists the gaps of all runs, those that one command fills together.
func merged(runs []Run) []Gap {
	var out []Gap
	for _, r := range runs {
		for _, g := range r.Missing {
			g.Runs = []string{r.Name}
			i := -1
			if g.dirs != nil {
				i = slices.IndexFunc(out, func(o Gap) bool {
					return o.dirs != nil && o.What == g.What && o.before == g.before && o.after == g.after
				})
			}
			if i < 0 {
				out = append(out, g)
				continue
			}
			out[i].Runs, out[i].dirs = append(out[i].Runs, r.Name), append(out[i].dirs, g.dirs...)
			out[i].Command = out[i].before + strings.Join(out[i].dirs, " ") + out[i].after
		}
	}
	return out
}

// lacks notes that a file is absent or cannot be read, what follows from that, and
// the command that makes another.
func (r *Run) lacks(file string, err error, so, command string) {
	r.Missing = append(r.Missing, gap(r.damaged(file, err)+"; "+so, command))
}

// lacksCurves is lacks of a file that grows during training: until that is finished it need not be there yet.
func (r *Run) lacksCurves(file string, err error, so string) {
	if r.Train != nil || !errors.Is(err, fs.ErrNotExist) {
		r.lacks(file, err, so, r.trainAgain())
	}
}

// damaged says in what way a file is not there.
func (r *Run) damaged(file string, err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return file + " is missing"
	}
	return file + " cannot be read (" + visible(strings.TrimPrefix(err.Error(), "read "+filepath.Join(r.Dir, file)+": ")) + ")"
}

// unevaluated is a gap that `augmix eval` fills; sets are "" for the default ones. The precision is that of what is
// there.
func (r *Run) unevaluated(what, sets string) Gap {
	g := Gap{What: what, before: "augmix eval ", dirs: []string{quote(r.Dir)}}
	if sets != "" {
		g.after = " --sets " + sets
	}
	if r.Eval != nil && r.Eval.Precision == "bf16" {
		g.after += " --precision bf16"
	}
	g.Command = g.before + g.dirs[0] + g.after
	return g
}

// goOn is the command that goes on with training.
func (r *Run) goOn() string {
	return "augmix train --config " + quote(filepath.Join(r.Dir, "config.json")) + " --save " + quote(r.Dir) + " --resume auto"
}

// trainAgain trains the same weights into another folder.
func (r *Run) trainAgain() string {
	return "augmix train --config " + quote(filepath.Join(r.Dir, "config.json")) + " --save " + quote(filepath.Clean(r.Dir)+"-again")
}

// previewCommand draws the run's own mixtures.
func (r *Run) previewCommand() string {
	c := r.Config
	command := "augmix preview --dataset " + quote(c.Dataset)
	if c.Data != "" {
		command += " --data " + quote(c.Data)
	}
	command += fmt.Sprintf(" --seed %d --mixture-width %d --mixture-depth=%d --aug-severity %g",
		c.Seed, c.MixtureWidth, c.MixtureDepth, c.AugSeverity)
	if c.AllOps {
		command += " --all-ops"
	}
	return command + " --out " + quote(filepath.Join(r.Dir, "plots", "preview.png"))
}

// quote writes an argument as a POSIX shell reads it.
func quote(arg string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("_-./=,:@%+", c)
	}
	if arg != "" && strings.IndexFunc(arg, func(c rune) bool { return !plain(c) }) < 0 {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}
