package run

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// fileSystem is the set of system calls that the write protocol makes, one
// method each, so that a test can fail or count any of them.
type fileSystem interface {
	// CreateNew opens path for writing with O_CREAT|O_EXCL.
	CreateNew(path string) (syncFile, error)
	Rename(from, to string) error
	Remove(path string) error
	Symlink(target, path string) error
	// SyncDir makes renames in the folder path durable.
	SyncDir(path string) error
}

// syncFile is an open file of a fileSystem.
type syncFile interface {
	io.WriteCloser
	Sync() error
}

// disk is the operating system's fileSystem.
type disk struct{}

func (disk) CreateNew(path string) (syncFile, error) {
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
}

func (disk) Rename(from, to string) error      { return os.Rename(from, to) }
func (disk) Remove(path string) error          { return os.Remove(path) }
func (disk) Symlink(target, path string) error { return os.Symlink(target, path) }

func (disk) SyncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	err = d.Sync()
	// Some network and FUSE file systems cannot sync a folder and answer
	// EINVAL; there a rename is as durable as it gets.
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) {
		return nil
	}
	return err
}

// tempMark is in the name of every file that is being written. A name with it
// is never read, and is swept when the folder is locked.
const tempMark = ".tmp-"

// isTemp reports whether the file called name is one that was being written.
func isTemp(name string) bool { return strings.Contains(name, tempMark) }

// SweepFile removes what calls of WriteFile for path left that were killed. Nobody may be
// writing it.
func SweepFile(path string) error {
	entries, err := os.ReadDir(filepath.Dir(path))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), filepath.Base(path)+tempMark) {
			err = errors.Join(err, os.Remove(filepath.Join(filepath.Dir(path), e.Name())))
		}
	}
	return err
}

// WriteFile replaces the file at path by what write writes, or leaves it as it
// is: the content goes to a new file in the same folder, is synced to the disk
// and takes the name by rename, after which the folder is synced. On an error
// the temporary file is removed and the error names path.
func WriteFile(path string, write func(io.Writer) error) error {
	return writeFile(disk{}, path, write)
}

func writeFile(fs fileSystem, path string, write func(io.Writer) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w%s", path, err, remedy(err))
		}
	}()
	temp, f, err := createTemp(fs, path)
	if err != nil {
		return err
	}
	renamed := false
	defer func() {
		if !renamed {
			// The first error is the one to report; a file that stays
			// behind is swept by the next program that takes the lock.
			_ = fs.Remove(temp)
		}
	}()
	if err := fill(f, write); err != nil {
		return err
	}
	if err := fs.Rename(temp, path); err != nil {
		return err
	}
	renamed = true
	return fs.SyncDir(filepath.Dir(path))
}

// fill writes, syncs and closes f, always closing it once. A failed sync is
// final: the kernel may have dropped the pages and a second sync would succeed
// without them.
func fill(f syncFile, write func(io.Writer) error) error {
	w := bufio.NewWriterSize(f, 1<<18)
	err := write(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// createTemp makes a new file beside path under a name that no other file has.
func createTemp(fs fileSystem, path string) (string, syncFile, error) {
	const tries = 100
	for try := 0; ; try++ {
		temp := tempName(path)
		f, err := fs.CreateNew(temp)
		if errors.Is(err, os.ErrExist) && try < tries {
			continue
		}
		return temp, f, err
	}
}

// tempName returns a temporary name for path. It is random and not made of the
// process id, because ids repeat in containers that share a volume.
func tempName(path string) string {
	return path + tempMark + strconv.FormatUint(rand.Uint64(), 36)
}

// replaceLink makes path a symbolic link to target (relative to path's folder),
// replacing what was there in one step.
func replaceLink(fs fileSystem, target, path string) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("link %s to %s: %w%s", path, target, err, remedy(err))
		}
	}()
	temp := tempName(path)
	if err := fs.Symlink(target, temp); err != nil {
		return err
	}
	if err := fs.Rename(temp, path); err != nil {
		_ = fs.Remove(temp)
		return err
	}
	return fs.SyncDir(filepath.Dir(path))
}

// remedy says what a person can do about err, as the end of its message.
func remedy(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "; free some space, or write to another folder"
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.EROFS):
		return "; make the folder writable, or write to another"
	}
	return ""
}
