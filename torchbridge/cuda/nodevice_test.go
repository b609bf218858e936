package cuda_test

import (
	"errors"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
	"github.com/wangkuiyi/gotorch/cuda"
)

func TestWithoutADevice(t *testing.T) {
	if torch.IsCUDAAvailable() {
		t.Skip("this machine has a CUDA device")
	}
	cpu := torch.NewDevice("cpu")
	for name, f := range map[string]func(){
		"NewStream":       func() { cuda.NewStream(cpu, false) },
		"NewGraph":        func() { cuda.NewGraph() },
		"Synchronize":     func() { cuda.Synchronize(cpu) },
		"MemoryAllocated": func() { cuda.MemoryAllocated(cpu) },
		"Memory":          func() { cuda.Memory(0) },
	} {
		err := torch.Maybe(f)
		if e, ok := errors.AsType[*torch.Error](err); !ok || e.Msg == "" {
			t.Errorf("%s: got error %v, want a *torch.Error", name, err)
		}
	}
	if torch.CUDABuild() {
		return
	}
	if got := cuda.FindVersions(); got != (cuda.Versions{}) {
		t.Errorf("versions in a build without CUDA: got %+v, want none", got)
	}
}
