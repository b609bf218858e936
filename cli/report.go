package cli

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"augmix/report"
	"augmix/run"
)

func reportCommand() command {
	return command{
		name: "report", operands: "RUN…", summary: "makes tables, pictures and a page from evaluated runs",
		about: "A RUN is a run's folder or one that holds several. The page opens from disk, without a network.\n" +
			"What a run lacks is named, with the command that makes it.",
		setup: func(f *flags) func(*call) error {
			var out, json string
			g := f.group("Output")
			g.text(&out, "out", "DIR", nil, "where report.html, report.md, plots/ and results/ go (default: the only RUN)")
			g.json(&json)
			return func(c *call) error { return makeReport(c, out, json) }
		},
	}
}

func makeReport(c *call, out, json string) error {
	switch {
	case len(c.args) == 0:
		return usage("what is to be reported on? Name a run's folder, or one that holds several")
	case len(c.args) > 1 && out == "":
		return usage("a report on several folders needs one of its own; name it with --out DIR")
	}
	for _, dir := range c.args {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return usage("%s: there is no such folder; name a run's, or one that holds several", show(dir))
		}
		if below, err := filepath.Glob(filepath.Join(dir, "*", "config.json")); !run.IsRun(dir) && len(below) == 0 && err == nil {
			return usage("%s holds no run; name a folder that augmix train or make run made", show(dir))
		}
	}
	summary, err := report.Build(c.args, out)
	if err != nil {
		return err
	}
	if err := c.results(json, summary, func(w io.Writer) error { return report.Table(w, summary) }); err != nil {
		return err
	}
	w := c.stdout
	if json == toStdout {
		w = c.stderr
	}
	fmt.Fprintln(w)
	for _, picture := range summary.Plots {
		fmt.Fprintf(w, "picture: %s\n", picture)
	}
	fmt.Fprintf(w, "figures: %s\n", strings.Join(summary.Results, " "))
	fmt.Fprintf(w, "text:    %s\n", summary.Markdown)
	_, err = fmt.Fprintf(w, "page:    %s\n", summary.Page)
	return err
}
