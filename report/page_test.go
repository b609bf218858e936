package report

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot"

	"augmix/run"
)

// build makes the report of three runs, one of which has a hostile name, and
// returns the summary and the page's text.
func build(t *testing.T) (Summary, string) {
	t.Helper()
	base := threeRuns(t)
	if err := os.Rename(filepath.Join(base, "augmix"), filepath.Join(base, `<script>"x"`)); err != nil {
		t.Fatal(err)
	}
	writePixel(t, filepath.Join(base, "standard", "plots", "preview.png"))
	s, err := Build([]string{base}, "")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(base, "report.html"))
	if err != nil {
		t.Fatal(err)
	}
	return s, string(text)
}

// writePixel writes a picture of one pixel.
func writePixel(t *testing.T, path string) {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestPageStandsAlone(t *testing.T) {
	s, text := build(t)
	if s.Page == "" || len(s.Plots) != 3 || len(s.Pictures) != 1 {
		t.Errorf("got page %q, plots %v, pictures %v", s.Page, s.Plots, s.Pictures)
	}
	if images, err := standsAlone(text); err != nil || images != 1 {
		t.Errorf("%d pictures, want 1; %v", images, err)
	}
}

// standsAlone returns how many <img> a page has, and an error where it is not whole in itself: where something in it asks
// for another file, a network or a script, a picture does not load or does not say in words what it shows, a link or a
// label leads nowhere, an id is there twice or an element does not close.
func standsAlone(text string) (images int, err error) {
	dec := xml.NewDecoder(strings.NewReader(text))
	dec.Strict = false
	dec.AutoClose = xml.HTMLAutoClose
	dec.Entity = xml.HTMLEntity
	ids, wanted := map[string]bool{}, map[string]bool{}
	headings := 0
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return images, fmt.Errorf("the page is not well formed: %w", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		name, attr := start.Name.Local, map[string]string{}
		for _, a := range start.Attr {
			attr[a.Name.Local] = a.Value
			if strings.HasPrefix(a.Name.Local, "on") {
				problem("<%s> has a script in %s", name, a.Name.Local)
			}
		}
		switch name {
		case "script", "iframe", "object", "embed", "base", "form", "use":
			problem("the page has a <%s>", name)
		case "img":
			images++
			if len(attr["alt"]) < 20 {
				problem("picture %d says only %q", images, attr["alt"])
			}
		case "svg":
			if attr["role"] != "img" || len(attr["aria-label"]) < 3 {
				problem("a chart says only %q", attr["aria-label"])
			}
		case "h1":
			headings++
		}
		if id, ok := attr["id"]; ok {
			if ids[id] {
				problem("id %q is there twice", id)
			}
			ids[id] = true
		}
		if id, ok := attr["aria-labelledby"]; ok {
			wanted[id] = true
		}
		for _, key := range []string{"src", "href", "srcset", "data", "action", "poster", "background"} {
			link, ok := attr[key]
			switch {
			case !ok:
			case name == "a" && strings.HasPrefix(link, "#"):
				wanted[link[1:]] = true
			case name == "link" && link == "data:,": // no icon
			case !strings.HasPrefix(link, "data:image/png;base64,"):
				problem("<%s> asks for %q", name, link)
			default:
				raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(link, "data:image/png;base64,"))
				if err == nil {
					_, err = png.Decode(bytes.NewReader(raw))
				}
				if err != nil {
					problem("a picture of <%s> does not load: %v", name, err)
				}
			}
		}
	}
	for id := range wanted {
		if !ids[id] {
			problem("nothing has the id %q", id)
		}
	}
	if headings != 1 {
		problem("%d titles", headings)
	}
	for _, bad := range []string{"http:", "https:", "@import", "url(", "ZgotmplZ", "javascript:"} {
		if strings.Contains(text, bad) {
			problem("the page contains %q", bad)
		}
	}
	return images, errors.Join(problems...)
}

func TestPageSaysWhatATableSays(t *testing.T) {
	s, text := build(t)
	for _, r := range s.Runs {
		for _, want := range []string{number(r.clean()), number(r.mean()), number(r.calibration()), duration(r.Train.Seconds), r.Train.WeightsSHA256} {
			if !strings.Contains(text, ">"+want+"<") {
				t.Errorf("%s: %q is not on the page", r.Name, want)
			}
		}
	}
	for _, want := range []string{
		"a synthetic smoke test, n = 1", "generated (seed 0)", "--learning-rate", "gaussian noise", "augmix train --method augmix",
		"circle, square, triangle", "&lt;script&gt;",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
}

// In a folder of runs the first started is the first shown.
func TestRunsAreInTheOrderOfTheirStart(t *testing.T) {
	s, err := Load([]string{threeRuns(t)})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(names(s.Runs), " "); got != "standard augmix standard-long" {
		t.Errorf("got %s", got)
	}
}

// The bars' areas are as the errors: what is painted is what was measured.
func TestBarsShowTheErrors(t *testing.T) {
	s, _ := build(t)
	f, err := os.Open(s.Plots[0])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	if b.Dx() != 1920 || b.Dy() < 700 {
		t.Errorf("the picture is %d×%d", b.Dx(), b.Dy())
	}
	area := map[color.NRGBA]float64{}
	legend := b.Dy() / 5 // where the legend's squares are
	for y := b.Min.Y + legend; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			area[color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)]++
		}
	}
	sum := func(r Run) float64 {
		total := float64(r.clean() + r.mean())
		for _, c := range r.corruption().ByCorruption {
			total += c.Error
		}
		return total
	}
	for i, r := range s.Runs {
		got, want := area[palette[i]]/area[palette[0]], sum(r)/sum(s.Runs[0])
		if math.Abs(got-want) > 0.02 {
			t.Errorf("%s: its bars are %.3f of the first run's, want %.3f", r.Name, got, want)
		}
	}
}

// Runs of which one lacks a corruption, or has other severities, still draw.
func TestBuildOnUnequalRuns(t *testing.T) {
	base := threeRuns(t)
	s, err := Load([]string{base})
	if err != nil {
		t.Fatal(err)
	}
	c := s.Runs[1].Eval.Corruption
	delete(c.ByCorruption, "contrast")
	c.Severities, c.BySeverity = []int{3}, nil
	for name, k := range c.ByCorruption {
		c.ByCorruption[name] = run.CorruptionScores{Error: k.Error, Severity: k.Severity[2:3]}
	}
	c.ByCorruption["fog"] = run.CorruptionScores{Error: 100, Severity: []float64{100}}
	c.ByGroup["weather"] = 60
	s.Runs[2].Log, s.Runs[2].Eval = s.Runs[2].Log[:1], nil
	s.describe()
	for _, f := range []figure{corruptionBars(s), severityCurves(s), trainingCurves(s)} {
		if _, err := f.WriteTo(io.Discard); err != nil {
			t.Errorf("%s: %v", f.title, err)
		}
	}
	var text strings.Builder
	if err := Table(&text, s); err != nil {
		t.Error(err)
	}
	var page bytes.Buffer
	if err := writePage(&page, newPage(s)); err != nil {
		t.Fatal(err)
	}
	if _, err := standsAlone(page.String()); err != nil {
		t.Error(err)
	}
	if strings.Contains(page.String(), "class=\"best\"") {
		t.Error("runs that were not measured alike are ranked")
	}
	if got := strings.Join(s.Corruptions, " "); got != "gaussian_noise defocus_blur fog brightness contrast pixelate" {
		t.Errorf("order is %s", got)
	}
}

func TestEvenTicks(t *testing.T) {
	tests := []struct {
		lo, hi float64
		want   string
	}{
		{0, 50, "0 10 20 30 40 50"},
		{0, 2.5, "0.0 0.5 1.0 1.5 2.0 2.5"},
		{0, 0.06, "0.00 0.01 0.02 0.03 0.04 0.05 0.06"},
		{0, 100, "0 20 40 60 80 100"},
		{0, 0, "0"},
		{0, 5e-324, "0"},
	}
	for _, test := range tests {
		if got := tickLabels(evenTicks(test.lo, test.hi, 6)); got != test.want {
			t.Errorf("%g to %g: got %s, want %s", test.lo, test.hi, got, test.want)
		}
	}
	if got := tickLabels(wholeTicks(8).Ticks(0, 3.06)); got != "0 1 2 3" {
		t.Errorf("three epochs: got %s", got)
	}
	for _, top := range []float64{0, 1e-9, 0.3, 7, 99.9, 1e6} {
		if h := headroom(top); h < top || h <= 0 || h > 2*top+1e-8 && top > 0 {
			t.Errorf("headroom over %g is %g", top, h)
		}
	}
	if percentTop(99.5) != 100 {
		t.Errorf("a rate of 99.5 %% needs an axis to %g", percentTop(99.5))
	}
}

func tickLabels(ticks []plot.Tick) string {
	var list []string
	for _, tick := range ticks {
		list = append(list, tick.Label)
	}
	return strings.Join(list, " ")
}
