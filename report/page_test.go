package report

import (
	"encoding/xml"
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
	onePixel := "\x89PNG\r\n\x1a\n"
	if err := os.WriteFile(filepath.Join(base, "standard", "plots", "preview.png"), []byte(onePixel), 0o666); err != nil {
		t.Fatal(err)
	}
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

// The page is whole in itself: nothing in it asks for another file, a network
// or a script, every picture says in words what it shows, and its elements
// close.
func TestPageStandsAlone(t *testing.T) {
	s, text := build(t)
	if s.Page == "" || len(s.Plots) != 3 || s.Preview == "" {
		t.Errorf("got page %q, plots %v, preview %q", s.Page, s.Plots, s.Preview)
	}
	dec := xml.NewDecoder(strings.NewReader(text))
	dec.Strict = false
	dec.AutoClose = xml.HTMLAutoClose
	dec.Entity = xml.HTMLEntity
	images, headings := 0, 0
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("the page is not well formed: %v", err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "script", "link", "iframe", "object":
			t.Errorf("the page has a <%s>", start.Name.Local)
		case "img":
			images++
		case "h1":
			headings++
		}
		alt := ""
		for _, a := range start.Attr {
			switch {
			case a.Name.Local == "alt":
				alt = a.Value
			case (a.Name.Local == "src" || a.Name.Local == "href") && !strings.HasPrefix(a.Value, "data:image/png;base64,"):
				t.Errorf("<%s> asks for %q", start.Name.Local, a.Value)
			case strings.HasPrefix(a.Name.Local, "on"):
				t.Errorf("<%s> has a script in %s", start.Name.Local, a.Name.Local)
			}
		}
		if start.Name.Local == "img" && len(alt) < 20 {
			t.Errorf("picture %d says only %q", images, alt)
		}
	}
	if images != 4 || headings != 1 {
		t.Errorf("%d pictures and %d titles, want 4 and 1", images, headings)
	}
	for _, bad := range []string{"http://", "https://", "@import", "url(", "ZgotmplZ"} {
		if strings.Contains(text, bad) {
			t.Errorf("the page contains %q", bad)
		}
	}
}

func TestPageSaysWhatATableSays(t *testing.T) {
	s, text := build(t)
	for _, r := range s.Runs {
		for _, want := range []string{decimal(r.Clean), decimal(r.Mean), number(r.Calibration), duration(r.Train.Seconds), r.Train.WeightsSHA256} {
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
		total := r.Clean + r.Mean
		for _, c := range r.Corruptions {
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
	delete(s.Runs[1].Corruptions, "contrast")
	s.Runs[1].Corruptions["fog"] = run.CorruptionScores{Error: 100, Severity: []float64{100}}
	s.Runs[1].Groups["weather"] = 60
	s.Runs[2].Log = s.Runs[2].Log[:1]
	s.Groups, s.Corruptions = nil, nil
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
	if s.Runs[1].meanBySeverity() != nil {
		t.Error("a mean over different severities was made")
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
	}
	for _, test := range tests {
		if got := labels(evenTicks(test.lo, test.hi, 6)); got != test.want {
			t.Errorf("%g to %g: got %s, want %s", test.lo, test.hi, got, test.want)
		}
	}
	if got := labels(wholeTicks(8).Ticks(0, 3.06)); got != "0 1 2 3" {
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

func labels(ticks []plot.Tick) string {
	var list []string
	for _, tick := range ticks {
		list = append(list, tick.Label)
	}
	return strings.Join(list, " ")
}
