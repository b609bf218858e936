package gotorch

import (
	"fmt"
	"strings"
)

// Device is where tensors live. This build knows the CPU only.
type Device struct {
	name string
}

// NewDevice returns the device of a name such as "cpu". It panics with an *Error for devices that this build does not
// have.
func NewDevice(deviceType string) Device {
	if deviceType == "cpu" {
		return Device{name: deviceType}
	}
	msg := fmt.Sprintf("unknown device %q", deviceType)
	if strings.HasPrefix(deviceType, "cuda") {
		msg = "this build has no CUDA"
	}
	panic(&Error{Op: "device", Msg: msg})
}

// IsCUDAAvailable tells whether a CUDA device can be used.
func IsCUDAAvailable() bool { return false }

// IsCUDNNAvailable tells whether cuDNN can be used.
func IsCUDNNAvailable() bool { return false }

// To returns a in another data type; there is one device.
func (a Tensor) To(device Device, dtype ...int8) Tensor {
	if len(dtype) > 0 {
		return a.CastTo(dtype[0])
	}
	return a
}

// CopyTo returns a on a device.
func (a Tensor) CopyTo(device Device) Tensor { return a }

// To returns a on a device in a data type.
func To(a Tensor, device Device, dtype int8) Tensor { return a.To(device, dtype) }
