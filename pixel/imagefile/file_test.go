package imagefile

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestReadFile checks that only regular files of bearable size are read, and that
// nothing is waited for.
func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(path("good"), []byte("content"), 0o600))
	must(os.WriteFile(path("nothing"), nil, 0o600))
	must(os.WriteFile(path("large"), nil, 0o600))
	must(os.Truncate(path("large"), MaxFile+1))
	must(os.WriteFile(path("secret"), []byte("x"), 0))
	must(syscall.Mkfifo(path("fifo"), 0o600))
	must(os.Symlink("loop", path("loop")))
	must(os.Symlink("good", path("link")))
	socket, err := net.Listen("unix", path("socket"))
	must(err)
	defer socket.Close()

	var r Reader
	defer r.Close()
	for _, c := range []struct{ name, content, reason string }{
		{"good", "content", ""},
		{"link", "content", ""},
		{"nothing", "", ""},
		{"large", "", "268435457 bytes are more than 268435456"},
		{"fifo", "", "not a regular file but a FIFO"},
		{".", "", "not a regular file but a folder"},
		{"/dev/zero", "", "not a regular file but a device"},
		{"socket", "", "cannot be opened: no such device or address"},
		{"loop", "", "cannot be opened: too many levels of symbolic links"},
		{"missing", "", "cannot be opened: no such file or directory"},
		{"secret", "", "cannot be opened: permission denied"},
		{"a\x00b", "", "cannot be opened: invalid argument"},
		{strings.Repeat("long", 2000), "", "cannot be opened: file name too long"},
	} {
		if c.name == "secret" && os.Getuid() == 0 {
			continue // root may read it
		}
		name := c.name
		if !filepath.IsAbs(name) {
			name = dir + "/" + name
		}
		start := time.Now()
		data, err := r.ReadFile(name)
		if taken := time.Since(start); taken > time.Second {
			t.Errorf("%.20q: took %v", c.name, taken)
		}
		switch e, ok := errors.AsType[*Error](err); {
		case c.reason == "" && (err != nil || string(data) != c.content):
			t.Errorf("%.20q: got %q and the error %v, want %q", c.name, data, err, c.content)
		case c.reason != "" && (!ok || e.Error() != c.reason):
			t.Errorf("%.20q: got the error %v, want an *Error %q", c.name, err, c.reason)
		}
	}
	if _, err := r.ReadFile(path("missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v is not fs.ErrNotExist", err)
	}
}
