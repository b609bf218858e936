package dist

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	torch "github.com/wangkuiyi/gotorch"
	F "github.com/wangkuiyi/gotorch/nn/functional"
)

// Variables of a process that plays a rank in a test.
const (
	roleVariable = "DIST_TEST_ROLE"
	portVariable = "DIST_TEST_PORT"
	rankVariable = "DIST_TEST_RANK"
	sizeVariable = "DIST_TEST_SIZE"
)

// roles are what ranks do in tests. What one prints, and its error, is what the test sees.
var roles = map[string]func(r rankProcess) error{
	"sum":  sumRole,
	"die":  dieRole,
	"stop": stopRole,
	"fail": failRole,
	"norm": normRole,
}

func TestMain(m *testing.M) {
	role := os.Getenv(roleVariable)
	if role == "" {
		os.Exit(m.Run())
	}
	if err := playRole(role); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

// rankProcess is a process that plays a rank.
type rankProcess struct {
	rank, size int
	store      *Store
	group      *Group
	watch      *Watch
}

// patience is how long a rank in a test waits for others.
const patience = 3 * time.Second

func playRole(role string) (err error) {
	torch.SetNumThreads(1)
	var r rankProcess
	port, err1 := strconv.Atoi(os.Getenv(portVariable))
	rank, err2 := strconv.Atoi(os.Getenv(rankVariable))
	size, err3 := strconv.Atoi(os.Getenv(sizeVariable))
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	r.rank, r.size = rank, size
	if r.store, err = NewTCPStore("127.0.0.1", port, false, size, patience); err != nil {
		return err
	}
	if r.group, err = NewGroup(r.store, rank, size, "gloo", patience); err != nil {
		return err
	}
	if r.watch, err = NewWatch(r.store, rank, size, patience, r.group.Done); err != nil {
		return err
	}
	if err := roles[role](r); err != nil {
		err = r.watch.Explain(err)
		r.watch.Fail(err)
		return err
	}
	r.watch.Close()
	r.group.Close()
	r.store.Close()
	return nil
}

// player is a process that a test has started.
type player struct {
	*exec.Cmd
	out   bytes.Buffer
	ended chan error
}

// play starts a rank in a process for each of size, which meet in a store of the test's own.
func play(t *testing.T, role string, size int) []*player {
	t.Helper()
	store, err := NewTCPStore("127.0.0.1", 0, true, size, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(store.Close)
	players := make([]*player, size)
	for rank := range players {
		p := &player{Cmd: exec.Command(os.Args[0]), ended: make(chan error, 1)}
		p.Env = append(os.Environ(), roleVariable+"="+role, fmt.Sprintf("%s=%d", portVariable, store.Port()),
			fmt.Sprintf("%s=%d", rankVariable, rank), fmt.Sprintf("%s=%d", sizeVariable, size), "OMP_WAIT_POLICY=passive")
		p.Stdout, p.Stderr = &p.out, &p.out
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { p.Process.Kill() })
		go func() { p.ended <- p.Wait() }()
		players[rank] = p
	}
	return players
}

// wait returns the error of a rank's process, which must end soon.
func (p *player) wait(t *testing.T) error {
	t.Helper()
	select {
	case err := <-p.ended:
		return err
	case <-time.After(30 * time.Second):
		t.Fatalf("a rank does not end; it has said %q", p.out.String())
		return nil
	}
}

func sumRole(r rankProcess) error {
	var failed error
	torch.Scope(func() {
		for _, n := range []int64{1, 7, 100_000} {
			x := torch.Full([]int64{n}, float32(r.rank+1), false)
			if failed = r.group.AllReduce(x); failed != nil {
				return
			}
			want := float32(r.size*(r.size+1)) / 2
			for i, got := range x.Float32s() {
				if got != want {
					failed = fmt.Errorf("element %d of %d: got %v, want %v", i, n, got, want)
					return
				}
			}
		}
		y := torch.Full([]int64{5}, float32(r.rank), false)
		if failed = r.group.Broadcast(y, r.size-1); failed == nil && y.Float32s()[4] != float32(r.size-1) {
			failed = fmt.Errorf("broadcast: got %v, want %d", y.Float32s()[4], r.size-1)
		}
		if failed == nil {
			failed = r.group.AllReduce(torch.Tensor{})
			if failed == nil {
				failed = errors.New("the sum of an undefined tensor is no error")
			} else if strings.Contains(failed.Error(), "undefined") {
				failed = nil
			}
		}
	})
	return errors.Join(failed, r.group.Barrier())
}

func TestGroupAddsUp(t *testing.T) {
	for _, size := range []int{1, 2, 4} {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			for rank, p := range play(t, "sum", size) {
				if err := p.wait(t); err != nil {
					t.Errorf("rank %d: %v: %s", rank, err, p.out.String())
				}
			}
		})
	}
}

// sums adds until an error comes.
func (r rankProcess) sums() error {
	var err error
	for err == nil {
		torch.Scope(func() { err = r.group.AllReduce(torch.Ones([]int64{1000}, false)) })
	}
	return err
}

func dieRole(r rankProcess) error {
	if r.rank == r.size-1 {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	return r.sums()
}

// When a rank dies all others soon say which.
func TestDeadRankIsNamed(t *testing.T) {
	players := play(t, "die", 4)
	for rank, p := range players[:3] {
		if err := p.wait(t); err == nil || !strings.Contains(p.out.String(), "rank 3 is gone") {
			t.Errorf("rank %d ended with %v and %q, want an error and \"rank 3 is gone\"", rank, err, p.out.String())
		}
	}
}

func stopRole(r rankProcess) error {
	if r.rank == 1 {
		syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	}
	<-r.watch.Lost() // A group's own timeout may come first, and knows no rank.
	return r.watch.Err()
}

// A rank that hangs is named after the timeout.
func TestStoppedRankIsNamed(t *testing.T) {
	players := play(t, "stop", 3)
	for _, rank := range []int{0, 2} {
		if err := players[rank].wait(t); err == nil || !strings.Contains(players[rank].out.String(), "rank 1 has said nothing for 3s") {
			t.Errorf("rank %d ended with %v and %q, want an error that rank 1 has said nothing", rank, err, players[rank].out.String())
		}
	}
}

func failRole(r rankProcess) error {
	if r.rank == 1 {
		return errors.New("no space is left")
	}
	return r.sums()
}

// What a rank fails with is what the others fail with.
func TestFailureIsPassedOn(t *testing.T) {
	for rank, p := range play(t, "fail", 3) {
		want := "rank 1 failed: no space is left"
		if rank == 1 {
			want = "no space is left"
		}
		if err := p.wait(t); err == nil || !strings.Contains(p.out.String(), want) {
			t.Errorf("rank %d ended with %v and %q, want an error and %q", rank, err, p.out.String(), want)
		}
	}
}

func TestStoreErrors(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken := listener.Addr().(*net.TCPAddr).Port
	if s, err := NewTCPStore("127.0.0.1", taken, true, 1, time.Second); err == nil {
		s.Close()
		t.Error("serving a store on a port that is taken: no error")
	}
	listener.Close()

	begin := time.Now()
	_, err = NewTCPStore("127.0.0.1", taken, false, 1, time.Second)
	e, ok := errors.AsType[*Error](err)
	if !ok || e.Kind == Other {
		t.Errorf("a store that nobody serves: got %v, want an *Error of a timeout or connection", err)
	}
	if d := time.Since(begin); d > 10*time.Second {
		t.Errorf("a store that nobody serves is given up after %v, want about a second", d)
	}

	if _, err := NewTCPStore("127.0.0.1", 70000, true, 1, time.Second); err == nil {
		t.Error("port 70000: no error")
	}
}

func TestGroupErrors(t *testing.T) {
	store, err := NewTCPStore("127.0.0.1", 0, true, 3, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for _, c := range []struct {
		name       string
		rank, size int
		backend    string
		kind       Kind
		blamed     int
	}{
		{"no such rank", 2, 2, "gloo", Other, -1},
		{"unknown backend", 0, 1, "mpi", Other, -1},
		{"nobody comes", 0, 2, "gloo", Timeout, 1},
	} {
		_, err := NewGroup(store, c.rank, c.size, c.backend, 500*time.Millisecond)
		e, ok := errors.AsType[*Error](err)
		if !ok || e.Kind != c.kind || e.Rank != c.blamed {
			t.Errorf("%s: got %#v, want an *Error of kind %d that blames rank %d", c.name, err, c.kind, c.blamed)
		}
	}
	if err := store.Set("key", []byte("value")); err != nil {
		t.Fatal(err)
	}
	if got, err := store.Get("key"); err != nil || string(got) != "value" {
		t.Errorf("get: got %q, %v, want \"value\"", got, err)
	}
	if _, err := store.Get("no such key"); err == nil {
		t.Error("a key that nobody sets: no error")
	}
}

// normTolerance is how far values and gradients of about 1 may be from those of the whole batch in one process.
const normTolerance = 2e-6

// normRole compares batch normalisation of a batch of which the last rank has no part with the whole batch's.
func normRole(r rankProcess) error {
	var failed error
	torch.Scope(func() {
		const rows, channels, side = 6, 4, 3
		torch.Seed(1)
		draws, weights := torch.RandN([]int64{rows, channels, side, side}, false), torch.RandN([]int64{rows, channels, side, side}, false)
		whole := draws.AddScalar(2)
		whole = whole.ChannelsLast()
		parameters := func() []torch.Tensor {
			return []torch.Tensor{torch.Full([]int64{channels}, 1.5, true), torch.Full([]int64{channels}, 0.25, true),
				torch.Zeros([]int64{channels}, false), torch.Ones([]int64{channels}, false)}
		}
		run := func(x torch.Tensor, factor torch.Tensor, norm func(x, weight, bias, mean, variance torch.Tensor) torch.Tensor) []torch.Tensor {
			p := parameters()
			x = x.Detach()
			x.SetRequiresGrad(true)
			y := norm(x, p[0], p[1], p[2], p[3])
			product := torch.Mul(y, factor)
			sum := product.Sum()
			sum.Backward()
			return []torch.Tensor{y, x.Grad(), p[0].Grad(), p[1].Grad(), p[2], p[3]}
		}
		want := run(whole, weights, func(x, weight, bias, mean, variance torch.Tensor) torch.Tensor {
			return F.BatchNorm(x, mean, variance, weight, bias, true, 0.1, 1e-5)
		})
		first, end := int64(0), int64(4) // Of rank 0; rank 1 has the rest, and others something that does not count.
		if r.rank == 1 {
			first, end = 4, rows
		}
		counted, mine, factor := r.rank < 2, whole.Slice(0, first, end, 1), weights.Slice(0, first, end, 1)
		if !counted {
			mine, factor = mine.MulScalar(7), factor.MulScalar(0)
		}
		got := run(mine, factor, func(x, weight, bias, mean, variance torch.Tensor) torch.Tensor {
			return r.group.BatchNorm(x, mean, variance, weight, bias, 0.1, 1e-5, counted)
		})
		for _, i := range []int{2, 3} { // Of the parameters each rank has its part.
			if failed = r.group.AllReduce(got[i]); failed != nil {
				return
			}
		}
		for i, name := range []string{"output", "gradient", "weight's gradient", "bias's gradient", "running mean", "running variance"} {
			wanted := want[i]
			if i < 2 {
				if !counted {
					continue
				}
				wanted = wanted.Slice(0, first, end, 1)
			}
			a, b := got[i].Float32s(), wanted.Float32s()
			for k := range a {
				if d := a[k] - b[k]; d > normTolerance*max(1, b[k], -b[k]) || d < -normTolerance*max(1, b[k], -b[k]) || d != d {
					failed = fmt.Errorf("%s, element %d: got %v, want %v", name, k, a[k], b[k])
					return
				}
			}
		}
	})
	return failed
}

func TestBatchNormIsOfAllRanks(t *testing.T) {
	for _, size := range []int{2, 3} {
		for rank, p := range play(t, "norm", size) {
			if err := p.wait(t); err != nil {
				t.Errorf("rank %d of %d: %v: %s", rank, size, err, p.out.String())
			}
		}
	}
}
