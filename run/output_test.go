package run

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestLockFolderSweepsAndExcludes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	unlock, err := LockFolder(dir, "--out")
	if err != nil {
		t.Fatal(err)
	}
	temp, err := TempFolder(filepath.Join(dir, "fog"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(path string) {
		t.Helper()
		if err := os.WriteFile(path, []byte("x"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(temp, "1.JPEG"))
	write(filepath.Join(dir, "keep"))
	if _, err := LockFolder(dir, "--out"); !errors.As(err, new(*LockedError)) {
		t.Errorf("a second lock: got %v, want a *LockedError", err)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	if unlock, err = LockFolder(dir, "--out"); err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if _, err := os.Stat(temp); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a temporary folder survived: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "keep")); err != nil {
		t.Error(err)
	}
}

func TestPublishFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fog", "1", "cat")
	temp, err := TempFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(temp, "1.JPEG"), []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := PublishFolder(temp, path); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(path, "1.JPEG")); string(got) != "x" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	again, err := TempFolder(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := PublishFolder(again, path); err == nil {
		t.Error("a folder with content was replaced")
	}
}
