package weights

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"sort"
)

// ReadSafetensors reads a safetensors file: size bytes that r gives. It holds the
// file to every rule of the format's reference reader (safetensors/src/tensor.rs),
// and where the format's page and that reader differ to the stricter: a key that
// occurs twice is refused. If the metadata carry a digest (see WriteSafetensors) it
// must be right.
//
// Memory: one allocation for the data, made only after the header has been found to
// describe exactly the bytes that are there. Every error is an *Error.
func ReadSafetensors(r io.ReaderAt, size int64) (*File, error) {
	h, err := readHeader(r, size)
	if err != nil {
		return nil, err
	}
	data := make([]byte, size-h.dataAt)
	if err := readAt(r, data, h.dataAt); err != nil {
		return nil, err
	}
	sum := h.hash()
	sum.Write(data)
	if err := h.verify(sum); err != nil {
		return nil, err
	}
	f := &File{Metadata: h.metadata, Format: FormatSafetensors, Tensors: make([]Tensor, len(h.entries))}
	for i, e := range h.entries {
		f.Tensors[i] = Tensor{Name: e.name, DType: e.dtype, Shape: e.shape, Data: data[e.begin:e.end:e.end]}
	}
	return f, nil
}

// Verify checks a safetensors file as Read does, digest included, without keeping its
// tensors: it takes the memory of the header and a fixed buffer, whatever the file's
// length. It gives the file's metadata. Every error is an *Error.
func Verify(path string) (metadata map[string]string, err error) {
	err = withFile(path, func(r io.ReaderAt, size int64) error {
		h, err := readHeader(r, size)
		if err != nil {
			return err
		}
		sum := h.hash()
		if n, err := io.Copy(sum, io.NewSectionReader(r, h.dataAt, size-h.dataAt)); err != nil {
			return &Error{Offset: h.dataAt + n, Reason: "cannot be read", Err: pathless(err)}
		}
		metadata = h.metadata
		return h.verify(sum)
	})
	if err != nil {
		return nil, err
	}
	return metadata, nil
}

// A header is the part of a safetensors file before its data.
type header struct {
	raw      []byte // the first dataAt bytes, the length included
	dataAt   int64
	entries  []entry
	metadata map[string]string
	digestAt int // where in raw the digest's 64 hex digits are; 0 when there is none
}

// An entry is one tensor of a header; begin and end count from the data's beginning.
type entry struct {
	name       string
	dtype      DType
	shape      []int64
	begin, end int64
}

// maxHeader is the longest header in bytes that the reference reader and writer take
// (MAX_HEADER_SIZE, safetensors/src/tensor.rs).
const maxHeader = 100_000_000

// readHeader reads the header and checks it against the file's length, in the order
// of the reference reader's checks.
func readHeader(r io.ReaderAt, size int64) (*header, error) {
	if size < 8 {
		return nil, refuse("has %d bytes, a safetensors file begins with 8 for its header's length", size).advise(damaged)
	}
	var length [8]byte
	if err := readAt(r, length[:], 0); err != nil {
		return nil, err
	}
	n := le.Uint64(length[:])
	if n > maxHeader {
		return nil, refuse("claims a header of %d bytes, more than the format's limit of %d", n, maxHeader).advise(damaged)
	}
	if int64(n) > size-8 {
		return nil, refuse("claims a header of %d bytes, but only %d follow", n, size-8).advise(damaged)
	}
	h := &header{raw: make([]byte, 8+n), dataAt: 8 + int64(n)}
	if err := readAt(r, h.raw, 0); err != nil {
		return nil, err
	}
	if err := h.parse(); err != nil {
		return nil, err
	}
	if err := h.layout(size - h.dataAt); err != nil {
		return nil, err
	}
	return h, nil
}

// layout checks that the tensors fill the length bytes of data without a hole and
// without overlap, each with the bytes that its type and shape need. The rule against
// overlap is older than it looks: ten million tensors on the same 16 bytes were an
// attack (safetensors/attacks).
func (h *header) layout(length int64) error {
	order := make([]int, len(h.entries))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool {
		a, b := h.entries[order[i]], h.entries[order[j]]
		if a.begin != b.begin {
			return a.begin < b.begin
		}
		return a.end < b.end
	})
	at := int64(0)
	for _, i := range order {
		e := h.entries[i]
		if e.begin != at || e.end < e.begin {
			return refuse("tensor %q has data_offsets [%d, %d] where %d was to follow: the data overlap or leave a hole",
				e.name, e.begin, e.end, at).advise(damaged)
		}
		need, ok := byteLength(e.dtype, e.shape)
		if !ok {
			return refuse("tensor %q: %v%v is not a whole number of bytes that this machine can count",
				e.name, e.dtype, e.shape).advise(damaged)
		}
		if e.end-e.begin != need {
			return refuse("tensor %q has %d bytes, but %v%v takes %d", e.name, e.end-e.begin, e.dtype, e.shape, need).advise(damaged)
		}
		at = e.end
	}
	if at != length {
		return refuse("the header describes %d bytes of data, but %d follow it", at, length).advise(damaged)
	}
	return nil
}

const (
	// metadataKey is the header's one key that names no tensor.
	metadataKey = "__metadata__"
	// digestKey holds the digest; markKey = markValue stands beside it, so that a
	// damaged digestKey does not turn a file that has a digest into one that has none.
	digestKey = "sha256"
	markKey   = "digest"
	markValue = "sha256"

	digestLength = 2 * sha256.Size
)

var zeroDigest = bytes.Repeat([]byte("0"), digestLength)

// hash begins the file's digest: the header with zeros for the digest's digits.
func (h *header) hash() hash.Hash {
	sum := sha256.New()
	if h.digestAt == 0 {
		sum.Write(h.raw)
		return sum
	}
	sum.Write(h.raw[:h.digestAt])
	sum.Write(zeroDigest)
	sum.Write(h.raw[h.digestAt+digestLength:])
	return sum
}

// verify compares the digest in the metadata, if there is one, with sum.
func (h *header) verify(sum hash.Hash) error {
	want, ok := h.metadata[digestKey]
	if !ok {
		if h.metadata[markKey] == markValue {
			return refuse("its metadata promise a digest under %q and have none", digestKey).advise(damaged)
		}
		return nil
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		return refuse("its content has SHA-256 %.12s…, not the %.12s… written in it", got, want).advise(damaged)
	}
	return nil
}
