package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"augmix/run"
)

// column is one column of the table: two lines of heading, then a cell a run.
type column struct {
	Over, Under string
	cells       []string
	left        bool // names; figures are set right
}

// columns returns the table's columns: error by set, calibration and time.
func (s Summary) columns() []column {
	add := func(over, under string, cell func(Run) string) column {
		c := column{Over: over, Under: under}
		for _, r := range s.Runs {
			c.cells = append(c.cells, cell(r))
		}
		return c
	}
	name := add("", "run", func(r Run) string { return r.Name })
	name.left = true
	columns := []column{name, add("clean", "error %", func(r Run) string { return number(r.clean()) })}
	for _, g := range s.Groups {
		columns = append(columns, add(g, "error %", func(r Run) string { return number(r.group(g)) }))
	}
	columns = append(columns,
		add("mean corruption", "error %", func(r Run) string { return number(r.mean()) }),
		add("RMS calibration", "corrupted %", func(r Run) string { return number(r.calibration()) }))
	some := func(of func(Run) run.Number) bool {
		return slices.ContainsFunc(s.Runs, func(r Run) bool { return of(r).Known() })
	}
	if some(Run.mce) {
		columns = append(columns, add("mCE by", "AlexNet %", func(r Run) string { return number(r.mce()) }))
	}
	if some(Run.mfp) {
		columns = append(columns, add("mean flip", "probab. %", func(r Run) string { return number(r.mfp()) }))
	}
	return append(columns, add("training", "time", func(r Run) string {
		if r.Train == nil {
			return "–"
		}
		return duration(r.Train.Seconds)
	}))
}

// decimal writes a rate in percent for a column that says so.
func decimal(v float64) string { return fmt.Sprintf("%.2f", v) }

// number writes a rate that need not exist.
func number(v run.Number) string {
	if !v.Known() {
		return "–"
	}
	return decimal(float64(v))
}

// percent writes a rate in percent for a sentence.
func percent(v float64) string { return fmt.Sprintf("%.2f %%", v) }

// Table writes the summary as text: a title, one line a run and the notes, none
// wider than 105 columns while the runs' names are short.
func Table(w io.Writer, s Summary) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s\n\n", s.Title)
	writeColumns(out, s.columns())
	fmt.Fprintln(out)
	writeSeeds(out, s.Seeds)
	if s.trainedOnSome() {
		writeTransfer(out, s)
		fmt.Fprintln(out)
	}
	for _, note := range s.Notes {
		for i, part := range wrap(note, 96) {
			fmt.Fprintln(out, []string{"* ", "  "}[min(i, 1)]+part)
		}
	}
	writeMissing(out, s.Missing)
	return out.Flush()
}

// writeMissing says what the runs lack, a line each, and the command that makes it.
func writeMissing(out io.Writer, gaps []Gap) {
	if len(gaps) > 0 {
		fmt.Fprint(out, "\nNot in this report yet:\n")
	}
	for _, g := range gaps {
		fmt.Fprintf(out, "  %s\n", g)
	}
}

// widthsOf returns the widths of columns.
func widthsOf(columns []column) []int {
	widths := make([]int, len(columns))
	for i, c := range columns {
		for _, text := range append([]string{c.Over, c.Under}, c.cells...) {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	return widths
}

// widthOf returns the width of a table.
func widthOf(columns []column) int {
	total := 2 * (len(columns) - 1)
	for _, width := range widthsOf(columns) {
		total += width
	}
	return total
}

// writeColumns writes the headings, a line under them, and the cells.
func writeColumns(out io.Writer, columns []column) {
	widths := widthsOf(columns)
	line := func(cell func(column) string) {
		var b strings.Builder
		for i, c := range columns {
			text := cell(c)
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text))
			if i > 0 {
				b.WriteString("  ")
			}
			if c.left {
				b.WriteString(text + pad)
			} else {
				b.WriteString(pad + text)
			}
		}
		fmt.Fprintln(out, strings.TrimRight(b.String(), " "))
	}
	if slices.ContainsFunc(columns, func(c column) bool { return c.Over != "" }) {
		line(func(c column) string { return c.Over })
	}
	line(func(c column) string { return c.Under })
	fmt.Fprintln(out, strings.Repeat("─", widthOf(columns)))
	for i := range columns[0].cells {
		line(func(c column) string { return c.cells[i] })
	}
}

// wrap breaks text at spaces into lines of at most width runes, where its words
// allow.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
