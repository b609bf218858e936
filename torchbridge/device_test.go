package gotorch_test

import (
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"

	torch "github.com/wangkuiyi/gotorch"
)

func TestDevices(t *testing.T) {
	cpu := torch.NewDevice("cpu")
	if got, want := cpu, (torch.Device{}); got != want || got.String() != "cpu" || got.IsCUDA() || got.Index() != 0 {
		t.Errorf("cpu: got %v, is CUDA %v, index %d", got, got.IsCUDA(), got.Index())
	}
	for _, name := range []string{"", "tpu", "cuda:", "cuda:x", "cuda:-1", "cuda:300", "CUDA", "cpu:0"} {
		if err := torch.Maybe(func() { torch.NewDevice(name) }); err == nil || !strings.Contains(err.Error(), "unknown device") {
			t.Errorf("device %q: got error %v, want an unknown device", name, err)
		}
	}
	n := torch.CUDADeviceCount()
	if got, want := torch.IsCUDAAvailable(), n > 0; got != want {
		t.Errorf("CUDA is available: got %v with %d devices", got, n)
	}
	if n > 0 {
		return
	}
	for _, name := range []string{"cuda", "cuda:0", "cuda:7"} {
		err := torch.Maybe(func() { torch.NewDevice(name) })
		if e, ok := errors.AsType[*torch.Error](err); !ok || e.Msg != torch.NoCUDA() || e.Msg == "" {
			t.Errorf("%s: got error %v, want why there is none: %q", name, err, torch.NoCUDA())
		}
	}
	for name, f := range map[string]func(){
		"a device's name": func() { torch.CUDADeviceName(0) },
		"its capability":  func() { torch.CUDACapability(0) },
	} {
		if err := torch.Maybe(f); err == nil {
			t.Errorf("%s without a device: got no error", name)
		}
	}
}

func TestTensorsOnTheCPU(t *testing.T) {
	cpu := torch.NewDevice("cpu")
	torch.Scope(func() {
		a := torch.FromFloat32([]float32{1, 2, 3, 4}, 2, 2)
		if got := a.Device(); got != cpu {
			t.Errorf("device: got %v, want cpu", got)
		}
		if got := a.To(cpu); got.T != a.T {
			t.Error("To the same device and data type made another tensor")
		}
		if got := a.To(cpu, torch.Double); got.Dtype() != torch.Double || got.Sum().Item() != 10.0 {
			t.Errorf("To double: got %v", got)
		}
		torch.OnDevice(cpu, func() {
			if got := torch.Ones([]int64{2}, false).Device(); got != cpu {
				t.Errorf("made on the CPU: got %v", got)
			}
		})
		p := torch.Pinned([]int64{2, 2}, torch.Float)
		p.CopyAsync(a)
		if got, want := p.MemoryFloat32(), []float32{1, 2, 3, 4}; !slices.Equal(got, want) || p.Device() != cpu {
			t.Errorf("pinned memory on %v: got %v, want %v", p.Device(), got, want)
		}
	})
}

func TestRecordOperations(t *testing.T) {
	torch.Scope(func() {
		w := torch.Ones([]int64{2, 2}, true)
		others := make(chan struct{})
		names := torch.RecordOperations(func() {
			go func() { // Another thread's operations are its own.
				runtime.LockOSThread()
				defer close(others)
				torch.Scope(func() { torch.Ones([]int64{1}, false).Tanh() })
			}()
			<-others
			torch.Sum(torch.Relu(w)).Backward()
		})
		want := []string{"aten::relu", "aten::sum", "aten::threshold_backward"}
		at := -1
		for _, name := range want {
			i := slices.Index(names, name)
			if i <= at {
				t.Errorf("%s: at %d, want it after %d in %v", name, i, at, names)
			}
			at = i
		}
		if slices.Contains(names, "aten::tanh") {
			t.Errorf("the operations of another thread are listed: %v", names)
		}
		if got := torch.RecordOperations(func() { torch.Add(w, w, 1) }); !slices.Equal(got, []string{"aten::add.Tensor"}) {
			t.Errorf("an addition: got %v", got)
		}
		if got := torch.RecordOperations(func() {}); len(got) != 0 {
			t.Errorf("nothing: got %v", got)
		}
	})
}

func TestRecordingsEnd(t *testing.T) {
	failing := func() { torch.MM(torch.Ones([]int64{2, 3}, false), torch.Ones([]int64{2, 3}, false)) }
	torch.Scope(func() {
		if err := torch.Maybe(func() { torch.RecordOperations(failing) }); err == nil {
			t.Error("a product of unfitting matrices gave no error")
		}
		nested := func() { torch.RecordOperations(func() {}) }
		if err := torch.Maybe(func() { torch.RecordOperations(nested) }); err == nil || !strings.Contains(err.Error(), "already") {
			t.Errorf("a recording in a recording: got error %v", err)
		}
		got := torch.RecordOperations(func() { torch.Ones([]int64{1}, false).Item() })
		if !slices.Contains(got, "aten::_local_scalar_dense") {
			t.Errorf("reading a number back after failed recordings: got %v", got)
		}
	})
}
