package weights

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxTensors bounds the header's entries; a network of ours has some hundred.
	maxTensors = 100_000
	// maxRank bounds a tensor's axes. PyTorch's own limit is 64.
	maxRank = 64
	// maxText bounds a string, in a header and in a pickle, in bytes.
	maxText = 1 << 20
	// maxDigits bounds a number in a header; 2^63 has 19 digits.
	maxDigits = 20

	white = " \t\r\n" // JSON's white space
)

// A headerParser reads the header's JSON one token at a time. encoding/json's
// Unmarshal would match keys whatever their case, let the last of two equal keys win,
// and read 1e3 or 1.0 as a size; the schema has three levels, so that walking it by
// hand needs no recursion either.
type headerParser struct {
	dec  *json.Decoder
	base int // where in h.raw the decoder's text begins
	h    *header
}

// parse fills entries, metadata and digestAt from raw.
func (h *header) parse() error {
	// White space around the object is padding; the format has it behind, and some
	// writers before, so that the data begin on a page.
	base := len(h.raw) - len(bytes.TrimLeft(h.raw[8:], white))
	text := bytes.Trim(h.raw[8:], white)
	if !utf8.Valid(text) {
		return refuse("its header is not UTF-8").advise(damaged)
	}
	if at, reason := scanTokens(text); reason != "" {
		return refuseAt(int64(base+at), "%s", reason)
	}
	p := &headerParser{dec: json.NewDecoder(bytes.NewReader(text)), base: base, h: h}
	p.dec.UseNumber()
	if err := p.delim('{', "the header"); err != nil {
		return err
	}
	seen := make(map[string]bool)
	for p.dec.More() {
		name, err := p.str("a tensor's name")
		if err != nil {
			return err
		}
		if seen[name] {
			return p.fault("the header has %q twice", name)
		}
		seen[name] = true
		if len(seen) > maxTensors {
			return p.fault("the header has more than %d tensors", maxTensors)
		}
		if name == metadataKey {
			err = p.metadata()
		} else {
			err = p.entry(name)
		}
		if err != nil {
			return err
		}
	}
	if err := p.delim('}', "the header"); err != nil {
		return err
	}
	if _, err := p.dec.Token(); err != io.EOF {
		return p.fault("the header goes on after its closing brace")
	}
	return nil
}

// entry parses {"dtype": …, "shape": […], "data_offsets": [begin, end]}: each of the
// three once, in any order, and nothing else.
func (p *headerParser) entry(name string) error {
	if strings.IndexByte(name, 0) >= 0 {
		return p.fault("a tensor's name %q has a zero byte", name)
	}
	if err := p.delim('{', "tensor %q", name); err != nil {
		return err
	}
	e := entry{name: name}
	var offsets []int64
	for p.dec.More() {
		key, err := p.str("a field of tensor %q", name)
		if err != nil {
			return err
		}
		switch {
		case key == "dtype" && e.dtype == 0:
			var d string
			if d, err = p.str("dtype of tensor %q", name); err != nil {
				return err
			}
			var ok bool
			if e.dtype, ok = ParseDType(d); !ok {
				err = p.fault("tensor %q has dtype %q, which the format does not know", name, d)
			}
		case key == "shape" && e.shape == nil:
			e.shape, err = p.counts(maxRank, "shape", name)
		case key == "data_offsets" && offsets == nil:
			offsets, err = p.counts(2, "data_offsets", name)
		default:
			err = p.fault("tensor %q has the field %q, which is unknown or there twice", name, key)
		}
		if err != nil {
			return err
		}
	}
	if err := p.delim('}', "tensor %q", name); err != nil {
		return err
	}
	if e.dtype == 0 || e.shape == nil || len(offsets) != 2 {
		return p.fault("tensor %q lacks its dtype, shape or data_offsets", name)
	}
	e.begin, e.end = offsets[0], offsets[1]
	p.h.entries = append(p.h.entries, e)
	return nil
}

// metadata parses {"key": "value", …} and remembers where the digest stands.
func (p *headerParser) metadata() error {
	if err := p.delim('{', metadataKey); err != nil {
		return err
	}
	p.h.metadata = make(map[string]string)
	for p.dec.More() {
		key, err := p.str("a key of " + metadataKey)
		if err != nil {
			return err
		}
		if _, ok := p.h.metadata[key]; ok {
			return p.fault("%s has %q twice", metadataKey, key)
		}
		if len(p.h.metadata) == maxTensors {
			return p.fault("%s has more than %d keys", metadataKey, maxTensors)
		}
		value, err := p.str("%s's %q", metadataKey, key)
		if err != nil {
			return err
		}
		p.h.metadata[key] = value
		if key == digestKey {
			if err := p.digest(value); err != nil {
				return err
			}
		}
	}
	return p.delim('}', metadataKey)
}

// digest finds the digits of the digest that was just read as value: they end one
// quote before the decoder's offset, provided that none is written as an escape.
func (p *headerParser) digest(value string) error {
	end := p.base + int(p.dec.InputOffset()) - 1
	begin := end - digestLength
	if len(value) != digestLength || strings.Trim(value, "0123456789abcdef") != "" ||
		begin < 8 || string(p.h.raw[begin:end]) != value {
		return p.fault("%s's %q is not %d lower-case hex digits", metadataKey, digestKey, digestLength).advise(damaged)
	}
	p.h.digestAt = begin
	return nil
}

// counts parses an array of at most limit non-negative integers.
func (p *headerParser) counts(limit int, field, name string) ([]int64, error) {
	if err := p.delim('[', "%s of tensor %q", field, name); err != nil {
		return nil, err
	}
	out := []int64{}
	for p.dec.More() {
		t, err := p.token("%s of tensor %q", field, name)
		if err != nil {
			return nil, err
		}
		number, ok := t.(json.Number)
		if !ok {
			return nil, p.fault("%s of tensor %q holds %v, which is no number", field, name, t)
		}
		// ParseUint refuses signs, points and exponents, which JSON allows.
		v, err := strconv.ParseUint(number.String(), 10, 63)
		if err != nil {
			return nil, p.fault("%s of tensor %q holds %s, not an integer between 0 and 2^63-1", field, name, number)
		}
		if len(out) == limit {
			return nil, p.fault("%s of tensor %q has more than %d numbers", field, name, limit)
		}
		out = append(out, int64(v))
	}
	return out, p.delim(']', "%s of tensor %q", field, name)
}

// str reads a string; what says which, for the message.
func (p *headerParser) str(what string, args ...any) (string, error) {
	t, err := p.token(what, args...)
	if err != nil {
		return "", err
	}
	s, ok := t.(string)
	if !ok {
		return "", p.fault(what+" is not a string", args...)
	}
	return s, nil
}

// delim reads one bracket or brace.
func (p *headerParser) delim(want json.Delim, what string, args ...any) error {
	t, err := p.token(what, args...)
	if err != nil {
		return err
	}
	if t != want {
		return p.fault("%s is expected where "+what+" has %v", append([]any{strconv.Quote(want.String())}, append(args, t)...)...)
	}
	return nil
}

func (p *headerParser) token(what string, args ...any) (json.Token, error) {
	t, err := p.dec.Token()
	if err == io.EOF {
		return nil, p.fault("the header ends inside "+what, args...).advise(damaged)
	}
	if err != nil {
		return nil, p.fault("its header is not JSON at "+what+": "+strings.ReplaceAll(err.Error(), "%", "%%"), args...).advise(damaged)
	}
	return t, nil
}

// fault makes an Error at the decoder's place in the file.
func (p *headerParser) fault(format string, args ...any) *Error {
	return refuseAt(int64(p.base)+p.dec.InputOffset(), format, args...)
}

// scanTokens looks for what encoding/json does not report in the header's strings and
// numbers, and says where and what; reason is "" when there is nothing. It turns half
// of a UTF-16 surrogate pair into U+FFFD silently, so that two different names become
// one; and it reads a string, a number or white space into memory however long it is.
func scanTokens(text []byte) (at int, reason string) {
	begin := -1 // of the string that i is in
	digits := 0 // of the number that i is in
	spaces := 0 // in a row, before i
	for i := 0; i < len(text); i++ {
		if c := text[i]; begin < 0 && c >= '0' && c <= '9' {
			if digits++; digits > maxDigits {
				return i, "its header has a number of more digits than any size"
			}
			continue
		}
		digits = 0
		if c := text[i]; begin < 0 && (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
			if spaces++; spaces > maxText {
				return i, "its header has white space of more than 1 MiB inside"
			}
			continue
		}
		spaces = 0
		switch {
		case text[i] == '"' && begin < 0:
			begin = i
		case text[i] == '"':
			begin = -1
		case begin >= 0 && i-begin > maxText:
			return begin, "its header has a string of more than 1 MiB"
		case text[i] == '\\':
			first, ok := unicodeEscape(text[i:])
			if !ok {
				i++ // the escaped character, which may be a quote or a backslash
				continue
			}
			if first >= 0xd800 && first <= 0xdfff {
				second, ok := unicodeEscape(text[min(i+6, len(text)):])
				if first > 0xdbff || !ok || second < 0xdc00 || second > 0xdfff {
					return i, "its header has half of a UTF-16 surrogate pair"
				}
				i += 6
			}
			i += 5
		}
	}
	return 0, ""
}

// unicodeEscape reads the \uXXXX that text begins with.
func unicodeEscape(text []byte) (code uint64, ok bool) {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	code, err := strconv.ParseUint(string(text[2:6]), 16, 32)
	return code, err == nil
}
