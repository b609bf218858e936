package ranks

import (
	"fmt"
	"strconv"
	"strings"
)

// Bounds that no machine comes near.
const (
	maxRanks    = 1 << 20
	maxRestarts = 1 << 30
	maxPort     = 65535
)

// EnvError says which environment variable is wrong.
type EnvError struct {
	Name, Value string // Value is empty where it is not set.
	Want        string // What it should be.
}

func (e *EnvError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("the environment variable %s is not set; it should be %s", e.Name, e.Want)
	}
	return fmt.Sprintf("the environment variable %s is %s; it should be %s", e.Name, clip(e.Value), e.Want)
}

// clip writes a value so that a message stays readable.
func clip(s string) string {
	const most = 120
	if len(s) > most {
		s = s[:most] + "…"
	}
	if q := strconv.Quote(s); q != `"`+s+`"` || strings.Contains(s, " ") {
		return q
	}
	return s
}

// environment returns the value of a variable, or "".
type environment func(string) string

func (e environment) has(name string) bool { return e(name) != "" }

// integer reads a whole number from lo to hi; why says more about it, and may be
// empty.
func (e environment) integer(name string, lo, hi int, why string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(e(name)))
	if err == nil && n >= lo && n <= hi {
		return n, nil
	}
	want := fmt.Sprintf("a whole number from %d to %d", lo, hi)
	if hi == lo {
		want = strconv.Itoa(lo)
	}
	if why != "" {
		want += ": " + why
	}
	return 0, &EnvError{name, e(name), want}
}
