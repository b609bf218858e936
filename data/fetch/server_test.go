package fetch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"augmix/data"
)

// server serves one file and misbehaves as it is told: each request takes the next
// fault, and those after the last are served well.
type server struct {
	*httptest.Server
	content []byte
	etag    string

	mu       sync.Mutex
	faults   []fault
	requests []*http.Request
}

// fault answers one request; where it returns false the request is served well.
type fault func(s *server, w http.ResponseWriter, r *http.Request) bool

func newServer(t *testing.T, content []byte, faults ...fault) *server {
	s := &server{content: content, etag: `"one"`, faults: faults}
	s.Server = httptest.NewServer(s)
	t.Cleanup(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r)
	var f fault
	if len(s.faults) > 0 {
		f, s.faults = s.faults[0], s.faults[1:]
	}
	s.mu.Unlock()
	if f != nil && f(s, w, r) {
		return
	}
	if s.etag != "" {
		w.Header().Set("ETag", s.etag)
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(s.content))
}

// first returns where a request wants to go on.
func first(r *http.Request) int {
	n, _ := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-"))
	return n
}

// cut sends so many bytes of what is asked for and drops the connection.
func cut(n int) fault {
	return func(s *server, w http.ResponseWriter, r *http.Request) bool {
		s.begin(w, r, n)
		panic(http.ErrAbortHandler)
	}
}

// begin sends a good header and the first n bytes.
func (s *server) begin(w http.ResponseWriter, r *http.Request, n int) {
	at := first(r)
	w.Header().Set("ETag", s.etag)
	w.Header().Set("Content-Length", strconv.Itoa(len(s.content)-at))
	if at > 0 {
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", at, len(s.content)-1, len(s.content)))
		w.WriteHeader(http.StatusPartialContent)
	}
	w.Write(s.content[at:min(at+n, len(s.content))])
	w.(http.Flusher).Flush()
}

// stall sends n bytes and then nothing.
func stall(n int) fault {
	return func(s *server, w http.ResponseWriter, r *http.Request) bool {
		s.begin(w, r, n)
		<-r.Context().Done()
		return true
	}
}

// slow sends what is asked for in pieces, a millisecond between.
func slow(s *server, w http.ResponseWriter, r *http.Request) bool {
	s.begin(w, r, 0)
	for at := first(r); at < len(s.content); at += 8 << 10 {
		if _, err := w.Write(s.content[at:min(at+8<<10, len(s.content))]); err != nil {
			return true
		}
		w.(http.Flusher).Flush()
		time.Sleep(time.Millisecond)
	}
	return true
}

// status answers with a status and a header.
func status(code int, header ...string) fault {
	return func(_ *server, w http.ResponseWriter, _ *http.Request) bool {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		http.Error(w, "no", code)
		return true
	}
}

// whole ignores ranges.
func whole(s *server, w http.ResponseWriter, r *http.Request) bool {
	w.Header().Set("Content-Length", strconv.Itoa(len(s.content)))
	w.Write(s.content)
	return true
}

// other sends something else of so many bytes, in whole.
func other(n int) fault {
	return func(_ *server, w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Length", strconv.Itoa(n))
		w.Write(make([]byte, n))
		return true
	}
}

// endless sends without a length, more than the file has.
func endless(s *server, w http.ResponseWriter, r *http.Request) bool {
	w.WriteHeader(http.StatusOK)
	for range 3 {
		if _, err := w.Write(s.content); err != nil {
			return true
		}
		w.(http.Flusher).Flush()
	}
	return true
}

// shifted answers a range with another.
func shifted(s *server, w http.ResponseWriter, r *http.Request) bool {
	at := max(first(r)-3, 0)
	w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", at, len(s.content)-1, len(s.content)))
	w.WriteHeader(http.StatusPartialContent)
	w.Write(s.content[at:])
	return true
}

// flip sends what is asked for with one bit changed.
func flip(s *server, w http.ResponseWriter, r *http.Request) bool {
	bad := bytes.Clone(s.content)
	bad[first(r)+5] ^= 1
	w.Header().Set("ETag", s.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(bad))
	return true
}

// member is a member of a test archive.
type member struct {
	header  tar.Header
	content string
}

func file(name, content string) member { return member{tar.Header{Name: name}, content} }

// tarOf returns a .tar of the members.
func tarOf(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, m := range members {
		m.header.Size = int64(len(m.content))
		if m.header.Typeflag != tar.TypeXGlobalHeader {
			m.header.Mode = 0o6777
		}
		if err := w.WriteHeader(&m.header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, m.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write(content)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func md5Of(content []byte) string {
	sum := md5.Sum(content)
	return hex.EncodeToString(sum[:])
}

// sample is a published archive of 200 kB, and its set. The published folder has two
// files, one of them with a known digest.
func sample(t *testing.T) ([]byte, Set) {
	t.Helper()
	noise := make([]byte, 200_000)
	r := rand.NewChaCha8([32]byte{7})
	r.Read(noise)
	content := tarOf(t, member{tar.Header{Name: "Published/", Typeflag: tar.TypeDir}, ""},
		file("Published/noise.npy", string(noise)), file("Published/sub/README", "hello"))
	return content, Set{Name: "sample", Archives: []Archive{{
		Path: "sample.tar", Size: int64(len(content)), MD5: md5Of(content), Folder: "Sample",
		Files: []data.PublishedFile{{Path: "Sample/noise.npy", Size: 200_000, Digest: md5Of(noise)}},
	}}}
}

// quick are options for a test: little patience, and a log.
func quick(t *testing.T, dir string) Options {
	return Options{
		Dir: dir, Stall: 200 * time.Millisecond, Attempts: 3,
		Pause: func(int, error) time.Duration { return time.Millisecond },
		Say:   func(format string, args ...any) { t.Logf(format, args...) },
	}
}

// fetchFrom fetches the set, whose one archive is at url, into dir.
func fetchFrom(t *testing.T, set Set, url, dir string) error {
	t.Helper()
	set.Archives[0].URL = url + "/sample.tar"
	_, err := Fetch(context.Background(), set, quick(t, dir))
	return err
}

// tree lists the files below dir with their contents' lengths.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == ".lock" {
			return err
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if d.Name() == receiptName {
			out = append(out, rel)
		} else {
			out = append(out, fmt.Sprintf("%s:%d", rel, info.Size()))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}
