package fetch

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"

	"augmix/data"
)

// State says what became of an archive.
type State string

// The states of an archive.
const (
	Fetched  State = "downloaded" // and verified
	Unpacked State = "unpacked"   // from the archive that was there
	Verified State = "verified"
	Counted  State = "counted"  // complete by the numbers of files and bytes
	Unproved State = "unproved" // there, and digests of its files are not published
	Absent   State = "missing"
	Damaged  State = "damaged"
)

// Describe says a state in words.
func (s State) Describe() string {
	switch s {
	case Fetched:
		return "downloaded and verified"
	case Unpacked:
		return "unpacked from the archive that was there"
	case Counted:
		return "complete by the numbers of files and bytes that were unpacked"
	case Unproved:
		return "there; digests of its files are not published, so it cannot be verified"
	}
	return string(s)
}

// unpackedState says what is there of an archive's content, Damaged and Absent with the
// *data.Error that says why.
func (o *Options) unpackedState(ctx context.Context, a Archive) (State, error) {
	content := filepath.Join(o.Dir, a.Folder)
	if len(a.Files) > 0 {
		return o.publishedState(ctx, a)
	}
	if u, ok := readReceipt(content)[path.Base(a.Path)]; ok && u.MD5 == a.MD5 {
		if err := u.check(content); err != nil {
			return Damaged, err
		}
		return Counted, nil
	}
	if a.heldBy(content) {
		return Unproved, nil
	}
	return Absent, &data.Error{Kind: data.Missing, Path: content, Reason: "has nothing of " + path.Base(a.Path)}
}

// heldBy tells whether all that the archive is known to hold is in a folder, as if it
// had been unpacked by hand.
func (a Archive) heldBy(content string) bool {
	return len(a.Holds) > 0 && !slices.ContainsFunc(a.Holds, func(name string) bool {
		_, err := os.Stat(filepath.Join(content, name))
		_, grouped := os.Stat(filepath.Join(content, a.Group, name))
		return err != nil && (a.Group == "" || grouped != nil)
	})
}

// publishedState verifies the files whose digests are published.
func (o *Options) publishedState(ctx context.Context, a Archive) (State, error) {
	missing := 0
	var first error
	for _, f := range a.Files {
		at := filepath.Join(o.Dir, f.Path)
		err := verifyFile(ctx, o, at, data.PublishedFile{Path: at, Size: f.Size, Digest: f.Digest})
		wrong, ok := errors.AsType[*data.Error](err)
		if err != nil && !ok {
			return Damaged, err
		}
		if ok && wrong.Kind == data.Missing {
			missing++
		}
		if ok && (first == nil || wrong.Kind == data.Invalid) {
			first = err
		}
	}
	switch {
	case first == nil:
		return Verified, nil
	case missing == len(a.Files):
		return Absent, &data.Error{Kind: data.Missing, Path: filepath.Join(o.Dir, a.Folder), Reason: "there is no such folder, or none of its files"}
	}
	return Damaged, first
}
