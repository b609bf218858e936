package weights

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
)

// a is a tensor entry named name that is right for 4 bytes of data at begin.
func a(name string, begin int) string {
	return fmt.Sprintf(`%q:{"dtype":"F32","shape":[1],"data_offsets":[%d,%d]}`, name, begin, begin+4)
}

// object puts entries into a header.
func object(entries ...string) string { return "{" + strings.Join(entries, ",") + "}" }

// sized is a file whose first eight bytes are n.
func sized(n uint64, rest string) []byte { return append(le.AppendUint64(nil, n), rest...) }

// measure runs f and gives the time and the greatest number of bytes that the heap
// held above what it held before.
func measure(f func()) (took time.Duration, used int64) {
	heap := func() int64 {
		s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		metrics.Read(s)
		return int64(s[0].Value.Uint64())
	}
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	runtime.GC()
	before, peak := heap(), int64(0)
	done, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		for tick := time.Tick(time.Millisecond); ; {
			select {
			case <-done:
				return
			case <-tick:
				peak = max(peak, heap())
			}
		}
	}()
	begin := time.Now()
	f()
	took = time.Since(begin)
	end := heap()
	close(done)
	<-stopped
	return took, max(peak, end) - before
}

// checkCost holds a refusal to the file's length plus 64 MiB, and to seconds, many
// times what it takes, for a busy machine and the race detector.
func checkCost(t *testing.T, length int, took time.Duration, used int64) {
	t.Helper()
	if used > int64(length)+64<<20 {
		t.Errorf("it took %d MiB of memory for a file of %d MiB", used>>20, length>>20)
	}
	if took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestHostileSafetensors holds the reader's verdict to a catalogue. Each refusal must
// be an *Error that contains the words given, take little memory, and be quick.
func TestHostileSafetensors(t *testing.T) {
	manyEntries := func(n int, end int) []byte {
		var b strings.Builder
		b.WriteByte('{')
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `"%d":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}`, i, end, end)
		}
		b.WriteByte('}')
		return raw(b.String(), end)
	}
	digest := strings.Repeat("0", 64)
	const accept = ""
	for _, c := range []struct {
		name string
		file []byte
		want string // in the error; accept for none
	}{
		// What must be read.
		{"one tensor", raw(object(a("x", 0)), 4), accept},
		{"no tensors", raw("{}", 0), accept},
		{"leading white space", raw(" \n\t\r"+object(a("x", 0)), 4), accept},
		{"trailing spaces", raw(object(a("x", 0))+"      ", 4), accept},
		{"entries in another order than data", raw(object(a("x", 4), a("y", 0)), 8), accept},
		{"fields in another order", raw(`{"x":{"data_offsets":[0,4],"shape":[1],"dtype":"F32"}}`, 4), accept},
		{"case variants are two names", raw(object(a("x", 0), a("X", 4)), 8), accept},
		{"scalar", raw(`{"x":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}`, 8), accept},
		{"empty tensors between", raw(`{"e":{"dtype":"F32","shape":[0],"data_offsets":[4,4]},"f":{"dtype":"F32","shape":[2,0],"data_offsets":[0,0]},`+a("x", 0)+`}`, 4), accept},
		{"surrogate pair", raw(object(`"\ud83d\ude00":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}`), 1), accept},
		{"backslash before u", raw(object(`"\\ud83d":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}`), 1), accept},
		{"packed F4", raw(`{"x":{"dtype":"F4","shape":[3,2],"data_offsets":[0,3]}}`, 3), accept},
		{"empty metadata", raw(object(`"__metadata__":{}`, a("x", 0)), 4), accept},
		{"a tensor called sha256", raw(object(a("sha256", 0)), 4), accept},

		// The length.
		{"empty file", nil, "0 bytes"},
		{"7 bytes", make([]byte, 7), "7 bytes"},
		{"length alone", sized(0, ""), "8 bytes"},
		{"no header", sized(0, "{}        "), "ends inside"},
		{"header longer than file", sized(1000, "{}  "), "only 4 follow"},
		{"header longer than file by one", sized(3, "{}"), "only 2 follow"},
		{"2^64-1", sized(math.MaxUint64, "{}  "), "limit"},
		{"2^63", sized(1<<63, "{}  "), "limit"},
		{"2^63-8", sized(1<<63-8, "{}  "), "limit"},
		{"over the limit", sized(100_000_001, "{}  "), "limit"},
		{"at the limit", sized(100_000_000, "{}  "), "follow"},

		// The text.
		{"byte order mark", raw("\ufeff"+object(a("x", 0)), 4), "neither"},
		{"not UTF-8", raw("{\"\xff\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1), "UTF-8"},
		{"overlong UTF-8", raw("{\"\xc0\xaf\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1), "UTF-8"},
		{"lone high surrogate", raw(object(`"\ud83d":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}`), 1), "surrogate"},
		{"lone low surrogate", raw(object(`"\ude00":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}`), 1), "surrogate"},
		{"half pair at the end", raw(`{"\ud83d`, 0), "surrogate"},
		{"zero byte in a name", raw(object(`"a\u0000":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}`), 1), "zero byte"},
		{"raw zero byte", raw("{\"a\x00\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1), "JSON"},
		{"raw newline in a name", raw("{\"a\n\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1), "JSON"},
		{"bad escape", raw(`{"\x41":{}}`, 0), "JSON"},
		{"an array", raw(`  []`, 0), "is expected"},
		{"a number", raw(`  17`, 0), "is expected"},
		{"cut in a name", raw(`{"weig`, 0), "JSON"},
		{"cut after a brace", raw(`{    `, 0), "ends inside"},
		{"two objects", raw("{}{}", 0), "goes on"},
		{"text after the object", raw(`{} x`, 0), "goes on"},
		{"zeros after the object", raw("{}\x00\x00", 0), "goes on"},
		{"comma at the end", raw(`{`+a("x", 0)+`,}`, 4), "JSON"},
		{"no comma", raw(`{`+a("x", 0)+` `+a("y", 4)+`}`, 8), "JSON"},
		{"comment", raw(`{/* */}`, 0), "JSON"},
		{"single quotes", raw(`{'x':1}`, 0), "JSON"},
		{"a string of 2 MiB", raw(`{"`+strings.Repeat("x", 2<<20)+`":1}`, 0), "1 MiB"},
		{"a number of 2 MiB", raw(`{"x":{"dtype":"U8","shape":[`+strings.Repeat("1", 2<<20)+`]}}`, 0), "digits"},

		// Keys.
		{"a name twice", raw(object(a("x", 0), a("x", 0)), 4), "twice"},
		{"a name twice, by escape", raw(object(a("x", 0), `"\u0078":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`), 4), "twice"},
		{"metadata twice", raw(object(`"__metadata__":{}`, `"__metadata__":{}`), 0), "twice"},
		{"a metadata key twice", raw(object(`"__metadata__":{"a":"b","a":"c"}`), 0), "twice"},
		{"a field twice", raw(`{"x":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4), "twice"},
		{"an empty shape twice", raw(`{"x":{"dtype":"U8","shape":[],"shape":[],"data_offsets":[0,1]}}`, 1), "twice"},
		{"an unknown field", raw(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"stride":[1]}}`, 4), "stride"},
		{"Dtype", raw(`{"x":{"Dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 4), "Dtype"},
		{"no dtype", raw(`{"x":{"shape":[1],"data_offsets":[0,4]}}`, 4), "lacks"},
		{"no shape", raw(`{"x":{"dtype":"F32","data_offsets":[0,4]}}`, 4), "lacks"},
		{"no offsets", raw(`{"x":{"dtype":"F32","shape":[1]}}`, 4), "lacks"},
		{"an entry that is null", raw(`{"x":null}`, 0), "is expected"},
		{"an entry that is a list", raw(`{"x":[]}`, 0), "is expected"},

		// Metadata.
		{"metadata is a string", raw(`{"__metadata__":"x"}`, 0), "is expected"},
		{"metadata is null", raw(`{"__metadata__":null}`, 0), "is expected"},
		{"metadata has a number", raw(`{"__metadata__":{"a":1}}`, 0), "not a string"},
		{"metadata has an object", raw(`{"__metadata__":{"a":{}}}`, 0), "not a string"},
		{"metadata is a tensor", raw(object(a("__metadata__", 0)), 4), "not a string"},
		{"digest is wrong", raw(object(`"__metadata__":{"sha256":"`+digest+`"}`), 0), "SHA-256"},
		{"digest is short", raw(object(`"__metadata__":{"sha256":"00"}`), 0), "hex digits"},
		{"digest is empty", raw(object(`"__metadata__":{"sha256":""}`), 0), "hex digits"},
		{"digest in capitals", raw(object(`"__metadata__":{"sha256":"`+strings.Repeat("A", 64)+`"}`), 0), "hex digits"},
		{"digest by escapes", raw(object(`"__metadata__":{"sha256":"`+digest[1:]+`\u0030"}`), 0), "hex digits"},
		{"digest promised", raw(object(`"__metadata__":{"digest":"sha256"}`), 0), "promise"},

		// Types and sizes.
		{"unknown dtype", raw(`{"x":{"dtype":"F31","shape":[1],"data_offsets":[0,4]}}`, 4), "F31"},
		{"dtype in lower case", raw(`{"x":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}`, 4), "f32"},
		{"dtype is a number", raw(`{"x":{"dtype":5,"shape":[1],"data_offsets":[0,4]}}`, 4), "not a string"},
		{"negative size", raw(`{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 4), "integer"},
		{"negative zero", raw(`{"x":{"dtype":"F32","shape":[-0],"data_offsets":[0,0]}}`, 0), "integer"},
		{"1.0", raw(`{"x":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}`, 4), "integer"},
		{"1e0", raw(`{"x":{"dtype":"F32","shape":[1e0],"data_offsets":[0,4]}}`, 4), "integer"},
		{"01", raw(`{"x":{"dtype":"F32","shape":[01],"data_offsets":[0,4]}}`, 4), "JSON"},
		{"size in quotes", raw(`{"x":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}`, 4), "no number"},
		{"size 2^63", raw(`{"x":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,4]}}`, 4), "integer"},
		{"size 10^30", raw(`{"x":{"dtype":"U8","shape":[1000000000000000000000000000000],"data_offsets":[0,4]}}`, 4), "digits"},
		{"shape nested", raw(`{"x":{"dtype":"F32","shape":[[1]],"data_offsets":[0,4]}}`, 4), "no number"},
		{"shape is a number", raw(`{"x":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}`, 4), "is expected"},
		{"product overflows to 4", raw(`{"x":{"dtype":"F32","shape":[4611686018427387905,4],"data_offsets":[0,16]}}`, 16), "count"},
		{"product overflows to 0", raw(`{"x":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,0]}}`, 0), "count"},
		{"bits overflow", raw(`{"x":{"dtype":"U64","shape":[288230376151711744],"data_offsets":[0,0]}}`, 0), "count"},
		{"half a byte", raw(`{"x":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}`, 2), "count"},
		{"65 axes", raw(`{"x":{"dtype":"U8","shape":[`+strings.Repeat("1,", 64)+`1],"data_offsets":[0,1]}}`, 1), "more than 64"},

		// Places.
		{"too many bytes", raw(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,8]}}`, 8), "takes 4"},
		{"too few bytes", raw(`{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 4), "takes 8"},
		{"does not begin at 0", raw(object(a("x", 4)), 8), "hole"},
		{"hole", raw(object(a("x", 0), a("y", 8)), 12), "hole"},
		{"overlap", raw(object(a("x", 0), a("y", 2)), 6), "overlap"},
		{"the same bytes twice", raw(object(a("x", 0), a("y", 0)), 4), "overlap"},
		{"end before begin", raw(`{"x":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"y":{"dtype":"U8","shape":[0],"data_offsets":[4,0]},`+a("z", 0)+`}`, 4), "hole"},
		{"end past the file", raw(object(a("x", 0)), 3), "but 3 follow"},
		{"bytes at the end", raw(object(a("x", 0)), 5), "but 5 follow"},
		{"no tensor for the data", raw("{}", 4), "but 4 follow"},
		{"offsets near 2^63", raw(`{"x":{"dtype":"U8","shape":[1],"data_offsets":[9223372036854775806,9223372036854775807]}}`, 1), "hole"},
		{"one offset", raw(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[0]}}`, 4), "lacks"},
		{"three offsets", raw(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}`, 4), "more than 2"},
		{"negative offset", raw(`{"x":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}`, 4), "integer"},

		// Much of it (safetensors/attacks).
		{"deep nesting", raw(`{"x":`+strings.Repeat("[", 1<<20), 0), "is expected"},
		{"deep objects", raw(strings.Repeat(`{"x":`, 1<<18), 0), "unknown"},
		{"a million tensors", manyEntries(1_000_000, 16), "more than"},
		{"50,000 tensors on the same bytes", manyEntries(50_000, 16), "overlap"},
		{"30 MB of spaces", raw(strings.Repeat(" ", 30<<20), 0), "ends inside"},
		{"30 MB of spaces inside", raw("{"+strings.Repeat(" ", 30<<20)+"}", 0), "white space"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var err error
			took, used := measure(func() { _, err = decodeBytes(c.file) })
			if c.want == accept {
				if err != nil {
					t.Errorf("got %v, want it read", err)
				}
				return
			}
			if e := new(Error); !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 2000 {
				t.Errorf("got %.300v, want an *Error with %q", err, c.want)
			}
			checkCost(t, len(c.file), took, used)
		})
	}
}

// TestSafetensorsMagicOfZip is a header whose length, 0x04034b50, is a zip's magic.
func TestSafetensorsMagicOfZip(t *testing.T) {
	header := append([]byte("{}"), bytes.Repeat([]byte(" "), 0x04034b50-2)...)
	if f, err := decodeBytes(raw(string(header), 0)); err != nil || f.Format != FormatSafetensors {
		t.Errorf("got %v, %v", f, err)
	}
}
