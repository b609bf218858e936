package report

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"augmix/run"
)

// Load reads the runs in dirs, each a run's folder or a folder that holds some,
// and describes them. A file that is missing is named, with the command that
// makes it.
func Load(dirs []string) (Summary, error) {
	if len(dirs) == 0 {
		return Summary{}, errors.New("no run to report on; name a folder that `augmix train` or `make run` made")
	}
	var s Summary
	for _, dir := range dirs {
		folders, err := runsIn(dir)
		if err != nil {
			return Summary{}, err
		}
		runs, unfinished, err := loadRuns(folders)
		if err != nil {
			return Summary{}, err
		}
		s.Runs, s.Unfinished = append(s.Runs, runs...), append(s.Unfinished, unfinished...)
		if preview := filepath.Join(dir, "plots", previewName); s.Preview == "" && exists(preview) {
			s.Preview = preview
		}
	}
	for i := range s.Runs {
		s.Runs[i].Name = shortName(s.Runs, i)
		if preview := filepath.Join(s.Runs[i].Dir, "plots", previewName); s.Preview == "" && exists(preview) {
			s.Preview = preview
		}
	}
	s.describe()
	return s, nil
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
		env, err := f.Env()
		if err != nil {
			return nil, missing(f, err, "env.json", trainCommand(f))
		}
		first := env
		if len(env.Earlier) > 0 {
			first = env.Earlier[0]
		}
		started[f] = first.Started.UnixNano()
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

// loadRuns reads runs. Of several, those that are not finished or not evaluated yet are left out and named, as long as
// one is.
func loadRuns(folders []*run.Folder) (runs []Run, unfinished []string, err error) {
	var first error
	for _, f := range folders {
		r, err := loadRun(f)
		switch {
		case err == nil:
			runs = append(runs, r)
		case !errors.Is(err, os.ErrNotExist):
			return nil, nil, err
		default:
			unfinished = append(unfinished, f.Dir())
			if first == nil {
				first = err
			}
		}
	}
	if len(runs) == 0 {
		return nil, nil, first
	}
	return runs, unfinished, nil
}

// loadRun reads what a report says of one run.
func loadRun(f *run.Folder) (Run, error) {
	r := Run{Dir: f.Dir()}
	var err error
	if r.Config, err = f.Config(); err != nil {
		return Run{}, err
	}
	if r.Env, err = f.Env(); err != nil {
		return Run{}, missing(f, err, "env.json", trainCommand(f))
	}
	if r.Train, err = f.TrainResult(); err != nil {
		return Run{}, missing(f, err, "results/train.json", trainCommand(f))
	}
	if r.Log, err = f.ReadLog(); err != nil {
		return Run{}, missing(f, err, "training_log.csv", trainCommand(f))
	}
	if err := r.loadEval(f); err != nil {
		return Run{}, err
	}
	return r, nil
}

func trainCommand(f *run.Folder) string {
	return "augmix train --config " + f.Path("config.json") + " --save " + f.Dir() + " --resume auto"
}

// missing names the file that a report needs and how to get it; another error
// than its absence is passed on.
func missing(f *run.Folder, err error, file, command string) error {
	if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return fmt.Errorf("%s is missing, run `%s` first: %w", f.Path(file), command, os.ErrNotExist)
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

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
