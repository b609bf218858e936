package gotorch

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/wangkuiyi/gotorch/internal/aten"
)

// Device is where tensors live. The zero Device is the CPU.
type Device struct {
	cuda  bool
	index int
}

// NewDevice returns the device of a name: "cpu", "cuda", which is "cuda:0", or "cuda:N". It panics with an *Error for
// names of another form and for devices that are not there.
func NewDevice(name string) Device {
	if name == "cpu" {
		return Device{}
	}
	kind, number, numbered := strings.Cut(name, ":")
	index := 0
	if numbered {
		n, err := strconv.ParseUint(number, 10, 8)
		if err != nil {
			kind = ""
		}
		index = int(n)
	}
	if kind != "cuda" {
		panic(&Error{Op: "device", Msg: fmt.Sprintf("unknown device %q; it is cpu, cuda or cuda:N", name)})
	}
	switch n := aten.CUDADeviceCount(); {
	case n == 0:
		panic(&Error{Op: "device", Msg: aten.NoCUDA()})
	case index >= n:
		panic(&Error{Op: "device", Msg: fmt.Sprintf("there is no %s; the last device is cuda:%d", name, n-1)})
	}
	return Device{cuda: true, index: index}
}

// deviceOf returns the device of its number in the C interface.
func deviceOf(number int) Device {
	if number == aten.CPU {
		return Device{}
	}
	return Device{cuda: true, index: number}
}

// number returns what the C interface calls the device.
func (d Device) number() int {
	if !d.cuda {
		return aten.CPU
	}
	return d.index
}

// IsCUDA tells whether the device is a CUDA device.
func (d Device) IsCUDA() bool { return d.cuda }

// Index returns which of the CUDA devices it is, and 0 for the CPU.
func (d Device) Index() int { return d.index }

// String returns the name: "cpu" or "cuda:N".
func (d Device) String() string {
	if !d.cuda {
		return "cpu"
	}
	return fmt.Sprintf("cuda:%d", d.index)
}

// CUDABuild tells whether the program was compiled with -tags cuda.
func CUDABuild() bool { return aten.CUDABuild }

// NoCUDA says why no CUDA device can be used, and what to do; it is empty where one can.
func NoCUDA() string {
	if IsCUDAAvailable() {
		return ""
	}
	return aten.NoCUDA()
}

// IsCUDAAvailable tells whether a CUDA device can be used.
func IsCUDAAvailable() bool { return aten.CUDADeviceCount() > 0 }

// CUDADeviceCount returns how many CUDA devices can be used.
func CUDADeviceCount() int { return aten.CUDADeviceCount() }

// CUDADeviceName returns the name of the CUDA device i. It panics with an *Error where there is none.
func CUDADeviceName(i int) string { return aten.CUDAProperties(i).Name }

// CUDACapability returns the compute capability of the CUDA device i, such as 9 and 0. It panics with an *Error where
// there is none.
func CUDACapability(i int) (major, minor int) {
	p := aten.CUDAProperties(i)
	return p.Major, p.Minor
}

// IsCUDNNAvailable tells whether cuDNN can be used.
func IsCUDNNAvailable() bool { return IsCUDAAvailable() && aten.CUDAVersions().CUDNN > 0 }

// SetCUDNNBenchmark makes cuDNN time its algorithms for each new shape and take the fastest; then two runs may differ. It
// has no effect without CUDA.
func SetCUDNNBenchmark(on bool) { aten.SetCUDNNBenchmark(on) }

// SetTF32 lets float32 convolutions and matrix products on CUDA round their factors to 10 bits of mantissa, which is faster.
// libtorch does so in convolutions at first.
func SetTF32(on bool) { aten.SetTF32(on) }

// Device returns where a lies.
func (a Tensor) Device() Device { return deviceOf(aten.Device(a.T)) }

// To returns a on a device, and in a data type if one is given, with its strides. It is a itself where nothing changes.
func (a Tensor) To(device Device, dtype ...int8) Tensor {
	want := a.Dtype()
	if len(dtype) > 0 {
		want = dtype[0]
	}
	if device == a.Device() && want == a.Dtype() {
		return a
	}
	return Tensor{aten.To(a.T, device.number(), want)}
}

// CopyTo returns a on a device. It is a itself where a lies there.
func (a Tensor) CopyTo(device Device) Tensor { return a.To(device) }

// To returns a on a device in a data type.
func To(a Tensor, device Device, dtype int8) Tensor { return a.To(device, dtype) }

// OnDevice runs f with the tensors that it creates (Empty, Full, FromFloat32, …) on a device. Operations put their
// results where their operands are.
func OnDevice(d Device, f func()) { aten.OnDevice(d.number(), f) }

// Pinned returns uninitialised CPU memory that a CUDA device copies from and to while the program goes on: page-locked
// where there is such a device, plain memory elsewhere. Page-locking is slow; such tensors are meant to be kept.
func Pinned(shape []int64, dtype int8) Tensor { return Tensor{aten.Pinned(shape, dtype)} }

// CopyAsync copies b's elements into a, converting and broadcasting. Between pinned memory and a CUDA device it only
// queues the copy on the current stream: neither may be touched before an event behind it is done.
func (a Tensor) CopyAsync(b Tensor) { aten.Copy(a.T, b.T, true) }
