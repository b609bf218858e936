package weights

import (
	"io"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"
)

const (
	// torchRoot is the folder of all entries, the name that torch.save gives it when
	// it writes to memory.
	torchRoot = "archive/"
	// torchVersion is PyTorch's number for this container: kProducedFileFormatVersion
	// at its least, which every torch since 1.6 reads.
	torchVersion = "3\n"
)

// WriteTorch writes f.Tensors as a PyTorch file in the container of torch >= 1.6: a
// state dict, an OrderedDict of contiguous CPU tensors in the order of f.Tensors, each
// with a storage of its own. torch.load reads it with weights_only=True and with
// mmap=True. The same tensors always give the same bytes. A state dict has no place for
// f.Metadata, which is not written.
//
// The data are read twice (once for the CRC-32 before them) and never copied. What the
// format or Read's limits cannot hold is an *Error, found before anything is written;
// else the error is w's.
func WriteTorch(w io.Writer, f *File) error { return writeTorch(newZipWriter(w), f) }

func writeTorch(z *zipWriter, f *File) error {
	if err := checkTorch(f.Tensors); err != nil {
		return err
	}
	pickle := pickleState(f.Tensors)
	if len(pickle) > maxPickle {
		return refuse("the names and shapes take %d bytes, more than %d", len(pickle), maxPickle)
	}
	// There is no .format_version: where it stands PyTorch may compute the entries'
	// places from its own writer's layout, which has the CRC-32 behind the data.
	for _, e := range []struct {
		name string
		data []byte
	}{{pickleName, pickle}, {"byteorder", []byte("little")}, {"version", []byte(torchVersion)}} {
		if err := z.add(torchRoot+e.name, e.data); err != nil {
			return err
		}
	}
	for i, t := range f.Tensors {
		if err := z.add(torchRoot+"data/"+strconv.Itoa(i), t.Data); err != nil {
			return err
		}
	}
	return z.close()
}

// checkTorch refuses tensors that a PyTorch file cannot hold or that Read would refuse.
func checkTorch(tensors []Tensor) error {
	if len(tensors) == 0 {
		return refuse("there are no tensors to write")
	}
	seen := make(map[string]bool, len(tensors))
	values := 0
	for _, t := range tensors {
		n, ok := byteLength(t.DType, t.Shape)
		_, countable := strides(t.Shape)
		_, typed := torchClasses[t.DType]
		_, untyped := torchNames[t.DType]
		switch {
		case !utf8.ValidString(t.Name) || len(t.Name) > maxText:
			return refuse("a tensor cannot be called %q in a PyTorch file", t.Name)
		case seen[t.Name]:
			return refuse("two tensors are called %q", t.Name)
		case len(t.Shape) > maxRank:
			return refuse("tensor %q has %d axes, more than %d", t.Name, len(t.Shape), maxRank)
		case !typed && !untyped:
			return refuse("tensor %q is of type %v, which PyTorch's files do not have", t.Name, t.DType)
		case !ok || !countable || n != int64(len(t.Data)):
			return refuse("tensor %q: %d bytes for %v%v", t.Name, len(t.Data), t.DType, t.Shape)
		}
		seen[t.Name] = true
		values += tensorValues + 2*len(t.Shape)
	}
	if values > maxPushes || len(tensors) > maxRecords-3 {
		return refuse("%d tensors are more than a PyTorch file may hold", len(tensors))
	}
	return nil
}

// The names in a pickle of the element types: of a storage's class, and of the type
// itself for the younger ones, whose storages are untyped bytes.
var (
	torchClasses = inverse(storageTypes)
	torchNames   = inverse(torchDTypes)
)

func inverse(names map[string]DType) map[DType]string {
	out := make(map[DType]string, len(names))
	for _, name := range slices.Sorted(maps.Keys(names)) {
		out[names[name]] = name
	}
	return out
}

// tensorValues is how many values the pickle of a tensor makes, its sizes and strides
// not counted; the machine's maxPushes bounds the sum.
const tensorValues = 24

// dictBatch is how many items Python's pickler gives to one SETITEMS.
const dictBatch = 1000

// pickleState is the pickle of a state dict, byte for byte the one that torch.save
// writes for an OrderedDict of such tensors: protocol 2, each value remembered when it
// is first written and fetched when it comes again.
func pickleState(tensors []Tensor) []byte {
	p := &pickler{memo: make(map[string]int)}
	p.op(opProto, 2)
	p.orderedDict()
	for batch := range slices.Chunk(indices(len(tensors)), dictBatch) {
		if len(batch) == 1 {
			p.item(tensors[batch[0]], batch[0])
			p.op(opSetItem)
			continue
		}
		p.op(opMark)
		for _, i := range batch {
			p.item(tensors[i], i)
		}
		p.op(opSetItems)
	}
	p.op(opStop)
	return p.b
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// A pickler appends opcodes and counts what it has put into the memo.
type pickler struct {
	b    []byte
	memo map[string]int // of names and of the texts that are the same object in PyTorch
	next int
}

func (p *pickler) op(bytes ...byte) { p.b = append(p.b, bytes...) }

// put remembers the value on the top of the stack.
func (p *pickler) put() {
	p.wide(opBinPut, opLongBinPut, p.next)
	p.next++
}

// wide is an opcode with an index of one byte, or its long form with four.
func (p *pickler) wide(short, long byte, index int) {
	if index < 1<<8 {
		p.op(short, byte(index))
		return
	}
	p.op(long)
	p.b = le.AppendUint32(p.b, uint32(index))
}

// once writes a value with write and remembers it; the next time under the same key it
// is fetched.
func (p *pickler) once(key string, write func()) {
	if index, ok := p.memo[key]; ok {
		p.wide(opBinGet, opLongBinGet, index)
		return
	}
	write()
	p.memo[key] = p.next
	p.put()
}

func (p *pickler) global(module, name string) {
	p.once("global "+module+" "+name, func() {
		p.op(opGlobal)
		p.b = append(p.b, module+"\n"+name+"\n"...)
	})
}

// constant is a text that PyTorch writes from one object every time.
func (p *pickler) constant(s string) { p.once("text "+s, func() { p.text(s) }) }

func (p *pickler) text(s string) {
	p.op(opBinUnicode)
	p.b = le.AppendUint32(p.b, uint32(len(s)))
	p.b = append(p.b, s...)
}

// integer is n, which is not negative, in the fewest bytes.
func (p *pickler) integer(n int64) {
	switch {
	case n < 1<<8:
		p.op(opBinInt1, byte(n))
	case n < 1<<16:
		p.op(opBinInt2)
		p.b = le.AppendUint16(p.b, uint16(n))
	case n < 1<<31:
		p.op(opBinInt)
		p.b = le.AppendUint32(p.b, uint32(n))
	default:
		long := le.AppendUint64(nil, uint64(n))
		for long[len(long)-1] == 0 && long[len(long)-2] < 0x80 {
			long = long[:len(long)-1]
		}
		p.op(opLong1, byte(len(long)))
		p.op(long...)
	}
}

// tuple is one of integers.
func (p *pickler) tuple(numbers []int64) {
	short := []byte{opEmptyTuple, opTuple1, opTuple2, opTuple3}
	if len(numbers) >= len(short) {
		p.op(opMark)
	}
	for _, n := range numbers {
		p.integer(n)
	}
	if len(numbers) == 0 {
		p.op(opEmptyTuple) // which is not remembered
		return
	}
	if len(numbers) < len(short) {
		p.op(short[len(numbers)])
	} else {
		p.op(opTuple)
	}
	p.put()
}

// orderedDict is an empty one.
func (p *pickler) orderedDict() {
	p.global("collections", "OrderedDict")
	p.op(opEmptyTuple, opReduce)
	p.put()
}

// item is a tensor's name and the tensor, a view of all of the storage called key.
func (p *pickler) item(t Tensor, key int) {
	p.text(t.Name)
	p.put()
	class, typed := torchClasses[t.DType]
	n, _ := elements(t.Shape)
	if typed {
		p.global("torch._utils", "_rebuild_tensor_v2")
	} else {
		p.global("torch._utils", "_rebuild_tensor_v3")
	}
	p.op(opMark, opMark)
	p.constant("storage")
	if typed {
		p.global("torch", class)
	} else {
		p.global("torch.storage", "UntypedStorage")
		n = int64(len(t.Data))
	}
	p.text(strconv.Itoa(key))
	p.put()
	p.constant("cpu")
	p.integer(n)
	p.op(opTuple)
	p.put()
	p.op(opBinPersID)

	p.integer(0) // where it begins in its storage
	p.tuple(t.Shape)
	step, _ := strides(t.Shape)
	p.tuple(step)
	p.op(opNewFalse) // requires_grad
	p.orderedDict()  // backward_hooks
	if !typed {
		p.global("torch", torchNames[t.DType])
	}
	p.op(opTuple)
	p.put()
	p.op(opReduce)
	p.put()
}

// strides are those of a contiguous tensor; PyTorch counts an axis of 0 as one of 1. ok
// is false when one does not fit an int64.
func strides(shape []int64) (step []int64, ok bool) {
	step = make([]int64, len(shape))
	next := int64(1)
	for axis := len(shape) - 1; axis >= 0; axis-- {
		step[axis] = next
		if next, ok = mul(next, max(shape[axis], 1)); !ok {
			return nil, false
		}
	}
	return step, true
}
