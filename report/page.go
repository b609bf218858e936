package report

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"image/png"
	"io"
	"os"
	"strings"

	"augmix/run"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// page is what page.html and report.md show.
type page struct {
	Title    string
	Lead     string
	Notes    []string
	Missing  []command
	Cards    []card // the figures of a single run
	Legend   []entry
	Sections []section
}

// section is a part of the page with a heading of its own.
type section struct {
	ID, Title string
	Text      []string
	Tables    []grid
	Legend    bool // before the charts, where there are several series
	Charts    []template.HTML
	Narrow    bool // the charts stand in up to four columns
	Plot      string
	Caption   string
	Pictures  []picture
	Folded    []folded
	Commands  []command
}

// folded is what the page shows when it is asked to.
type folded struct {
	Summary string
	Table   grid
	Text    string // as it is, in the place of Table
}

// card is one figure of a single run.
type card struct{ Name, Value, Note string }

// entry is a series in the legend.
type entry struct {
	Sign template.HTML
	Name string
}

// picture is an image in the page, with its text for those who cannot see it.
type picture struct {
	Alt, Caption, Path string
	Data               template.URL
}

// grid is a table. The first cell of a row is its heading.
type grid struct {
	Caption string
	Head    []string
	Rows    [][]tableCell
	Notes   []string
	Words   bool // cells are texts, which break
}

// tableCell is a cell: its text, what that spreads over and a remark, which stand below it in small letters, and whether
// it is the best of its kind.
type tableCell struct {
	Text, Spread, Sub string
	Best              bool
}

// command is something to type.
type command struct{ What, Line string }

// row is a row of plain cells.
func row(cells ...string) []tableCell {
	out := make([]tableCell, len(cells))
	for i, text := range cells {
		out[i].Text = text
	}
	return out
}

// newPage decides what is shown of s.
func newPage(s Summary) page {
	p := page{Title: s.Title, Lead: lead(s), Notes: s.Notes}
	for _, g := range s.Missing {
		p.Missing = append(p.Missing, command{g.What, visible(g.Command)})
	}
	if len(s.Runs) == 1 {
		p.Cards = cards(s.Runs[0])
	}
	for i, g := range s.Seeds {
		c := newChart(30, 12, "", g.Label)
		c.curve("line "+seriesClass(i), [][2]float64{{0, 6}, {30, 6}})
		c.mark(i, 15, 6, "")
		p.Legend = append(p.Legend, entry{c.done(), g.Label})
	}
	if len(p.Legend) == 1 {
		p.Legend = nil
	}
	for _, of := range []func(Summary) section{
		resultsSection, corruptionSection, severitySection, calibrationSection, flipsSection, fourierSection, trainingSection,
		previewSection, recipeSection, environmentSection, reproduceSection,
	} {
		if sec := of(s); sec.ID != "" {
			p.Sections = append(p.Sections, sec)
		}
	}
	return p
}

// writePage writes p as one file that needs no other.
func writePage(w io.Writer, p page) error {
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, p); err != nil {
		return fmt.Errorf("make the page: %w", err)
	}
	_, err := b.WriteTo(w)
	return err
}

// lead says in a sentence what was run.
func lead(s Summary) string {
	parts := make([]string, len(s.Seeds))
	for i, g := range s.Seeds {
		c := g.members[0].Config
		var seeds []string
		for _, r := range g.members {
			seeds = append(seeds, fmt.Sprint(r.Config.Seed))
		}
		word := "seed"
		if len(seeds) > 1 {
			word = "seeds"
		}
		parts[i] = fmt.Sprintf("%s (%d epochs of %s, %s %s)", g.Label, c.Epochs, c.MethodText(), word, strings.Join(seeds, ", "))
	}
	text := fmt.Sprintf("%s trained on %s: %s.",
		strings.Join(distinct(s.Runs, func(r Run) string { return network(r.Config) }), ", "),
		strings.Join(distinct(s.Runs, func(r Run) string { return r.Config.Dataset }), ", "),
		strings.Join(parts, "; "))
	for _, origin := range distinct(s.Runs, func(r Run) string { return r.Config.MethodOrigin() }) {
		if origin != "" {
			text += " " + origin
		}
	}
	return text
}

// cards are the figures of a single run that a reader looks for first.
func cards(r Run) []card {
	var out []card
	add := func(name string, v run.Number, note string) {
		if v.Known() {
			out = append(out, card{name, percent(float64(v)), note})
		}
	}
	var clean, mean string
	if r.Eval != nil && r.Eval.Intervals != nil {
		if i := r.Eval.Intervals; i.Clean != nil && i.Corruption != nil {
			clean = fmt.Sprintf("%.0f %% interval %.2f to %.2f", i.Level, i.Clean.Low.Error, i.Clean.High.Error)
			mean = fmt.Sprintf("%.0f %% interval %.2f to %.2f", i.Level, i.Corruption.Low.MeanError, i.Corruption.High.MeanError)
		}
	}
	add("clean error", r.clean(), clean)
	add("mean corruption error", r.mean(), mean)
	add("mCE", r.mce(), "normalised by AlexNet’s errors")
	add("RMS calibration error", r.cleanCalibration(), "clean images")
	add("RMS calibration error", r.calibration(), "corrupted images")
	add("mean flip probability", r.mfp(), "along perturbations")
	add("mean flip rate", r.mfr(), "normalised by AlexNet’s")
	if r.Train != nil {
		out = append(out, card{"training time", duration(r.Train.Seconds), fmt.Sprintf("%.0f images a second", r.Train.ImagesPerSecond)})
	}
	return out
}

// mostBytes bounds a picture in the page.
const mostBytes = 16 << 20

// embed returns the PNG at path as a data: URL. A file that is no whole PNG is an error.
func embed(path string) (template.URL, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err != nil {
		return "", err
	}
	if len(text) > mostBytes {
		return "", fmt.Errorf("%s: larger than %d bytes", path, mostBytes)
	}
	config, err := png.DecodeConfig(bytes.NewReader(text))
	if err == nil && config.Width*config.Height > 1<<26 {
		return "", fmt.Errorf("%s: %d×%d pixels are too many", path, config.Width, config.Height)
	}
	if err == nil {
		_, err = png.Decode(bytes.NewReader(text))
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(text)), nil
}
