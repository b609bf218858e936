// Package train trains a network: the step, the loop around it, and what a run needs to go on after a kill as if
// nothing had happened.
package train

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"

	"augmix/run"

	"golang.org/x/sys/cpu"

	torch "github.com/wangkuiyi/gotorch"
)

// Resolve decides what the flags leave open: the precision (auto, fp32 or bf16), the device (auto, cpu, cuda or cuda:N),
// libtorch's threads and the workers (0 is one a core). Its errors name the flag.
func Resolve(c *run.Config, precision, device string) error {
	on, err := deviceOf(device)
	if err != nil {
		return err
	}
	c.Device = device
	if device == "auto" {
		c.Device = "cpu"
		if on.IsCUDA() {
			c.Device = "cuda"
		}
	}
	switch precision {
	case "auto":
		c.Precision = "fp32"
		if unitsForBF16(on) {
			c.Precision = "bf16"
		}
	case "fp32", "bf16":
		c.Precision = precision
	default:
		return fmt.Errorf("--precision: unknown precision %q; it is auto, fp32 or bf16", precision)
	}
	if c.Threads == 0 {
		c.Threads = runtime.NumCPU()
	}
	if c.NumWorkers == 0 {
		c.NumWorkers = runtime.NumCPU()
	}
	return nil
}

// cudaDevice fits the values of --device that name a CUDA device.
var cudaDevice = regexp.MustCompile(`^cuda(:[0-9]+)?$`)

// deviceOf returns the device of a value of --device; auto is the first CUDA device where there is one, else the CPU.
func deviceOf(name string) (d torch.Device, err error) {
	switch {
	case name == "auto":
		name = "cpu"
		if torch.IsCUDAAvailable() {
			name = "cuda"
		}
	case name == "cpu":
	case !cudaDevice.MatchString(name):
		return d, fmt.Errorf("--device: unknown device %q; it is auto, cpu, cuda or cuda:N", name)
	}
	err = torch.Maybe(func() { d = torch.NewDevice(name) })
	if e, ok := errors.AsType[*torch.Error](err); ok {
		return d, fmt.Errorf("--device %s: %s; or use --device cpu", name, strings.TrimRight(e.Msg, ". \n"))
	}
	return d, nil
}

// unitsForBF16 tells whether a device computes products of bfloat16 in units of their own, so that training in it is
// faster: CUDA devices from compute capability 8.0 on.
func unitsForBF16(d torch.Device) bool {
	if !d.IsCUDA() {
		return HasBF16()
	}
	major, _ := torch.CUDACapability(d.Index())
	return major >= 8
}

// HasBF16 tells whether the CPU has instructions for bfloat16 products.
func HasBF16() bool { return cpu.X86.HasAVX512BF16 || cpu.X86.HasAMXBF16 }

// UseThreads sets libtorch's thread count and prepares the process for training or evaluation. It must be called before
// the first operation.
func UseThreads(n int) {
	torch.SetNumThreads(int32(n))
	torch.CacheMemory()
	// Go's heap is the images, which hold no pointers: collecting often costs next to nothing, and letting garbage grow to
	// the size of the images would cost that much memory.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(10)
	}
}
