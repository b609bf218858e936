package weights

import (
	"io"
	"math/big"
	"strconv"
)

// stateFile takes the tensors and the plain values beside them out of what a PyTorch
// file holds, value.
func stateFile(r io.ReaderAt, size int64, value any, format string) (*File, error) {
	top, ok := value.(*dict)
	if !ok {
		return nil, refuse("holds %s, not a dict", describe(value)).
			advise("save model.state_dict(), or a dict that has it under \"state_dict\"")
	}
	state := stateDict(top)
	f := &File{Format: format, Metadata: plainValues(top)}
	var views []*view
	for i, key := range state.keys {
		v, ok := state.values[i].(*view)
		if !ok {
			continue
		}
		name, ok := key.(string)
		if !ok {
			return nil, refuse("a tensor's name is the number %v, not text", key)
		}
		f.Tensors = append(f.Tensors, Tensor{Name: name, DType: v.dtype, Shape: v.shape})
		views = append(views, v)
	}
	if len(views) == 0 {
		return nil, refuse("holds no tensors at its top, under \"state_dict\" or under \"model\"; its first keys are %q", top.keys[:min(len(top.keys), 10)]).
			advise("save model.state_dict(), or a dict that has it under \"state_dict\"")
	}
	return f, readViews(r, size, f.Tensors, views)
}

// stateDict is where the tensors are: under "state_dict" (the reference's checkpoints,
// akamaster's, most others), under "model" (timm's and torchvision's; elsewhere that is
// the model's name), else at the top.
func stateDict(top *dict) *dict {
	for _, key := range []string{"state_dict", "model"} {
		v, _ := top.get(key)
		if d, ok := v.(*dict); ok {
			return d
		}
	}
	return top
}

// plainValues are the dict's text and numbers.
func plainValues(d *dict) map[string]string {
	out := make(map[string]string)
	for i, key := range d.keys {
		name, ok := key.(string)
		if !ok {
			continue
		}
		switch v := d.values[i].(type) {
		case string:
			out[name] = v
		case bool:
			out[name] = strconv.FormatBool(v)
		case int64:
			out[name] = strconv.FormatInt(v, 10)
		case *big.Int:
			out[name] = v.String()
		case float64:
			out[name] = strconv.FormatFloat(v, 'g', -1, 64)
		}
	}
	return out
}

// viewsPerByte bounds what views may expand to: a stride of 0 repeats an element, and
// many tensors may view one storage. A state dict without such tensors needs 1.
const viewsPerByte = 2

// readViews fills the tensors' Data from the storages that their views are of. Tensors
// that share a storage get copies. Each storage is read once and its CRC is checked
// where the file has one.
func readViews(r io.ReaderAt, size int64, tensors []Tensor, views []*view) error {
	total := int64(0)
	users := make(map[*storage][]int)
	var order []*storage
	for i, v := range views {
		n, _ := byteLength(v.dtype, v.shape)
		if n > viewsPerByte*size-total {
			return refuse("its tensors take more than %d times the file's %d bytes (at tensor %q of shape %v)",
				viewsPerByte, size, tensors[i].Name, v.shape).
				advise("save clones of expanded or shared tensors: {k: v.clone() for k, v in state_dict.items()}")
		}
		total += n
		if users[v.storage] == nil {
			order = append(order, v.storage)
		}
		users[v.storage] = append(users[v.storage], i)
	}
	for _, st := range order {
		b, err := st.read(r)
		if err != nil {
			return err
		}
		for _, i := range users[st] {
			if n, _ := byteLength(views[i].dtype, views[i].shape); len(users[st]) == 1 && views[i].dense() && n == int64(len(b)) {
				tensors[i].Data = b
				continue
			}
			tensors[i].Data = views[i].gather(b)
		}
	}
	return nil
}

// read gives the storage's bytes.
func (s *storage) read(r io.ReaderAt) ([]byte, error) {
	if s.checked {
		return readRecord(r, s.record, s.record.size)
	}
	b := make([]byte, s.record.size)
	return b, readAt(r, b, s.record.offset)
}
