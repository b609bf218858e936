package weights

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// WriteSafetensors writes f.Tensors and f.Metadata as a safetensors file, which any
// reader of the format reads. The same f always gives the same bytes.
//
// Order: the header's entries stand in the order of f.Tensors, the order that Read
// gives back; the data are laid out by element type, widest first, then by name, so
// that every tensor is aligned to its element.
//
// Digest: __metadata__ also gets "sha256", the SHA-256 over the whole file (length,
// header, padding and data) taken with the digit 0 in place of each of that value's
// 64 hex digits, and "digest": "sha256", which says that it must be there. These two
// keys of f.Metadata are ignored.
//
// The data are read twice (once for the digest) and never copied. A tensor that the
// format cannot hold is an *Error, found before anything is written; else the error
// is w's.
func WriteSafetensors(w io.Writer, f *File) error {
	order, err := layoutOrder(f.Tensors)
	if err != nil {
		return err
	}
	head, digestAt, err := encodeHeader(f, order)
	if err != nil {
		return err
	}
	sum := sha256.New()
	sum.Write(head)
	for _, i := range order {
		sum.Write(f.Tensors[i].Data)
	}
	hex.Encode(head[digestAt:], sum.Sum(nil))
	if _, err := w.Write(head); err != nil {
		return err
	}
	for _, i := range order {
		if _, err := w.Write(f.Tensors[i].Data); err != nil {
			return err
		}
	}
	return nil
}

// layoutOrder checks the tensors and gives their indices in the order of the data.
func layoutOrder(tensors []Tensor) ([]int, error) {
	seen := make(map[string]bool, len(tensors))
	order := make([]int, len(tensors))
	for i, t := range tensors {
		order[i] = i
		n, ok := byteLength(t.DType, t.Shape)
		switch {
		case !t.DType.valid():
			return nil, refuse("tensor %q has no type", t.Name)
		case !utf8.ValidString(t.Name) || strings.IndexByte(t.Name, 0) >= 0 || t.Name == metadataKey:
			return nil, refuse("a tensor cannot be called %q in a safetensors file", t.Name)
		case seen[t.Name]:
			return nil, refuse("two tensors are called %q", t.Name)
		case len(t.Shape) > maxRank:
			return nil, refuse("tensor %q has %d axes, more than %d", t.Name, len(t.Shape), maxRank)
		case !ok || n != int64(len(t.Data)):
			return nil, refuse("tensor %q: %d bytes for %v%v", t.Name, len(t.Data), t.DType, t.Shape)
		}
		seen[t.Name] = true
	}
	if len(tensors) > maxTensors {
		return nil, refuse("%d tensors are more than a file may hold, %d", len(tensors), maxTensors)
	}
	sort.SliceStable(order, func(i, j int) bool {
		a, b := tensors[order[i]], tensors[order[j]]
		if a.DType != b.DType {
			return a.DType > b.DType
		}
		return a.Name < b.Name
	})
	return order, nil
}

// encodeHeader gives the file up to its data, with zeros for the digest's digits,
// which begin at digestAt.
func encodeHeader(f *File, order []int) (head []byte, digestAt int, err error) {
	begin := make([]int64, len(f.Tensors))
	at := int64(0)
	for _, i := range order {
		begin[i] = at
		at += int64(len(f.Tensors[i].Data))
	}

	var b bytes.Buffer
	b.Write(make([]byte, 8))
	b.WriteString(`{"` + metadataKey + `":{`)
	keys := make([]string, 0, len(f.Metadata))
	for k, v := range f.Metadata {
		if !utf8.ValidString(k) || !utf8.ValidString(v) {
			return nil, 0, refuse("metadata %q: %q is not UTF-8", k, v)
		}
		if k != digestKey && k != markKey {
			keys = append(keys, k)
		}
	}
	sort.Strings(keys)
	for _, k := range keys {
		writeString(&b, k)
		b.WriteByte(':')
		writeString(&b, f.Metadata[k])
		b.WriteByte(',')
	}
	b.WriteString(`"` + markKey + `":"` + markValue + `","` + digestKey + `":"`)
	digestAt = b.Len()
	b.Write(zeroDigest)
	b.WriteString(`"}`)
	for i, t := range f.Tensors {
		b.WriteByte(',')
		writeString(&b, t.Name)
		b.WriteString(`:{"dtype":"` + t.DType.String() + `","shape":[`)
		for axis, n := range t.Shape {
			if axis > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.FormatInt(n, 10))
		}
		b.WriteString(`],"data_offsets":[` + strconv.FormatInt(begin[i], 10) + "," +
			strconv.FormatInt(begin[i]+int64(len(t.Data)), 10) + "]}")
	}
	b.WriteByte('}')
	for b.Len()%8 != 0 {
		b.WriteByte(' ')
	}
	if b.Len()-8 > maxHeader {
		return nil, 0, refuse("the header would take %d bytes, more than the format's limit of %d", b.Len()-8, maxHeader)
	}
	head = b.Bytes()
	le.PutUint64(head, uint64(len(head)-8))
	return head, digestAt, nil
}

// writeString writes s, valid UTF-8, as a JSON string.
func writeString(b *bytes.Buffer, s string) {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err) // encoding/json marshals every string
	}
	b.Write(quoted)
}
