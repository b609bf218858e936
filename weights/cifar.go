package weights

import (
	"fmt"
	"io"
	"math"
)

// CIFARBatch is one of the files of cifar-10-batches-py or cifar-100-python.
type CIFARBatch struct {
	// Data holds the images one after another, 3072 bytes each: 32×32 red, then green,
	// then blue, rows from the top (https://www.cs.toronto.edu/~kriz/cifar.html).
	Data []byte
	// Labels has a class for each image: 0 to 9 for CIFAR-10, the fine label, 0 to 99,
	// for CIFAR-100.
	Labels []uint8
	// Coarse has the superclass, 0 to 19, of each image of CIFAR-100; nil for CIFAR-10.
	Coarse []uint8
}

const (
	cifarPixels = 3 * 32 * 32
	// cifarImages is the most images in one file: CIFAR-100's train.
	cifarImages = 50_000
)

// ReadCIFARBatch reads a Python batch of CIFAR-10 (data_batch_1 … test_batch) or of
// CIFAR-100 (train, test). Those files are pickles; this allow-list has the opcodes
// and the three NumPy names that they use, and checks that what they describe is one
// C-ordered array of bytes and its labels. Every error is an *Error.
func ReadCIFARBatch(path string) (*CIFARBatch, error) {
	var b *CIFARBatch
	err := withFile(path, func(r io.ReaderAt, size int64) (err error) {
		b, err = decodeCIFAR(r, size)
		return err
	})
	return b, err
}

func decodeCIFAR(r io.ReaderAt, size int64) (*CIFARBatch, error) {
	in := newSource(r, 0, size)
	root, err := unpickle(in, cifarAllowList())
	if err != nil {
		return nil, err
	}
	if in.offset != size {
		return nil, refuseAt(in.offset, "%d bytes follow the batch", size-in.offset).advise(damaged)
	}
	b, err := cifarBatch(root)
	if err != nil {
		return nil, refuse("is no CIFAR batch: %v", err).
			advise("use the Python archives of https://www.cs.toronto.edu/~kriz/cifar.html")
	}
	return b, nil
}

// cifarOpcodes are the 23 that CIFAR-10's files use, with those that Python 2's cPickle
// writes in the same places for other lengths and for values that repeat.
const cifarOpcodes = "\x80(.}]qrUTaesuJKMN\x89t\x85\x86\x87cRbhj"

// array is numpy.ndarray between _reconstruct and BUILD, and after it.
type array struct {
	built bool
	rows  int64
	data  []byte
}

// arrayType is numpy.dtype('u1').
type arrayType struct{ built bool }

func cifarAllowList() *allowList {
	ndarray := &global{name: "numpy.ndarray"}
	return &allowList{
		what:    "a CIFAR batch",
		advice:  "a file that asks for it may run code when Python opens it: get the archive anew from https://www.cs.toronto.edu/~kriz/cifar.html",
		opcodes: cifarOpcodes,
		globals: map[string]any{
			"numpy ndarray": ndarray,
			"numpy dtype":   &global{name: "numpy.dtype", call: newArrayType},
			"numpy.core.multiarray _reconstruct": &global{
				name: "numpy.core.multiarray._reconstruct",
				call: func(args []any) (any, error) {
					if len(args) != 3 || args[0] != any(ndarray) {
						return nil, fmt.Errorf("it makes something else than an ndarray")
					}
					return &array{}, nil
				},
			},
		},
		build:     buildArray,
		maxString: cifarImages * cifarPixels,
	}
}

// newArrayType is numpy.dtype('u1', 0, 1): unsigned bytes, of which a batch is made.
func newArrayType(args []any) (any, error) {
	if len(args) == 0 || args[0] != any("u1") {
		return nil, fmt.Errorf("the array's elements are not unsigned bytes (u1)")
	}
	return &arrayType{}, nil
}

// buildArray applies the states of NumPy's __setstate__: (version, shape, dtype,
// fortran, bytes) to an array, (3, '|', None, None, None, -1, -1, 0) to a dtype, in
// which byte order and alignment say nothing about single bytes.
func buildArray(object, state any) (any, error) {
	s, ok := state.(*tuple)
	if !ok {
		return nil, fmt.Errorf("the state is %s, not a tuple", describe(state))
	}
	switch o := object.(type) {
	case *arrayType:
		if o.built || len(s.items) != 8 || s.items[1] != any("|") || s.items[3] != nil {
			return nil, fmt.Errorf("the dtype's state is not that of unsigned bytes")
		}
		o.built = true
		return o, nil
	case *array:
		if o.built || len(s.items) != 5 {
			return nil, fmt.Errorf("the array's state has %d parts, not 5", len(s.items))
		}
		return o, o.set(s.items)
	}
	return nil, fmt.Errorf("it gives a state to %s", describe(object))
}

func (a *array) set(state []any) error {
	shape, ok := state[1].(*tuple)
	if !ok || len(shape.items) != 2 || shape.items[1] != any(int64(cifarPixels)) {
		return fmt.Errorf("the array's shape is not (images, %d)", cifarPixels)
	}
	rows, ok := shape.items[0].(int64)
	if !ok || rows < 1 || rows > cifarImages {
		return fmt.Errorf("the array's shape has not 1 to %d images", cifarImages)
	}
	if t, ok := state[2].(*arrayType); !ok || !t.built {
		return fmt.Errorf("the array's dtype is %s", describe(state[2]))
	}
	if state[3] != any(false) {
		return fmt.Errorf("the array is not in C order")
	}
	data, ok := state[4].([]byte)
	if !ok || int64(len(data)) != rows*cifarPixels {
		return fmt.Errorf("the array has not the %d bytes of %d images", rows*cifarPixels, rows)
	}
	a.built, a.rows, a.data = true, rows, data
	return nil
}

// cifarBatch takes the batch from the pickle's dict. CIFAR-100's has fine_labels and
// coarse_labels where CIFAR-10's has labels.
func cifarBatch(root any) (*CIFARBatch, error) {
	d, ok := root.(*dict)
	if !ok {
		return nil, fmt.Errorf("its pickle is %s, not a dict", describe(root))
	}
	v, _ := d.get("data")
	a, ok := v.(*array)
	if !ok || !a.built {
		return nil, fmt.Errorf("it has no array under \"data\"")
	}
	b := &CIFARBatch{Data: a.data}
	var err error
	_, ten := d.get("labels")
	if _, hundred := d.get("fine_labels"); ten == hundred {
		return nil, fmt.Errorf("it must have either \"labels\" (CIFAR-10) or \"fine_labels\" (CIFAR-100)")
	}
	if ten {
		b.Labels, err = cifarLabels(d, "labels", a.rows, 10)
		return b, err
	}
	if b.Labels, err = cifarLabels(d, "fine_labels", a.rows, 100); err != nil {
		return nil, err
	}
	b.Coarse, err = cifarLabels(d, "coarse_labels", a.rows, 20)
	return b, err
}

// cifarLabels takes a list of n labels below classes.
func cifarLabels(d *dict, key string, n int64, classes int64) ([]uint8, error) {
	v, _ := d.get(key)
	l, ok := v.(*list)
	if !ok {
		return nil, fmt.Errorf("it has no list under %q", key)
	}
	if int64(len(l.items)) != n {
		return nil, fmt.Errorf("it has %d images and %d %s", n, len(l.items), key)
	}
	out := make([]uint8, n)
	for i, item := range l.items {
		c, ok := item.(int64)
		if !ok || c < 0 || c >= min(classes, math.MaxUint8) {
			return nil, fmt.Errorf("%s[%d] is %v, not a class from 0 to %d", key, i, item, classes-1)
		}
		out[i] = uint8(c)
	}
	return out, nil
}
