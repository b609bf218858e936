package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"augmix/ranks"
	"augmix/run"
	"augmix/weights"

	"github.com/wangkuiyi/gotorch/dist"
)

// rankVariable says to a process of the tests which role to play, in JSON.
const rankVariable = "AUGMIX_TEST_RANK"

// role is what a process does as one of the ranks of a run.
type role struct {
	Config  run.Config
	Resume  string
	World   ranks.World
	Timeout time.Duration
	// After so many readings of the meter the process gets the signal; kill and stop signals from the system, others as a
	// scheduler's.
	After  int
	Signal syscall.Signal
}

// ending is what a rank's process prints.
type ending struct {
	Weights string
	Error   string
	Kind    string // interrupted, non-finite or lost; else empty.
}

func TestMain(m *testing.M) {
	text := os.Getenv(rankVariable)
	if text == "" {
		os.Exit(m.Run())
	}
	var r role
	if err := json.Unmarshal([]byte(text), &r); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	r.play()
}

func (r role) play() {
	say := func(e ending) {
		out, err := json.Marshal(e)
		if err != nil {
			panic(err)
		}
		fmt.Println(string(out))
	}
	train, test := smallSets(func(err error) { panic(err) })
	stop := make(chan os.Signal, 1)
	readings := 0
	result, err := Run(Options{
		Config: r.Config, Resume: r.Resume, Train: train, Test: test, Log: os.Stderr, Stop: stop, Ranks: r.World, Timeout: r.Timeout,
		Lost: func(err error) {
			say(ending{Error: err.Error(), Kind: "lost"})
			os.Exit(1)
		},
		Progress: func(Status) {
			if readings++; r.Signal == 0 || readings != r.After {
				return
			}
			if r.Signal == syscall.SIGKILL || r.Signal == syscall.SIGSTOP {
				syscall.Kill(os.Getpid(), r.Signal)
			}
			stop <- r.Signal
		},
	})
	e := ending{Weights: result.WeightsSHA256}
	if err != nil {
		e.Error = err.Error()
		if errors.As(err, new(*Interrupted)) {
			e.Kind = "interrupted"
		}
		if errors.As(err, new(*NonFiniteError)) {
			e.Kind = "non-finite"
		}
	}
	say(e)
}

// runRanks runs one process for each of size ranks, each with the changes that change makes to its role, and returns how they
// end. A rank that ends without a word has the zero ending.
func runRanks(t *testing.T, size int, r role, change func(rank int, r *role)) []ending {
	t.Helper()
	store, err := dist.NewTCPStore("127.0.0.1", 0, true, size, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if r.Timeout == 0 {
		r.Timeout = time.Minute
	}
	var processes []*exec.Cmd
	outs, logs := make([]bytes.Buffer, size), make([]bytes.Buffer, size)
	for rank := range size {
		mine := r
		mine.World = ranks.World{Rank: rank, Size: size, LocalRank: rank, LocalSize: size, Addr: "127.0.0.1", Port: store.Port(), AgentStore: true}
		if change != nil {
			change(rank, &mine)
		}
		text, err := json.Marshal(mine)
		if err != nil {
			t.Fatal(err)
		}
		p := exec.Command(os.Args[0])
		p.Env = append(os.Environ(), rankVariable+"="+string(text), "OMP_WAIT_POLICY=passive")
		p.Stdout, p.Stderr = &outs[rank], &logs[rank]
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Process.Kill() })
		processes = append(processes, p)
	}
	endings := make([]ending, size)
	for rank, p := range processes {
		if r.Signal == syscall.SIGSTOP && rank == stoppedRank {
			continue
		}
		timer := time.AfterFunc(2*time.Minute, func() { p.Process.Kill() })
		p.Wait() // What it says counts.
		timer.Stop()
		if outs[rank].Len() > 0 {
			if err := json.Unmarshal(outs[rank].Bytes(), &endings[rank]); err != nil {
				t.Fatalf("rank %d says %q: %v\n%s", rank, outs[rank].String(), err, logs[rank].String())
			}
		}
		if t.Failed() || endings[rank].Kind == "" && endings[rank].Error != "" {
			t.Logf("rank %d: %+v\n%s", rank, endings[rank], logs[rank].String())
		}
	}
	return endings
}

// whole adds what takes longer: make parity-ranks.
var whole = os.Getenv("AUGMIX_WHOLE") != ""

// stoppedRank is the one that tests stop and kill.
const stoppedRank = 1

func mustEnd(t *testing.T, endings []ending) string {
	t.Helper()
	for rank, e := range endings {
		if e.Error != "" {
			t.Fatalf("rank %d: %s", rank, e.Error)
		}
	}
	return endings[0].Weights
}

// Ranks train to the bits of one process that forms the gradients of each rank's part of a batch and adds them in gloo's order.
func TestRanksEqualTheirEmulation(t *testing.T) {
	sizes, epochs := []int{2, 4}, 1
	if whole {
		sizes, epochs = []int{1, 2, 3, 4}, 10
	}
	for _, size := range sizes {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			cfg, train, _ := small(t)
			cfg.Ranks = size
			if !whole { // One view, and draws on the batch.
				cfg.Method, cfg.MixupAlpha = "mixup", 1
			}
			cfg.BatchSize = 37 // 150 images: the last batch has two, which is none for two of four ranks.
			cfg.Epochs = epochs
			want := emulate(t, cfg, train, size)
			got := mustEnd(t, runRanks(t, size, role{Config: cfg, Resume: "none"}, nil))
			if got != want {
				t.Errorf("weights_sha256: got %s, want %s", got, want)
			}
		})
	}
}

// An accumulating run with everything that keeps a state, stopped by a signal that one rank gets, goes on with the ranks that it had to
// the bits of one that was not stopped, and with others to its end.
func TestRanksStopAndGoOn(t *testing.T) {
	cfg, _, _ := small(t)
	cfg.Method, cfg.MixupAlpha = "mixup", 1
	cfg.BatchSize, cfg.GradAccum, cfg.EMA, cfg.ClipGrad, cfg.ValSplit = 12, 3, 0.8, 0.5, 30
	want := mustEnd(t, runRanks(t, 2, role{Config: cfg, Resume: "none"}, nil))

	stopped := cfg
	stopped.Save = filepath.Join(t.TempDir(), "stopped")
	for rank, e := range runRanks(t, 2, role{Config: stopped, Resume: "none", After: 2}, func(rank int, r *role) {
		if rank == stoppedRank {
			r.Signal = syscall.SIGUSR1
		}
	}) {
		if e.Kind != "interrupted" || !strings.Contains(e.Error, "user defined signal 1") {
			t.Errorf("rank %d of the stopped run ended with %+v, want an *Interrupted", rank, e)
		}
	}
	for _, size := range []int{2, 3} {
		cfg.Save = filepath.Join(t.TempDir(), "continued")
		if err := os.CopyFS(cfg.Save, os.DirFS(stopped.Save)); err != nil {
			t.Fatal(err)
		}
		got := mustEnd(t, runRanks(t, size, role{Config: cfg, Resume: "auto"}, nil))
		if size == 2 && got != want {
			t.Errorf("weights_sha256 of the stopped run: got %s, want %s", got, want)
		}
		was, err := run.ReadConfig(filepath.Join(cfg.Save, "config.json"))
		if err != nil || was.Ranks != size {
			t.Errorf("config.json of %d ranks says %d, %v", size, was.Ranks, err)
		}
		rows := strings.Count(string(mustRead(t, filepath.Join(cfg.Save, "training_log.csv"))), "\n")
		if rows != cfg.Epochs+1 {
			t.Errorf("training_log.csv of %d ranks has %d lines, want %d", size, rows, cfg.Epochs+1)
		}
	}
}

// syncTolerance is how far the weights of ranks with --sync-bn may be from those of one process after an epoch: the norm of the
// difference by the norm of all. Sums are rounded in another order, which the network makes more of; package dist compares the
// operation itself to 2e-6.
const syncTolerance = 1e-5

func TestSyncBNEqualsWholeBatch(t *testing.T) {
	cfg, train, test := small(t)
	cfg.BatchSize, cfg.SyncBN, cfg.Droprate, cfg.Epochs, cfg.LearningRate, cfg.Views = 50, true, 0, 1, 0.01, 2
	mustRun(t, Options{Config: cfg, Resume: "none", Train: train, Test: test})
	want := lastWeights(t, cfg)
	cfg.Save = filepath.Join(t.TempDir(), "ranks")
	mustEnd(t, runRanks(t, 3, role{Config: cfg, Resume: "none"}, nil))
	if got := distance(t, lastWeights(t, cfg), want); got > syncTolerance {
		t.Errorf("weights with --sync-bn differ from the whole batch's by %.2g, want at most %.2g", got, syncTolerance)
	}
	if !whole {
		return
	}
	cfg.Save, cfg.SyncBN = filepath.Join(t.TempDir(), "apart"), false
	mustEnd(t, runRanks(t, 3, role{Config: cfg, Resume: "none"}, nil))
	if got := distance(t, lastWeights(t, cfg), want); got < 10*syncTolerance {
		t.Errorf("weights without --sync-bn differ from the whole batch's by %.2g, want more: the test would not find a mistake", got)
	}
}

// distance is the norm of the difference of two networks' tensors by the norm of the second.
func distance(t *testing.T, a, b []weights.Tensor) float64 {
	t.Helper()
	var difference, all float64
	for i := range a {
		if strings.HasPrefix(a[i].Name, "optimizer.") {
			continue
		}
		x, err1 := a[i].Float32()
		y, err2 := b[i].Float32()
		if err := errors.Join(err1, err2); err != nil || a[i].Name != b[i].Name {
			t.Fatal(a[i].Name, b[i].Name, err)
		}
		for k := range x {
			difference += math.Pow(float64(x[k]-y[k]), 2)
			all += math.Pow(float64(y[k]), 2)
		}
	}
	t.Logf("difference: %.3g", math.Sqrt(difference/all))
	return math.Sqrt(difference / all)
}

// When a rank is killed all others end within 5 seconds, and when one hangs after the timeout; all name it.
func TestRankThatIsGoneIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		signal  syscall.Signal
		timeout time.Duration
		says    string
	}{
		"killed":  {syscall.SIGKILL, time.Minute, "rank 1 is gone"},
		"stopped": {syscall.SIGSTOP, 4 * time.Second, "rank 1 has said nothing for 4s"},
	} {
		if c.signal == syscall.SIGSTOP && !whole {
			continue // Package dist's tests have it.
		}
		t.Run(name, func(t *testing.T) {
			cfg, _, _ := small(t)
			cfg.Epochs, cfg.Method = 1000, "standard"
			endings := runRanks(t, 3, role{Config: cfg, Resume: "none", Timeout: c.timeout, After: 2, Signal: c.signal}, func(rank int, r *role) {
				if rank != stoppedRank {
					r.Signal = 0
				}
			})
			for _, rank := range []int{0, 2} {
				if !strings.Contains(endings[rank].Error, c.says) {
					t.Errorf("rank %d ended with %+v, want an error that %s", rank, endings[rank], c.says)
				}
			}
		})
	}
}

// A loss that is not finite on some rank ends all.
func TestRanksStopAtNonFiniteLoss(t *testing.T) {
	cfg, _, _ := small(t)
	cfg.LearningRate, cfg.Method = 1e6, "standard"
	for rank, e := range runRanks(t, 2, role{Config: cfg, Resume: "none"}, nil) {
		if e.Kind != "non-finite" {
			t.Errorf("rank %d ended with %+v, want a *NonFiniteError", rank, e)
		}
	}
}

// Ranks that are not started alike refuse to train.
func TestRanksMustAgree(t *testing.T) {
	cfg, _, _ := small(t)
	endings := runRanks(t, 2, role{Config: cfg, Resume: "none"}, func(rank int, r *role) {
		if rank == 1 {
			r.Config.LearningRate = 0.5
		}
	})
	for rank, e := range endings {
		if !strings.Contains(e.Error, "other flags than rank 0: --learning-rate") {
			t.Errorf("rank %d ended with %+v, want an error about --learning-rate", rank, e)
		}
	}
}

// lastWeights are the tensors of a run's last checkpoint, by name.
func lastWeights(t *testing.T, cfg run.Config) []weights.Tensor {
	t.Helper()
	file, err := weights.Read(filepath.Join(cfg.Save, "checkpoints", "last"))
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(file.Tensors, func(a, b weights.Tensor) int { return strings.Compare(a.Name, b.Name) })
	return file.Tensors
}

func mustRead(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
