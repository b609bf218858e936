package grid

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// member is a key of an object with its value's text. place says where it is, for messages.
type member struct {
	place, key string
	raw        json.RawMessage
}

// object is a JSON object in the order of its text.
type object []member

// parseObject reads a whole text that is one object. encoding/json would take the last of two equal keys and lose their
// order.
func parseObject(text []byte) (object, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	o, err := decodeObject(dec, "")
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("there is something after the object")
	}
	return o, nil
}

func decodeObject(dec *json.Decoder, place string) (object, error) {
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, fmt.Errorf("%snot a JSON object", place)
	}
	var o object
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("%s%w", place, err)
		}
		m := member{place: place, key: t.(string)} // The decoder gives nothing else as an object's key.
		if _, twice := o.find(m.key); twice {
			return nil, fmt.Errorf("%skey %q is there twice", place, m.key)
		}
		if err := dec.Decode(&m.raw); err != nil {
			return nil, fmt.Errorf("%skey %q: %w", place, m.key, err)
		}
		o = append(o, m)
	}
	if _, err := dec.Token(); err != nil {
		return nil, fmt.Errorf("%sthe object does not end: %w", place, err)
	}
	return o, nil
}

func (o object) find(key string) (member, bool) {
	for _, m := range o {
		if m.key == key {
			return m, true
		}
	}
	return member{}, false
}

// only refuses keys that are not known.
func (o object) only(known []string) error {
	for _, m := range o {
		if !slices.Contains(known, m.key) {
			return fmt.Errorf("unknown key %q; the keys are %s", m.key, strings.Join(known, ", "))
		}
	}
	return nil
}

func (m member) wrong(format string, args ...any) error {
	return fmt.Errorf("%s%q: %s", m.place, m.key, fmt.Sprintf(format, args...))
}

func (m member) text(to *string) error {
	if json.Unmarshal(m.raw, to) != nil || m.isNull() {
		return m.wrong("give a text in quotes")
	}
	return nil
}

func (m member) isNull() bool { return string(m.raw) == "null" }

// seeds reads a list of seeds, each of which may be there once.
func (m member) seeds(to *[]uint64) error {
	var raw []json.Number
	if json.Unmarshal(m.raw, &raw) != nil || len(raw) == 0 {
		return m.wrong("give a list of whole numbers, such as [1, 2, 3]")
	}
	for _, text := range raw {
		seed, err := strconv.ParseUint(text.String(), 10, 64)
		if err != nil || slices.Contains(*to, seed) {
			return m.wrong("%q is no whole number from 0 on, or there twice", text)
		}
		*to = append(*to, seed)
	}
	return nil
}

// flags reads an object of flags; their values are texts, numbers, true or false, or lists of these.
func (m member) flags(to *[]Flag) error {
	o, err := decodeObject(json.NewDecoder(bytes.NewReader(m.raw)), m.key+": ")
	if err != nil {
		return err
	}
	*to = []Flag{}
	for _, f := range o {
		flag, err := f.flag()
		if err != nil {
			return err
		}
		*to = append(*to, flag)
	}
	return nil
}

func (m member) flag() (Flag, error) {
	value, ok := scalar(m.raw)
	var list []json.RawMessage
	if !ok && json.Unmarshal(m.raw, &list) == nil && len(list) > 0 {
		var parts []string
		for _, raw := range list {
			part, is := scalar(raw)
			if !is {
				return Flag{}, m.wrong("give a text, a number, true or false, or a list of these")
			}
			parts = append(parts, part)
		}
		value, ok = strings.Join(parts, ","), true
	}
	if !ok {
		return Flag{}, m.wrong("give a text, a number, true or false, or a list of these")
	}
	if m.key == "" || strings.ContainsAny(m.key, "= ") || strings.HasPrefix(m.key, "-") {
		return Flag{}, m.wrong("give a flag's name without its dashes")
	}
	return Flag{m.key, value}, nil
}

// scalar is the text of a string, a number or a truth value.
func scalar(raw json.RawMessage) (string, bool) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	t, err := dec.Token()
	if err != nil {
		return "", false
	}
	switch t := t.(type) {
	case string:
		return t, true
	case json.Number:
		return t.String(), true
	case bool:
		return strconv.FormatBool(t), true
	}
	return "", false
}

// entries reads a list of names and of objects with a "name" and flags. dimension is the flag whose value an entry's name
// is where the entry does not give it.
func (m member) entries(to *[]entry, dimension string) error {
	var list []json.RawMessage
	if json.Unmarshal(m.raw, &list) != nil || len(list) == 0 {
		return m.wrong("give a list of names, or of objects with a \"name\" and flags")
	}
	for i, raw := range list {
		place := fmt.Sprintf("%s[%d]: ", m.key, i)
		e, err := readEntry(raw, place, dimension)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(*to, func(other entry) bool { return other.name == e.name }) {
			return fmt.Errorf("%sthe name %s is there twice", place, e.name)
		}
		*to = append(*to, e)
	}
	return nil
}

func readEntry(raw json.RawMessage, place, dimension string) (entry, error) {
	e := entry{}
	var members object
	if json.Unmarshal(raw, &e.name) != nil || string(raw) == "null" {
		var err error
		if members, err = decodeObject(json.NewDecoder(bytes.NewReader(raw)), place); err != nil {
			return e, fmt.Errorf("%w; give a name, or an object with a \"name\" and flags", err)
		}
	}
	given := false
	for _, m := range members {
		switch {
		case m.key == "name":
			if err := m.text(&e.name); err != nil {
				return e, err
			}
		case m.key == "seeds" && dimension == "method":
			if err := m.seeds(&e.seeds); err != nil {
				return e, err
			}
		default:
			f, err := m.flag()
			if err != nil {
				return e, err
			}
			given = given || f.Name == dimension
			e.flags = append(e.flags, f)
		}
	}
	if !isName(e.name) {
		return e, fmt.Errorf("%sthe name %q is missing or no folder's; use letters, digits, - + . and _", place, e.name)
	}
	if !given {
		e.flags = append([]Flag{{dimension, e.name}}, e.flags...)
	}
	return e, nil
}
