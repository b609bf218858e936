package run

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// killEnv names, for the process that TestKill starts, the folder to save into.
const killEnv = "AUGMIX_TEST_KILL_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killEnv); dir != "" {
		fmt.Fprintln(os.Stderr, saveForever(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// saveForever saves one checkpoint after the other from the newest on, a log
// row with each, and prints a step once its checkpoint is on the disk.
func saveForever(dir string) error {
	f, err := Create(dir)
	if err != nil {
		return err
	}
	newest, _, err := f.Newest()
	if err != nil {
		return err
	}
	step, at := uint64(0), int64(0)
	if newest != nil {
		step = newest.Step
		if at, err = strconv.ParseInt(newest.File.Metadata["log"], 10, 64); err != nil {
			return err
		}
	}
	log, warning, err := f.OpenLog(at)
	if err != nil || warning != "" {
		return fmt.Errorf("%w %s", err, warning)
	}
	for {
		step++
		if err := log.Append(Row{Epoch: int(step)}); err != nil {
			return err
		}
		c := checkpoint(step)
		c.Metadata["log"] = fmt.Sprint(log.Offset())
		if _, err := f.SaveCheckpoint(step, c, step%5 == 0); err != nil {
			return err
		}
		fmt.Println(step)
	}
}

// A process that does nothing but save is killed at random moments and started
// again. The newest checkpoint always loads, none that was reported is lost,
// the lock is free, and the log has each row once.
func TestKill(t *testing.T) {
	const kills = 25
	f := create(t)
	dir := f.Dir()
	if err := f.WriteConfig(sample()); err != nil {
		t.Fatal(err)
	}
	f.Close()
	moments := rand.New(rand.NewPCG(1, 2))
	reached := uint64(0)
	for i := range kills {
		reported := max(reached, killedWhileSaving(t, dir, moments))
		newest, damaged, err := f.Newest()
		if err != nil || len(damaged) > 0 {
			t.Fatalf("kill %d: %v, damaged %v", i, err, damaged)
		}
		if newest == nil && reported == 0 {
			continue
		}
		if newest == nil || newest.Step < reported {
			t.Fatalf("kill %d: newest is %+v, but step %d was reported", i, newest, reported)
		}
		reached = newest.Step
	}
	again, err := Create(dir)
	if err != nil {
		t.Fatalf("after the last kill: %v", err)
	}
	defer again.Close()
	for name := range tree(t, dir) {
		if isTemp(name) {
			t.Errorf("%s was not swept", name)
		}
	}
	rows, err := again.ReadLog()
	if err != nil || uint64(len(rows)) < reached {
		t.Fatalf("%d rows, %v, want at least %d", len(rows), err, reached)
	}
	for i, r := range rows {
		if r.Epoch != i+1 {
			t.Fatalf("row %d is of epoch %d", i+1, r.Epoch)
		}
	}
	t.Logf("%d kills, %d checkpoints", kills, reached)
}

// killedWhileSaving runs saveForever on dir, kills it with SIGKILL after a
// random time from its first report on and returns the last step it reported.
func killedWhileSaving(t *testing.T, dir string, moments *rand.Rand) uint64 {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), killEnv+"="+dir)
	stderr := new(strings.Builder)
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	last := uint64(0)
	for lines.Scan() {
		if last == 0 {
			time.AfterFunc(time.Duration(moments.Int64N(int64(30*time.Millisecond))), func() { cmd.Process.Kill() })
		}
		if last, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
			t.Errorf("the child printed %q", lines.Text())
		}
	}
	if err := cmd.Wait(); err == nil || stderr.Len() > 0 {
		t.Fatalf("the child ended by itself: %v, %s", err, stderr)
	}
	return last
}
