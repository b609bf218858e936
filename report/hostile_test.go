package report

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"augmix/run"
)

// Names with HTML, Markdown, quotes, line breaks and control characters are shown as they are or made visible, and no
// command of the page can be read as another one by a shell.
func TestHostileNames(t *testing.T) {
	c := config("augmix", 2)
	c.Dataset, c.Data = `"><img src=x onerror=alert(1)>`, "$(rm -rf ~); `x`"
	c.Classes = []string{"</table>", "]](http://example.org)", "\x1b[31mred\u202e"}
	name := "a b'c|*d*<script>alert(1)</script>\n\x1b[2J"
	f := writeRun(t, filepath.Join(t.TempDir(), name), c, 1, time.Now())
	e := wholeEvaluation(c, 1)
	e.Corruption.Source = "generated </p><script>"
	e.Corruption.ByCorruption["<i>fog</i>"] = e.Corruption.ByCorruption["contrast"]
	e.Corruption.ByGroup["<u>"] = 5
	e.Temperature.From = "<script>"
	e.Perturbation.ByPerturbation["<svg onload=x>"] = run.PerturbationScores{FlipProbability: 1}
	if err := f.WriteEvaluation(e); err != nil {
		t.Fatal(err)
	}
	if err := f.WriteEnv(run.Env{Command: []string{"augmix", "train", "--data", "$(x)", "<b>"}}); err != nil {
		t.Fatal(err)
	}
	s, page := pageOf(t, f.Dir())
	var markdown bytes.Buffer
	if err := writeMarkdown(&markdown, newPage(s), f.Dir()); err != nil {
		t.Fatal(err)
	}
	if _, err := standsAlone(strings.ReplaceAll(page, "]](http:", "")); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"&lt;script&gt;", "&lt;i&gt;fog&lt;/i&gt;", "&#39;$(rm -rf ~); `x`&#39;", "augmix train --data &#39;$(x)&#39; &#39;&lt;b&gt;&#39;"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	var table bytes.Buffer
	if err := Table(&table, s); err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"page": page, "report.md": markdown.String(), "table": table.String()} {
		if strings.ContainsAny(text, "\x1b\u202e") {
			t.Errorf("the %s has control characters", what)
		}
		for line := range strings.Lines(text) {
			// Code, indented or in backticks, is shown as it is.
			if what != "table" && strings.Contains(line, "<script") && !strings.HasPrefix(line, "    ") && !strings.Contains(line, "`") {
				t.Errorf("the %s has a script: %s", what, line)
			}
		}
	}
}

// An evaluation that contradicts itself is shown as far as it does not.
func TestContradictions(t *testing.T) {
	for name, change := range map[string]func(*run.Evaluation){
		"clean":         func(e *run.Evaluation) { e.Clean.Error = 1e300 },
		"severities":    func(e *run.Evaluation) { e.Corruption.Severities = []int{5, 1} },
		"no severities": func(e *run.Evaluation) { e.Corruption.Severities = nil },
		"huge severity": func(e *run.Evaluation) { e.Corruption.Severities[4] = 1 << 40 },
		"short list": func(e *run.Evaluation) {
			k := e.Corruption.ByCorruption
			k["contrast"] = run.CorruptionScores{Error: 5}
		},
		"all lists":     func(e *run.Evaluation) { e.Corruption.ByCorruption = nil },
		"by severity":   func(e *run.Evaluation) { e.Corruption.BySeverity = e.Corruption.BySeverity[:2] },
		"group":         func(e *run.Evaluation) { e.Corruption.ByGroup["noise"] = -7 },
		"bins":          func(e *run.Evaluation) { e.Reliability.Clean[3].Accuracy = 1e9 },
		"negative bins": func(e *run.Evaluation) { e.Reliability.BySeverity[0][3].N = -5 },
		"map":           func(e *run.Evaluation) { e.Fourier.Error[1] = e.Fourier.Error[1][:1] },
		"huge map":      func(e *run.Evaluation) { e.Fourier.Side = 1<<31 - 1 },
		"flips": func(e *run.Evaluation) {
			e.Perturbation.ByPerturbation["tilt"] = run.PerturbationScores{FlipProbability: 1e9}
		},
		"no flips":    func(e *run.Evaluation) { e.Perturbation.ByPerturbation = nil },
		"temperature": func(e *run.Evaluation) { e.Temperature.Value = 0 },
		"name of a mile": func(e *run.Evaluation) {
			e.Corruption.ByCorruption[strings.Repeat("x", 1000)] = e.Corruption.ByCorruption["contrast"]
		},
	} {
		c := config("augmix", 2)
		f := writeRun(t, filepath.Join(t.TempDir(), "r"), c, 1, time.Now())
		e := wholeEvaluation(c, 1)
		change(&e)
		if err := f.WriteEvaluation(e); err != nil {
			t.Fatal(err)
		}
		s, page := pageOf(t, f.Dir())
		if len(s.Missing) == 0 || !strings.HasPrefix(s.Missing[0].What, "results/eval.json: ") {
			t.Errorf("%s: nothing is said of it: %v", name, s.Missing)
		}
		if _, err := standsAlone(page); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A picture that is no picture, or only a part of one, is not put into the page.
func TestBrokenPictures(t *testing.T) {
	f := writeRun(t, filepath.Join(t.TempDir(), "r"), config("augmix", 2), 1, time.Now())
	writePixel(t, f.PlotPath("preview.png"))
	whole, err := os.ReadFile(f.PlotPath("preview.png"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"preview-2.png": whole[:len(whole)-20], "preview-3.png": []byte("<svg onload=x>"), "preview-4.png": nil} {
		if err := os.WriteFile(f.PlotPath(name), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(f.PlotPath("preview-5.png"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.Path("results", "fourier.png"), whole[:30], 0o666); err != nil {
		t.Fatal(err)
	}
	_, page := pageOf(t, f.Dir())
	if images, err := standsAlone(page); err != nil || images != 1 {
		t.Errorf("%d pictures, want 1; %v", images, err)
	}
	if n := strings.Count(page, "A picture cannot be shown: "); n != 5 {
		t.Errorf("%d pictures are named that cannot be shown, want 5", n)
	}
}

// FuzzReport writes anything in the place of one of a run's files: a report is made, whole in itself, or refused.
func FuzzReport(f *testing.F) {
	files := []string{"results/eval.json", "results/train.json", "training_log.csv", "env.json", "config.json", "metrics.jsonl", "plots/preview.png"}
	c := config("augmix", 2)
	whole, err := json.Marshal(wholeEvaluation(c, 1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(uint8(0), whole)
	f.Add(uint8(0), bytes.ReplaceAll(whole, []byte("[1,2,3,4,5]"), []byte("[1]")))
	f.Add(uint8(0), []byte(`{"clean":{},"corruption":{"severities":[1],"by_corruption":{"":{"severity":[0]}},"by_severity":[{}]},"reliability":{"by_severity":[[]]}}`))
	f.Add(uint8(0), []byte(`{"fourier":{"side":1,"error":[[0]]},"perturbation":{"by_perturbation":{"x":{}}},"ci":{"clean":{}}}`))
	f.Add(uint8(1), []byte(`{"seconds":1e308,"images_per_second":-1}`))
	f.Add(uint8(2), []byte("epoch,time(s),train_loss,test_loss,test_error(%)\n001,1,1e308,2,3\n001,1,1,2,3\n"))
	f.Add(uint8(2), []byte("epoch,time(s),train_loss,test_loss,test_error(%)\n999999999,1,-1e9,0,100\n"))
	f.Add(uint8(2), []byte("epoch,time(s),train_loss,test_loss,test_error(%)\n001,1,5e-324,0,5e-324\n"))
	f.Add(uint8(3), []byte(`{"earlier":[{"command":null}],"command":["\u0000"]}`))
	f.Add(uint8(4), c.JSON())
	f.Add(uint8(5), []byte(`{"step":1,"learning_rate":1e300,"train_error":101}`+"\n"))
	f.Add(uint8(5), []byte(`{"epoch":1,"step":5,"train_error":50,"test":{"error":5},"val":{"error":6}}`+"\n"+`{"epoch":`))
	f.Add(uint8(6), []byte("\x89PNG\r\n\x1a\n"))
	folder := writeRun(f, filepath.Join(f.TempDir(), "r"), c, 1, time.Unix(0, 0))
	before := map[string][]byte{}
	for _, name := range files[:6] {
		text, err := os.ReadFile(folder.Path(name))
		if err != nil {
			f.Fatal(err)
		}
		before[name] = text
	}
	f.Fuzz(func(t *testing.T, which uint8, text []byte) {
		name := files[int(which)%len(files)]
		if err := os.WriteFile(folder.Path(name), text, 0o666); err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := os.WriteFile(folder.Path(name), before[name], 0o666); err != nil {
				t.Fatal(err)
			}
		}()
		s, err := Load([]string{folder.Dir()})
		if err != nil {
			return
		}
		p := newPage(s)
		var page bytes.Buffer
		if err := writePage(&page, p); err != nil {
			t.Fatal(err)
		}
		if _, err := standsAlone(strings.NewReplacer("http:", "", "https:", "", "url(", "", "@import", "", "javascript:", "").Replace(page.String())); err != nil {
			t.Error(err)
		}
		for _, out := range []func(io.Writer) error{
			func(w io.Writer) error { return Table(w, s) },
			func(w io.Writer) error { return writeMarkdown(w, p, folder.Dir()) },
			func(w io.Writer) error { return json.NewEncoder(w).Encode(s) },
		} {
			if err := out(io.Discard); err != nil {
				t.Error(err)
			}
		}
		for _, table := range resultTables(s) {
			for _, r := range table.rows {
				if len(r) != len(table.rows[0]) {
					t.Errorf("%s: a row has %d cells, the head %d", table.name, len(r), len(table.rows[0]))
				}
			}
		}
	})
}
