package run

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// The names in a run's folder.
const (
	configName     = "config.json"
	envName        = "env.json"
	logName        = "training_log.csv"
	metricsName    = "metrics.jsonl"
	badSamplesName = "bad_samples.jsonl"
	eventsName     = "events.out.tfevents.augmix"
	lockName       = ".lock"
	checkpointsDir = "checkpoints"
	resultsDir     = "results"
	plotsDir       = "plots"
)

// Folder is an open run's folder. One that Create returned holds the lock until
// Close; one that Open returned is for reading.
type Folder struct {
	dir  string
	fs   fileSystem
	lock *os.File // nil when opened for reading
}

// ForeignError says that a folder holds something that is not a run, so that
// nothing will be written there. The command line exits with 2.
type ForeignError struct {
	Dir    string
	Reason string
}

func (e *ForeignError) Error() string {
	return fmt.Sprintf("%s is not a run's folder: %s; choose another --save", e.Dir, e.Reason)
}

// Create opens dir for a run to write into, making it where it is absent, and
// locks it. It sweeps the temporary files that a killed program left. A folder
// with anything else in it gives a *ForeignError, one that another program
// writes into a *LockedError. Whether a run is already there is not its
// business: ask State.
func Create(dir string) (*Folder, error) {
	if err := checkOwn(dir); err != nil {
		return nil, err
	}
	_, statErr := os.Stat(dir)
	for _, d := range []string{dir, filepath.Join(dir, checkpointsDir), filepath.Join(dir, resultsDir), filepath.Join(dir, plotsDir)} {
		if err := os.MkdirAll(d, 0o777); err != nil {
			return nil, fmt.Errorf("make the run's folder: %w%s", err, remedy(err))
		}
	}
	lock, err := takeLock(dir, filepath.Join(dir, lockName))
	if err != nil {
		return nil, err
	}
	f := &Folder{dir: dir, fs: disk{}, lock: lock}
	if err := f.sweep(); err != nil {
		f.Close()
		return nil, err
	}
	// The new names must survive a power loss before a file in them can.
	sync := []string{dir}
	if errors.Is(statErr, os.ErrNotExist) {
		sync = append(sync, filepath.Dir(dir))
	}
	for _, d := range sync {
		if err := f.fs.SyncDir(d); err != nil {
			f.Close()
			return nil, fmt.Errorf("make the run's folder durable: %w", err)
		}
	}
	return f, nil
}

// IsRun reports whether dir is a run's folder: one with a config.json.
func IsRun(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, configName))
	return err == nil
}

// Open opens the run in dir for reading, whether or not a program is writing it.
func Open(dir string) (*Folder, error) {
	if _, err := os.Stat(filepath.Join(dir, configName)); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%s is not a run's folder: it has no %s; name a folder that `augmix train` made", dir, configName)
		}
		return nil, fmt.Errorf("open run: %w", err)
	}
	return &Folder{dir: dir, fs: disk{}}, nil
}

// Close releases the lock. The folder must not be written afterwards.
func (f *Folder) Close() error {
	if f.lock == nil {
		return nil
	}
	err := f.lock.Close()
	f.lock = nil
	return err
}

// Dir returns the folder's path as it was given.
func (f *Folder) Dir() string { return f.dir }

// Path joins names to the folder's path.
func (f *Folder) Path(names ...string) string {
	return filepath.Join(append([]string{f.dir}, names...)...)
}

// PlotPath returns the path of the picture plots/name.
func (f *Folder) PlotPath(name string) string { return f.Path(plotsDir, name) }

// ownNames are the entries that a run may leave before its config.json exists.
// lost+found is at the root of a fresh volume.
var ownNames = map[string]bool{
	lockName: true, checkpointsDir: true, resultsDir: true, plotsDir: true, "lost+found": true,
}

// checkOwn returns a *ForeignError when dir is not absent, empty or a run's.
func checkOwn(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open the run's folder: %w%s", err, remedy(err))
	}
	stranger := ""
	for _, e := range entries {
		switch {
		case e.Name() == configName:
			if _, err := ReadConfig(filepath.Join(dir, configName)); err != nil {
				return &ForeignError{Dir: dir, Reason: err.Error()}
			}
			return nil
		case !ownNames[e.Name()] && !isTemp(e.Name()) && stranger == "":
			stranger = e.Name()
		}
	}
	if stranger != "" {
		return &ForeignError{Dir: dir, Reason: fmt.Sprintf("it has %s but no %s", stranger, configName)}
	}
	return nil
}

// sweep removes what a killed program was writing. Only the holder of the lock
// may: the files of a running one look the same.
func (f *Folder) sweep() error {
	for _, dir := range []string{f.dir, f.Path(checkpointsDir), f.Path(resultsDir), f.Path(plotsDir)} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return fmt.Errorf("sweep temporary files: %w", err)
		}
		for _, e := range entries {
			if e.IsDir() || !isTemp(e.Name()) {
				continue
			}
			if err := f.fs.Remove(filepath.Join(dir, e.Name())); err != nil {
				return fmt.Errorf("sweep temporary files: %w%s", err, remedy(err))
			}
		}
	}
	return nil
}
