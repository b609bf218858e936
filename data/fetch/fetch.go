package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"

	"augmix/data"
	"augmix/run"
)

// Result is what became of an archive of a set.
type Result struct {
	Set   string `json:"set"`
	Path  string `json:"path"` // of its content, or of the archive where that stays packed
	State State  `json:"state"`
}

// Fetch brings the archives of a set into o.Dir: what is there and right is left as it
// is, an archive that is there is unpacked, others are downloaded. Cancelling ctx ends
// it with ctx's cause; the next call goes on.
func Fetch(ctx context.Context, set Set, o Options) ([]Result, error) {
	if err := os.MkdirAll(o.Dir, 0o777); err != nil {
		return nil, err
	}
	lock, err := run.Lock(o.Dir, "--data")
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	var results []Result
	for _, a := range set.Archives {
		r, err := o.one(ctx, a)
		if err != nil {
			return results, err
		}
		r.Set = set.Name
		results = append(results, r)
	}
	return results, nil
}

// one brings one archive.
func (o *Options) one(ctx context.Context, a Archive) (Result, error) {
	packed := filepath.Join(o.Dir, a.Path)
	content := filepath.Join(o.Dir, a.Folder)
	for _, path := range []string{packed + partial + validatorSuffix, filepath.Join(content, receiptName)} {
		if err := run.SweepFile(path); err != nil {
			return Result{}, err
		}
	}
	if !o.NoUnpack {
		state, err := o.unpackedState(ctx, a)
		if state == Verified || state == Counted || state == Unproved {
			return Result{Path: content, State: state}, err
		}
		if _, ok := errors.AsType[*data.Error](err); err != nil && !ok {
			return Result{}, err
		}
		if state == Damaged {
			o.say("%v", err)
		}
	}
	if err := os.MkdirAll(filepath.Dir(packed), 0o777); err != nil {
		return Result{}, err
	}
	state, err := o.bring(ctx, a, packed)
	if err != nil || o.NoUnpack {
		return Result{Path: packed, State: state}, err
	}
	if err := o.install(ctx, a, packed, content); err != nil {
		return Result{}, err
	}
	if !o.KeepArchives && state == Fetched {
		if err := os.Remove(packed); err != nil {
			return Result{}, err
		}
	}
	return Result{Path: content, State: state}, nil
}

// bring makes the archive be at packed: it is there and verified, or is downloaded. The
// state is what it is called when it is unpacked.
func (o *Options) bring(ctx context.Context, a Archive, packed string) (State, error) {
	if _, err := os.Lstat(packed); err == nil {
		err := verifyFile(ctx, o, packed, data.PublishedFile{Path: packed, Size: a.Size, Digest: a.MD5})
		if damaged, ok := errors.AsType[*data.Error](err); ok {
			damaged.Remedy = "Remove it, and the same command downloads it again."
		}
		if o.NoUnpack {
			return Verified, err
		}
		return Unpacked, err
	}
	u, err := a.Source(o.Mirror)
	if err != nil {
		return "", err
	}
	o.say("%s from %s", path.Base(a.Path), u)
	d := &download{options: o, archive: a, url: u, path: packed}
	return Fetched, d.run(ctx)
}

// Place returns the path that an archive of a data folder, or its content, ends at.
func (a Archive) Place(dir string, packed bool) string {
	if packed {
		return filepath.Join(dir, a.Path)
	}
	return filepath.Join(dir, a.Folder)
}

// Source returns the URL to download an archive from: its home where mirror is "".
func (a Archive) Source(mirror string) (string, error) {
	if mirror == "" {
		return a.URL, nil
	}
	u, err := CheckMirror(mirror)
	if err != nil {
		return "", err
	}
	return u.JoinPath(a.Path).String(), nil
}

// CheckMirror returns the URL of a mirror: http, https, or file for a folder of this
// machine.
func CheckMirror(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, errors.New("it is not a URL")
	}
	switch {
	case u.Scheme == "file" && u.Host == "" && path.IsAbs(u.Path):
		return u, nil
	case (u.Scheme == "http" || u.Scheme == "https") && u.Host != "":
		return u, nil
	}
	return nil, errors.New("give a URL that begins with https://, http:// or file:///")
}

// Verify says what is there of a set, and changes and downloads nothing. What is
// missing or damaged is a *data.Error as well.
func Verify(ctx context.Context, set Set, o Options) ([]Result, error) {
	var results []Result
	var errs []error
	for _, a := range set.Archives {
		state, err := o.unpackedState(ctx, a)
		at := filepath.Join(o.Dir, a.Folder)
		packed := filepath.Join(o.Dir, a.Path)
		if _, there := os.Lstat(packed); state == Absent && there == nil {
			at, state = packed, Verified
			if err = verifyFile(ctx, &o, packed, data.PublishedFile{Path: packed, Size: a.Size, Digest: a.MD5}); err != nil {
				state = Damaged
			}
		}
		results = append(results, Result{set.Name, at, state})
		if wrong, ok := errors.AsType[*data.Error](err); ok {
			wrong.Remedy = fmt.Sprintf("Get it with `augmix fetch %s --data %s`.", set.Name, o.Dir)
		}
		if ctx.Err() != nil {
			return results, context.Cause(ctx)
		}
		errs = append(errs, err)
	}
	return results, errors.Join(errs...)
}
