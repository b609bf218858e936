package gotorch

import (
	"os"
	"runtime"

	"github.com/wangkuiyi/gotorch/internal/aten"
)

// The defaults of the original: half of the cores, unless the environment says otherwise.
func init() {
	if os.Getenv("OMP_NUM_THREADS") == "" && os.Getenv("MKL_NUM_THREADS") == "" {
		aten.SetNumThreads(max(1, runtime.NumCPU()/2))
	}
}

// SetNumThreads sets how many threads an operation may use. It panics with an *Error if n is not positive.
func SetNumThreads(n int32) { aten.SetNumThreads(int(n)) }

// NumThreads returns how many threads an operation may use.
func NumThreads() int { return aten.NumThreads() }

// Seed seeds libtorch's default generators.
func Seed(seed uint64) { aten.ManualSeed(seed) }

// SetDeterministic makes operations that have no deterministic kernel panic.
func SetDeterministic(on bool) { aten.SetDeterministic(on) }

// SetFastKernels switches the kernels that torchbridge has beside libtorch's and returns what was before; they are on at
// first. They compute convolutions with 3×3 kernels, in bf16 on CPUs with AVX512-BF16 and in float32 on those with AVX2
// and without AVX-512, and round differently.
func SetFastKernels(on bool) bool { return aten.SetFastKernels(on) }

// CacheMemory makes the process keep the memory of freed CPU tensors for new ones of the same size, as a training step
// makes and frees the same ones over and over. It is meant for the start of a program that trains or evaluates.
func CacheMemory() { aten.CacheMemory() }

// ReleaseMemory gives back to the system what CacheMemory keeps and no tensor uses: between phases whose tensors differ
// in size.
func ReleaseMemory() { aten.ReleaseMemory() }

// Version returns the version of the libtorch that the module was compiled with.
func Version() string { return aten.Version() }
