package cli

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"augmix/run"
)

// The types below are pflag.Values that check as they read, so that a number or a
// name out of range is refused before anything else happens. pflag's own would
// read 010 as eight and take NaN.

type toggleValue struct{ p *bool }

func (v *toggleValue) String() string { return strconv.FormatBool(*v.p) }
func (v *toggleValue) Type() string   { return "bool" }
func (v *toggleValue) Set(s string) error {
	b, err := strconv.ParseBool(s)
	if err != nil {
		return errors.New("it is a switch: write it alone, or with =true or =false")
	}
	*v.p = b
	return nil
}

type integerValue struct {
	p      *int
	lo, hi int
}

func (v *integerValue) String() string { return strconv.Itoa(*v.p) }
func (v *integerValue) Type() string   { return "N" }
func (v *integerValue) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < v.lo || n > v.hi {
		return fmt.Errorf("give a whole number from %d to %d", v.lo, v.hi)
	}
	*v.p = n
	return nil
}

type seedValue struct{ p *uint64 }

func (v *seedValue) String() string { return strconv.FormatUint(*v.p, 10) }
func (v *seedValue) Type() string   { return "N" }
func (v *seedValue) Set(s string) error {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		return errors.New("give a whole number from 0 to 18446744073709551615")
	}
	*v.p = n
	return nil
}

type realValue struct {
	p     *float64
	want  string
	check func(float64) bool
}

func (v *realValue) String() string { return strconv.FormatFloat(*v.p, 'g', -1, 64) }
func (v *realValue) Type() string   { return "X" }
func (v *realValue) Set(s string) error {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || !v.check(x) {
		return errors.New("give a number " + v.want)
	}
	*v.p = x
	return nil
}

// durationValue is a time of a second or more.
type durationValue struct{ p *time.Duration }

func (v *durationValue) String() string { return v.p.String() }
func (v *durationValue) Type() string   { return "10m|90s" }
func (v *durationValue) Set(s string) error {
	d, err := time.ParseDuration(s)
	if err != nil || d < time.Second {
		return errors.New("give a time of at least a second, such as 10m or 90s")
	}
	*v.p = d
	return nil
}

type textValue struct {
	p           *string
	placeholder string
	check       func(string) error // nil takes any text
}

func (v *textValue) String() string { return *v.p }
func (v *textValue) Type() string   { return v.placeholder }
func (v *textValue) Set(s string) error {
	if s == "" {
		return errors.New("it is empty; leave the flag out, or give a value")
	}
	if v.check != nil {
		if err := v.check(s); err != nil {
			return err
		}
	}
	*v.p = s
	return nil
}

// filesValue collects the files of a flag that may be repeated.
type filesValue struct{ p *[]string }

func (v *filesValue) String() string { return strings.Join(*v.p, " ") }
func (v *filesValue) Type() string   { return "FILE" }
func (v *filesValue) Set(s string) error {
	if s == "" {
		return errors.New("it is empty; name a file")
	}
	*v.p = append(*v.p, s)
	return nil
}

// namesValue is a list of names with commas between. Repeating the flag adds to
// it; the first use replaces the default.
type namesValue struct {
	p     *[]string
	kind  string
	known []string
	given bool
}

func (v *namesValue) String() string { return strings.Join(*v.p, ",") }
func (v *namesValue) Type() string   { return "NAME,..." }
func (v *namesValue) Set(s string) error {
	var out []string
	if v.given {
		out = *v.p
	}
	for name := range strings.SplitSeq(s, ",") {
		name = strings.TrimSpace(name)
		if err := checkName(v.kind, name, v.known); err != nil {
			return err
		}
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	*v.p, v.given = out, true
	return nil
}

// severitiesValue is a list of severities, such as 1,3 or 2-5.
type severitiesValue struct {
	p    *[]int
	most int
}

func (v *severitiesValue) String() string {
	var out []string
	for _, s := range *v.p {
		out = append(out, strconv.Itoa(s))
	}
	return strings.Join(out, ",")
}
func (v *severitiesValue) Type() string { return "N,..." }
func (v *severitiesValue) Set(s string) error {
	var out []int
	for part := range strings.SplitSeq(s, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err1 := strconv.Atoi(strings.TrimSpace(from))
		last, err2 := strconv.Atoi(strings.TrimSpace(to))
		if err1 != nil || err2 != nil || first < 1 || last > v.most || first > last {
			return fmt.Errorf("give severities from 1 to %d, such as 1,3 or 2-5", v.most)
		}
		for n := first; n <= last; n++ {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	*v.p = slices.Compact(out)
	return nil
}

// checkName returns an error with the nearest known name when name is none of
// them.
func checkName(kind, name string, known []string) error {
	if slices.Contains(known, name) {
		return nil
	}
	return fmt.Errorf("there is no %s %s; the nearest is %s", kind, show(name), run.Nearest(name, known))
}
