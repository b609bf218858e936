package cli

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"
)

// helpWidth is the width of the help in columns.
const helpWidth = 110

// flags are the flags of one command, in the groups that its help shows.
type flags struct {
	command string
	set     *pflag.FlagSet // of all groups
	groups  []*group
	typed   []string // the arguments as they were given

	help, version bool
}

// group is a set of flags under a title.
type group struct {
	title string
	set   *pflag.FlagSet
}

func newFlags(command string) *flags { return &flags{command: command, set: newSet(command)} }

func newSet(name string) *pflag.FlagSet {
	s := pflag.NewFlagSet(name, pflag.ContinueOnError)
	s.SortFlags = false
	s.SetNormalizeFunc(func(_ *pflag.FlagSet, name string) pflag.NormalizedName { return pflag.NormalizedName(canonical(name)) })
	s.Usage = func() {}
	return s
}

// group begins a group; flags are shown in the order in which they are declared.
func (f *flags) group(title string) *group {
	g := &group{title: title, set: newSet(title)}
	f.groups = append(f.groups, g)
	return g
}

// usage returns an error about the command line.
func (f *flags) usage(format string, args ...any) error {
	return &usageError{command: f.command, reason: fmt.Sprintf(format, args...)}
}

// given reports whether a flag is on the command line.
func (f *flags) given(name string) bool { return f.set.Changed(name) }

// firstGiven returns the first of the named flags that is on the command line, or
// "".
func (f *flags) firstGiven(names ...string) string {
	for _, n := range names {
		if f.given(n) {
			return n
		}
	}
	return ""
}

// complete adds what every command has and joins the groups.
func (f *flags) complete() {
	if f.set.HasFlags() {
		return
	}
	g := f.group("Help")
	g.toggle(&f.help, "help", "print this")
	g.toggle(&f.version, "version", "print the versions of augmix, Go and libtorch")
	for _, g := range f.groups {
		f.set.AddFlagSet(g.set)
	}
}

// parse reads the command line and returns what is not a flag. Its errors are
// *usageError.
func (f *flags) parse(args []string) ([]string, error) {
	f.complete()
	f.typed = args
	args, err := f.rewrite(args)
	if err != nil {
		return nil, err
	}
	if err := f.set.Parse(args); err != nil {
		if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
			return nil, f.usage("--%s %s: %v", bad.GetFlag().Name, show(bad.GetValue()), bad.Unwrap())
		}
		return nil, f.usage("%v", err)
	}
	return f.set.Args(), nil
}

// describe is the help on the flags.
func (f *flags) describe() string {
	f.complete()
	var b strings.Builder
	for _, g := range f.groups {
		fmt.Fprintf(&b, "\n%s:\n%s", g.title, g.set.FlagUsagesWrapped(helpWidth))
	}
	return b.String()
}

// add declares a flag; its help names the other ways to write it.
func (g *group) add(v pflag.Value, name, help string) {
	if also := otherNames(name); len(also) > 0 {
		help += " [" + strings.Join(also, ", ") + "]"
	}
	g.set.Var(v, name, help)
}

// toggle declares a flag that is there or not.
func (g *group) toggle(p *bool, name, help string) {
	g.add(&toggleValue{p}, name, help)
	g.set.Lookup(name).NoOptDefVal = "true"
}

// integer declares a flag for a whole number in [lo, hi].
func (g *group) integer(p *int, name string, lo, hi int, help string) {
	g.add(&integerValue{p, lo, hi}, name, help)
}

// real declares a flag for a number that the check accepts; want describes those.
func (g *group) real(p *float64, name, want string, check func(float64) bool, help string) {
	g.add(&realValue{p, want, check}, name, help)
}

// choice declares a flag for one of the names; kind says of what.
func (g *group) choice(p *string, name, kind string, known []string, help string) {
	g.add(&textValue{p, "NAME", func(s string) error { return checkName(kind, s, known) }}, name, help+" ("+strings.Join(known, ", ")+")")
}

// text declares a flag for a text that is not empty and that check, which may be
// nil, accepts. placeholder stands for it in the help.
func (g *group) text(p *string, name, placeholder string, check func(string) error, help string) {
	g.add(&textValue{p, placeholder, check}, name, help)
}

// names declares a flag for a list of names with commas between; kind says of
// what.
func (g *group) names(p *[]string, name, kind string, known []string, help string) {
	g.add(&namesValue{p: p, kind: kind, known: known}, name, help+" ("+strings.Join(known, ", ")+")")
}

// show writes what was typed so that a message stays readable: quoted where it is
// empty or has spaces or controls, and cut where it is very long.
func show(s string) string {
	const most = 80
	cut := ""
	if len(s) > most {
		s, cut = s[:most], "…"
		for !utf8.ValidString(s) && len(s) > most-utf8.UTFMax {
			s = s[:len(s)-1]
		}
	}
	if q := strconv.Quote(s); s == "" || q != `"`+s+`"` || strings.ContainsAny(s, " ") {
		return q + cut
	}
	return s + cut
}
