package run

// Nearest returns the name of known that takes the fewest single-letter edits
// to become name (Levenshtein's distance), the first of equals, or "" when
// known is empty.
func Nearest(name string, known []string) string {
	best, bestDistance := "", -1
	for _, k := range known {
		if d := distance(name, k); bestDistance < 0 || d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// distance is Levenshtein's, by Wagner and Fischer's recurrence over one row.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	row := make([]int, len(t)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(s); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(t); j++ {
			change := diagonal
			if s[i-1] != t[j-1] {
				change++
			}
			diagonal = row[j]
			row[j] = min(change, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(t)]
}
