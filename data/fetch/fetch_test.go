package fetch

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"augmix/data"
	"augmix/run"
)

const whatSampleHas = "Sample/.fetched.json Sample/noise.npy:200000 Sample/sub/README:5"

// Whatever the server does, the right files are there in the end.
func TestFetchInSpiteOfTheServer(t *testing.T) {
	content, _ := sample(t)
	n := len(content)
	for name, faults := range map[string][]fault{
		"a good one":                  nil,
		"it cuts off":                 {cut(1000), cut(1), cut(n / 2)},
		"it cuts off at once":         {cut(0), cut(0)},
		"it cuts off at the end":      {cut(n - 1)},
		"it stalls":                   {stall(5000), stall(0)},
		"it is busy":                  {status(503, "Retry-After", "1"), status(429), cut(70_000), status(500)},
		"it has no ranges":            {cut(3000), whole},
		"it sends another range":      {cut(3000), shifted},
		"it denies the range":         {cut(3000), status(416)},
		"it sends too much":           {endless},
		"its file changed in between": {cut(3000), func(s *server, _ http.ResponseWriter, _ *http.Request) bool { s.etag = `"two"`; return false }},
		"it has no validator":         {func(s *server, _ http.ResponseWriter, _ *http.Request) bool { s.etag = ""; return false }},
		"its tag is weak":             {func(s *server, _ http.ResponseWriter, _ *http.Request) bool { s.etag = `W/"x"`; return false }, cut(9)},
	} {
		t.Run(name, func(t *testing.T) {
			content, set := sample(t)
			s := newServer(t, content, faults...)
			dir := t.TempDir()
			if err := fetchFrom(t, set, s.URL, dir); err != nil {
				t.Fatal(err)
			}
			if got := tree(t, dir); got != whatSampleHas {
				t.Errorf("got %s, want %s", got, whatSampleHas)
			}
			// A second call finds everything in place.
			asked := len(s.requests)
			if err := fetchFrom(t, set, s.URL, dir); err != nil || len(s.requests) != asked {
				t.Errorf("the second call: %v and %d requests, want none", err, len(s.requests)-asked)
			}
		})
	}
}

// R19: fifty downloads, each cut off at random in several calls of the program.
func TestFetchResumesAtRandomCuts(t *testing.T) {
	content, _ := sample(t)
	r := rand.New(rand.NewPCG(19, 0))
	for range 50 {
		_, set := sample(t)
		s := newServer(t, content)
		dir := t.TempDir()
		for calls := 0; ; calls++ {
			s.faults = nil
			for range 3 { // as many as one call bears without getting on
				s.faults = append(s.faults, cut(r.IntN(len(content)/2)))
			}
			if r.IntN(4) == 0 {
				s.faults = append(s.faults, flip)
			}
			ctx, cancel := context.WithCancelCause(context.Background())
			o := quick(t, dir)
			o.Say = nil
			stop := int64(r.IntN(2 * len(content)))
			o.Progress = func(done, _ int64, what string) {
				if what == "sample.tar" && done > stop {
					cancel(errStopped)
				}
			}
			set.Archives[0].URL = s.URL
			_, err := Fetch(ctx, set, o)
			cancel(nil)
			if err == nil {
				break
			}
			if damaged, ok := errors.AsType[*data.Error](err); calls > 50 || !errors.Is(err, errStopped) && !ok {
				t.Fatalf("call %d: %v (%v)", calls, err, damaged)
			}
			if strings.Contains(tree(t, dir), "Sample/") || strings.Contains(tree(t, dir), "sample.tar:") {
				t.Fatalf("after %v there is %s", err, tree(t, dir))
			}
		}
		if got := tree(t, dir); got != whatSampleHas {
			t.Fatalf("got %s, want %s", got, whatSampleHas)
		}
		s.CloseClientConnections()
		s.Close()
	}
}

var errStopped = errors.New("stopped")

// A file that cannot be had, or is not the published one, leaves no data behind.
func TestFetchRefuses(t *testing.T) {
	content, _ := sample(t)
	n := len(content)
	forever := func(f fault) []fault { return []fault{f, f, f, f, f, f, f, f, f} }
	for _, c := range []struct {
		name   string
		faults []fault
		kind   data.Kind
		want   string
		left   string // what is there afterwards
	}{
		{"not found", forever(status(404)), data.Missing, "404 Not Found", ""},
		{"forbidden", forever(status(403)), data.Missing, "403 Forbidden", ""},
		{"always busy", forever(status(503)), data.Missing, "503 Service Unavailable", ""},
		{"stalls for ever", forever(stall(0)), data.Missing, "nothing came for 200ms", "sample.tar.part:0 sample.tar.part.json:"},
		{"cuts for ever", append([]fault{cut(700)}, forever(cut(0))...), data.Missing, "700 bytes of it are here", "sample.tar.part:700"},
		{"a page instead", forever(other(812)), data.Invalid, "the server offers 812 bytes", ""},
		{"another file of that size", forever(other(n)), data.Invalid, "has the digest", ""},
		{"one bit differs", forever(flip), data.Invalid, "has the digest", ""},
		{"more for ever", forever(endless), data.Missing, "sends more than the file has", "sample.tar.part:0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			content, set := sample(t)
			s := newServer(t, content, c.faults...)
			dir := t.TempDir()
			err := fetchFrom(t, set, s.URL, dir)
			e, ok := errors.AsType[*data.Error](err)
			if !ok || e.Kind != c.kind || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "--mirror") {
				t.Errorf("got %v, want %v data with %q and --mirror", err, c.kind, c.want)
			}
			if c.kind == data.Missing && !strings.Contains(err.Error(), "md5 "+set.Archives[0].MD5+"), put it at "+filepath.Join(dir, "sample.tar")) {
				t.Errorf("%v does not say how to do without a network", err)
			}
			if got := tree(t, dir); !strings.HasPrefix(got, c.left) || c.left == "" && got != "" {
				t.Errorf("left behind: %q, want %q", got, c.left)
			}
		})
	}
}

func TestFetchGoesOnInTheNextCall(t *testing.T) {
	content, set := sample(t)
	s := newServer(t, content, cut(70_000), cut(0), cut(0), cut(0))
	dir := t.TempDir()
	if err := fetchFrom(t, set, s.URL, dir); err == nil {
		t.Fatal("a server that stays cut off gave no error")
	}
	if err := fetchFrom(t, set, s.URL, dir); err != nil {
		t.Fatal(err)
	}
	last := s.requests[len(s.requests)-1]
	if last.Header.Get("Range") != "bytes=70000-" || last.Header.Get("If-Range") != `"one"` {
		t.Errorf("the second call asked for %q if %q, want the rest", last.Header.Get("Range"), last.Header.Get("If-Range"))
	}
}

// A part of something else is found out and does not stay.
func TestFetchBeginsAgainAfterAWrongPart(t *testing.T) {
	content, set := sample(t)
	s := newServer(t, content)
	for _, part := range [][]byte{bytes.Repeat([]byte("x"), 5000), bytes.Repeat([]byte("x"), len(content)), make([]byte, len(content)+9), {}} {
		dir := t.TempDir()
		path := filepath.Join(dir, "sample.tar.part")
		if err := os.WriteFile(path, part, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := fetchFrom(t, set, s.URL, dir); err != nil {
			t.Errorf("after %d wrong bytes: %v", len(part), err)
		}
		if got := tree(t, dir); got != whatSampleHas {
			t.Errorf("after %d wrong bytes: %s", len(part), got)
		}
	}
}

func TestRedirects(t *testing.T) {
	content, set := sample(t)
	s := newServer(t, content, cut(50))
	there := httptest.NewServer(http.RedirectHandler(s.URL, http.StatusFound))
	defer there.Close()
	if err := fetchFrom(t, set, there.URL, t.TempDir()); err != nil {
		t.Errorf("a redirect: %v", err)
	}
	var loop *httptest.Server
	loop = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, loop.URL, http.StatusFound) }))
	defer loop.Close()
	file := httptest.NewServer(http.RedirectHandler("file:///etc/passwd", http.StatusFound))
	defer file.Close()
	for name, c := range map[string]struct{ url, want string }{
		"a loop":            {loop.URL, "redirected more than 10 times"},
		"to a file of here": {file.URL, "redirected from http://"},
	} {
		dir := t.TempDir()
		err := fetchFrom(t, set, c.url, dir)
		if !errors.As(err, new(*data.Error)) || !strings.Contains(err.Error(), c.want) || tree(t, dir) != "" {
			t.Errorf("%s: got %v and %q, want %q", name, err, tree(t, dir), c.want)
		}
	}
	secure := httptest.NewTLSServer(http.RedirectHandler(s.URL, http.StatusFound))
	defer secure.Close()
	o := quick(t, t.TempDir())
	o.Client = secure.Client()
	o.Client.CheckRedirect = checkRedirect
	set.Archives[0].URL = secure.URL
	if _, err := Fetch(context.Background(), set, o); err == nil || !strings.Contains(err.Error(), "redirected from https://") {
		t.Errorf("from https to http: got %v, want a refusal", err)
	}
}

// Without a size and a digest that this program knows, what the server says decides.
func TestFetchOfUnknownSize(t *testing.T) {
	content, set := sample(t)
	set.Archives[0].Size = 0
	for name, faults := range map[string][]fault{
		"with a length": {cut(500)},
		"without a length": {func(s *server, w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			w.Write(s.content)
			return true
		}},
	} {
		s := newServer(t, content, faults...)
		dir := t.TempDir()
		if err := fetchFrom(t, set, s.URL, dir); err != nil || tree(t, dir) != whatSampleHas {
			t.Errorf("%s: %v, %s", name, err, tree(t, dir))
		}
	}
	// All of it came, and the program was ended before it could say so.
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "sample.tar.part"), content, 0o666); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, content)
	if err := fetchFrom(t, set, s.URL, dir); err != nil || tree(t, dir) != whatSampleHas || len(s.requests) != 1 {
		t.Errorf("a whole part: %v, %s, %d requests", err, tree(t, dir), len(s.requests))
	}
}

func TestFetchFromAnArchiveThatIsThere(t *testing.T) {
	content, set := sample(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "sample.tar")
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	// Nothing listens there: an archive brought by hand needs no network, and stays.
	if err := fetchFrom(t, set, "http://127.0.0.1:1", dir); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, dir); got != whatSampleHas+" sample.tar:"+strings.TrimPrefix(got, whatSampleHas+" sample.tar:") {
		t.Errorf("got %s", got)
	}
	dir = t.TempDir()
	path = filepath.Join(dir, "sample.tar")
	content[1000]++
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	err := fetchFrom(t, set, "http://127.0.0.1:1", dir)
	if e, ok := errors.AsType[*data.Error](err); !ok || e.Path != path || !strings.Contains(e.Remedy, "Remove it") {
		t.Errorf("a damaged archive: got %v", err)
	}
}

func TestOffline(t *testing.T) {
	content, set := sample(t)
	for name, url := range map[string]string{"nobody listens": "http://127.0.0.1:1", "no such host": "http://nowhere.invalid"} {
		begin := time.Now()
		err := fetchFrom(t, set, url, t.TempDir())
		if e, ok := errors.AsType[*data.Error](err); !ok || e.Kind != data.Missing || !strings.Contains(e.Remedy, "Without a network") {
			t.Errorf("%s: got %v", name, err)
		}
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("%s: it took %v", name, took)
		}
	}
	// A folder of this machine is a mirror.
	mirror := t.TempDir()
	if err := os.WriteFile(filepath.Join(mirror, "sample.tar"), content, 0o666); err != nil {
		t.Fatal(err)
	}
	o := quick(t, t.TempDir())
	o.Mirror = "file://" + mirror
	if _, err := Fetch(context.Background(), set, o); err != nil || tree(t, o.Dir) != whatSampleHas {
		t.Errorf("a mirror on disk: %v, %s", err, tree(t, o.Dir))
	}
}

func TestCheckMirror(t *testing.T) {
	for _, good := range []string{"https://example.org/data", "http://10.0.0.1:8000", "file:///srv/data"} {
		if _, err := CheckMirror(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "example.org", "ftp://example.org", "file://host/path", "file:relative", "https://", "http://[", "/srv/data"} {
		if _, err := CheckMirror(bad); err == nil {
			t.Errorf("%q is taken for a mirror", bad)
		}
	}
}

func TestSpace(t *testing.T) {
	content, set := sample(t)
	s := newServer(t, content)
	real := freeSpace
	defer func() { freeSpace = real }()
	for _, free := range []int64{0, int64(len(content)) - 1, int64(len(content)) + 200_000} {
		freeSpace = func(string) (int64, error) { return free, nil }
		dir := t.TempDir()
		err := fetchFrom(t, set, s.URL, dir)
		if err == nil || !strings.Contains(err.Error(), "are needed for the archive and its content") || errors.As(err, new(*data.Error)) {
			t.Errorf("with %d bytes free: got %v", free, err)
		}
		if got := tree(t, dir); got != "" {
			t.Errorf("with %d bytes free: left %s", free, got)
		}
	}
	freeSpace = func(string) (int64, error) { return 2 * int64(len(content)), nil }
	if err := fetchFrom(t, set, s.URL, t.TempDir()); err != nil {
		t.Errorf("with enough: %v", err)
	}
}

func TestOneAtATime(t *testing.T) {
	content, set := sample(t)
	s := newServer(t, content)
	dir := t.TempDir()
	lock, err := run.Lock(dir, "--data")
	if err != nil {
		t.Fatal(err)
	}
	err = fetchFrom(t, set, s.URL, dir)
	if locked, ok := errors.AsType[*run.LockedError](err); !ok || !strings.Contains(locked.Error(), "another --data") {
		t.Errorf("got %v, want a *run.LockedError", err)
	}
	lock.Close()
	if err := fetchFrom(t, set, s.URL, dir); err != nil {
		t.Error(err)
	}
}

// Files that are damaged are replaced one by one; others in the folder stay.
func TestFetchMends(t *testing.T) {
	content, set := sample(t)
	s := newServer(t, content)
	dir := t.TempDir()
	if err := fetchFrom(t, set, s.URL, dir); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"noise.npy": "damaged", "mine.txt": "mine"} {
		if err := os.WriteFile(filepath.Join(dir, "Sample", name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	results, err := Verify(context.Background(), set, quick(t, dir))
	if err == nil || results[0].State != Damaged || !strings.Contains(err.Error(), "has 7 bytes") || !strings.Contains(err.Error(), "augmix fetch sample --data "+dir) {
		t.Errorf("Verify: %v, %v", results, err)
	}
	if err := fetchFrom(t, set, s.URL, dir); err != nil {
		t.Fatal(err)
	}
	if got, want := tree(t, dir), "Sample/.fetched.json Sample/mine.txt:4 Sample/noise.npy:200000 Sample/sub/README:5"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if results, err := Verify(context.Background(), set, quick(t, dir)); err != nil || results[0].State != Verified {
		t.Errorf("Verify: %v, %v", results, err)
	}
}

// grouped is a set in groups, without digests of its files, like ImageNet-C.
func grouped(t *testing.T) (map[string][]byte, Set) {
	archives := map[string][]byte{
		"noise": tarOf(t, file("shot_noise/1/n01/a.JPEG", "one"), file("shot_noise/2/n01/a.JPEG", "four")),
		"blur":  tarOf(t, file("./blur/zoom_blur/1/n01/a.JPEG", "zoom")),
	}
	set := Set{Name: "grouped"}
	for _, group := range []string{"noise", "blur"} {
		set.Archives = append(set.Archives, Archive{
			Group: group, Path: "grouped/" + group + ".tar", Size: int64(len(archives[group])), MD5: md5Of(archives[group]), Folder: "grouped",
			Holds: []string{map[string]string{"noise": "shot_noise", "blur": "zoom_blur"}[group]},
		})
	}
	return archives, set
}

func TestFetchGroups(t *testing.T) {
	archives, set := grouped(t)
	for i, a := range set.Archives {
		set.Archives[i].URL = newServer(t, archives[a.Group]).URL
	}
	dir := t.TempDir()
	verify := func(want ...State) {
		t.Helper()
		results, err := Verify(context.Background(), set, quick(t, dir))
		for i, w := range want {
			if results[i].State != w || (err == nil) == (w == Absent || w == Damaged) {
				t.Errorf("Verify: %v, %v, want %v", results, err, want)
			}
		}
	}
	verify(Absent, Absent)
	if _, err := Fetch(context.Background(), set, quick(t, dir)); err != nil {
		t.Fatal(err)
	}
	const want = "grouped/.fetched.json grouped/shot_noise/1/n01/a.JPEG:3 grouped/shot_noise/2/n01/a.JPEG:4 grouped/zoom_blur/1/n01/a.JPEG:4"
	if got := tree(t, dir); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	verify(Counted, Counted)
	if err := os.Remove(filepath.Join(dir, "grouped/shot_noise/2/n01/a.JPEG")); err != nil {
		t.Fatal(err)
	}
	verify(Damaged)
	if _, err := Fetch(context.Background(), set, quick(t, dir)); err != nil || tree(t, dir) != want {
		t.Errorf("mending: %v, %s", err, tree(t, dir))
	}
	// Unpacked by hand, it cannot be verified and is not fetched again.
	if err := os.Remove(filepath.Join(dir, "grouped", receiptName)); err != nil {
		t.Fatal(err)
	}
	verify(Unproved, Unproved)
	if results, err := Fetch(context.Background(), set, quick(t, dir)); err != nil || results[1].State != Unproved {
		t.Errorf("got %v, %v", results, err)
	}

	packed := quick(t, t.TempDir())
	packed.NoUnpack = true
	for range 2 {
		if _, err := Fetch(context.Background(), set, packed); err != nil {
			t.Fatal(err)
		}
	}
	if got := tree(t, packed.Dir); !strings.HasPrefix(got, "grouped/blur.tar:") || strings.Contains(got, "JPEG") {
		t.Errorf("packed: got %s", got)
	}
	dir = packed.Dir
	verify(Verified, Verified)
}

func TestCatalogue(t *testing.T) {
	for _, name := range Names() {
		for _, layout := range Layouts {
			set := Find(name, layout, append([]string{ExtraGroup}, ImageNetGroups...))
			if set.Name != name || len(set.Archives) == 0 || set.Home == "" {
				t.Errorf("%s: %+v", name, set)
			}
			for _, a := range set.Archives {
				if len(a.MD5) != 32 || !strings.HasPrefix(a.URL, "https://") || a.Folder == "" || filepath.Ext(a.Path) == "" {
					t.Errorf("%s: %+v", name, a)
				}
				for _, f := range a.Files {
					if !strings.HasPrefix(f.Path, a.Folder+"/") || len(f.Digest)%32 != 0 || f.Size == 0 {
						t.Errorf("%s: %+v", name, f)
					}
				}
			}
		}
	}
	dir := t.TempDir()
	if got := LayoutIn(dir, "cifar100"); got != "binary" {
		t.Errorf("in an empty folder: layout %s", got)
	}
	if err := os.Mkdir(filepath.Join(dir, "cifar-100-python"), 0o777); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"cifar100": "python", "cifar10": "binary", "cifar10-c": "binary", "imagenet-c": "binary"} {
		if got := LayoutIn(dir, name); got != want {
			t.Errorf("beside cifar-100-python: %s has the layout %s, want %s", name, got, want)
		}
	}
	// The archives of CIFAR-C have the size of a .tar of their files: a header and
	// padding to 512 bytes each, one more for the folder, and 1024 at the end.
	for _, set := range cifarBenchmarks[:2] {
		size := int64(512 + 1024)
		for _, f := range set.Archives[0].Files {
			size += 512 + (f.Size+511)/512*512
		}
		if d := set.Archives[0].Size - size; d < 0 || d > 2048 {
			t.Errorf("%s: the archive has %d bytes, its files would take %d", set.Name, set.Archives[0].Size, size)
		}
	}
}
