package weights

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"sort"
)

// A record is one entry of a zip archive: size bytes at offset, uncompressed.
type record struct {
	name         string
	offset, size int64
	crc          uint32
	header       int64 // where its local header begins
}

const (
	// maxRecords bounds a zip's entries: one a storage and a handful besides.
	maxRecords = 100_000
	// maxDirectory bounds a zip's directory in bytes. Names are "archive/data/123".
	maxDirectory = 64 << 20

	endLength       = 22
	end64Length     = 56
	locatorLength   = 20
	entryLength     = 46
	localLength     = 30
	encryptedFlag   = 1
	describedFlag   = 8 // CRC and sizes stand behind the data, zeros in the local header
	max16           = 1<<16 - 1
	max32           = 1<<32 - 1
	directoryMagic  = 0x02014b50
	localMagic      = 0x04034b50
	endMagic        = 0x06054b50
	end64Magic      = 0x06064b50
	locatorMagic    = 0x07064b50
	sizesExtraField = 1
)

// le is the byte order of every number in these formats, one of pickle's excepted.
var le = binary.LittleEndian

// zipRecords reads the directory of a zip archive as torch.save writes one (PKWARE's
// APPNOTE 4.3 and 4.5.3): entries stored, not compressed; nothing before the first
// entry or behind the directory; each local header in agreement with the directory.
// archive/zip is more patient: it takes what it can find in a damaged or ambiguous
// archive, does not say where a local header lies, and reads a directory of any
// length into memory.
func zipRecords(r io.ReaderAt, size int64) ([]record, error) {
	begin, end, count, err := zipDirectory(r, size)
	if err != nil {
		return nil, err
	}
	directory := make([]byte, end-begin)
	if err := readAt(r, directory, begin); err != nil {
		return nil, err
	}
	records := make([]record, 0, count)
	seen := make(map[string]bool, count)
	for rest := directory; len(rest) > 0; {
		at := end - int64(len(rest))
		if len(records) == count {
			return nil, refuseAt(at, "its zip directory goes on after its last entry").advise(damaged)
		}
		var rec record
		if rec, rest, err = zipEntry(r, rest, at, begin); err != nil {
			return nil, err
		}
		if seen[rec.name] {
			return nil, refuseAt(at, "its zip entry %q is there twice", rec.name)
		}
		seen[rec.name] = true
		records = append(records, rec)
	}
	if len(records) != count {
		return nil, refuseAt(end, "its zip directory has %d entries of %d", len(records), count).advise(damaged)
	}
	return records, checkOverlap(records)
}

// zipDirectory finds the directory from the end of the archive.
func zipDirectory(r io.ReaderAt, size int64) (begin, end int64, count int, err error) {
	at := size - endLength
	tail := make([]byte, endLength)
	if at < 0 {
		return 0, 0, 0, refuse("is a zip archive cut short").advise(damaged)
	}
	if err := readAt(r, tail, at); err != nil {
		return 0, 0, 0, err
	}
	if le.Uint32(tail) != endMagic || le.Uint16(tail[20:]) != 0 {
		return 0, 0, 0, refuseAt(at, "is a zip archive that does not end with its directory's end").advise(damaged)
	}
	n, length, first := uint64(le.Uint16(tail[10:])), uint64(le.Uint32(tail[12:])), uint64(le.Uint32(tail[16:]))
	end = at
	if wide, where, err := zip64End(r, at); err != nil {
		return 0, 0, 0, err
	} else if wide != nil {
		wideN, wideLength, wideFirst := le.Uint64(wide[32:]), le.Uint64(wide[40:]), le.Uint64(wide[48:])
		if n != max16 && n != wideN || length != max32 && length != wideLength || first != max32 && first != wideFirst {
			return 0, 0, 0, refuseAt(at, "its zip directory is described differently in two places").advise(damaged)
		}
		n, length, first, end = wideN, wideLength, wideFirst, where
	}
	if n > maxRecords || length > maxDirectory {
		return 0, 0, 0, refuseAt(at, "is a zip archive of %d entries and a directory of %d bytes, more than %d or %d",
			n, length, maxRecords, maxDirectory)
	}
	if first > uint64(end) || length != uint64(end)-first {
		return 0, 0, 0, refuseAt(at, "its zip directory is not where its end says").advise(damaged)
	}
	return int64(first), end, int(n), nil
}

// zip64End gives the 64-bit end record of the directory that precedes the plain one
// at, or nil when there is none.
func zip64End(r io.ReaderAt, at int64) (b []byte, where int64, err error) {
	where = at - locatorLength - end64Length
	if where < 0 {
		return nil, 0, nil
	}
	b = make([]byte, end64Length+locatorLength)
	if err := readAt(r, b, where); err != nil {
		return nil, 0, err
	}
	locator := b[end64Length:]
	if le.Uint32(locator) != locatorMagic {
		return nil, 0, nil
	}
	if le.Uint32(b) != end64Magic || le.Uint64(b[4:]) != end64Length-12 || le.Uint64(locator[8:]) != uint64(where) {
		return nil, 0, refuseAt(where, "its zip archive's 64-bit directory end is not in its place").advise(damaged)
	}
	return b, where, nil
}

// zipEntry takes the entry that directory begins with, which is at byte at of the
// file; the entries' data end before byte limit.
func zipEntry(r io.ReaderAt, directory []byte, at, limit int64) (rec record, rest []byte, err error) {
	if len(directory) < entryLength || le.Uint32(directory) != directoryMagic {
		return rec, nil, refuseAt(at, "its zip directory has no entry here").advise(damaged)
	}
	h := directory[:entryLength]
	name, extra, comment := int(le.Uint16(h[28:])), int(le.Uint16(h[30:])), int(le.Uint16(h[32:]))
	if len(directory) < entryLength+name+extra+comment {
		return rec, nil, refuseAt(at, "its zip directory is cut short").advise(damaged)
	}
	rest = directory[entryLength:]
	rec.name = string(rest[:name])
	flags, method := le.Uint16(h[8:]), le.Uint16(h[10:])
	switch {
	case flags&encryptedFlag != 0:
		return rec, nil, refuseAt(at, "its zip entry %q is encrypted", rec.name)
	case method != 0:
		return rec, nil, refuseAt(at, "its zip entry %q is compressed, which torch.save never does", rec.name).
			advise("if it is a TorchScript archive, load it with torch.jit.load and torch.save its state_dict()")
	}
	packed, size, header := uint64(le.Uint32(h[20:])), uint64(le.Uint32(h[24:])), uint64(le.Uint32(h[42:]))
	if !wideSizes(rest[name:name+extra], &size, &packed, &header) {
		return rec, nil, refuseAt(at, "its zip entry %q lacks its 64-bit sizes", rec.name).advise(damaged)
	}
	if packed != size {
		return rec, nil, refuseAt(at, "its zip entry %q has two lengths, %d and %d", rec.name, packed, size).advise(damaged)
	}
	if header > uint64(limit) || size > uint64(limit) {
		return rec, nil, refuseAt(at, "its zip entry %q is not in the file", rec.name).advise(damaged)
	}
	rec.crc, rec.size, rec.header = le.Uint32(h[16:]), int64(size), int64(header)
	rec.offset, err = checkLocal(r, rec, flags, limit)
	return rec, rest[name+extra+comment:], err
}

// wideSizes replaces those of the three numbers that are 2^32-1 by the ones in the
// extra field, which has them in this order; ok is false when it does not.
func wideSizes(extra []byte, numbers ...*uint64) (ok bool) {
	var wide []byte
	for len(extra) >= 4 {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			break
		}
		if id == sizesExtraField {
			wide = extra[:n]
		}
		extra = extra[n:]
	}
	for _, v := range numbers {
		if *v != max32 {
			continue
		}
		if len(wide) < 8 {
			return false
		}
		*v, wide = le.Uint64(wide), wide[8:]
	}
	return true
}

// checkLocal checks the local header of rec against the directory's entry, since
// programs differ in which of the two they believe, and gives the offset of the data.
func checkLocal(r io.ReaderAt, rec record, flags uint16, limit int64) (offset int64, err error) {
	length := int64(localLength + len(rec.name))
	if length > limit-rec.header {
		return 0, refuseAt(rec.header, "its zip entry %q is cut short", rec.name).advise(damaged)
	}
	h := make([]byte, length)
	if err := readAt(r, h, rec.header); err != nil {
		return 0, err
	}
	crc, packed, size := le.Uint32(h[14:]), uint64(le.Uint32(h[18:])), uint64(le.Uint32(h[22:]))
	same := le.Uint32(h) == localMagic && le.Uint16(h[6:]) == flags && le.Uint16(h[8:]) == 0 &&
		int(le.Uint16(h[26:])) == len(rec.name) && string(h[localLength:]) == rec.name
	if flags&describedFlag == 0 || crc != 0 || packed != 0 || size != 0 {
		same = same && crc == rec.crc && (packed == max32 || packed == uint64(rec.size)) && (size == max32 || size == uint64(rec.size))
	}
	if !same {
		return 0, refuseAt(rec.header, "its zip entry %q is described differently in two places", rec.name).advise(damaged)
	}
	offset = rec.header + length + int64(le.Uint16(h[28:]))
	if offset > limit || rec.size > limit-offset {
		return 0, refuseAt(rec.header, "its zip entry %q reaches into the directory", rec.name).advise(damaged)
	}
	return offset, nil
}

// checkOverlap refuses entries that share bytes, and bytes before the first one: a
// file that another program takes for something else.
func checkOverlap(records []record) error {
	order := append([]record(nil), records...)
	sort.Slice(order, func(i, j int) bool { return order[i].header < order[j].header })
	at := int64(0)
	for i, rec := range order {
		if rec.header < at || i == 0 && rec.header != 0 {
			return refuseAt(rec.header, "its zip entry %q begins inside another or not at the file's beginning", rec.name).advise(damaged)
		}
		at = rec.offset + rec.size
	}
	return nil
}

// readRecord reads a whole entry of at most limit bytes and checks its CRC-32.
func readRecord(r io.ReaderAt, rec record, limit int64) ([]byte, error) {
	if rec.size > limit {
		return nil, refuse("its zip entry %q has %d bytes, more than %d", rec.name, rec.size, limit)
	}
	b := make([]byte, rec.size)
	if err := readAt(r, b, rec.offset); err != nil {
		return nil, err
	}
	if crc := crc32.ChecksumIEEE(b); crc != rec.crc {
		return nil, refuseAt(rec.offset, "its zip entry %q has CRC-32 %08x, not %08x", rec.name, crc, rec.crc).advise(damaged)
	}
	return b, nil
}
