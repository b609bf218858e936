package weights

import (
	"fmt"
	"io"
	"math/big"
)

// legacyMagic is how torch.save before 1.6 began: the pickle of the number
// 0x1950a86a20f9469cfc6c (torch/serialization.py, MAGIC_NUMBER).
var legacyMagic = []byte("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.")

// legacyProtocol is the pickle after it (PROTOCOL_VERSION).
const legacyProtocol = 1001

// decodeTorchLegacy reads the format of torch.save before 1.6: five pickles in a row
// (magic, protocol, sys_info, the object, the list of the storages' keys), then for
// each key the number of elements, a little-endian int64, and the elements.
func decodeTorchLegacy(r io.ReaderAt, size int64) (*File, error) {
	s := &storages{byKey: map[string]*storage{}, idLength: 6}
	in := newSource(r, 0, size)
	allow := torchAllowList(s)
	var value [5]any
	for i := range value {
		in.end = min(size, in.offset+maxPickle)
		v, err := unpickle(in, allow)
		if err != nil {
			return nil, err
		}
		value[i] = v
	}
	magic, ok := new(big.Int).SetString("1950a86a20f9469cfc6c", 16)
	if v, isBig := value[0].(*big.Int); !ok || !isBig || v.Cmp(magic) != 0 {
		return nil, refuse("its magic number is not PyTorch's").advise(damaged)
	}
	if value[1] != any(int64(legacyProtocol)) {
		return nil, refuse("has PyTorch's file protocol %v, not %d", value[1], legacyProtocol).
			advise("load it in PyTorch and save it again")
	}
	info, ok := value[2].(*dict)
	if !ok {
		return nil, refuse("its system information is %s, not a dict", describe(value[2])).advise(damaged)
	}
	if little, ok := info.get("little_endian"); !ok || little != any(true) {
		return nil, refuse("was written on a machine that is not little-endian").
			advise("load it in PyTorch on this machine and save it again")
	}
	if err := locateLegacy(r, in.offset, size, s, value[4]); err != nil {
		return nil, err
	}
	return stateFile(r, size, value[3], FormatTorchLegacy)
}

// locateLegacy walks over the storages that follow the pickles and notes where each
// one lies. Every storage of the pickle must be there, once, with its length.
func locateLegacy(r io.ReaderAt, at, size int64, s *storages, keys any) error {
	list, ok := keys.(*list)
	if !ok || len(list.items) != len(s.byKey) {
		return refuseAt(at, "its list of storages does not match the %d that its tensors use", len(s.byKey)).advise(damaged)
	}
	seen := make(map[*storage]bool, len(s.byKey))
	for _, k := range list.items {
		key, _ := k.(string)
		st, ok := s.byKey[key]
		if !ok || seen[st] {
			return refuseAt(at, "its list of storages has %q, which no tensor uses or which is there twice", fmt.Sprint(k)).advise(damaged)
		}
		seen[st] = true
		if size-at < 8 {
			return refuseAt(at, "ends before storage %s", key).advise(damaged)
		}
		var count [8]byte
		if err := readAt(r, count[:], at); err != nil {
			return err
		}
		if n := le.Uint64(count[:]); n != uint64(st.numel) {
			return refuseAt(at, "storage %s has %d elements, not the %d that its tensors expect", key, n, st.numel).advise(damaged)
		}
		at += 8
		if st.size() > size-at {
			return refuseAt(at, "storage %s of %d bytes is cut short: %d are left", key, st.size(), size-at).advise(damaged)
		}
		st.record = record{name: key, offset: at, size: st.size()}
		at += st.size()
	}
	if at != size {
		return refuseAt(at, "%d bytes follow the last storage", size-at).advise(damaged)
	}
	return nil
}
