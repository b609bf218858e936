package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"augmix/run"
)

// mainEnv lets this test's program be augmix: the supervisor starts the program that it is itself.
const mainEnv = "AUGMIX_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(mainEnv) != "" {
		os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// TestPlace checks which variables and flags about processes are refused, with the words of the message.
func TestPlace(t *testing.T) {
	t.Chdir(t.TempDir())
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("grid.json", smallGrid)
	write("procs.json", strings.Replace(smallGrid, `"layers": 10`, `"procs": 2, "layers": 10`, 1))
	const (
		torchrun = "RANK=1 LOCAL_RANK=1 WORLD_SIZE=2 LOCAL_WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=29500"
		pod      = "PET_NNODES=2 PET_NPROC_PER_NODE=4 PET_NODE_RANK=0 PET_MASTER_ADDR=a"
	)
	for _, c := range []struct{ env, line, want string }{
		{"", "--procs 2 --gpus 2", "--gpus 2 --procs 2 one of them"},
		{"", "--procs 0", "--procs 0 from 1"},
		{"", "--gpus two", "--gpus two whole number"},
		{"", "--max-restarts -1 --procs 2", "--max-restarts -1"},
		{"", "--max-restarts 2", "--max-restarts --gpus or --procs"},
		{"", "--gpus 2", "--gpus 2 no CUDA make cuda"},
		{"", "--procs 2 --device cuda:1", "--device cuda:1"},
		{"", "--procs 2 --evaluate --resume x", "--procs --evaluate leave it out"},
		{"", "--procs 2 --grid grid.json", "--procs --grid one network after another leave"},
		{"", "--grid procs.json", "--procs grid leave it out"},
		{"", "--procs 2 --dataset cifar10 --layers 11", "--layers 11"},
		{torchrun, "--grid grid.json", "--grid grid.json one network after another torchrun 2"},
		{torchrun, "--procs 2", "--procs torchrun rank 1 of 2 leave"},
		{torchrun, "--max-restarts 2", "--max-restarts torchrun"},
		{"RANK=0 LOCAL_RANK=0 WORLD_SIZE=1", "--procs 2", "--procs torchrun rank 0 of 1 leave"},
		{"RANK=2 WORLD_SIZE=2", "", "RANK 2 from 0 to 1"},
		{"RANK=0", "", "WORLD_SIZE not set"},
		{pod, "--procs 2", "--procs PET_NPROC_PER_NODE=4 leave"},
		{pod, "--max-restarts 1", "--max-restarts 2 nodes leave"},
		{pod + " PET_NODE_RANK=2", "", "PET_NODE_RANK 2 from 0 to 1"},
	} {
		t.Run(c.env+" "+c.line, func(t *testing.T) {
			for _, word := range strings.Fields(c.env) {
				name, value, _ := strings.Cut(word, "=")
				t.Setenv(name, value)
			}
			args := []string{"train"}
			if !strings.Contains(c.line, "--dataset") && !strings.Contains(c.line, "--grid") {
				args = append(args, "--dataset", "shapes")
			}
			code, stdout, stderr := callMain(t, append(args, strings.Fields(c.line)...)...)
			if missing := missingWord(stderr, c.want); code != exitUsage || missing != "" || stdout != "" {
				t.Errorf("exit code %d, lacks %q: %s%s", code, missing, stderr, stdout)
			}
		})
	}
	if left, err := filepath.Glob("run*"); err != nil || len(left) > 0 {
		t.Errorf("what was refused left %v, %v", left, err)
	}
}

func TestVisibleDevices(t *testing.T) {
	for list, want := range map[string]string{"": "0 1", "4,2,7": "4 2", "GPU-a,GPU-b": "GPU-a GPU-b"} {
		if got := strings.Join(visibleDevices(list, 2), " "); got != want {
			t.Errorf("two of %q: got %q, want %q", list, got, want)
		}
	}
}

// TestSupervised lets the program start itself: the error of a rank comes through once for each, and the exit code is
// theirs.
func TestSupervised(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv(mainEnv, "1")
	errorFile := filepath.Join(t.TempDir(), "error.json")
	t.Setenv("TORCHELASTIC_ERROR_FILE", errorFile)
	code, stdout, stderr := callMain(t, "train", "--procs", "2", "--max-restarts", "3", "--dataset", "cifar10", "--data", "nowhere")
	if code != exitData || stdout != "" || strings.Contains(stderr, "restart") {
		t.Errorf("exit code %d, want %d: %s%s", code, exitData, stdout, stderr)
	}
	for _, want := range []string{"\nrank 1: augmix: ", "failed with exit code 3"} {
		if !strings.Contains("\n"+stderr, want) {
			t.Errorf("standard error lacks %q: %s", want, stderr)
		}
	}
	if text, err := os.ReadFile(errorFile); err != nil || !strings.Contains(string(text), `{"message":{"message":"rank `) {
		t.Errorf("the error file holds %s, %v", text, err)
	}
}

// TestRankKilled kills one of two ranks after a checkpoint: all start again from it and end with the weights of a run
// that was left alone. scripts/reliability-ranks.sh does it more often and in other ways.
func TestRankKilled(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv(mainEnv, "1")
	train := func(name string, more ...string) (sha, stderr string) {
		args := append([]string{"train", "--procs", "2", "--dataset", "shapes", "--limit-train", "96", "--limit-eval", "20", "--layers", "10",
			"--widen-factor", "1", "--epochs", "4", "--batch-size", "32", "--checkpoint-every", "2steps", "--threads", "1", "--num-workers", "1",
			"--precision", "fp32", "--quiet", "--save", name, "--json", name + ".json"}, more...)
		code, _, stderr := callMain(t, args...)
		if code != 0 {
			t.Fatalf("%s: exit code %d: %s", name, code, stderr)
		}
		var result run.TrainResult
		readJSON(t, name+".json", &result)
		return result.WeightsSHA256, stderr
	}
	want, _ := train("whole")

	killed := make(chan int, 1)
	go func() {
		defer close(killed)
		for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
			if _, err := os.Stat("killed/checkpoints/last"); err != nil {
				continue
			}
			if pid := childOfRank(1); pid != 0 && syscall.Kill(pid, syscall.SIGKILL) == nil {
				killed <- pid
				return
			}
		}
	}()
	got, stderr := train("killed", "--max-restarts", "1")
	pid, ok := <-killed
	if !ok || got != want {
		t.Errorf("weights_sha256 is %s after a kill (%t), want %s", got, ok, want)
	}
	if said := fmt.Sprintf("rank 1 (process %d) died: signal: killed; starting all again", pid); !strings.Contains(stderr, said) {
		t.Errorf("it said %q, want %q", stderr, said)
	}
}

// childOfRank returns this process's child that is a rank, or 0.
func childOfRank(rank int) int {
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		text, _ := os.ReadFile(list)
		for child := range strings.FieldsSeq(string(text)) {
			environ, _ := os.ReadFile("/proc/" + child + "/environ")
			if strings.Contains("\x00"+string(environ), fmt.Sprintf("\x00RANK=%d\x00", rank)) {
				pid, _ := strconv.Atoi(child)
				return pid
			}
		}
	}
	return 0
}
