package cli

import (
	"slices"
	"strings"

	"augmix/run"

	"github.com/spf13/pflag"
)

// shortForms are the reference's short names, and timm's -j. Most have several
// letters, which pflag would read as so many flags of one letter each.
var shortForms = map[string]string{
	"m": "model", "e": "epochs", "lr": "learning-rate", "b": "batch-size", "wd": "decay", "nj": "no-jsd", "all": "all-ops",
	"s": "save", "r": "resume", "j": "num-workers", "h": "help",
}

// aliases are timm's names.
var aliases = map[string]string{
	"lr": "learning-rate", "weight-decay": "decay", "workers": "num-workers", "drop": "droprate", "output": "save",
	"data-dir": "data", "smoothing": "label-smoothing", "grad-accum-steps": "grad-accum",
	"model-ema-decay": "ema", "initial-checkpoint": "init", "aug-splits": "views",
}

// canonical is a flag's name as this program spells it.
func canonical(name string) string {
	name = strings.ReplaceAll(name, "_", "-")
	if to, ok := aliases[name]; ok {
		return to
	}
	return name
}

// otherNames lists the short forms and aliases of a flag, sorted.
func otherNames(name string) []string {
	var out []string
	for short, long := range shortForms {
		if long == name {
			out = append(out, "-"+short)
		}
	}
	for alias, long := range aliases {
		if long == name {
			out = append(out, "--"+alias)
		}
	}
	slices.Sort(out)
	return out
}

// rewrite writes every flag as --name or --name=value, with the name that pflag
// knows, and leaves all else as it is: values are never looked at, so that
// `--save -s` saves into a folder called -s. It refuses flags that are not known.
func (f *flags) rewrite(args []string) ([]string, error) {
	var out []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return append(out, args[i:]...), nil
		}
		if arg == "-" || !strings.HasPrefix(arg, "-") {
			out = append(out, arg)
			continue
		}
		typed, value, hasValue := strings.Cut(arg, "=")
		flag := f.lookup(typed)
		if flag == nil {
			if short, rest := attached(typed); short != "" && !hasValue {
				flag, value, hasValue = f.lookup(short), rest, true
			}
		}
		if flag == nil {
			return nil, f.unknown(typed)
		}
		switch {
		case hasValue:
			out = append(out, "--"+flag.Name+"="+value)
		case flag.NoOptDefVal != "":
			out = append(out, "--"+flag.Name)
		case i+1 == len(args) || strings.HasPrefix(args[i+1], "--"):
			return nil, f.usage("%s needs a value: %s %s, %s", show(typed), show(typed), flag.Value.Type(), flag.Usage)
		default:
			i++
			out = append(out, "--"+flag.Name+"="+args[i])
		}
	}
	return out, nil
}

// lookup returns the flag that was typed, dashes included, or nil.
func (f *flags) lookup(typed string) *pflag.Flag {
	if name, long := strings.CutPrefix(typed, "--"); long {
		return f.set.Lookup(name)
	}
	if long, ok := shortForms[typed[1:]]; ok {
		return f.set.Lookup(long)
	}
	return nil
}

// attached splits a short form from the number that follows it without a space,
// as in -b64 and -lr0.1, which the reference's parser takes.
func attached(typed string) (short, number string) {
	i := strings.IndexAny(typed, "0123456789.")
	if i < 2 || typed[1] == '-' || shortForms[typed[1:i]] == "" {
		return "", ""
	}
	return typed[:i], typed[i:]
}

// unknown names the nearest flag, or the commands that have this one.
func (f *flags) unknown(typed string) error {
	name := canonical(strings.TrimLeft(typed, "-"))
	if !strings.HasPrefix(typed, "--") && shortForms[name] != "" {
		name = shortForms[name]
	}
	if f.set.Lookup(name) != nil {
		return f.usage("unknown flag %s; it is written --%s", show(typed), name)
	}
	if owners := ownersOf(name); len(owners) > 1 {
		return f.usage("%s has no flag %s; %s have", f.command, show(typed), strings.Join(owners, " and "))
	} else if len(owners) == 1 {
		return f.usage("%s has no flag %s; %s has", f.command, show(typed), owners[0])
	}
	var known []string
	f.set.VisitAll(func(flag *pflag.Flag) {
		known = append(append(known, "--"+flag.Name), otherNames(flag.Name)...)
	})
	return f.usage("unknown flag %s; the nearest is %s", show(typed), run.Nearest(strings.ReplaceAll(typed, "_", "-"), known))
}

// ownersOf lists the commands that have a flag.
func ownersOf(name string) []string {
	var owners []string
	var walk func(known []command, path string)
	walk = func(known []command, path string) {
		for _, c := range known {
			if c.sub != nil {
				walk(c.sub, path+" "+c.name)
				continue
			}
			f := newFlags(path + " " + c.name)
			c.setup(f)
			f.complete()
			if f.set.Lookup(name) != nil {
				owners = append(owners, f.command)
			}
		}
	}
	walk(commands(), "augmix")
	return owners
}
