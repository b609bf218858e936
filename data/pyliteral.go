package data

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// pyLiteral reads the few Python literals that a .npy header is made of: a dict of
// strings to strings, booleans and tuples of sizes. Nothing is evaluated.
type pyLiteral struct{ rest string }

// dict reads the whole text as one dict. Its values are string, bool or []int.
func (p *pyLiteral) dict() (map[string]any, error) {
	if !p.take("{") {
		return nil, p.unexpected("{")
	}
	out := map[string]any{}
	for !p.take("}") {
		key, err := p.str()
		if err != nil {
			return nil, err
		}
		if _, twice := out[key]; twice {
			return nil, fmt.Errorf("the key %.40q is there twice", key)
		}
		if !p.take(":") {
			return nil, p.unexpected(":")
		}
		if out[key], err = p.value(); err != nil {
			return nil, err
		}
		if !p.take(",") && !strings.HasPrefix(p.rest, "}") {
			return nil, p.unexpected(", or }")
		}
	}
	if p.rest != "" {
		return nil, p.unexpected("the end")
	}
	return out, nil
}

// value reads a string, True, False or a tuple. Anything else, calls and records
// among them, is an error.
func (p *pyLiteral) value() (any, error) {
	switch {
	case strings.HasPrefix(p.rest, "'"), strings.HasPrefix(p.rest, `"`):
		return p.str()
	case p.take("True"):
		return true, nil
	case p.take("False"):
		return false, nil
	case p.take("("):
		return p.tuple()
	}
	return nil, p.unexpected("a string, True, False or a tuple")
}

// tuple reads non-negative integers up to the closing parenthesis.
func (p *pyLiteral) tuple() ([]int, error) {
	sizes := []int{}
	for !p.take(")") {
		digits := p.rest[:len(p.rest)-len(strings.TrimLeft(p.rest, "0123456789"))]
		n, err := strconv.ParseInt(digits, 10, strconv.IntSize)
		if err != nil || len(digits) > 1 && digits[0] == '0' {
			return nil, p.unexpected("a size")
		}
		sizes = append(sizes, int(n))
		p.take(digits)
		if !p.take(",") {
			if len(sizes) == 1 || !strings.HasPrefix(p.rest, ")") {
				// (3) is a number in Python, (3,) a tuple.
				return nil, p.unexpected(",")
			}
		}
	}
	return sizes, nil
}

// str reads a string without escapes.
func (p *pyLiteral) str() (string, error) {
	if p.rest == "" || p.rest[0] != '\'' && p.rest[0] != '"' {
		return "", p.unexpected("a string")
	}
	quote := p.rest[:1]
	s, rest, ok := strings.Cut(p.rest[1:], quote)
	if !ok || strings.ContainsAny(s, "\\\n") {
		return "", errors.New("a string is not closed or has escapes")
	}
	p.rest = rest
	p.take("")
	return s, nil
}

// take skips token, and the white space behind it, if it is next.
func (p *pyLiteral) take(token string) bool {
	rest, ok := strings.CutPrefix(p.rest, token)
	if ok {
		p.rest = strings.TrimLeft(rest, " \n")
	}
	return ok
}

func (p *pyLiteral) unexpected(want string) error {
	if p.rest == "" {
		return fmt.Errorf("want %s, got the end", want)
	}
	return fmt.Errorf("want %s at %.30q", want, p.rest)
}
