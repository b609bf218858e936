package weights

import (
	"bytes"
	"io"
	"strings"
)

const pickleName = "data.pkl"

// decodeTorchZip reads the container of torch.save since 1.6: a zip of <root>/data.pkl,
// <root>/data/<key> for each storage and some small entries, <root> being any name
// (pytorch/caffe2/serialize/inline_container.cc).
func decodeTorchZip(r io.ReaderAt, size int64) (*File, error) {
	records, root, err := torchRecords(r, size)
	if err != nil {
		return nil, err
	}
	if rec, ok := records["byteorder"]; ok {
		order, err := readRecord(r, rec, maxName)
		if err != nil {
			return nil, err
		}
		if string(order) != "little" {
			return nil, refuse("was written on a machine of byte order %q, not little", order).
				advise("load it in PyTorch on this machine and save it again")
		}
	}
	pickle, err := readRecord(r, records[pickleName], maxPickle)
	if err != nil {
		return nil, err
	}
	s := &storages{byKey: map[string]*storage{}, idLength: 5, locate: func(st *storage) error {
		rec, ok := records["data/"+st.key]
		if !ok {
			return refuse("it has no entry %sdata/%s for a storage", root, st.key)
		}
		if rec.size != st.size() {
			return refuse("storage %s of %d %v takes %d bytes, but its entry %q has %d",
				st.key, st.numel, st.dtype, st.size(), rec.name, rec.size)
		}
		st.record, st.checked = rec, true
		return nil
	}}
	in := newSource(bytes.NewReader(pickle), 0, int64(len(pickle)))
	value, err := unpickle(in, torchAllowList(s))
	if err == nil && in.offset != in.end {
		err = refuseAt(in.offset, "%d bytes follow the pickle", in.end-in.offset).advise(damaged)
	}
	if err != nil {
		if e, ok := err.(*Error); ok {
			e.Record = root + pickleName
		}
		return nil, err
	}
	return stateFile(r, size, value, FormatTorchZip)
}

// torchRecords gives the archive's entries by name without root, "archive/".
func torchRecords(r io.ReaderAt, size int64) (records map[string]record, root string, err error) {
	list, err := zipRecords(r, size)
	if err != nil {
		return nil, "", err
	}
	for _, rec := range list {
		if name, ok := strings.CutSuffix(rec.name, "/"+pickleName); ok && !strings.Contains(name, "/") {
			root = name + "/"
		}
	}
	if root == "" {
		return nil, "", refuse("is a zip archive, but has no %s: torch.save did not write it", pickleName).
			advise("check the path; write weights with torch.save(model.state_dict(), path)")
	}
	records = make(map[string]record, len(list))
	for _, rec := range list {
		name, ok := strings.CutPrefix(rec.name, root)
		if !ok {
			return nil, "", refuse("its zip entry %q is outside of %q, where torch.save puts all", rec.name, root)
		}
		if name == "constants.pkl" || strings.HasPrefix(name, "code/") {
			return nil, "", refuse("is a TorchScript archive, which holds a program (%q)", rec.name).
				advise("load it in PyTorch with torch.jit.load and torch.save its state_dict()")
		}
		records[name] = rec
	}
	return records, root, nil
}
