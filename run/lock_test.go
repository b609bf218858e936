package run

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestLockIsExclusive(t *testing.T) {
	f := create(t)
	_, err := Create(f.Dir())
	var locked *LockedError
	if !errors.As(err, &locked) {
		t.Fatalf("got %v, want a *LockedError", err)
	}
	host, _ := os.Hostname()
	holder := fmt.Sprintf("process %d on %s", os.Getpid(), host)
	if !strings.Contains(err.Error(), holder) || !strings.Contains(err.Error(), f.Dir()) {
		t.Errorf("%q does not name the folder and %q", err, holder)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
	again, err := Create(f.Dir())
	if err != nil {
		t.Fatalf("after close: %v", err)
	}
	again.Close()
}

func TestLockRace(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	const programs = 8
	folders, errs := make([]*Folder, programs), make([]error, programs)
	var wg sync.WaitGroup
	for i := range programs {
		wg.Go(func() { folders[i], errs[i] = Create(dir) })
	}
	wg.Wait()
	winners := 0
	for i, f := range folders {
		var locked *LockedError
		switch {
		case errs[i] == nil:
			winners++
			defer f.Close()
		case !errors.As(errs[i], &locked):
			t.Errorf("got %v, want a *LockedError", errs[i])
		}
	}
	if winners != 1 {
		t.Errorf("%d programs hold the lock, want 1", winners)
	}
}

// The lock file of a program that was killed while writing it locks nobody out
// and breaks no message.
func TestReadHolder(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "another program",
		"process 7 on a\nprocess": "process 7 on a",
		"\xff\xfe":                "?",
		strings.Repeat("x", 500):  strings.Repeat("x", 119) + "…",
	} {
		path := filepath.Join(t.TempDir(), ".lock")
		write(t, path, text)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		got := (&LockedError{Dir: "d", Holder: readHolder(f)}).Error()
		f.Close()
		if want := "d is in use by " + want + "; "; !strings.HasPrefix(got, want) {
			t.Errorf("%.20q: got %q, want it to begin with %q", text, got, want)
		}
	}
}
