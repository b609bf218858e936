package run

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// LockFolder makes dir and the folders above it where they are missing, locks it for
// this process and removes what a killed program was writing directly in it. The
// lock ends with unlock, or with the process. A *LockedError says that another
// program has it; flag is the command line's that names dir.
func LockFolder(dir, flag string) (unlock func() error, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, Remedied(err)
	}
	lock, err := Lock(dir, flag)
	if err != nil {
		return nil, err
	}
	if err := Sweep(dir); err != nil {
		lock.Close()
		return nil, err
	}
	return lock.Close, nil
}

// Sweep removes the temporary files and folders in dir, which the caller has locked.
func Sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("sweep temporary files: %w", err)
	}
	for _, e := range entries {
		if !isTemp(e.Name()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return fmt.Errorf("sweep temporary files: %w%s", err, remedy(err))
		}
	}
	return nil
}

// TempFolder makes a new folder beside path, which need not be there, for
// PublishFolder to give it that name. Sweep removes it if nobody does.
func TempFolder(path string) (string, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return "", Remedied(err)
	}
	temp := tempName(path)
	if err := os.Mkdir(temp, 0o777); err != nil {
		return "", Remedied(err)
	}
	return temp, nil
}

// PublishFolder gives a TempFolder its name once everything in it is on the disk, so
// that the name never stands for a part. The files are synced together: one call for
// each costs milliseconds.
func PublishFolder(temp, path string) error {
	if err := syncFileSystem(temp); err != nil {
		return fmt.Errorf("write %s: %w%s", path, err, remedy(err))
	}
	if err := os.Rename(temp, path); err != nil {
		return fmt.Errorf("write %s: %w%s", path, err, remedy(err))
	}
	return disk{}.SyncDir(filepath.Dir(path))
}

// syncFileSystem writes everything that the file system of dir has in memory.
func syncFileSystem(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return unix.Syncfs(int(d.Fd()))
}

// Remedied adds what a person can do about an error of the file system to its message.
func Remedied(err error) error { return fmt.Errorf("%w%s", err, remedy(err)) }
