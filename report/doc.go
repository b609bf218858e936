// Package report makes tables, pictures and one self-contained page from run
// folders alone: it computes nothing that a run did not write down.
//
// Build reads one or several runs (or a folder that holds several) and writes
// report.html, which opens from disk without a network and without a script,
// the same as text in report.md, plots/*.png, and the figures in results. What a
// run lacks is named with the command that makes it. Table prints the main
// figures as text.
package report
