package fetch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"augmix/data"
)

// R20: an archive that would write outside of its folder, or more than it should, is
// refused, and nothing outside of the folder changes.
func TestUnpackRefuses(t *testing.T) {
	special := func(name string, flag byte, link string) member {
		return member{tar.Header{Name: name, Typeflag: flag, Linkname: link}, ""}
	}
	many := make([]member, 0, 20)
	for range cap(many) {
		many = append(many, file("P/"+strings.Repeat("d/", 12)+"x", ""))
	}
	endlessHeaders := func() []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		w := tar.NewWriter(z)
		for range 20_000 {
			if err := w.WriteHeader(&tar.Header{Name: "P/d", Typeflag: tar.TypeDir}); err != nil {
				t.Fatal(err)
			}
		}
		w.Close()
		z.Close()
		return b.Bytes()
	}
	good := []member{file("P/a", "1")}
	for _, c := range []struct {
		name    string
		archive []byte
		want    string
	}{
		{"out of it", tarOf(t, file("P/../../evil", "x")), "not the name of a file"},
		{"out of it from the top", tarOf(t, file("../evil", "x")), "not the name of a file"},
		{"out of it and in again", tarOf(t, file("P/../P/a", "x")), "not the name of a file"},
		{"absolute", tarOf(t, file("/tmp/evil", "x")), "not the name of a file"},
		{"two slashes", tarOf(t, file("P//a", "x")), "not the name of a file"},
		{"a dot within", tarOf(t, file("P/./a", "x")), "not the name of a file"},
		{"a backslash", tarOf(t, file(`P/..\evil`, "x")), "not the name of a file"},
		{"a control character", tarOf(t, file("P/a\nb", "x")), "not the name of a file"},
		{"a long name", tarOf(t, file("P/"+strings.Repeat("n", 300), "x")), "not the name of a file"},
		{"deep folders", tarOf(t, many...), "not the name of a file"},
		{"a symbolic link", tarOf(t, special("P/l", tar.TypeSymlink, "/"), file("P/l/evil", "x")), "a symbolic link"},
		{"a relative link", tarOf(t, special("P/l", tar.TypeSymlink, "a")), "a symbolic link"},
		{"a hard link", tarOf(t, special("P/l", tar.TypeLink, "/etc/passwd")), "a hard link"},
		{"a device", tarOf(t, special("P/null", tar.TypeChar, "")), "a device"},
		{"a block device", tarOf(t, special("P/sda", tar.TypeBlock, "")), "a device"},
		{"a FIFO", tarOf(t, special("P/f", tar.TypeFifo, "")), "a FIFO"},
		{"another kind", tarOf(t, special("P/x", 'Z', "")), "a member of the kind 'Z'"},
		{"a file twice", tarOf(t, file("P/a", "1"), file("P/a", "2")), `holds "a" twice`},
		{"a file as a folder", tarOf(t, file("P/a", "1"), file("P/a/b", "2")), "cannot be made"},
		{"a folder as a file", tarOf(t, file("P/a/b", "1"), file("P/a", "2")), "twice"},
		{"two folders", tarOf(t, file("P/a", "1"), file("Q/a", "2")), `beside its folder "P"`},
		{"a file without a folder", tarOf(t, file("a", "1")), "outside of a folder"},
		{"nothing", tarOf(t), "holds no file"},
		{"an empty folder", tarOf(t, member{tar.Header{Name: "P/", Typeflag: tar.TypeDir}, ""}), "holds no file"},
		{"too large", tarOf(t, file("P/a", strings.Repeat("x", 5001))), "more than it should"},
		{"too large together", tarOf(t, file("P/a", strings.Repeat("x", 3000)), file("P/b", strings.Repeat("x", 3000))), "more than it should"},
		{"truncated", tarOf(t, file("P/a", strings.Repeat("x", 3000)))[:2000], "ends within"},
		{"truncated at a header", tarOf(t, good...)[:300], "not a whole .tar file"},
		{"no archive", []byte("<!DOCTYPE html>" + strings.Repeat(" ", 1000)), "not a whole .tar file"},
		{"empty", nil, "holds no file"},
		{"endless headers", endlessHeaders(), "unpacks to more than"},
		{"no .gz", tarOf(t, good...), "not a .gz file"},
		{"a .gz with a wrong checksum", func() []byte {
			z := gzipped(t, tarOf(t, good...))
			z[len(z)-5]++
			return z
		}(), "is damaged"},
		{"a .gz cut off", gzipped(t, tarOf(t, good...))[:60], "not a whole .tar file"},
		{"a bomb", gzipped(t, tarOf(t, file("P/a", strings.Repeat("\x00", 4<<20)))), "more than it should"},
		{"a bomb behind the end", gzipped(t, append(tarOf(t, good...), make([]byte, 4<<20)...)), "unpacks to more than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			outer := t.TempDir()
			archive := filepath.Join(outer, "x.tar")
			if err := os.WriteFile(archive, c.archive, 0o666); err != nil {
				t.Fatal(err)
			}
			a := Archive{Path: "x.tar", Folder: "P", Unpacked: 5000}
			if strings.Contains(c.name, ".gz") || strings.Contains(c.name, "bomb") || strings.Contains(c.name, "headers") {
				a.Path = "x.tar.gz"
			}
			inner := filepath.Join(outer, "in", "ner")
			if err := os.MkdirAll(inner, 0o777); err != nil {
				t.Fatal(err)
			}
			staging := filepath.Join(inner, "staging")
			_, err := unpack(context.Background(), a, archive, staging, func(int64) {})
			e, ok := errors.AsType[*data.Error](err)
			if !ok || e.Kind != data.Invalid || e.Path != archive || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want invalid data with %q", err, c.want)
			}
			if err := os.RemoveAll(staging); err != nil {
				t.Fatal(err)
			}
			if got, want := tree(t, outer), "x.tar:"; !strings.HasPrefix(got, want) || strings.Contains(got, " ") {
				t.Errorf("outside of the folder: %s", got)
			}
			// No part of a refused archive becomes data.
			o := Options{Dir: inner}
			if err := o.install(context.Background(), a, archive, filepath.Join(inner, "P")); err == nil {
				t.Error("install takes it")
			}
			if got := tree(t, inner); got != "" {
				t.Errorf("install left %s", got)
			}
		})
	}
}

func TestUnpack(t *testing.T) {
	dir := t.TempDir()
	pax := member{tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}}, ""}
	content := tarOf(t, pax, member{tar.Header{Name: "./", Typeflag: tar.TypeDir}, ""}, file("./P/a", "1"), file("P/b/c", "22"), file("P/b/d", ""))
	for _, name := range []string{"x.tar", "x.tar.gz"} {
		if strings.HasSuffix(name, ".gz") {
			content = gzipped(t, content)
		}
		archive, staging := filepath.Join(dir, name), filepath.Join(dir, "from "+name)
		if err := os.WriteFile(archive, content, 0o666); err != nil {
			t.Fatal(err)
		}
		var done int64
		entries, err := unpack(context.Background(), Archive{Path: name, Folder: "P", Unpacked: 3}, archive, staging, func(n int64) { done = n })
		if err != nil {
			t.Fatal(err)
		}
		if got, want := tree(t, staging), "a:1 b/c:2 b/d:0"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if entries["a"] != (Entry{1, 1}) || entries["b"] != (Entry{2, 2}) || done != int64(len(content)) {
			t.Errorf("got %v after %d of %d bytes", entries, done, len(content))
		}
		// An archive cannot make programs or files that others may change.
		info, err := os.Stat(filepath.Join(staging, "a"))
		if err != nil || info.Mode().Perm()&0o133 != 0 || info.Mode()&(os.ModeSetuid|os.ModeSetgid) != 0 {
			t.Errorf("mode %v, %v", info.Mode(), err)
		}
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errStopped)
	if _, err := unpack(ctx, Archive{Path: "x.tar", Unpacked: 3}, filepath.Join(dir, "x.tar"), filepath.Join(dir, "s"), func(int64) {}); !errors.Is(err, errStopped) {
		t.Errorf("cancelled: %v", err)
	}
}

// A symbolic link in the place of a set's folder does not lead what is unpacked away.
func TestInstallThroughALink(t *testing.T) {
	content, set := sample(t)
	s := newServer(t, content)
	dir, elsewhere := t.TempDir(), t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "Sample"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(dir, "Sample", "sub")); err != nil {
		t.Fatal(err)
	}
	err := fetchFrom(t, set, s.URL, dir)
	if e, ok := errors.AsType[*data.Error](err); !ok || !strings.Contains(e.Reason, "in the way") {
		t.Errorf("got %v", err)
	}
	if got := tree(t, elsewhere); got != "" {
		t.Errorf("behind the link: %s", got)
	}
	// The set's own folder may be one: to another disk.
	dir = t.TempDir()
	if err := os.Symlink(elsewhere, filepath.Join(dir, "Sample")); err != nil {
		t.Fatal(err)
	}
	if err := fetchFrom(t, set, s.URL, dir); err != nil {
		t.Error(err)
	}
	if got, want := tree(t, elsewhere), ".fetched.json noise.npy:200000 sub/README:5"; got != want {
		t.Errorf("behind the folder's link: %s, want %s", got, want)
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(tarOf(f, file("P/a", "1"), file("P/b/c", "22")), "")
	f.Add(tarOf(f, file("noise/shot/1/a", "1"), file("./gauss/b", "22")), "noise")
	f.Add(tarOf(f, member{tar.Header{Name: "P/l", Typeflag: tar.TypeSymlink, Linkname: "../.."}, ""}, file("P/l/x", "1")), "")
	f.Add(gzipped(f, tarOf(f, file("P/a", "1"))), "")
	f.Fuzz(func(t *testing.T, content []byte, group string) {
		outer := t.TempDir()
		archive := filepath.Join(outer, "x")
		if err := os.WriteFile(archive, content, 0o666); err != nil {
			t.Fatal(err)
		}
		a := Archive{Path: "x.tar", Group: group, Folder: "P", Unpacked: 10_000}
		if bytes.HasPrefix(content, []byte("\x1f\x8b")) {
			a.Path = "x.tar.gz"
		}
		staging := filepath.Join(outer, "staging")
		entries, err := unpack(context.Background(), a, archive, staging, func(int64) {})
		if err == nil {
			var total int64
			for name, want := range entries {
				got, err := measure(filepath.Join(staging, name))
				if err != nil || got != want {
					t.Errorf("%s: %v, %v, want %v", name, got, err, want)
				}
				total += got.Bytes
			}
			if total > 10_000 {
				t.Errorf("%d bytes came", total)
			}
		}
		names, err := os.ReadDir(outer)
		if err != nil || len(names) > 2 {
			t.Errorf("outside: %v, %v", names, err)
		}
	})
}

func FuzzContentRange(f *testing.F) {
	for _, s := range []string{"bytes 0-9/10", "bytes 5-9/*", "bytes */10", "bytes 9-5/10", "items 0-1/2", "bytes -1-2/3", "bytes 0-99999999999999999999/1", "bytes +1-+2/+3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		first, size, err := parseContentRange(s)
		if err == nil && (first < 0 || size < 0 || size > 0 && first >= size) {
			t.Errorf("%q: from %d of %d", s, first, size)
		}
	})
}

func FuzzValidator(f *testing.F) {
	f.Add([]byte(`{"url":"https://example.org/x","etag":"\"one\"","last_modified":"Mon, 02 Jan 2006 15:04:05 GMT"}`))
	f.Add([]byte(`{"etag":"W/\"one\""}`))
	f.Add([]byte(`{"etag":"\"a\\r\\nX: y\""}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if tag := parseValidator(text).ifRange(); strings.ContainsAny(tag, "\r\n\x00") || strings.HasPrefix(tag, "W/") {
			t.Errorf("%q would be sent", tag)
		}
	})
}

func FuzzReceipt(f *testing.F) {
	f.Add([]byte(`{"noise.tar":{"md5":"x","entries":{"shot_noise":{"files":1,"bytes":2}}}}`))
	f.Add([]byte(`{"noise.tar":{"entries":{"../..":{}}}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, u := range parseReceipt(text) {
			for name := range u.Entries {
				if !filepath.IsLocal(name) || strings.ContainsRune(name, '/') {
					t.Errorf("%q is taken for an entry", name)
				}
			}
		}
	})
}

func TestRetryAfter(t *testing.T) {
	for s, want := range map[string]int{"": 0, "7": 7, "-7": 0, "x": 0, "999999999999": 300, "86400": 300, "Mon, 02 Jan 2006 15:04:05 GMT": 0, "Mon, 02 Jan 2206 15:04:05 GMT": 300} {
		if got := retryAfter(s).Seconds(); got != float64(want) {
			t.Errorf("%q: got %v s, want %d", s, got, want)
		}
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 999: "999 bytes", 1000: "1.00 kB", 2918471680: "2.92 GB", 1 << 60: "1152921.50 TB"} {
		if got := Bytes(n); got != want {
			t.Errorf("%d: got %s, want %s", n, got, want)
		}
	}
}

// Unpacking, without digests.
func BenchmarkUnpack(b *testing.B) {
	content := tarOf(b, file("P/a", strings.Repeat("x", 16<<20)))
	archive := filepath.Join(b.TempDir(), "x.tar")
	if err := os.WriteFile(archive, content, 0o666); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(content)))
	for i := 0; b.Loop(); i++ {
		staging := filepath.Join(b.TempDir(), "s")
		if _, err := unpack(context.Background(), Archive{Path: "x.tar"}, archive, staging, func(int64) {}); err != nil {
			b.Fatal(err)
		}
		if err := os.RemoveAll(staging); err != nil {
			b.Fatal(err)
		}
	}
}
