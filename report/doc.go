// Package report makes tables, pictures and one self-contained page from run
// folders alone: it computes nothing that a run did not write down.
//
// Build reads one or several runs (or a folder that holds several), draws
// plots/*.png and writes report.html, which opens from disk without a network
// and without a script. Table prints the same figures as text.
package report
