package supervise

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// settle is how long the supervisor waits after the first failure for one that may
// explain it: what a dying rank breaks lets others fail at nearly the same moment.
const settle = 200 * time.Millisecond

// round is one start of the group, until all have ended.
type round struct {
	Group
	out      *output
	children []*child
	exits    chan *child

	stop    os.Signal // The first that was passed on.
	failed  []*child  // In the order in which they ended.
	stopped []*child  // Those that ended in an orderly way after a signal.
	culprit *FailedError
}

// child is one process.
type child struct {
	rank  int
	cmd   *exec.Cmd
	lines []*lines
	ended bool
	code  int    // Its exit code, or 128 and the signal.
	how   string // In words.
	died  bool   // Of a signal.
}

func (c *child) String() string {
	return fmt.Sprintf("rank %d (process %d)", c.rank, c.cmd.Process.Pid)
}

// run starts the processes and waits until all have ended.
func (r *round) run(restart int) error {
	if err := r.start(restart); err != nil {
		r.signal(syscall.SIGKILL)
		for range r.children {
			<-r.exits
		}
		return err
	}
	var settled, expired <-chan time.Time
	interrupts := 0
	for running := len(r.children); running > 0; {
		select {
		case c := <-r.exits:
			running--
			r.ended(c)
			if len(r.failed) > 0 && settled == nil {
				settled = time.After(settle)
			}
		case <-settled:
			settled = nil
			r.blame()
			if running > 0 {
				r.out.say("%v; ending the others", r.culprit)
			}
			r.signal(syscall.SIGTERM)
			for _, c := range r.hanging() {
				c.cmd.Process.Kill() // It would not notice before it went on.
			}
			expired = time.After(cmp.Or(r.Grace, DefaultGrace))
		case <-expired:
			r.signal(syscall.SIGKILL)
		case s := <-r.Signals:
			r.stop = cmp.Or(r.stop, s)
			r.signal(s)
			if s == syscall.SIGINT {
				interrupts++
			}
			if interrupts == 2 && expired == nil {
				expired = time.After(cmp.Or(r.Grace, DefaultGrace))
			}
		}
	}
	return r.outcome()
}

// start starts the processes; those that r.children holds have begun.
func (r *round) start(restart int) error {
	port := r.Worlds[0].Port
	if port == 0 && r.Worlds[0].Size > 1 {
		var err error
		if port, err = freePort(r.Worlds[0].Addr); err != nil {
			return err
		}
	}
	args := r.Args
	if restart > 0 {
		args = r.Again()
	}
	for i, w := range r.Worlds {
		w.Port, w.Restart = port, restart
		cmd := exec.Command(r.Path, args...)
		cmd.Env = append(r.Env[:len(r.Env):len(r.Env)], w.Environ()...)
		if r.Devices != nil {
			cmd.Env = append(cmd.Env, "CUDA_VISIBLE_DEVICES="+r.Devices[i])
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
		cmd.WaitDelay = time.Second // What a child's own child holds open must not keep us.
		c := &child{rank: w.Rank, cmd: cmd}
		r.connect(c)
		if err := cmd.Start(); err != nil {
			return fmt.Errorf("cannot start rank %d: %w", w.Rank, err)
		}
		r.children = append(r.children, c)
		go func() {
			c.wait()
			r.exits <- c
		}()
	}
	return nil
}

// connect lets rank 0 write where the supervisor does and gives the other ranks'
// lines their number.
func (r *round) connect(c *child) {
	if c.rank != 0 {
		out, err := &lines{out: r.out, prefix: fmt.Sprintf("rank %d: ", c.rank)}, &lines{out: r.out, prefix: fmt.Sprintf("rank %d: ", c.rank)}
		c.cmd.Stdout, c.cmd.Stderr, c.lines = out, err, []*lines{out, err}
		return
	}
	c.cmd.Stdout, c.cmd.Stderr = r.Stdout, r.Stderr
	if _, ok := r.Stderr.(*os.File); !ok {
		c.cmd.Stderr = r.out
	}
}

// wait waits until the process has ended and keeps how.
func (c *child) wait() {
	err := c.cmd.Wait()
	for _, l := range c.lines {
		l.flush()
	}
	state := c.cmd.ProcessState
	if state == nil {
		c.code, c.how = 1, fmt.Sprintf("is lost: %v", err)
		return
	}
	status := state.Sys().(syscall.WaitStatus)
	if status.Signaled() {
		c.code, c.died, c.how = 128+int(status.Signal()), true, "died: "+state.String()
		return
	}
	c.code, c.how = status.ExitStatus(), fmt.Sprintf("failed with exit code %d", status.ExitStatus())
}

// ended sorts a process that has ended: well, as a signal asked for, or failed.
func (r *round) ended(c *child) {
	c.ended = true
	if r.stop != nil && c.died && c.code == 128+int(r.stop.(syscall.Signal)) {
		c.code = r.SignalCode(r.stop) // It came before the process could listen.
	}
	switch {
	case c.code == 0 || r.culprit != nil:
	case r.Stopped(c.code):
		r.stopped = append(r.stopped, c)
	default:
		r.failed = append(r.failed, c)
	}
}

// blame chooses whose failure it was. A rank whose peer is gone fails with the
// program's most general exit code, 1, so a signal says more than a code, and
// another code more than that one.
func (r *round) blame() {
	if r.culprit != nil || len(r.failed) == 0 {
		return
	}
	weight := func(c *child) int {
		switch {
		case c.died:
			return 2
		case c.code != 1:
			return 1
		}
		return 0
	}
	first := r.failed[0]
	for _, c := range r.failed[1:] {
		if weight(c) > weight(first) {
			first = c
		}
	}
	text := fmt.Sprintf("%v %s", first, first.how)
	for _, c := range r.hanging() {
		text += fmt.Sprintf("; %v hangs: it was stopped by a signal (SIGSTOP) or a debugger", c)
	}
	r.culprit = &FailedError{Rank: first.rank, Code: first.code, Text: text}
}

// hanging lists the processes that are there and stopped.
func (r *round) hanging() (out []*child) {
	for _, c := range r.children {
		if !c.ended && isStopped(c.cmd.Process.Pid) {
			out = append(out, c)
		}
	}
	return out
}

func (r *round) outcome() error {
	r.blame()
	if r.culprit != nil {
		return r.culprit
	}
	if len(r.stopped) > 0 {
		return &StoppedError{Code: r.stopped[0].code}
	}
	return nil
}

// signal sends s to every process that has not ended.
func (r *round) signal(s os.Signal) {
	for _, c := range r.children {
		if !c.ended {
			c.cmd.Process.Signal(s) // An error says that it has just ended.
		}
	}
}

// isStopped reports whether a process is stopped (proc(5), /proc/pid/stat).
func isStopped(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	// The state follows the program's name, which may hold anything.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	return len(fields) > 0 && (fields[0] == "T" || fields[0] == "t")
}

// freePort returns a port at which nobody listens.
func freePort(host string) (int, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		return 0, fmt.Errorf("no port for the ranks to meet at: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
