package weights

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestHostileZips is the catalogue of zip archives that programs understand
// differently, or that are no state dict.
func TestHostileZips(t *testing.T) {
	storage := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	good := inDict(func(a *asm) { a.tensor(4, 0, []int64{4}, []int64{1}) })
	pickle := zipEntryOf{name: "archive/data.pkl", data: good}
	data := zipEntryOf{name: "archive/data/0", data: storage}
	whole := zipOf(t, pickle, data)
	// patch changes bytes of a good archive.
	patch := func(edit func(b []byte)) []byte {
		b := slices.Clone(whole)
		edit(b)
		return b
	}
	directory := bytes.Index(whole, []byte("PK\x01\x02"))
	second := directory + 4 + bytes.Index(whole[directory+4:], []byte("PK\x01\x02"))
	end := len(whole) - endLength
	header := int(le.Uint32(whole[second+42:]))

	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"deflated", zipOf(t, pickle, zipEntryOf{data.name, data.data, func(h *zip.FileHeader) { h.Method = zip.Deflate }}), "compressed"},
		{"encrypted", zipOf(t, pickle, zipEntryOf{data.name, data.data, func(h *zip.FileHeader) { h.Flags |= 1 }}), "encrypted"},
		{"no CRC", zipOf(t, pickle, zipEntryOf{data.name, data.data, func(h *zip.FileHeader) { h.CRC32 = 0 }}), "CRC-32"},
		{"wrong CRC of the pickle", zipOf(t, zipEntryOf{pickle.name, good, func(h *zip.FileHeader) { h.CRC32++ }}, data), "CRC-32"},
		{"two lengths", zipOf(t, pickle, zipEntryOf{data.name, data.data, func(h *zip.FileHeader) { h.UncompressedSize64++ }}), "two lengths"},
		{"an entry twice", zipOf(t, pickle, data, data), "twice"},
		{"the pickle twice", zipOf(t, pickle, pickle, data), "twice"},
		{"two roots", zipOf(t, pickle, data, zipEntryOf{name: "other/data.pkl", data: good}), "outside"},
		{"an entry beside the root", zipOf(t, pickle, data, zipEntryOf{name: "evil.py"}), "outside"},
		{"an entry above the root", zipOf(t, pickle, data, zipEntryOf{name: "../evil.py"}), "outside"},
		{"an absolute entry", zipOf(t, pickle, data, zipEntryOf{name: "/etc/passwd"}), "outside"},
		{"no pickle", zipOf(t, data), "no data.pkl"},
		{"no entries", zipOf(t), "neither"},
		{"a zip of something else", zipOf(t, zipEntryOf{name: "readme.txt"}), "no data.pkl"},
		{"the pickle without a folder", zipOf(t, zipEntryOf{name: "data.pkl", data: good}), "no data.pkl"},
		{"TorchScript's constants", zipOf(t, pickle, data, zipEntryOf{name: "archive/constants.pkl"}), "TorchScript"},
		{"TorchScript's code", zipOf(t, pickle, data, zipEntryOf{name: "archive/code/__torch__.py"}), "TorchScript"},
		{"big-endian", zipOf(t, pickle, data, zipEntryOf{name: "archive/byteorder", data: []byte("big")}), `"big"`},
		{"byte order of 1 KiB", zipOf(t, pickle, data, zipEntryOf{name: "archive/byteorder", data: make([]byte, 1024)}), "more than"},
		{"no storage", zipOf(t, pickle), "archive/data/0"},
		{"storage under a variant's name", zipOf(t, pickle, zipEntryOf{name: "archive/data/00", data: storage}), "archive/data/0"},
		{"short storage", zipOf(t, pickle, zipEntryOf{name: data.name, data: storage[:15]}), "has 15"},
		{"long storage", zipOf(t, pickle, zipEntryOf{name: data.name, data: append(slices.Clone(storage), 0)}), "has 17"},
		{"a pickle of 65 MiB", zipOf(t, zipEntryOf{name: pickle.name, data: make([]byte, 65<<20)}, data), "more than"},
		{"100,001 entries", manyEntriesZip(t, pickle), "entries"},

		{"a byte before", append([]byte{'x'}, whole...), ""},
		{"a byte behind", append(slices.Clone(whole), 'x'), "does not end"},
		{"a comment", patch(func(b []byte) { b[end+20] = 1 }), "does not end"},
		{"one entry more", patch(func(b []byte) { b[end+10]++ }), "2 entries of 3"},
		{"one entry less", patch(func(b []byte) { b[end+10]-- }), "goes on"},
		{"65,535 entries", patch(func(b []byte) { b[end+10], b[end+11] = 0xff, 0xff }), "2 entries of 65535"},
		{"directory elsewhere", patch(func(b []byte) { b[end+16]++ }), "not where"},
		{"directory past the end", patch(func(b []byte) { b[end+19] = 0x7f }), "not where"},
		{"directory shorter", patch(func(b []byte) { b[end+12]-- }), "not where"},
		{"directory of 4 GiB", patch(func(b []byte) { copy(b[end+12:], "\xff\xff\xff\xff") }), "more than"},
		{"directory entry broken", patch(func(b []byte) { b[second] = 'x' }), "no entry here"},
		{"name past the directory", patch(func(b []byte) { b[second+29] = 0xff }), "cut short"},
		{"local header's name", patch(func(b []byte) { b[header+localLength] ^= 1 }), "two places"},
		{"local header's size", patch(func(b []byte) { b[header+22] ^= 1 }), "two places"},
		{"local header's CRC", patch(func(b []byte) { b[header+14] ^= 1 }), "two places"},
		{"local header's method", patch(func(b []byte) { b[header+8] = 8 }), "two places"},
		{"local header's flags", patch(func(b []byte) { b[header+6] ^= 1 }), "two places"},
		{"local header's magic", patch(func(b []byte) { b[header] = 'x' }), "two places"},
		{"extra field into the directory", patch(func(b []byte) { b[header+29] = 0x10 }), "directory"},
		{"local header of another", patch(func(b []byte) { copy(b[second+42:], b[directory+42:directory+46]) }), "two places"},
		{"local header past the file", patch(func(b []byte) { b[second+45] = 0x7f }), "not in the file"},
		{"size past the file", patch(func(b []byte) { b[second+23], b[second+27] = 0x7f, 0x7f }), "not in the file"},
		{"sizes elsewhere that are not there", patch(func(b []byte) { copy(b[second+20:], "\xff\xff\xff\xff\xff\xff\xff\xff") }), "64-bit"},
		{"overlapping entries", overlapZip(t), "inside another"},
		{"a 64-bit end out of place", patch64(t, func(b []byte) { b[len(b)-endLength-locatorLength+8]++ }), "place"},
		{"a 64-bit end of its own mind", patch64(t, func(b []byte) { b[len(b)-endLength-locatorLength-end64Length+32]++ }), "two places"},
		{"a 64-bit end of another length", patch64(t, func(b []byte) { b[len(b)-endLength-locatorLength-end64Length+4]++ }), "place"},
	} {
		t.Run(c.name, func(t *testing.T) { refused(t, c.file, c.want) })
	}
	if _, err := decodeBytes(whole); err != nil {
		t.Errorf("the archive that they are made of: %v", err)
	}
}

// TestWideSizes reads an entry whose sizes and place stand in the extra field, as in an
// archive of more than 4 GiB.
func TestWideSizes(t *testing.T) {
	pickle := zipEntryOf{name: "archive/data.pkl", data: inDict(func(a *asm) { a.tensor(4, 0, []int64{4}, []int64{1}) })}
	storage := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	extra := []byte{0xfb, 0xfb, 2, 0, 'x', 'x', 1, 0, 24, 0} // another field, then this one
	for _, n := range []uint64{16, 16, 0} {
		extra = le.AppendUint64(extra, n)
	}
	b := zipOf(t, pickle, zipEntryOf{"archive/data/0", storage, func(h *zip.FileHeader) { h.Extra = extra }})
	directory := bytes.LastIndex(b, []byte("PK\x01\x02"))
	at := uint64(le.Uint32(b[directory+42:]))
	copy(b[directory+20:], "\xff\xff\xff\xff\xff\xff\xff\xff")
	copy(b[directory+42:], "\xff\xff\xff\xff")
	place := directory + entryLength + len("archive/data/0") + len(extra) - 8
	le.PutUint64(b[place:], at)
	f, err := decodeBytes(b)
	if err != nil || !bytes.Equal(f.Tensors[0].Data, storage) {
		t.Fatalf("got %v, %v", f, err)
	}
	for _, n := range []uint64{1 << 63, 1<<64 - 1, at + 1} {
		le.PutUint64(b[place:], n)
		if _, err := decodeBytes(b); !errors.As(err, new(*Error)) {
			t.Errorf("an entry at %d: got %v, want an *Error", n, err)
		}
	}
	le.PutUint16(b[place-18:], 25)
	refused(t, b, "64-bit")
}

// manyEntriesZip has more entries than a checkpoint may.
func manyEntriesZip(t *testing.T, first zipEntryOf) []byte {
	entries := []zipEntryOf{first}
	for i := range maxRecords {
		entries = append(entries, zipEntryOf{name: "archive/data/" + string(rune('0'+i%10)) + strings.Repeat("0", i%7)})
	}
	return zipOf(t, entries...)
}

// overlapZip has a second entry whose local header lies in the first one's data.
func overlapZip(t *testing.T) []byte {
	inner := zipOf(t, zipEntryOf{name: "archive/data/0", data: make([]byte, 16)})
	b := zipOf(t, zipEntryOf{name: "archive/data.pkl", data: inner}, zipEntryOf{name: "archive/data/0", data: make([]byte, 16)})
	at := bytes.LastIndex(b, []byte("PK\x01\x02"))
	le.PutUint32(b[at+42:], uint32(bytes.Index(b, inner[:4])+localLength+len("archive/data.pkl")))
	return b
}

// patch64 edits a file of torch.save, which ends in a 64-bit directory end.
func patch64(t *testing.T, edit func(b []byte)) []byte {
	b := readTestFile(t, "float32.pt")
	edit(b)
	return b
}

func readTestFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTorchDamage cuts files of torch.save at every length, and flips every bit of
// them. A cut is always refused. A flip is refused or harmless: a zip has padding and
// unused entries, a legacy file no checksum at all; nothing else may happen.
func TestTorchDamage(t *testing.T) {
	for _, name := range []string{"parameter.pt", "legacy_parameter.pt"} {
		whole := readTestFile(t, name)
		want, err := decodeBytes(whole)
		if err != nil {
			t.Fatal(err)
		}
		for n := range whole {
			if _, err := decodeBytes(whole[:n]); !errors.As(err, new(*Error)) {
				t.Errorf("%s: %d of %d bytes: got %v, want an *Error", name, n, len(whole), err)
			}
		}
		silent := 0
		for bit := range 8 * len(whole) {
			whole[bit/8] ^= 1 << (bit % 8)
			f, err := decodeBytes(whole)
			if err == nil {
				silent++
				if name == "parameter.pt" && Digest(f.Tensors) != Digest(want.Tensors) {
					t.Errorf("%s: bit %d of byte %d changed what was read", name, bit%8, bit/8)
				}
			} else if !errors.As(err, new(*Error)) {
				t.Errorf("%s: bit %d: got %v, want an *Error", name, bit, err)
			}
			whole[bit/8] ^= 1 << (bit % 8)
		}
		t.Logf("%s: %d of %d flipped bits read without an error", name, silent, 8*len(whole))
	}
}

// TestHostileLegacy is the catalogue for what is particular to the legacy format.
func TestHostileLegacy(t *testing.T) {
	one := inDict(func(a *asm) { a.legacyTensor("5", 4, 4) })
	good := legacyStorage(4, 16)
	info := func(write func(a *asm)) []byte {
		b := append(slices.Clone(legacyMagic), opProto, 2, opBinInt2, 0xe9, 3, opStop)
		a := pickled()
		write(a)
		return append(append(b, *a.op(opStop)...), bytes.Join([][]byte{one, legacyKeys("5"), good}, nil)...)
	}
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"another protocol", append(slices.Clone(legacyMagic), opProto, 2, opBinInt2, 0xe8, 3, opStop, opProto, 2, opNone, opStop, opProto, 2, opNone, opStop, opProto, 2, opNone, opStop), "protocol 1000"},
		{"big-endian", info(func(a *asm) { a.op(opEmptyDict).str("little_endian").op(opNewFalse, opSetItem) }), "little-endian"},
		{"no byte order", info(func(a *asm) { a.op(opEmptyDict) }), "little-endian"},
		{"system information is a list", info(func(a *asm) { a.op(opEmptyList) }), "a list"},
		{"no storages", legacyOf(one), "ends early"},
		{"a key missing", legacyOf(one, legacyKeys(), good), "does not match"},
		{"a key too many", legacyOf(one, legacyKeys("5", "6"), good, good), "does not match"},
		{"another key", legacyOf(one, legacyKeys("6"), good), `"6"`},
		{"keys that are None", legacyOf(one, *pickled().op(opNone, opStop), good), "does not match"},
		{"keys that are numbers", legacyOf(one, *pickled().op(opEmptyList).num(5).op(opAppend, opStop), good), `"5"`},
		{"a key twice", legacyOf(inDict(func(a *asm) {
			a.op(opEmptyList).legacyTensor("5", 4, 4).op(opAppend).legacyTensor("6", 4, 4).op(opAppend)
		}), legacyKeys("5", "5"), good, good), "twice"},
		{"no count", legacyOf(one, legacyKeys("5"), make([]byte, 7)), "ends before"},
		{"count less", legacyOf(one, legacyKeys("5"), legacyStorage(3, 16)), "not the 4"},
		{"count more", legacyOf(one, legacyKeys("5"), legacyStorage(5, 16)), "not the 4"},
		{"negative count", legacyOf(one, legacyKeys("5"), legacyStorage(-4, 16)), "not the 4"},
		{"short storage", legacyOf(one, legacyKeys("5"), legacyStorage(4, 15)), "cut short"},
		{"bytes behind", legacyOf(one, legacyKeys("5"), legacyStorage(4, 17)), "follow the last"},
		{"a storage of 4 TiB", legacyOf(inDict(func(a *asm) { a.legacyTensor("5", 1<<40, 4) }), legacyKeys("5"), legacyStorage(1<<40, 16)), "cut short"},
		{"zip's id", legacyOf(inDict(func(a *asm) { a.storage("FloatStorage", "5", 4) }), legacyKeys("5"), good), "persistent id"},
		{"a view of a storage", legacyOf(inDict(func(a *asm) {
			a.op(opMark).str("storage").global("torch", "FloatStorage").str("5").str("cpu").num(4).nums(1, 2, 3).op(opTuple, opBinPersID)
		}), legacyKeys("5"), good), "view of another"},
		{"expanded to a TiB", legacyOf(inDict(func(a *asm) {
			a.global("torch._utils", "_rebuild_tensor").op(opMark, opMark).str("storage").global("torch", "FloatStorage").
				str("5").str("cpu").num(4).op(opNone, opTuple, opBinPersID).num(0).nums(1<<38).nums(0).op(opTuple, opReduce)
		}), legacyKeys("5"), good), "times the file"},
		{"tar", tarOf(), "tar archive"},
		{"a plain pickle", *pickled().op(opEmptyDict).str("a pickle of some length").op(opNone, opSetItem, opStop), "not one that torch.save wrote"},
		{"a web page", []byte("<!DOCTYPE html><html>Sign in</html>"), "neither"},
		{"text", []byte("Licensed to nobody in particular"), "neither"},
		{"zeros", make([]byte, 1000), "neither"},
	} {
		t.Run(c.name, func(t *testing.T) { refused(t, c.file, c.want) })
	}
	if _, err := decodeBytes(legacyOf(one, legacyKeys("5"), good)); err != nil {
		t.Errorf("the file that they are made of: %v", err)
	}
}

// tarOf begins as a tar archive does.
func tarOf() []byte {
	b := make([]byte, 1024)
	copy(b, "sys_info")
	copy(b[257:], "ustar\x0000")
	return b
}

// TestExpandedLimit shows where expansion ends: at twice the file.
func TestExpandedLimit(t *testing.T) {
	file := func(n int64) []byte {
		return torchZipOf(t, inDict(func(a *asm) { a.tensor(4, 0, []int64{n}, []int64{0}) }), make([]byte, 16))
	}
	size := int64(len(file(1)))
	if _, err := decodeBytes(file(2 * size / 4)); err != nil {
		t.Errorf("twice the file: %v", err)
	}
	if _, err := decodeBytes(file(2*size/4 + 1)); err == nil {
		t.Error("more than twice the file is read")
	}
}

// TestLongIntegers checks LONG1's two's complement.
func TestLongIntegers(t *testing.T) {
	for _, c := range []struct {
		b    []byte
		want string
	}{
		{nil, "0"}, {[]byte{0xff}, "-1"}, {[]byte{0x7f}, "127"}, {[]byte{0x80}, "-128"}, {[]byte{0xff, 0}, "255"},
		{binary.LittleEndian.AppendUint64(nil, 1<<63), "-9223372036854775808"},
		{append(binary.LittleEndian.AppendUint64(nil, 1<<63), 0), "9223372036854775808"},
	} {
		d := newDict()
		if err := d.set("n", long(c.b)); err != nil {
			t.Fatal(err)
		}
		if got := plainValues(d)["n"]; got != c.want {
			t.Errorf("% x: got %s, want %s", c.b, got, c.want)
		}
	}
}
