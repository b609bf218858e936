package train

import (
	"fmt"
	"io"
	"os"
	"testing"

	"augmix/data"

	torch "github.com/wangkuiyi/gotorch"
)

// residentBytes is the process's resident memory.
func residentBytes(t *testing.T) int64 {
	t.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Skipf("no /proc on this system, so no data on memory: %v", err)
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * int64(os.Getpagesize())
}

// From step 100 to step 600 of a run, with its epochs, evaluations and checkpoints, the number of live tensors stays the
// same and resident memory grows by less than 1 %.
func TestMemoryIsConstant(t *testing.T) {
	cfg, _, test := small(t)
	cfg.Epochs, cfg.BatchSize, cfg.PrintFreq = 12, 4, 50
	cfg.EvalBatchSize = 20
	full, err := data.Open("shapes", "", "train")
	if err != nil {
		t.Fatal(err)
	}
	train := data.Subset(full, 200, false)
	test = data.Subset(test, 20, false)
	UseThreads(cfg.Threads)
	live, resident := map[int]int{}, map[int]int64{}
	mustRun(t, Options{Config: cfg, Resume: "none", Train: train, Test: test, Log: io.Discard, Progress: func(s Status) {
		if step := (s.Epoch-1)*s.Steps + s.Step; step == 100 || step == 600 {
			live[step], resident[step] = torch.LiveTensors(), residentBytes(t)
		}
	}})
	t.Logf("live tensors %d and %d, resident memory %d and %d bytes at steps 100 and 600", live[100], live[600], resident[100], resident[600])
	if live[100] == 0 || live[100] != live[600] {
		t.Errorf("live tensors: %d at step 100, %d at step 600", live[100], live[600])
	}
	if grown := float64(resident[600])/float64(resident[100]) - 1; grown >= 0.01 {
		t.Errorf("resident memory grew by %.2f %% from step 100 to step 600", 100*grown)
	}
}
