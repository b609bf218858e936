package main

import (
	"bytes"
	"debug/elf"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRewrite rewrites the list of a library of libtorch, whose other bytes stay as they are.
func TestRewrite(t *testing.T) {
	before, err := os.ReadFile("../../torchbridge/libtorch/lib/libc10.so")
	if err != nil {
		t.Skip(err)
	}
	path := filepath.Join(t.TempDir(), "lib.so")
	if err := os.WriteFile(path, before, 0o700); err != nil {
		t.Fatal(err)
	}
	list := func() string {
		f, err := elf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		list, _, err := runpath(f)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	old := list()
	const want = "$ORIGIN/../lib"
	if err := rewrite(path, want); err != nil || list() != want {
		t.Fatalf("got %q, %v, want %q", list(), err, want)
	}
	after, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(after, bytes.Replace(before, []byte(old), append([]byte(want), make([]byte, len(old)-len(want))...), 1)) {
		t.Errorf("other bytes have changed, %v", err)
	}
	if err := rewrite(path, strings.Repeat("x", len(old)+1)); err == nil || list() != want {
		t.Errorf("a longer list: got %v, %q", err, list())
	}
	if err := rewrite("main.go", want); err == nil {
		t.Error("a file that is no executable: got no error")
	}
}
