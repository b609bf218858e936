package run

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"augmix/weights"
)

// Names in a checkpoint's metadata that this package reads. All values are
// text; numbers are decimal.
const (
	// MetaEpoch counts the epochs that were done when the checkpoint was
	// saved.
	MetaEpoch = "epoch"
	// MetaStep counts the steps that were done.
	MetaStep = "step"
	// metaDigest is the whole-file SHA-256 that package weights writes and
	// verifies.
	metaDigest = "sha256"
)

const (
	stepPrefix = "step-"
	stepSuffix = ".safetensors"
	lastLink   = "last"
	bestLink   = "best"
	// asideSuffix ends the name of a checkpoint that resuming went behind.
	asideSuffix = ".aside"
	// keepNewest checkpoints stay besides the best one. One would not do: it
	// may turn out not to verify.
	keepNewest = 2
)

// Checkpoint is a checkpoint that was read and verified.
type Checkpoint struct {
	Path string
	Step uint64 // steps done, from the file's name
	File *weights.File
}

// Damaged is a checkpoint that does not verify.
type Damaged struct {
	Path string
	Err  error
}

func (d Damaged) String() string { return fmt.Sprintf("checkpoint %s passed over: %v", d.Path, d.Err) }

// SaveCheckpoint writes checkpoints/step-<step>.safetensors and lets the link
// last, and with best also the link best, point to it. When it returns without
// an error the checkpoint is on the disk; then all but the newest two, that of
// the best link and that of step itself are removed. Checkpoints above step,
// which only SetAside can have missed, are not touched.
//
// The order is: new temporary file, write, sync, close, rename, sync the
// folder, read back and verify, links, removals. An error at any of them leaves
// the earlier checkpoints byte for byte as they were and no temporary file. A
// removal that fails is only a warning.
func (f *Folder) SaveCheckpoint(step uint64, file *weights.File, best bool) (warnings []string, err error) {
	name := fmt.Sprintf("%s%08d%s", stepPrefix, step, stepSuffix)
	path := f.Path(checkpointsDir, name)
	err = writeFile(f.fs, path, func(w io.Writer) error { return weights.WriteSafetensors(w, file) })
	if err != nil {
		return nil, fmt.Errorf("save checkpoint: %w", err)
	}
	if _, err := verify(path); err != nil {
		return nil, fmt.Errorf("save checkpoint: read back: %w", err)
	}
	links := []string{lastLink}
	if best {
		links = append(links, bestLink)
	}
	for _, link := range links {
		if err := replaceLink(f.fs, name, f.Path(checkpointsDir, link)); err != nil {
			return nil, fmt.Errorf("save checkpoint: %w", err)
		}
	}
	return f.prune(step), nil
}

// prune removes the checkpoints below step that need not stay, and returns what
// went wrong.
func (f *Folder) prune(step uint64) (warnings []string) {
	all, err := f.checkpoints()
	if err != nil {
		return []string{"old checkpoints stay: " + err.Error()}
	}
	best, _ := os.Readlink(f.Path(checkpointsDir, bestLink))
	kept := 0
	for _, c := range all {
		if c.Step > step {
			continue
		}
		if kept < keepNewest {
			kept++
			continue
		}
		if filepath.Base(c.Path) == best {
			continue
		}
		if err := f.fs.Remove(c.Path); err != nil {
			warnings = append(warnings, fmt.Sprintf("an old checkpoint stays: %v", err))
		}
	}
	return warnings
}

// Newest returns the newest checkpoint that verifies, or nil when there is
// none, and the newer ones that do not.
func (f *Folder) Newest() (*Checkpoint, []Damaged, error) {
	c, _, damaged, err := f.newestGood()
	if err != nil || c == nil {
		return nil, damaged, err
	}
	c.File, err = weights.Read(c.Path)
	if err != nil {
		return nil, damaged, err
	}
	return c, damaged, nil
}

// newestGood finds what Newest returns without keeping its tensors. It gives
// the checkpoint, File left out, and its metadata.
func (f *Folder) newestGood() (c *Checkpoint, metadata map[string]string, damaged []Damaged, err error) {
	all, err := f.checkpoints()
	if err != nil {
		return nil, nil, nil, err
	}
	for _, c := range all {
		metadata, err := verify(c.Path)
		if err == nil {
			return &c, metadata, damaged, nil
		}
		damaged = append(damaged, Damaged{Path: c.Path, Err: err})
	}
	return nil, nil, damaged, nil
}

// Best returns the checkpoint that the link best points to, or last where there
// is no best one. Which of them it is stands in the path's base name.
func (f *Folder) Best() (*Checkpoint, error) { return f.linked(bestLink, lastLink) }

// Last returns the checkpoint that the link last points to.
func (f *Folder) Last() (*Checkpoint, error) { return f.linked(lastLink) }

// linked reads the checkpoint of the first of links that exists.
func (f *Folder) linked(links ...string) (*Checkpoint, error) {
	for _, link := range links {
		target, err := os.Readlink(f.Path(checkpointsDir, link))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read checkpoint: %w", err)
		}
		step, ok := parseStep(target)
		if !ok {
			return nil, &weights.Error{
				Path:   f.Path(checkpointsDir, link),
				Reason: fmt.Sprintf("points to %q, which is no checkpoint of this folder", clip(target, 80)),
			}
		}
		path := f.Path(checkpointsDir, target)
		if _, err := verify(path); err != nil {
			return nil, err
		}
		file, err := weights.Read(path)
		if err != nil {
			return nil, err
		}
		return &Checkpoint{Path: path, Step: step, File: file}, nil
	}
	return nil, fmt.Errorf("%s has no checkpoint yet", f.dir)
}

// SetAside takes the checkpoints above step out of the way before a run goes on
// from step: those which do not verify, and those of a course that is given up.
// They stay on the disk with ".aside" added to their names. The links follow:
// last points to step's checkpoint where that is in the folder, and a best one
// that was set aside is none any more.
func (f *Folder) SetAside(step uint64) error {
	all, err := f.checkpoints()
	if err != nil {
		return err
	}
	aside := map[string]bool{}
	here := ""
	for _, c := range all {
		name := filepath.Base(c.Path)
		if c.Step == step {
			here = name
		}
		if c.Step <= step {
			continue
		}
		if err := f.fs.Rename(c.Path, c.Path+asideSuffix); err != nil {
			return fmt.Errorf("set checkpoint aside: %w%s", err, remedy(err))
		}
		aside[name] = true
	}
	for _, link := range []string{lastLink, bestLink} {
		path := f.Path(checkpointsDir, link)
		target, err := os.Readlink(path)
		if err != nil || !aside[target] {
			continue
		}
		if link == lastLink && here != "" {
			err = replaceLink(f.fs, here, path)
		} else {
			err = f.fs.Remove(path)
		}
		if err != nil {
			return fmt.Errorf("set checkpoint aside: %w", err)
		}
	}
	if len(aside) == 0 {
		return nil
	}
	return f.fs.SyncDir(f.Path(checkpointsDir))
}

// checkpoints lists the folder's checkpoints, newest first, unread.
func (f *Folder) checkpoints() ([]Checkpoint, error) {
	entries, err := os.ReadDir(f.Path(checkpointsDir))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list checkpoints: %w", err)
	}
	var all []Checkpoint
	for _, e := range entries {
		if step, ok := parseStep(e.Name()); ok && e.Type().IsRegular() {
			all = append(all, Checkpoint{Path: f.Path(checkpointsDir, e.Name()), Step: step})
		}
	}
	slices.SortFunc(all, func(a, b Checkpoint) int { return cmp.Compare(b.Step, a.Step) })
	return all, nil
}

// parseStep returns the step of a checkpoint's file name.
func parseStep(name string) (uint64, bool) {
	digits, ok := strings.CutPrefix(name, stepPrefix)
	if !ok {
		return 0, false
	}
	digits, ok = strings.CutSuffix(digits, stepSuffix)
	if !ok || len(digits) < 8 || len(digits) > 18 {
		return 0, false
	}
	step := uint64(0)
	for _, r := range digits {
		if r < '0' || r > '9' {
			return 0, false
		}
		step = step*10 + uint64(r-'0')
	}
	return step, true
}

// verify checks the digest of the checkpoint at path and returns its metadata.
// Unlike other people's files, a checkpoint of a run must carry a digest.
func verify(path string) (metadata map[string]string, err error) {
	metadata, err = weights.Verify(path)
	if err != nil {
		return nil, err
	}
	if metadata[metaDigest] == "" {
		return nil, &weights.Error{Path: path, Reason: "it has no sha256 digest, so it is damaged or no checkpoint of a run"}
	}
	return metadata, nil
}
