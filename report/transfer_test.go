package report

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// TestTransfer: where networks were trained on a corruption there is a table of all errors side
// by side, in several pieces where it would be too wide, and its cell is marked.
func TestTransfer(t *testing.T) {
	dir := t.TempDir()
	measured := []string{"gaussian_noise", "defocus_blur", "brightness", "contrast", "pixelate"}
	for i, name := range append([]string{"", "fog"}, measured...) { // fog is not measured
		c, folder := config("standard", 3), "standard-s1"
		if name != "" {
			c.Method, c.Corruption, folder = "corruption", name, "trained-on-"+name+"-s1"
		}
		writeRun(t, filepath.Join(dir, folder), c, 1+float64(i)/10, time.Unix(int64(i), 0))
	}
	s, err := Load([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := Table(&text, s); err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(text.String(), "has been trained on it\n")
	if !ok {
		t.Fatalf("there is no such table:\n%s", text.String())
	}
	table, _, _ = strings.Cut(table, "\n* ") // the notes
	if got := strings.Count(table, "─\n"); got != 3 {
		t.Errorf("seven wide columns are in %d tables, want 3:\n%s", got, table)
	}
	if got := strings.Count(table, "*"); got != len(measured) {
		t.Errorf("%d cells are marked, want %d:\n%s", got, len(measured), table)
	}
	for line := range strings.Lines(table) {
		if n := utf8.RuneCountInString(line) - 1; n > tableWidth {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	remarks := 0
	for _, name := range measured {
		for _, g := range s.Seeds {
			if g.trainedOn(name) && !strings.Contains(table, " "+decimal(float64(g.Corruptions[name].Mean))+"*") {
				t.Errorf("%s: its network's error is not marked:\n%s", name, table)
			}
		}
	}
	for _, row := range corruptionTable(s).Rows {
		for _, c := range row {
			if c.Sub == "trained on it" {
				remarks++
			}
		}
	}
	if remarks != len(measured) {
		t.Errorf("the page marks %d cells, want %d", remarks, len(measured))
	}
}
