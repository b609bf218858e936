// Package cli is the command line: one file a subcommand. It reads flags, opens
// what they name and hands everything to the packages that decide; results go to
// standard output, all else to standard error, and the exit code says how it went.
//
// Flags, names and ranges are checked before any file is opened, and data before
// checkpoints. One goroutine calls Main, and libtorch is used on it alone.
package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"augmix/ranks"
	"augmix/train"

	torch "github.com/wangkuiyi/gotorch"
)

// call is one call of a command.
type call struct {
	args           []string // what is not a flag
	stdout, stderr io.Writer
}

// Main runs the program with the arguments that follow its name and returns its
// exit code.
func Main(args []string, stdout, stderr io.Writer) int {
	err := dispatch(args, commands(), "augmix", stdout, stderr)
	if err == nil {
		return exitDone
	}
	sayFailure(stderr, err)
	return exitCode(err)
}

// sayFailure writes what a command failed with, and by which rank where it is one of several.
func sayFailure(stderr io.Writer, err error) {
	w, failed := ranks.FromEnv(os.Getenv)
	switch {
	case failed != nil || w.Size <= 1:
		fmt.Fprintln(stderr, "augmix: "+strings.TrimSpace(err.Error()))
	case w.Rank > 0 && (is[*train.Interrupted](err) || is[*train.NonFiniteError](err)):
		// All ranks end with it, and the first one says so.
	case w.Launcher == ranks.Augmix: // It begins what a rank says with the rank.
		fmt.Fprintln(stderr, "augmix: "+strings.TrimSpace(err.Error()))
	default:
		fmt.Fprintf(stderr, "augmix: rank %d: %s\n", w.Rank, strings.TrimSpace(err.Error()))
	}
	if failed := ranks.WriteErrorFile(os.Getenv, err, time.Now()); failed != nil {
		fmt.Fprintln(stderr, "augmix:", failed)
	}
	if usage, ok := errors.AsType[*usageError](err); ok && usage.command != "" && w.Rank == 0 {
		fmt.Fprintf(stderr, "Run `%s --help` for its flags.\n", usage.command)
	}
}

// end ends the process with an error, whatever else it is doing.
func end(stderr io.Writer, err error) {
	sayFailure(stderr, err)
	os.Exit(exitCode(err))
}

// dispatch finds the command that the first argument names and runs it with the
// others. path is what was typed before.
func dispatch(args []string, known []command, path string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return &usageError{command: path, reason: fmt.Sprintf("%s needs a command: %s", path, strings.Join(names(known), ", "))}
	}
	switch args[0] {
	case "help", "--help", "-h":
		return help(args[1:], known, path, stdout)
	case "--version":
		_, err := fmt.Fprintln(stdout, version())
		return err
	}
	cmd, ok := find(args[0], known)
	if !ok {
		return unknownCommand(args[0], known, path)
	}
	path += " " + cmd.name
	if cmd.sub != nil {
		return dispatch(args[1:], cmd.sub, path, stdout, stderr)
	}
	return cmd.call(path, args[1:], stdout, stderr)
}

// call parses the command's flags and does what it is for.
func (c command) call(path string, args []string, stdout, stderr io.Writer) error {
	f := newFlags(path)
	act := c.setup(f)
	operands, err := f.parse(args)
	if err != nil {
		return err
	}
	switch {
	case f.help:
		return c.help(path, stdout)
	case f.version:
		_, err := fmt.Fprintln(stdout, version())
		return err
	case c.operands == "" && len(operands) > 0:
		return f.usage("%s takes no arguments, only flags; what is %s for?", path, show(operands[0]))
	}
	// libtorch's errors are panics; none may end the program with a trace.
	if caught := torch.Maybe(func() { err = act(&call{args: operands, stdout: stdout, stderr: stderr}) }); caught != nil {
		return caught
	}
	if usage, ok := errors.AsType[*usageError](err); ok && usage.command == "" {
		usage.command = path
	}
	return err
}
