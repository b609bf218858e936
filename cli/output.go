package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"augmix/run"
)

// toStdout in place of --json's file sends the JSON to standard output, where the
// table would go.
const toStdout = "-"

// row is a line of a table: its cells.
type row []string

func (g *group) json(path *string) {
	g.text(path, "json", "FILE", checkTarget, "also write the results as JSON; - to standard output, in the table's place")
}

// checkTarget refuses a file that cannot be written because of where it is, before
// hours are spent on its content.
func checkTarget(path string) error {
	if path == toStdout {
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("it is a folder; name a file")
	}
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no folder %s; make it first", show(dir))
	}
	return nil
}

// results writes v as JSON to jsonPath, if that is not empty, and the table to
// standard output unless the JSON goes there.
func (c *call) results(jsonPath string, v any, table func(w io.Writer) error) error {
	if jsonPath == toStdout {
		return writeJSON(c.stdout, v)
	}
	if err := table(c.stdout); err != nil {
		return fmt.Errorf("write to standard output: %w", err)
	}
	return saveJSON(jsonPath, v)
}

// saveJSON replaces the file at path, if that names one, by v.
func saveJSON(path string, v any) error {
	if path == "" {
		return nil
	}
	return run.WriteFile(path, func(w io.Writer) error { return writeJSON(w, v) })
}

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// writeRows writes a table. With figures, all columns but the first are set right.
func writeRows(w io.Writer, rows []row, figures bool) error {
	if !figures {
		t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, r := range rows {
			fmt.Fprintln(t, strings.Join(r, "\t"))
		}
		return t.Flush()
	}
	// tabwriter sets all columns of a table right or none; the first is padded by
	// hand, and the space around the lines is cut off.
	width := 0
	for _, r := range rows {
		width = max(width, len([]rune(r[0])))
	}
	var b strings.Builder
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, r := range rows {
		first := r[0] + strings.Repeat(" ", width-len([]rune(r[0])))
		fmt.Fprintln(t, strings.Join(append(row{first}, r[1:]...), "\t")+"\t")
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for line := range strings.Lines(b.String()) {
		line = strings.TrimPrefix(strings.TrimRight(line, " \n"), "  ")
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}
