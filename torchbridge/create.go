package gotorch

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/wangkuiyi/gotorch/internal/aten"
	"github.com/wangkuiyi/gotorch/variadic"
)

// leaf marks a new tensor as one that autograd follows, or not.
func leaf(t aten.T, requiresGrad bool) Tensor {
	if requiresGrad {
		aten.SetRequiresGrad(t, true)
	}
	return Tensor{t}
}

// Empty returns an uninitialised float32 tensor.
func Empty(shape []int64, requiresGrad bool) Tensor {
	return leaf(aten.Empty(shape, Float), requiresGrad)
}

// EmptyOf returns an uninitialised tensor of a data type.
func EmptyOf(shape []int64, dtype int8) Tensor { return Tensor{aten.Empty(shape, dtype)} }

// Full returns a float32 tensor of one value.
func Full(shape []int64, value float32, requiresGrad bool) Tensor {
	return leaf(aten.Full(shape, float64(value), Float), requiresGrad)
}

// Ones returns a float32 tensor of ones.
func Ones(shape []int64, requiresGrad bool) Tensor { return Full(shape, 1, requiresGrad) }

// Zeros returns a float32 tensor of zeros.
func Zeros(shape []int64, requiresGrad bool) Tensor { return Full(shape, 0, requiresGrad) }

// Rand returns a float32 tensor of draws from [0, 1).
func Rand(shape []int64, requireGrad bool) Tensor { return leaf(aten.Rand(shape), requireGrad) }

// RandN returns a float32 tensor of draws from N(0, 1).
func RandN(shape []int64, requiresGrad bool) Tensor { return leaf(aten.RandN(shape), requiresGrad) }

// Arange returns begin, begin+step, … below end.
func Arange(begin, end, step float32, requiresGrad bool) Tensor {
	return leaf(aten.Arange(float64(begin), float64(end), float64(step)), requiresGrad)
}

// Linspace returns steps values from begin to end, both included.
func Linspace(begin, end float32, steps int64, requiresGrad bool) Tensor {
	return leaf(aten.Linspace(float64(begin), float64(end), steps), requiresGrad)
}

// Logspace returns steps values from base^begin to base^end, both included, at equal ratios.
func Logspace(begin, end float32, steps int64, base float64, requiresGrad bool) Tensor {
	return leaf(aten.Logspace(float64(begin), float64(end), steps, base), requiresGrad)
}

// Eye returns an n×m matrix with ones on its diagonal.
func Eye(n, m int64, requiresGrad bool) Tensor { return leaf(aten.Eye(n, m), requiresGrad) }

// FromBlob returns a tensor that holds a copy of memory in C order.
func FromBlob(data unsafe.Pointer, dtype int8, sizes []int64) Tensor {
	return Tensor{aten.CopyOf(data, sizes, dtype)}
}

// FromFloat32 returns a float32 tensor that holds a copy of data in C order. It panics if the shape has another number
// of elements.
func FromFloat32(data []float32, shape ...int64) Tensor {
	mustHold(len(data), shape)
	return FromBlob(unsafe.Pointer(unsafe.SliceData(data)), Float, shape)
}

// FromInt64 is FromFloat32 for int64.
func FromInt64(data []int64, shape ...int64) Tensor {
	mustHold(len(data), shape)
	return FromBlob(unsafe.Pointer(unsafe.SliceData(data)), Long, shape)
}

func mustHold(n int, shape []int64) {
	want := int64(1)
	for _, s := range shape {
		want *= s
	}
	if int64(n) != want {
		panic(&Error{Op: "from_blob", Msg: fmt.Sprintf("%d elements for shape %v", n, shape)})
	}
}

// NewTensor returns a tensor with the elements and the shape of nested slices (or of a scalar). The element types bool,
// int8, uint8, int16, int32, int64, float32, float64 and, as half precision, uint16 are understood; it panics for
// others. The option "dtype" converts the result.
func NewTensor(data any, options ...map[string]any) Tensor {
	shape, kind := sliceShapeAndElemKind(data)
	dtype, ok := dtypeOf[kind]
	if !ok {
		panic(&Error{Op: "tensor", Msg: fmt.Sprintf("cannot make a tensor of %T", data)})
	}
	elements := flatten(nil, reflect.ValueOf(data), shape)
	t := FromBlob(unsafe.Pointer(unsafe.SliceData(elements)), dtype, shape)
	if want := tensorElemDType(options, kind); want != dtype {
		return t.CastTo(want)
	}
	return t
}

// tensorElemDType returns the data type that the option "dtype" asks for, else that of elements of a kind.
func tensorElemDType(options []map[string]any, kind reflect.Kind) int8 {
	if dtype, ok := variadic.Get(options, "dtype").(int8); ok {
		return dtype
	}
	return dtypeOf[kind]
}

var dtypeOf = map[reflect.Kind]int8{
	reflect.Bool: Bool, reflect.Int8: Char, reflect.Uint8: Byte, reflect.Int16: Short, reflect.Uint16: Half,
	reflect.Int32: Int, reflect.Int64: Long, reflect.Float32: Float, reflect.Float64: Double,
}

// sliceShapeAndElemKind returns the shape of nested slices, going by the first of each, and the kind of their elements.
func sliceShapeAndElemKind(data any) ([]int64, reflect.Kind) {
	shape := []int64{}
	t := reflect.TypeOf(data)
	v := reflect.ValueOf(data)
	for t.Kind() == reflect.Slice {
		n := 0
		if v.IsValid() {
			n = v.Len()
		}
		shape = append(shape, int64(n))
		if n > 0 {
			v = v.Index(0)
		} else {
			v = reflect.Value{}
		}
		t = t.Elem()
	}
	return shape, t.Kind()
}

// flatten appends the memory of all elements in C order. It panics if slices differ in length.
func flatten(dst []byte, v reflect.Value, shape []int64) []byte {
	if v.Kind() == reflect.Slice {
		if int64(v.Len()) != shape[0] {
			panic(&Error{Op: "tensor", Msg: "slices of different lengths"})
		}
		for i := range v.Len() {
			dst = flatten(dst, v.Index(i), shape[1:])
		}
		return dst
	}
	element := reflect.New(v.Type())
	element.Elem().Set(v)
	return append(dst, unsafe.Slice((*byte)(element.UnsafePointer()), v.Type().Size())...)
}
