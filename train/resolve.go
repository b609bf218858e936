// Package train trains a network: the step, the loop around it, and what a run needs to go on after a kill as if
// nothing had happened.
package train

import (
	"fmt"
	"os"
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
	switch {
	case device == "auto" || device == "cpu":
		c.Device = "cpu"
	case device == "cuda" || strings.HasPrefix(device, "cuda:"):
		return fmt.Errorf("--device %s: this program was built without CUDA; use --device cpu", device)
	default:
		return fmt.Errorf("--device: unknown device %q; it is auto or cpu", device)
	}
	switch precision {
	case "auto":
		c.Precision = "fp32"
		if HasBF16() {
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

// HasBF16 tells whether the CPU has instructions for bfloat16 products, so that training in it is faster.
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
