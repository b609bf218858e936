package ranks

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxHosts bounds a node list, so that a[0-999999999] does not fill the memory.
const maxHosts = 1 << 16

// ExpandNodeList expands Slurm's way to write hosts: a[01-04,07],b3 is a01, a02,
// a03, a04, a07 and b3; a name may have several brackets, of which the last counts
// fastest. It refuses what is empty, unbalanced or more than 65,536 hosts.
func ExpandNodeList(list string) ([]string, error) {
	names, err := splitOutside(list)
	if err != nil {
		return nil, err
	}
	var hosts []string
	for _, name := range names {
		expanded, err := expandName(name)
		if err != nil {
			return nil, err
		}
		if hosts = append(hosts, expanded...); len(hosts) > maxHosts {
			return nil, tooMany()
		}
	}
	return hosts, nil
}

func tooMany() error { return fmt.Errorf("it has more than %d hosts", maxHosts) }

// splitOutside cuts a list at the commas that are in no brackets.
func splitOutside(list string) ([]string, error) {
	var out []string
	inside, start := false, 0
	for i, c := range list {
		switch {
		case c == '[' && !inside:
			inside = true
		case c == ']' && inside:
			inside = false
		case c == '[' || c == ']':
			return nil, errors.New("its brackets do not match")
		case c == ',' && !inside:
			out = append(out, list[start:i])
			start = i + 1
		}
	}
	if inside {
		return nil, errors.New("its brackets do not match")
	}
	return append(out, list[start:]), nil
}

// expandName expands one name, whose brackets match.
func expandName(name string) ([]string, error) {
	prefix, rest, found := strings.Cut(name, "[")
	if strings.ContainsFunc(prefix, notInHost) {
		return nil, &partError{prefix}
	}
	if !found {
		if prefix == "" {
			return nil, errors.New("a name is empty")
		}
		return []string{prefix}, nil
	}
	inside, rest, _ := strings.Cut(rest, "]")
	numbers, err := expandRanges(inside)
	if err != nil {
		return nil, err
	}
	suffixes := []string{""}
	if rest != "" {
		if suffixes, err = expandName(rest); err != nil {
			return nil, err
		}
	}
	if len(numbers)*len(suffixes) > maxHosts {
		return nil, tooMany()
	}
	out := make([]string, 0, len(numbers)*len(suffixes))
	for _, n := range numbers {
		for _, s := range suffixes {
			out = append(out, prefix+n+s)
		}
	}
	return out, nil
}

// notInHost reports a character that no host name has.
func notInHost(r rune) bool {
	return !(r == '-' || r == '.' || r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
}

// expandRanges expands 01-04,07 and keeps the zeros in front.
func expandRanges(s string) ([]string, error) {
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		lo, err1 := strconv.ParseUint(from, 10, 63)
		hi, err2 := strconv.ParseUint(to, 10, 63)
		if err1 != nil || err2 != nil || lo > hi || len(from) > len(to) {
			return nil, &partError{part}
		}
		if hi-lo >= uint64(maxHosts-len(out)) {
			return nil, tooMany()
		}
		for n := lo; n <= hi; n++ {
			out = append(out, fmt.Sprintf("%0*d", len(from), n))
		}
	}
	return out, nil
}
