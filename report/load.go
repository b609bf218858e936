package report

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"augmix/run"
)

// Load reads the runs in dirs, each a run's folder or a folder that holds some,
// and describes them. What a run lacks is among its Missing, with the command
// that makes it; only a run without a readable configuration cannot be
// described, which is an error where there is no other.
func Load(dirs []string) (Summary, error) {
	if len(dirs) == 0 {
		return Summary{}, errors.New("no run to report on; name a folder that `augmix train` or `make run` made")
	}
	var s Summary
	var first error
	seen := map[string]bool{}
	for _, dir := range dirs {
		folders, err := runsIn(dir)
		if err != nil {
			return Summary{}, err
		}
		for _, f := range folders {
			if path := absolute(f.Dir()); seen[path] {
				continue
			} else {
				seen[path] = true
			}
			r, err := loadRun(f)
			if err != nil {
				s.Unreadable = append(s.Unreadable, visible(err.Error()))
				if first == nil {
					first = err
				}
				continue
			}
			s.Runs = append(s.Runs, r)
		}
		s.Pictures = append(s.Pictures, pictures(dir)...)
	}
	if len(s.Runs) == 0 {
		return Summary{}, first
	}
	for i := range s.Runs {
		s.Runs[i].Name = visible(shortName(s.Runs, i))
		if r := s.Runs[i]; !slices.Contains(dirs, r.Dir) {
			s.Pictures = append(s.Pictures, pictures(r.Dir)...)
		}
	}
	if i := slices.IndexFunc(s.Runs, func(r Run) bool { return r.Config.Method == "augmix" }); i >= 0 && len(s.Pictures) == 0 {
		r := &s.Runs[i]
		r.Missing = append(r.Missing, gap("no picture of the augmented images", r.previewCommand()))
	}
	s.describe()
	return s, nil
}

// pictures lists the pictures that `augmix preview` wrote into dir's plots.
func pictures(dir string) []string {
	found, err := filepath.Glob(filepath.Join(escapeGlob(dir), "plots", "preview*.png"))
	if err != nil {
		return nil // The pattern is whole, since dir is escaped.
	}
	return found
}

// escapeGlob makes filepath.Glob take a path as it is.
func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// runsIn returns the run in dir, or those in its subfolders, first started
// first.
func runsIn(dir string) ([]*run.Folder, error) {
	if run.IsRun(dir) {
		f, err := run.Open(dir)
		return []*run.Folder{f}, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("open run: %w", err)
	}
	var folders []*run.Folder
	started := map[*run.Folder]int64{}
	for _, e := range entries {
		sub := filepath.Join(dir, e.Name())
		if !run.IsRun(sub) {
			continue // a report, a picture
		}
		f, err := run.Open(sub)
		if err != nil {
			return nil, err
		}
		if env, err := f.Env(); err == nil {
			if len(env.Earlier) > 0 {
				env = env.Earlier[0]
			}
			started[f] = env.Started.UnixNano()
		}
		folders = append(folders, f)
	}
	if len(folders) == 0 {
		return nil, fmt.Errorf("%s holds no run; name a folder that `augmix train` or `make run` made", dir)
	}
	slices.SortStableFunc(folders, func(a, b *run.Folder) int {
		return int(min(max(started[a]-started[b], -1), 1))
	})
	return folders, nil
}

// absolute tells two names of one folder from those of two.
func absolute(dir string) string {
	if path, err := filepath.EvalSymlinks(dir); err == nil {
		dir = path
	}
	if path, err := filepath.Abs(dir); err == nil {
		return path
	}
	return filepath.Clean(dir)
}

// shortName is the last part of run i's path, or as many parts as tell it from
// the other runs.
func shortName(runs []Run, i int) string {
	parts := func(dir string) []string {
		abs, err := filepath.Abs(dir)
		if err != nil {
			abs = filepath.Clean(dir)
		}
		return strings.Split(abs, string(filepath.Separator))
	}
	own := parts(runs[i].Dir)
	for n := 1; n < len(own); n++ {
		name := strings.Join(own[len(own)-n:], "/")
		unique := true
		for j, other := range runs {
			if j != i && strings.HasSuffix("/"+strings.Join(parts(other.Dir), "/"), "/"+name) {
				unique = false
			}
		}
		if unique {
			return name
		}
	}
	return runs[i].Dir
}

// visible replaces what a terminal or a page would obey, or could not show, in a
// text that comes from a file or a file's name.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}
