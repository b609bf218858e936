package weights

import (
	"hash/crc32"
	"io"
)

const (
	// recordAlignment is that of every entry's data in the file, in bytes: PyTorch maps
	// a file into memory and uses the tensors where they lie.
	recordAlignment = 64
	// paddingExtraField is the id of the extra field that PyTorch pads with, "FB".
	paddingExtraField = 0x4246
	fieldHeader       = 4 // an extra field's id and length
	wideFields        = fieldHeader + 16

	versionStored = 20       // of the format, which a reader needs for folders and stored entries
	versionWide   = 45       // for sizes of 64 bits
	textFlag      = 0x800    // names are UTF-8
	firstDay      = 1<<5 | 1 // 1980-01-01, the first date that the format has
)

// A zipWriter writes a zip archive of stored entries, in the form that zipRecords
// reads: sizes and CRC-32 in front of the data, each entry's data aligned, the 64-bit
// end record always there. Its bytes depend on the entries alone.
type zipWriter struct {
	w       io.Writer
	at      int64 // bytes written
	entries []record
	// wide is the least size or offset that is written in 64 bits: max32, and less in
	// the tests, which have no 4 GiB.
	wide uint64
}

func newZipWriter(w io.Writer) *zipWriter { return &zipWriter{w: w, wide: max32} }

// add writes an entry. The data are read twice, once for the CRC, and not copied.
func (z *zipWriter) add(name string, data []byte) error {
	size := uint64(len(data))
	rec := record{name: name, size: int64(size), crc: crc32.ChecksumIEEE(data), header: z.at}
	var extra []byte
	if size >= z.wide {
		extra = le.AppendUint16(extra, sizesExtraField)
		extra = le.AppendUint16(extra, wideFields-fieldHeader)
		extra = le.AppendUint64(extra, size)
		extra = le.AppendUint64(extra, size)
	}
	begin := z.at + localLength + int64(len(name)+len(extra)) + fieldHeader
	padding := int(-begin & (recordAlignment - 1))
	extra = le.AppendUint16(extra, paddingExtraField)
	extra = le.AppendUint16(extra, uint16(padding))
	extra = append(extra, make([]byte, padding)...)

	h := le.AppendUint32(nil, localMagic)
	h = z.appendCommon(h, rec, len(extra))
	h = append(append(h, name...), extra...)
	if err := z.write(h); err != nil {
		return err
	}
	rec.offset = z.at
	z.entries = append(z.entries, rec)
	return z.write(data)
}

// appendCommon appends what a local header and an entry of the directory share, from
// the version to the extra field's length.
func (z *zipWriter) appendCommon(h []byte, rec record, extra int) []byte {
	version := uint16(versionStored)
	if z.isWide(rec) {
		version = versionWide
	}
	h = le.AppendUint16(h, version)
	h = le.AppendUint16(h, textFlag)
	h = le.AppendUint16(h, 0) // stored
	h = le.AppendUint16(h, 0) // midnight
	h = le.AppendUint16(h, firstDay)
	h = le.AppendUint32(h, rec.crc)
	h = le.AppendUint32(h, z.narrow(uint64(rec.size)))
	h = le.AppendUint32(h, z.narrow(uint64(rec.size)))
	h = le.AppendUint16(h, uint16(len(rec.name)))
	return le.AppendUint16(h, uint16(extra))
}

// isWide tells whether one of the entry's numbers takes 64 bits.
func (z *zipWriter) isWide(rec record) bool {
	return uint64(rec.size) >= z.wide || uint64(rec.header) >= z.wide
}

// narrow is n in 32 bits, or the mark that says that it stands in 64 elsewhere.
func (z *zipWriter) narrow(n uint64) uint32 {
	if n >= z.wide {
		return max32
	}
	return uint32(n)
}

// close writes the directory and its ends. It does not close the writer below.
func (z *zipWriter) close() error {
	begin := z.at
	for _, rec := range z.entries {
		var extra []byte
		if z.isWide(rec) {
			if size := uint64(rec.size); size >= z.wide {
				extra = le.AppendUint64(extra, size)
				extra = le.AppendUint64(extra, size)
			}
			if at := uint64(rec.header); at >= z.wide {
				extra = le.AppendUint64(extra, at)
			}
			field := le.AppendUint16(nil, sizesExtraField)
			extra = append(le.AppendUint16(field, uint16(len(extra))), extra...)
		}
		h := le.AppendUint32(nil, directoryMagic)
		h = le.AppendUint16(h, versionWide) // of the writer
		h = z.appendCommon(h, rec, len(extra))
		h = le.AppendUint16(h, 0) // no comment
		h = le.AppendUint16(h, 0) // on the first disk
		h = le.AppendUint16(h, 0) // no text
		h = le.AppendUint32(h, 0) // no attributes
		h = le.AppendUint32(h, z.narrow(uint64(rec.header)))
		h = append(append(h, rec.name...), extra...)
		if err := z.write(h); err != nil {
			return err
		}
	}
	return z.write(z.ends(uint64(begin), uint64(z.at)))
}

// ends are the three records behind the directory, which lies in [begin, end).
func (z *zipWriter) ends(begin, end uint64) []byte {
	count, length := uint64(len(z.entries)), end-begin
	h := le.AppendUint32(nil, end64Magic)
	h = le.AppendUint64(h, end64Length-12)
	h = le.AppendUint16(h, versionWide)
	h = le.AppendUint16(h, versionWide)
	h = le.AppendUint32(h, 0) // this disk
	h = le.AppendUint32(h, 0) // the directory's disk
	h = le.AppendUint64(h, count)
	h = le.AppendUint64(h, count)
	h = le.AppendUint64(h, length)
	h = le.AppendUint64(h, begin)

	h = le.AppendUint32(h, locatorMagic)
	h = le.AppendUint32(h, 0) // the end's disk
	h = le.AppendUint64(h, end)
	h = le.AppendUint32(h, 1) // disks

	h = le.AppendUint32(h, endMagic)
	h = le.AppendUint16(h, 0)
	h = le.AppendUint16(h, 0)
	h = le.AppendUint16(h, uint16(min(count, max16)))
	h = le.AppendUint16(h, uint16(min(count, max16)))
	h = le.AppendUint32(h, z.narrow(length))
	h = le.AppendUint32(h, z.narrow(begin))
	return le.AppendUint16(h, 0) // no comment
}

func (z *zipWriter) write(b []byte) error {
	n, err := z.w.Write(b)
	z.at += int64(n)
	return err
}
