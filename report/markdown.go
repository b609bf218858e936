package report

import (
	"bufio"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// writeMarkdown writes the page's text and tables, and its pictures as links relative to the folder dir that it lies in.
func writeMarkdown(w io.Writer, p page, dir string) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "# %s\n\n%s\n", escaped(p.Title), escaped(p.Lead))
	for _, c := range p.Cards {
		line := "* " + escaped(c.Name) + ": **" + escaped(c.Value) + "**"
		if c.Note != "" {
			line += " (" + escaped(c.Note) + ")"
		}
		if c == p.Cards[0] {
			fmt.Fprintln(out)
		}
		fmt.Fprintln(out, line)
	}
	fmt.Fprint(out, "\n## How to read this page\n\n")
	for _, note := range p.Notes {
		fmt.Fprintf(out, "* %s\n", escaped(note))
	}
	if len(p.Missing) > 0 {
		fmt.Fprint(out, "\n## Not in this report yet\n\n")
		for _, g := range p.Missing {
			fmt.Fprintf(out, "* %s: %s\n", escaped(g.What), code(g.Line))
		}
	}
	for _, sec := range p.Sections {
		writeSection(out, sec, dir)
	}
	return out.Flush()
}

func writeSection(out io.Writer, sec section, dir string) {
	fmt.Fprintf(out, "\n## %s\n", escaped(sec.Title))
	for _, text := range sec.Text {
		fmt.Fprintf(out, "\n%s\n", escaped(text))
	}
	for _, t := range sec.Tables {
		writeGrid(out, t)
	}
	if sec.Plot != "" {
		fmt.Fprintf(out, "\n![%s](plots/%s)\n", escaped(sec.Title), sec.Plot)
	}
	for _, p := range sec.Pictures {
		if path, err := filepath.Rel(dir, p.Path); err == nil {
			fmt.Fprintf(out, "\n![%s](<%s>)\n", escaped(p.Alt), linkEscapes.Replace(filepath.ToSlash(path)))
		}
	}
	if sec.Caption != "" {
		fmt.Fprintf(out, "\n%s\n", escaped(strings.TrimSpace(sec.Caption)))
	}
	for _, c := range sec.Commands {
		fmt.Fprintf(out, "\n%s:\n\n    %s\n", escaped(c.What), c.Line)
	}
	for _, f := range sec.Folded {
		fmt.Fprintf(out, "\n### %s\n", escaped(f.Summary))
		if f.Text != "" {
			fmt.Fprintf(out, "\n    %s\n", strings.ReplaceAll(f.Text, "\n", "\n    "))
		} else {
			writeGrid(out, f.Table)
		}
	}
}

func writeGrid(out io.Writer, t grid) {
	if t.Caption != "" {
		fmt.Fprintf(out, "\n%s\n", escaped(t.Caption))
	}
	line := func(cells []string) { fmt.Fprintf(out, "| %s |\n", strings.Join(cells, " | ")) }
	head, rule := make([]string, len(t.Head)), make([]string, len(t.Head))
	for i, h := range t.Head {
		head[i], rule[i] = escaped(h), "---:"
		if i == 0 || t.Words {
			rule[i] = "---"
		}
	}
	fmt.Fprintln(out)
	line(head)
	line(rule)
	for _, r := range t.Rows {
		cells := make([]string, len(r))
		for i, c := range r {
			cells[i] = strings.TrimSpace(escaped(c.Text) + " " + escaped(c.Spread))
			if c.Best {
				cells[i] = "**" + cells[i] + "** ★"
			}
			if c.Sub != "" {
				cells[i] += "<br>" + escaped(c.Sub)
			}
		}
		line(cells)
	}
	for i, note := range t.Notes {
		if i == 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "* %s\n", escaped(note))
	}
}

var linkEscapes = strings.NewReplacer("<", "%3C", ">", "%3E", "\n", "%0A", `\`, "%5C")

var markdownEscapes = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;",
	"|", `\|`, "~", `\~`, "#", `\#`, "\n", " ")

// escaped writes a text so that Markdown shows it as it is.
func escaped(text string) string { return markdownEscapes.Replace(text) }

// code writes a command so that Markdown shows it as it is.
func code(text string) string {
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	return fence + " " + text + " " + fence
}
