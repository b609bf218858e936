package run

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// LockedError says that another running program writes into the folder. The
// command line exits with 4.
type LockedError struct {
	Dir    string
	Holder string // "process 123 on host", or "" when it did not say
	Flag   string // that names another folder; "" is --save
}

func (e *LockedError) Error() string {
	holder := e.Holder
	if holder == "" {
		holder = "another program"
	}
	return fmt.Sprintf("%s is in use by %s; wait until it ends, stop it, or choose another %s", e.Dir, holder, cmp.Or(e.Flag, "--save"))
}

// Lock locks the file called .lock in dir for this process, until the file that is
// returned is closed or the process ends. A folder that is in use is a *LockedError;
// flag is the command line's that names dir.
func Lock(dir, flag string) (io.Closer, error) {
	f, err := takeLock(dir, filepath.Join(dir, lockName))
	if locked, ok := errors.AsType[*LockedError](err); ok {
		locked.Flag = flag
	}
	return f, err
}

// takeLock locks the file at path for this process and writes who holds it. The
// kernel drops the lock when the process ends, however it ends; the file stays,
// because removing it would let two programs lock two files of that name.
func takeLock(dir, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w%s", dir, err, remedy(err))
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		holder := readHolder(f)
		f.Close()
		return nil, &LockedError{Dir: dir, Holder: holder}
	}
	if err == nil {
		err = writeHolder(f)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w%s", path, err, remedy(err))
	}
	return f, nil
}

func writeHolder(f *os.File) error {
	host, err := os.Hostname()
	if err != nil {
		host = "an unnamed host"
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(fmt.Appendf(nil, "process %d on %s\n", os.Getpid(), host), 0)
	return err
}

// readHolder returns the first line of the lock file, cut to what fits a
// message: the holder may be between truncating and writing it.
func readHolder(f *os.File) string {
	line, _ := bufio.NewReader(f).ReadString('\n')
	return clip(strings.TrimSpace(strings.ToValidUTF8(line, "?")), 120)
}
