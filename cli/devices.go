package cli

import (
	"fmt"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/cuda"
)

// devices is what doctor found to compute on besides the CPU.
type devices struct {
	Build  bool         `json:"cuda_build"`
	NoCUDA string       `json:"no_cuda,omitempty"` // why no CUDA device can be used
	CUDA   []cudaDevice `json:"cuda_devices"`
	// The versions of the libraries that a CUDA build runs on, and the newest CUDA that the driver serves; empty where not
	// known.
	Runtime string `json:"cuda_runtime,omitempty"`
	Driver  string `json:"cuda_driver,omitempty"`
	CUDNN   string `json:"cudnn,omitempty"`
	NCCL    string `json:"nccl,omitempty"`
}

// cudaDevice is one CUDA device.
type cudaDevice struct {
	Name       string `json:"name"`
	Capability string `json:"capability"`
	Memory     int64  `json:"memory_bytes"`
}

func findDevices() devices {
	v := cuda.FindVersions()
	d := devices{
		Build: torch.CUDABuild(), NoCUDA: torch.NoCUDA(), CUDA: []cudaDevice{},
		Runtime: versionText(v.Runtime, 1000, 10), Driver: versionText(v.Driver, 1000, 10),
		CUDNN: versionText(v.CUDNN, 10000, 100, 1), NCCL: versionText(v.NCCL, 10000, 100, 1),
	}
	for i := range torch.CUDADeviceCount() {
		major, minor := torch.CUDACapability(i)
		d.CUDA = append(d.CUDA, cudaDevice{torch.CUDADeviceName(i), fmt.Sprintf("%d.%d", major, minor), cuda.Memory(i)})
	}
	return d
}

// versionText writes a version that is one number by its parts' units: 22809 in units of 10000, 100 and 1 is 2.28.9. It is
// empty for 0.
func versionText(v int, units ...int) string {
	if v == 0 {
		return ""
	}
	text := ""
	for _, unit := range units {
		if text != "" {
			text += "."
		}
		text += fmt.Sprint(v / unit)
		v %= unit
	}
	return text
}

func (d devices) rows() []row {
	var rows []row
	for i, c := range d.CUDA {
		rows = append(rows, row{"", fmt.Sprintf("cuda:%d, %s, capability %s, %.1f GB", i, c.Name, c.Capability, float64(c.Memory)/1e9)})
	}
	if len(rows) == 0 {
		rows = append(rows, row{"", "cpu (" + d.NoCUDA + ")"})
	}
	rows[0][0] = "device"
	if !d.Build {
		return rows
	}
	known := func(version string) string {
		if version == "" {
			return "none"
		}
		return version
	}
	return append(rows, row{"CUDA", fmt.Sprintf("runtime %s, driver's %s, cuDNN %s, NCCL %s",
		known(d.Runtime), known(d.Driver), known(d.CUDNN), known(d.NCCL))})
}
