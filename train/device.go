package train

import (
	"fmt"
	"os"

	"augmix/device"
	"augmix/run"

	torch "github.com/wangkuiyi/gotorch"
)

// Prepare makes libtorch's settings for a run or an evaluation. It must come before the first operation.
func Prepare(cfg run.Config) {
	UseThreads(cfg.Threads)
	torch.SetDeterministic(cfg.Deterministic)
	if cfg.Deterministic {
		// cuBLAS repeats itself only with a workspace of fixed size, which it reads from here when it is first used.
		if name := "CUBLAS_WORKSPACE_CONFIG"; os.Getenv(name) == "" {
			os.Setenv(name, ":4096:8")
		}
	}
	torch.SetCUDNNBenchmark(!cfg.Deterministic)
	torch.SetTF32(false) // fp32 means float32.
}

// place is where a configuration computes. It panics with a *torch.Error for a device that is not there.
func place(cfg run.Config) device.Place { return device.At(torch.NewDevice(cfg.Device)) }

// describe says where the machine computes, and how.
func (m *machine) describe() string {
	if !m.place.IsCUDA() {
		return m.cfg.Precision
	}
	return fmt.Sprintf("%s on %s (%s)", m.cfg.Precision, m.place, torch.CUDADeviceName(m.place.Index()))
}
