package fetch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"augmix/data"
	"augmix/run"
)

// install unpacks the archive and puts its content in place. Files that are there and
// not the archive's stay.
func (o *Options) install(ctx context.Context, a Archive, packed, content string) error {
	info, err := os.Stat(packed)
	if err != nil {
		return missingFile(packed, err)
	}
	// On the disk that it stays on: the set's folder may be a link to another.
	name := ".unpacking-" + path.Base(a.Path)
	staging, inside := filepath.Join(o.Dir, name), filepath.Join(content, name)
	for _, left := range []string{staging, inside} { // by a call that was ended
		if err := os.RemoveAll(left); err != nil {
			return err
		}
	}
	if place, err := os.Stat(content); err == nil && place.IsDir() {
		staging = inside
	}
	defer os.RemoveAll(staging)
	if err := checkSpace(filepath.Dir(staging), min(a.unpackedSize(info.Size()), 8*info.Size()), "to unpack "+path.Base(a.Path)); err != nil {
		return err
	}
	what := "unpacking " + path.Base(a.Path)
	entries, err := unpack(ctx, a, packed, staging, func(done int64) { o.progress(done, info.Size(), what) })
	if err != nil {
		return err
	}
	if err := syncAll(staging); err != nil {
		return run.Remedied(err)
	}
	if _, err := os.Lstat(content); errors.Is(err, fs.ErrNotExist) && a.Group == "" {
		if err := record(staging, a, entries); err != nil {
			return err
		}
		return settle(staging, content)
	}
	for name := range entries {
		if err := merge(filepath.Join(staging, name), filepath.Join(content, name)); err != nil {
			return err
		}
	}
	if err := syncFolder(content); err != nil {
		return err
	}
	return record(content, a, entries)
}

// merge moves a folder or file to its place. Where there is a folder, what is in it is
// moved into that, one by one.
func merge(from, to string) error {
	source, err := os.Lstat(from)
	if err != nil {
		return err
	}
	place, err := os.Lstat(to)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return err
		}
		return os.Rename(from, to)
	}
	if err != nil {
		return err
	}
	if !source.IsDir() && place.Mode().IsRegular() {
		return os.Rename(from, to)
	}
	if !source.IsDir() || !place.IsDir() {
		return &data.Error{Kind: data.Invalid, Path: to, Reason: "is in the way of what is unpacked", Remedy: "Move it away."}
	}
	inside, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range inside {
		if err := merge(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
