package supervise

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"augmix/ranks"
)

// These name, for the processes that the tests start, the folder for their process
// numbers, and whether they are the supervisor.
const (
	childEnv      = "AUGMIX_TEST_CHILD"
	supervisorEnv = "AUGMIX_TEST_SUPERVISOR"
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(childEnv) != "":
		beChild(os.Getenv(childEnv), os.Args[1:])
	case os.Getenv(supervisorEnv) != "":
		g := group(os.Getenv(supervisorEnv), "deaf", "deaf")
		Run(g)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// beChild does what the argument of its rank says, as rank 0 of 2 in "ok kill".
func beChild(dir string, todo []string) {
	w, err := ranks.FromEnv(os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(99)
	}
	what, value, _ := strings.Cut(todo[w.Rank], ":")
	asked := make(chan os.Signal, 1)
	switch what {
	case "deaf":
		signal.Ignore(syscall.SIGTERM)
	case "polite":
		signal.Notify(asked, syscall.SIGINT, syscall.SIGTERM, syscall.SIGUSR1)
	}
	name := filepath.Join(dir, strconv.Itoa(w.Rank))
	if err := os.WriteFile(name+".new", []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		os.Exit(98)
	}
	os.Rename(name+".new", name)
	awaitAll(dir, w.Size) // Nobody acts before all can.
	switch what {
	case "exit":
		code, _ := strconv.Atoi(value)
		os.Exit(code)
	case "late":
		time.Sleep(50 * time.Millisecond)
		os.Exit(1)
	case "kill":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "hang":
		syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	case "timeout":
		time.Sleep(300 * time.Millisecond)
		os.Exit(1)
	case "once":
		if w.Restart == 0 {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
		}
	case "say":
		fmt.Printf("%s on %s\nand %s", value, "stdout", os.Getenv("CUDA_VISIBLE_DEVICES"))
		fmt.Fprintf(os.Stderr, "%s on stderr\n", value)
	case "polite":
		s := <-asked
		time.Sleep(time.Duration(w.Rank) * 100 * time.Millisecond)
		os.Exit(signalCode(s))
	case "wait", "deaf":
		time.Sleep(time.Minute)
	}
	os.Exit(0)
}

// awaitAll waits until every rank has written its process number.
func awaitAll(dir string, size int) []int {
	pids := make([]int, size)
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		n := 0
		for i := range pids {
			text, err := os.ReadFile(filepath.Join(dir, strconv.Itoa(i)))
			if pids[i], _ = strconv.Atoi(string(text)); err == nil {
				n++
			}
		}
		if n == size {
			return pids
		}
	}
	return nil
}

func signalCode(s os.Signal) int {
	switch s {
	case syscall.SIGUSR1:
		return 75
	case syscall.SIGTERM:
		return 143
	}
	return 130
}

// group is this test's program as so many ranks.
func group(dir string, todo ...string) Group {
	g := Group{
		Path: os.Args[0], Args: todo, Env: append(os.Environ(), childEnv+"="+dir), Grace: time.Second,
		Stdout: new(bytes.Buffer), Stderr: new(bytes.Buffer),
		Again:       func() []string { return todo },
		Restartable: func(code int) bool { return code != 3 },
		Stopped:     func(code int) bool { return code == 75 || code == 130 || code == 143 },
		SignalCode:  signalCode,
	}
	for i := range todo {
		g.Worlds = append(g.Worlds, ranks.World{Rank: i, Size: len(todo), LocalRank: i, LocalSize: len(todo), Addr: "127.0.0.1"})
	}
	return g
}

// gone reports whether a process has ended, reaped or not.
func gone(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || bytes.Contains(text, []byte(") Z "))
}

func TestRun(t *testing.T) {
	for _, c := range []struct {
		name string
		todo string
		set  func(*Group)
		want string // Run's error with 1 for a process; empty for none.
		code int
		said string
		most time.Duration
	}{
		{name: "all end well", todo: "ok ok ok"},
		{name: "one is killed", todo: "wait kill wait", want: "rank 1 (process 1) died: signal: killed", code: 137,
			said: "augmix: rank 1 (process 1) died: signal: killed; ending the others\n", most: 900 * time.Millisecond},
		{name: "one is killed, one does not listen", todo: "deaf kill", want: "rank 1 (process 1) died: signal: killed", code: 137, most: 2 * time.Second},
		{name: "one fails", todo: "wait exit:5", want: "rank 1 (process 1) failed with exit code 5", code: 5, most: 900 * time.Millisecond},
		{name: "what it breaks fails before it is seen", todo: "exit:1 kill", want: "rank 1 (process 1) died: signal: killed", code: 137},
		{name: "a code says more than 1", todo: "exit:1 late exit:4", want: "rank 2 (process 1) failed with exit code 4", code: 4},
		{name: "one hangs until the others give up", todo: "timeout hang",
			want: "rank 0 (process 1) failed with exit code 1; rank 1 (process 1) hangs: it was stopped by a signal (SIGSTOP) or a debugger", code: 1, most: 900 * time.Millisecond},
		{name: "again and again", todo: "ok kill", set: func(g *Group) { g.MaxRestarts = 2 }, want: "rank 1 (process 1) died: signal: killed", code: 137,
			said: "starting all again (restart 2 of at most 2)"},
		{name: "once more", todo: "once once", set: func(g *Group) { g.MaxRestarts = 1 },
			said: "died: signal: killed; starting all again (restart 1 of at most 1)"},
		{name: "once more with other arguments", todo: "kill ok", set: func(g *Group) {
			g.MaxRestarts = 1
			g.Again = func() []string { return []string{"ok", "ok"} }
		}, said: "restart 1 of at most 1"},
		{name: "what does not help again", todo: "wait exit:3", set: func(g *Group) { g.MaxRestarts = 5 }, want: "rank 1 (process 1) failed with exit code 3", code: 3},
		{name: "a program that is not there", todo: "ok ok", set: func(g *Group) { g.Path = "/nowhere/augmix" },
			want: "cannot start rank 0: fork/exec /nowhere/augmix: no such file or directory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			g := group(dir, strings.Fields(c.todo)...)
			if c.set != nil {
				c.set(&g)
			}
			begun := time.Now()
			err := Run(g)
			took := time.Since(begun)
			text := ""
			if err != nil {
				text = withoutNumbers(err.Error())
			}
			if text != c.want {
				t.Errorf("got %q, want %q", text, c.want)
			}
			if failed, ok := errors.AsType[*FailedError](err); ok && failed.Code != c.code {
				t.Errorf("exit code %d, want %d", failed.Code, c.code)
			}
			if said := withoutNumbers(fmt.Sprint(g.Stderr)); !strings.Contains(said, c.said) {
				t.Errorf("it said %q, want %q", said, c.said)
			}
			// The supervisor's own part; a machine that is busy adds to it.
			if c.most > 0 && took > c.most+2*time.Second {
				t.Errorf("it took %v, want at most %v", took, c.most)
			}
			for i := range g.Worlds {
				if text, err := os.ReadFile(filepath.Join(dir, strconv.Itoa(i))); err == nil {
					if pid, _ := strconv.Atoi(string(text)); !gone(pid) {
						t.Errorf("rank %d, process %d, has not ended", i, pid)
					}
				}
			}
		})
	}
}

func withoutNumbers(s string) string {
	return regexp.MustCompile(`process \d+`).ReplaceAllString(s, "process 1")
}

func TestSignals(t *testing.T) {
	for _, c := range []struct {
		signal syscall.Signal
		todo   string
		code   int
	}{
		{syscall.SIGUSR1, "polite polite", 75},
		{syscall.SIGTERM, "polite polite polite", 143},
		{syscall.SIGINT, "polite polite", 130},
		{syscall.SIGTERM, "wait wait", 143}, // It came before they could listen.
	} {
		t.Run(fmt.Sprint(c.signal, " to ", c.todo), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			signals := make(chan os.Signal, 1)
			g := group(dir, strings.Fields(c.todo)...)
			g.Signals, g.MaxRestarts = signals, 3
			go func() {
				awaitAll(dir, len(g.Worlds))
				signals <- c.signal
			}()
			err := Run(g)
			if stopped, ok := errors.AsType[*StoppedError](err); !ok || stopped.Code != c.code {
				t.Errorf("got %v, want to be stopped with exit code %d", err, c.code)
			}
			if said := fmt.Sprint(g.Stderr); said != "" {
				t.Errorf("it said %q", said)
			}
		})
	}
}

func TestOutput(t *testing.T) {
	g := group(t.TempDir(), "say:zero", "say:one")
	g.Devices = []string{"3", "GPU-7"}
	if err := Run(g); err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(g.Stdout), "zero on stdout\nand 3"; got != want {
		t.Errorf("standard output is %q, want %q", got, want)
	}
	got := fmt.Sprint(g.Stderr)
	for _, line := range []string{"zero on stderr\n", "rank 1: one on stdout\n", "rank 1: and GPU-7\n", "rank 1: one on stderr\n"} {
		if !strings.Contains(got, line) {
			t.Errorf("standard error is %q, lacks %q", got, line)
		}
	}
	if n := strings.Count(got, "\n"); n != 4 {
		t.Errorf("standard error has %d lines, want 4: %q", n, got)
	}
}

// The ranks end with a supervisor that is killed.
func TestKilledSupervisor(t *testing.T) {
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), supervisorEnv+"="+dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pids := awaitAll(dir, 2)
	if err := cmd.Process.Kill(); err != nil || pids == nil {
		t.Fatalf("%v, processes %v", err, pids)
	}
	cmd.Wait()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if gone(pids[0]) && gone(pids[1]) {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the processes %v are still there", pids)
		}
	}
}

func TestLines(t *testing.T) {
	var out bytes.Buffer
	l := &lines{out: &out, prefix: "> "}
	for _, part := range []string{"a", "b\n\ncd", "", "\ne", strings.Repeat("x", maxLine)} {
		if n, err := l.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatalf("wrote %d of %d bytes, %v", n, len(part), err)
		}
	}
	l.Write([]byte("end"))
	l.flush()
	l.flush()
	got := strings.ReplaceAll(out.String(), strings.Repeat("x", 100), "")
	if !strings.HasPrefix(got, "> ab\n> \n> cd\n> e") || !strings.HasSuffix(got, "end\n") || strings.Count(got, "> ") != 5 {
		t.Errorf("got %q", got)
	}
}
