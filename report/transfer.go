package report

import (
	"bufio"
	"fmt"
	"slices"
)

// trainedOn tells whether the runs of a group were trained on a corruption.
func (s Seeds) trainedOn(corruption string) bool {
	c := s.members[0].Config
	return c.Method == "corruption" && c.Corruption == corruption
}

// trainedOnSome tells whether there are runs that were trained on a corruption, whose
// errors on the others are then what the report is about.
func (s Summary) trainedOnSome() bool {
	return slices.ContainsFunc(s.Seeds, func(g Seeds) bool { return slices.ContainsFunc(s.Corruptions, g.trainedOn) })
}

// tableWidth is that of tables for a terminal, in columns.
const tableWidth = 105

// writeTransfer writes the error of each group on each corruption, side by side: as many
// groups as fit into a table, then the next ones.
func writeTransfer(out *bufio.Writer, s Summary) {
	fmt.Fprint(out, "Error % by corruption, the mean over severities; * has been trained on it\n\n")
	names := column{left: true, cells: []string{"clean"}}
	for _, name := range s.Corruptions {
		names.cells = append(names.cells, spaced(name))
	}
	names.cells = append(names.cells, "mean")
	table := []column{names}
	for _, g := range s.Seeds {
		c := transferColumn(g, s.Corruptions)
		if wider := append(slices.Clone(table), c); len(table) > 1 && widthOf(wider) > tableWidth {
			writeColumns(out, table)
			fmt.Fprintln(out)
			table = []column{names}
		}
		table = append(table, c)
	}
	writeColumns(out, table)
}

// transferColumn is the clean error of a group, those on the corruptions and their mean.
func transferColumn(g Seeds, corruptions []string) column {
	c := column{Under: g.Label + " ", cells: []string{g.Clean.of(g.N) + " "}}
	for _, name := range corruptions {
		text, mark := "–", " "
		if v, ok := g.Corruptions[name]; ok {
			text = v.of(g.N)
		}
		if g.trainedOn(name) {
			mark = "*"
		}
		c.cells = append(c.cells, text+mark)
	}
	c.cells = append(c.cells, g.Mean.of(g.N)+" ")
	return c
}
