package run

import (
	"errors"
	"io"
	"maps"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// faultyDisk fails its n-th call, and with forever every later one too. It
// counts what the write protocol must never do.
type faultyDisk struct {
	disk
	n       int
	forever bool
	err     error
	short   bool // a write that fails has written a half

	calls, open, badSyncs int
	failed                string // the call that failed first
}

func (d *faultyDisk) fail(call string) error {
	d.calls++
	if d.calls == d.n || d.forever && d.calls > d.n {
		if d.failed == "" {
			d.failed = call
		}
		return d.err
	}
	return nil
}

func (d *faultyDisk) CreateNew(path string) (syncFile, error) {
	if err := d.fail("create"); err != nil {
		return nil, err
	}
	f, err := d.disk.CreateNew(path)
	if err != nil {
		return nil, err
	}
	d.open++
	return &faultyFile{syncFile: f, d: d}, nil
}

func (d *faultyDisk) Rename(from, to string) error {
	if err := d.fail("rename " + filepath.Base(to)); err != nil {
		return err
	}
	return d.disk.Rename(from, to)
}

func (d *faultyDisk) Remove(path string) error {
	if err := d.fail("remove " + filepath.Base(path)); err != nil {
		return err
	}
	return d.disk.Remove(path)
}

func (d *faultyDisk) Symlink(target, path string) error {
	if err := d.fail("symlink"); err != nil {
		return err
	}
	return d.disk.Symlink(target, path)
}

func (d *faultyDisk) SyncDir(path string) error {
	if err := d.fail("sync folder"); err != nil {
		return err
	}
	return d.disk.SyncDir(path)
}

type faultyFile struct {
	syncFile
	d          *faultyDisk
	syncFailed bool
}

func (f *faultyFile) Write(p []byte) (int, error) {
	if err := f.d.fail("write"); err != nil {
		n := 0
		if f.d.short {
			n, _ = f.syncFile.Write(p[:len(p)/2])
		}
		return n, err
	}
	return f.syncFile.Write(p)
}

func (f *faultyFile) Sync() error {
	if f.syncFailed {
		f.d.badSyncs++
	}
	if err := f.d.fail("sync"); err != nil {
		f.syncFailed = true
		return err
	}
	return f.syncFile.Sync()
}

func (f *faultyFile) Close() error {
	f.d.open--
	err := f.syncFile.Close()
	if fault := f.d.fail("close"); fault != nil {
		return fault
	}
	return err
}

// Every call of the protocol fails once, in turn, with every error. The earlier
// checkpoints stay byte for byte, no temporary file stays, the error names the
// folder, and a checkpoint loads.
func TestSaveCheckpointSurvivesEveryFault(t *testing.T) {
	for _, fault := range []error{syscall.ENOSPC, syscall.EIO, syscall.EROFS, syscall.EXDEV, io.ErrShortWrite} {
		for _, forever := range []bool{false, true} {
			n := 1
			for ; n < 100; n++ {
				d := &faultyDisk{n: n, forever: forever, err: fault, short: n%2 == 0}
				if saveOnFaultyDisk(t, d) {
					break
				}
			}
			// create, write, sync, close, rename, sync folder; symlink,
			// rename, sync folder for two links; two removals.
			if want := 6 + 2*3 + 2; n != want+1 {
				t.Errorf("%v: a save made %d calls, want %d; is one of them not failed?", fault, n-1, want)
			}
		}
	}
}

// saveOnFaultyDisk saves step 4 after steps 1 to 3 (1 is the best) and checks
// what is left. It reports whether no call was failed.
func saveOnFaultyDisk(t *testing.T, d *faultyDisk) (clean bool) {
	t.Helper()
	f := create(t)
	for step := uint64(1); step <= 3; step++ {
		save(t, f, step, step == 1)
	}
	before := tree(t, f.Path("checkpoints"))
	f.fs = d
	warnings, err := f.SaveCheckpoint(4, checkpoint(4), true)
	f.fs = disk{}
	after := tree(t, f.Path("checkpoints"))
	where := d.failed
	switch {
	case where == "":
		if err != nil || len(warnings) > 0 {
			t.Errorf("no fault: got %v, %v", err, warnings)
		}
	case strings.HasPrefix(where, "remove step"):
		if err != nil || len(warnings) == 0 || !strings.Contains(warnings[0], d.err.Error()) {
			t.Errorf("%s: got %v, warnings %v, want a warning alone", where, err, warnings)
		}
	case !errors.Is(err, d.err) || !strings.Contains(err.Error(), f.Path("checkpoints")):
		t.Errorf("%s: got %v, want %v and the path", where, err, d.err)
	}
	if d.open != 0 || d.badSyncs != 0 {
		t.Errorf("%s: %d files stay open, %d synced again after a failed sync", where, d.open, d.badSyncs)
	}
	for name, text := range before {
		switch {
		case err != nil && strings.HasPrefix(name, "step-") && after[name] != text:
			t.Errorf("%s with %v: %s changed", where, d.err, name)
		case after[name] == "" && !strings.HasPrefix(name, "step-"):
			t.Errorf("%s with %v: the link %s is gone", where, d.err, name)
		}
	}
	for name := range maps.Keys(after) {
		if isTemp(name) && !d.forever {
			t.Errorf("%s with %v: %s stays", where, d.err, name)
		}
	}
	newest, damaged, err := f.Newest()
	if err != nil || len(damaged) > 0 || newest == nil || newest.Step < 3 {
		t.Errorf("%s with %v: newest is %+v, %v, %v", where, d.err, newest, damaged, err)
	}
	for _, load := range []func() (*Checkpoint, error){f.Last, f.Best} {
		if _, err := load(); err != nil {
			t.Errorf("%s with %v: %v", where, d.err, err)
		}
	}
	return where == ""
}

func TestWriteFileReportsTheWritersError(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.json")
	write(t, path, "old")
	mine := errors.New("no such pixel")
	err := WriteFile(path, func(w io.Writer) error {
		io.WriteString(w, "new")
		return mine
	})
	if !errors.Is(err, mine) || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
	if got := tree(t, dir); len(got) != 1 || got["a.json"] != "old" {
		t.Errorf("got %v, want the old file alone", got)
	}
}

func TestWriteFileSaysWhatToDo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	for fault, want := range map[error]string{
		syscall.ENOSPC: "free some space", syscall.EACCES: "make the folder writable",
		syscall.EROFS: "make the folder writable", syscall.EIO: "input/output error",
	} {
		err := writeFile(&faultyDisk{n: 1, err: fault}, path, func(io.Writer) error { return nil })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %q", fault, err, want)
		}
	}
}
