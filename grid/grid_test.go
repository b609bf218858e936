package grid

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const sample = `{
  "folder": "build/x",
  "name": "{method}-s{seed}",
  "train": {"epochs": 5, "learning_rate": 1e-1},
  "datasets": ["shapes"],
  "models": [{"name": "wrn-16-1", "model": "wrn", "layers": 16}],
  "methods": ["standard", {"name": "augmix-no-jsd", "method": "augmix", "no-jsd": true, "epochs": 7, "seeds": [9]}],
  "seeds": [1, 18446744073709551615],
  "eval": {"sets": ["clean", "c"], "limit-eval": 100}
}`

func TestParse(t *testing.T) {
	g, err := Parse([]byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range g.Runs {
		got = append(got, fmt.Sprint(r.Name, " ", r.Dataset, " ", r.Model, " ", r.Method, " ", r.Flags))
	}
	want := []string{
		"standard-s1 shapes wrn-16-1 standard [--epochs=5 --learning_rate=1e-1 --dataset=shapes --model=wrn --layers=16 --method=standard --seed=1]",
		"standard-s18446744073709551615 shapes wrn-16-1 standard " +
			"[--epochs=5 --learning_rate=1e-1 --dataset=shapes --model=wrn --layers=16 --method=standard --seed=18446744073709551615]",
		"augmix-no-jsd-s9 shapes wrn-16-1 augmix-no-jsd " +
			"[--epochs=5 --learning_rate=1e-1 --dataset=shapes --model=wrn --layers=16 --method=augmix --no-jsd=true --epochs=7 --seed=9]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if g.Folder != "build/x" || fmt.Sprint(g.Eval) != "[--sets=clean,c --limit-eval=100]" {
		t.Errorf("got the folder %s and the evaluation %v", g.Folder, g.Eval)
	}
	g, err = Parse([]byte(`{"folder": "x", "datasets": ["a", "b"], "models": ["m"], "methods": ["n", "o"], "seeds": [2, 1]}`))
	if err != nil || len(g.Runs) != 8 || g.Eval != nil {
		t.Fatalf("got %d runs, evaluation %v, %v", len(g.Runs), g.Eval, err)
	}
	for i, want := range []string{"a-m-n-s2", "a-m-n-s1", "a-m-o-s2", "a-m-o-s1", "b-m-n-s2"} {
		if g.Runs[i].Name != want {
			t.Errorf("run %d: got %s, want %s", i, g.Runs[i].Name, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	with := func(old, new string) string { return strings.Replace(sample, old, new, 1) }
	for _, c := range []struct{ text, want string }{
		{``, "not a JSON object"},
		{`[]`, "not a JSON object"},
		{`{}`, `"folder" is missing`},
		{sample + "{}", "something after the object"},
		{with(`"seeds": [1, 18446744073709551615],`, ``), `"seeds" is missing`},
		{with(`"folder": "build/x"`, `"folder": ""`), `"folder" is empty`},
		{with(`"folder": "build/x"`, `"folder": null`), `"folder": give a text`},
		{with(`"eval"`, `"evaluate"`), `unknown key "evaluate"; the keys are folder`},
		{with(`"eval"`, `"seeds"`), `key "seeds" is there twice`},
		{with(`["shapes"]`, `[]`), `"datasets": give a list`},
		{with(`["shapes"]`, `"shapes"`), `"datasets": give a list`},
		{with(`["shapes"]`, `["shapes", "shapes"]`), `datasets[1]: the name shapes is there twice`},
		{with(`["shapes"]`, `[null]`), `datasets[0]: not a JSON object`},
		{with(`["shapes"]`, `["../x"]`), `datasets[0]: the name "../x"`},
		{with(`["shapes"]`, `[{"dataset": "shapes"}]`), `datasets[0]: the name ""`},
		{with(`"layers": 16`, `"layers": {}`), `models[0]: "layers": give a text, a number`},
		{with(`"layers": 16`, `"layers": null`), `models[0]: "layers": give a text, a number`},
		{with(`"layers": 16`, `"--layers": 16`), `models[0]: "--layers": give a flag's name without`},
		{with(`"layers": 16`, `"seeds": [1]`), ``},
		{with(`"epochs": 5`, `"epochs": [[1]]`), `train: "epochs": give a text`},
		{with(`"train": {`, `"train": [`), "invalid character"},
		{with(`[1, 18`, `[1, 1, 18`), `"seeds": "1" is no whole number from 0 on, or there twice`},
		{with(`[1, 18`, `[-1, 18`), `"seeds": "-1" is no whole number`},
		{with(`[1, 18`, `[1.5, 18`), `"seeds": "1.5" is no whole number`},
		{with(`{method}-s{seed}`, `{method}`), "gives the folder standard to shapes, wrn-16-1, standard, seed 1 and to"},
		{with(`{method}-s{seed}`, `x/{method}-s{seed}`), `gives the folder "x/standard-s1"`},
	} {
		g, err := Parse([]byte(c.text))
		if c.want == "" {
			// Seeds belong to methods; elsewhere the word is a flag like another, for the command line to refuse.
			if err != nil || !slices.Contains(g.Runs[0].Flags, Flag{"seeds", "1"}) {
				t.Errorf("%s: got %v, %v", c.text, g, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %s", c.text, err, c.want)
		}
	}
}

func TestRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "grid.json")
	if _, err := Read(path); !os.IsNotExist(unwrap(err)) {
		t.Errorf("an absent file: got error %v", err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat(" ", maxFile+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path); err == nil || !strings.Contains(err.Error(), path+": larger than") {
		t.Errorf("a large file: got error %v", err)
	}
	if err := os.WriteFile(path, []byte(sample), 0o600); err != nil {
		t.Fatal(err)
	}
	if g, err := Read(path); err != nil || len(g.Runs) != 3 {
		t.Errorf("got %v, %v", g, err)
	}
}

func unwrap(err error) error {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = inner.Unwrap()
	}
}

// Whatever is accepted has runs with different names that stay inside the folder.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(`{"folder": "x", "datasets": ["a"], "models": ["m"], "methods": [{"name": "n", "seeds": [3]}], "seeds": [1]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		g, err := Parse(text)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, r := range g.Runs {
			if seen[r.Name] || filepath.Base(r.Name) != r.Name || r.Name == ".." {
				t.Fatalf("%s gives the run %q", text, r.Name)
			}
			seen[r.Name] = true
		}
	})
}
