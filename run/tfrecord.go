package run

import (
	"encoding/binary"
	"hash/crc32"
	"io"
)

// A TFRecord is the length of its data (uint64, little-endian), the masked CRC of
// those eight bytes (uint32), the data, and their masked CRC. Source of the format
// and of the mask: tensorflow/tensorflow, tensorflow/core/lib/io/record_writer.h
// and tensorflow/core/lib/hash/crc32c.h.
const (
	recordHead = 12
	recordTail = 4
	crcMask    = 0xa282ead8
)

// maxRecord bounds the data of a record that is read back: a record of ours has
// some hundred bytes.
const maxRecord = 1 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maskedCRC returns the CRC-32C of data as records store it: rotated and shifted,
// so that the CRC of data that hold their own CRC is not a constant.
func maskedCRC(data []byte) uint32 {
	c := crc32.Checksum(data, castagnoli)
	return (c>>15 | c<<17) + crcMask
}

// appendRecord appends data to buf as a TFRecord.
func appendRecord(buf, data []byte) []byte {
	head := len(buf)
	buf = binary.LittleEndian.AppendUint64(buf, uint64(len(data)))
	buf = binary.LittleEndian.AppendUint32(buf, maskedCRC(buf[head:]))
	buf = append(buf, data...)
	return binary.LittleEndian.AppendUint32(buf, maskedCRC(data))
}

// readRecord returns the data of the record that begins at offset and ends at or
// before limit, and where the next one begins. ok is false where there is no such
// record, or one whose CRCs are wrong.
func readRecord(f io.ReaderAt, offset, limit int64) (data []byte, next int64, ok bool, err error) {
	if limit-offset < recordHead+recordTail {
		return nil, 0, false, nil
	}
	head := make([]byte, recordHead)
	if _, err := f.ReadAt(head, offset); err != nil {
		return nil, 0, false, err
	}
	n := binary.LittleEndian.Uint64(head)
	if binary.LittleEndian.Uint32(head[8:]) != maskedCRC(head[:8]) || n > maxRecord || int64(n) > limit-offset-recordHead-recordTail {
		return nil, 0, false, nil
	}
	body := make([]byte, n+recordTail)
	// A read that ends where the file does may say so.
	if got, err := f.ReadAt(body, offset+recordHead); got < len(body) {
		return nil, 0, false, err
	}
	data = body[:n]
	if binary.LittleEndian.Uint32(body[n:]) != maskedCRC(data) {
		return nil, 0, false, nil
	}
	return data, offset + recordHead + int64(len(body)), true, nil
}

// wholeRecords returns the length of the whole, undamaged records that f's first at
// bytes begin with.
func wholeRecords(f io.ReaderAt, at int64) (int64, error) {
	offset := int64(0)
	for {
		_, next, ok, err := readRecord(f, offset, at)
		if err != nil || !ok {
			return offset, err
		}
		offset = next
	}
}
