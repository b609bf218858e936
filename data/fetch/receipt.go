package fetch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"augmix/data"
	"augmix/run"
)

// receiptName is the file in a set's folder that says what was unpacked into it. It is
// written last: what it lists is whole.
const receiptName = ".fetched.json"

// receipt is the content of that file: of each archive, by its name.
type receipt map[string]unpacked

// unpacked is what an archive was unpacked to.
type unpacked struct {
	MD5     string           `json:"md5"`
	Entries map[string]Entry `json:"entries"` // by their names in the folder
}

// readReceipt returns what is written in a set's folder; nothing where there is no
// receipt or one that cannot be read, as if it had been unpacked by hand.
func readReceipt(folder string) receipt {
	text, err := os.ReadFile(filepath.Join(folder, receiptName))
	if err != nil {
		return receipt{}
	}
	return parseReceipt(text)
}

func parseReceipt(text []byte) receipt {
	r := receipt{}
	if json.Unmarshal(text, &r) != nil || r == nil {
		return receipt{}
	}
	for _, u := range r {
		for name := range u.Entries {
			if !filepath.IsLocal(name) || path.Base(name) != name {
				return receipt{}
			}
		}
	}
	return r
}

// record adds an archive to the receipt in folder.
func record(folder string, a Archive, entries map[string]Entry) error {
	r := readReceipt(folder)
	r[path.Base(a.Path)] = unpacked{a.MD5, entries}
	return run.WriteFile(filepath.Join(folder, receiptName), func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	})
}

// check compares what is in folder with what was unpacked into it, by the numbers of
// files and bytes. The first difference is a *data.Error.
func (u unpacked) check(folder string) error {
	for _, name := range slices.Sorted(maps.Keys(u.Entries)) {
		at := filepath.Join(folder, name)
		got, err := measure(at)
		if err != nil {
			return err
		}
		if want := u.Entries[name]; got != want {
			return &data.Error{Kind: data.Invalid, Path: at,
				Reason: fmt.Sprintf("has %d files of %d bytes in all, %d of %d bytes were unpacked", got.Files, got.Bytes, want.Files, want.Bytes)}
		}
	}
	return nil
}

// measure counts the files in a folder, or a file alone. Links are not followed.
func measure(at string) (Entry, error) {
	var e Entry
	err := filepath.WalkDir(at, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().IsRegular() {
			e.Files++
			e.Bytes += info.Size()
		}
		return err
	})
	if errors.Is(err, os.ErrNotExist) {
		return e, &data.Error{Kind: data.Missing, Path: at, Reason: "there is no such file or folder"}
	}
	return e, err
}
