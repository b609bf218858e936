package run

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// create makes a run's folder that is closed when the test ends.
func create(t *testing.T) *Folder {
	t.Helper()
	f, err := Create(filepath.Join(t.TempDir(), "run"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func unwrapAll(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// tree returns the content of every file below dir by its path, links as "-> target".
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		if e.Type()&os.ModeSymlink != 0 {
			target, err := os.Readlink(path)
			files[name] = "-> " + target
			return err
		}
		text, err := os.ReadFile(path)
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestCreateRefusesForeignFolder(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		ok    bool
	}{
		{"empty", nil, true},
		{"a run", map[string]string{"config.json": "{}", "notes.txt": "mine"}, true},
		{"killed after the lock", map[string]string{".lock": "process 1 on a"}, true},
		{"killed while writing config.json", map[string]string{".lock": "", "config.json.tmp-1": "{"}, true},
		{"a fresh volume", map[string]string{"lost+found": ""}, true},
		{"photographs", map[string]string{"cat.jpg": "x"}, false},
		{"another program's config.json", map[string]string{"config.json": `{"hidden_size": 768}`}, false},
		{"a damaged config.json", map[string]string{"config.json": `{"epochs"`}, false},
	}
	for _, test := range tests {
		dir := t.TempDir()
		for name, text := range test.files {
			write(t, filepath.Join(dir, name), text)
		}
		before := tree(t, dir)
		f, err := Create(dir)
		if test.ok {
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
				continue
			}
			f.Close()
			continue
		}
		var foreign *ForeignError
		if !errors.As(err, &foreign) || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: got %v, want a *ForeignError that names the folder", test.name, err)
		}
		if after := tree(t, dir); !reflect.DeepEqual(after, before) {
			t.Errorf("%s: the folder was changed: %v", test.name, after)
		}
	}
}

func TestCreateNamesWhatIsInTheWay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "x")
	for _, dir := range []string{file, filepath.Join(file, "run")} {
		_, err := Create(dir)
		if err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: got %v, want an error that names %s", dir, err, file)
		}
	}
}

func TestCreateSweepsTemporaryFiles(t *testing.T) {
	f := create(t)
	if err := f.WriteConfig(sample()); err != nil {
		t.Fatal(err)
	}
	keep := f.Path("checkpoints", "keep")
	write(t, keep, "x")
	for _, name := range []string{"env.json.tmp-1", "checkpoints/step-00000001.safetensors.tmp-zz", "results/a.json.tmp-0", "plots/b.png.tmp-0"} {
		write(t, f.Path(name), "half")
	}
	if _, err := Open(f.Dir()); err != nil {
		t.Fatal(err)
	}
	if len(tree(t, f.Dir())) != 7 {
		t.Error("a reader swept files that may be being written")
	}
	f.Close()
	again, err := Create(f.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	var names []string
	for name := range tree(t, f.Dir()) {
		names = append(names, name)
	}
	slices.Sort(names)
	if want := []string{".lock", "checkpoints/keep", "config.json"}; !slices.Equal(names, want) {
		t.Errorf("got %v, want %v", names, want)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "it has no config.json") {
		t.Errorf("got %v", err)
	}
}

func TestWriteEnvKeepsEarlierStarts(t *testing.T) {
	f := create(t)
	for i := range 3 {
		e := CaptureEnv("v1", "2.11.0", i, "cpu")
		if err := f.WriteEnv(e); err != nil {
			t.Fatal(err)
		}
	}
	e, err := f.Env()
	if err != nil {
		t.Fatal(err)
	}
	if e.Threads != 2 || len(e.Earlier) != 2 || e.Earlier[0].Threads != 0 || e.Earlier[1].Threads != 1 || e.Earlier[1].Earlier != nil {
		t.Errorf("got %+v", e)
	}
	if e.Host == "" || e.CPU == "" || e.Cores < 1 || len(e.Command) == 0 || e.Started.IsZero() || e.Go == "" {
		t.Errorf("a fact is missing: %+v", e)
	}
}

func TestParseCPU(t *testing.T) {
	tests := []struct {
		text, model string
		bf16        bool
	}{
		{"", "unknown", false},
		{"model name\t: Xeon 1\nflags\t\t: fpu avx512_bf16 sse\n\nmodel name: other\n", "Xeon 1", true},
		{"model name\t: A\nflags : fpu amx_bf16\n", "A", true},
		{"model name\t: B\nflags : fpu avx512_bf16x\n\nflags : amx_bf16\n", "B", false},
	}
	for _, test := range tests {
		model, bf16 := parseCPU(strings.NewReader(test.text))
		if model != test.model || bf16 != test.bf16 {
			t.Errorf("%q: got %s, %v, want %s, %v", test.text, model, bf16, test.model, test.bf16)
		}
	}
}

func TestResults(t *testing.T) {
	f := create(t)
	for _, name := range []string{"eval", "clean"} {
		if err := f.WriteResult(name, map[string]string{"is": name + " <&>"}); err != nil {
			t.Fatal(err)
		}
	}
	names, err := f.Results()
	if err != nil || !slices.Equal(names, []string{"clean", "eval"}) {
		t.Errorf("got %v, %v", names, err)
	}
	var v map[string]string
	if err := f.ReadResult("eval", &v); err != nil || v["is"] != "eval <&>" {
		t.Errorf("got %v, %v", v, err)
	}
	if err := f.ReadResult("none", &v); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent result: got %v", err)
	}
	write(t, f.Path("results", "bad.json"), "{")
	if err := f.ReadResult("bad", &v); err == nil || !strings.Contains(err.Error(), "bad.json") {
		t.Errorf("damaged result: got %v", err)
	}
}
