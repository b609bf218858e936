package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"augmix/run"
)

// command is a row of the table of commands.
type command struct {
	name     string
	operands string // as the help shows them; empty takes none
	summary  string // one line, no full stop
	about    string // more for the command's own help; may be empty
	// setup declares the flags and returns what to do once they are parsed.
	setup func(f *flags) func(c *call) error
	sub   []command // instead of setup
}

// commands lists the commands in the order in which help shows them.
func commands() []command {
	return []command{
		trainCommand(),
		evalCommand(),
		predictCommand(),
		reportCommand(),
		corruptCommand(),
		perturbCommand(),
		previewCommand(),
		exportCommand(),
		fetchCommand(),
		{name: "bench", summary: "measures throughput", sub: []command{benchPipelineCommand(), benchStepCommand(), benchEvalCommand()}},
		doctorCommand(),
		versionCommand(),
	}
}

func find(name string, known []command) (command, bool) {
	for _, c := range known {
		if c.name == name {
			return c, true
		}
	}
	return command{}, false
}

func names(known []command) []string {
	var out []string
	for _, c := range known {
		out = append(out, c.name)
	}
	return out
}

func unknownCommand(name string, known []command, path string) error {
	if strings.HasPrefix(name, "-") {
		return &usageError{command: path, reason: fmt.Sprintf("%s: flags follow a command, as in `%s %s %s`", show(name), path, known[0].name, show(name))}
	}
	nearest := run.Nearest(name, append(names(known), "help"))
	return &usageError{command: path, reason: fmt.Sprintf("unknown command %s; the nearest is `%s %s`", show(name), path, nearest)}
}

// help prints the help of the command that args name, or the list of commands.
func help(args []string, known []command, path string, stdout io.Writer) error {
	if len(args) > 0 {
		cmd, ok := find(args[0], known)
		if !ok {
			return unknownCommand(args[0], known, path)
		}
		path += " " + cmd.name
		if cmd.sub != nil {
			return help(args[1:], cmd.sub, path, stdout)
		}
		return cmd.help(path, stdout)
	}
	fmt.Fprintf(stdout, "Usage: %s COMMAND [flags]\n\n", path)
	w := tabwriter.NewWriter(stdout, 0, 0, 3, ' ', 0)
	for _, c := range known {
		fmt.Fprintf(w, "  %s\t%s\n", c.name, c.summary)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(stdout, "\n`%s COMMAND --help` lists a command's flags. Exit codes: 0 done, 1 failed, 2 wrong usage,\n"+
		"3 data missing or invalid, 4 checkpoint invalid or locked, 5 the loss is not finite;\n"+
		"75 after SIGUSR1, 130 after SIGINT, 143 after SIGTERM.\n", path)
	return err
}

// help prints what the command is for and its flags, by group.
func (c command) help(path string, stdout io.Writer) error {
	f := newFlags(path)
	c.setup(f)
	line := path + " [flags]"
	if c.operands != "" {
		line += " " + c.operands
	}
	text := fmt.Sprintf("Usage: %s\n\n%s %s.\n", line, path, c.summary)
	if c.about != "" {
		text += c.about + "\n"
	}
	_, err := io.WriteString(stdout, text+f.describe())
	return err
}
