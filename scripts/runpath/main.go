// Runpath writes where an executable looks for its shared libraries, in the place of what the linker wrote:
//
//	runpath FILE 'DIR:DIR'
//
// cgo adds the folder in which it compiled to that list, and nothing takes it out again; a program that is moved to
// another machine should not look there.
package main

import (
	"debug/elf"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: runpath FILE DIR:DIR")
		os.Exit(2)
	}
	if err := rewrite(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintf(os.Stderr, "runpath: %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

// rewrite overwrites the text that DT_RUNPATH, or DT_RPATH, refers to. It must be no longer than the old one: nothing
// in the file moves.
func rewrite(path, list string) error {
	f, err := elf.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	old, offset, err := runpath(f)
	if err != nil {
		return err
	}
	if len(list) > len(old) {
		return fmt.Errorf("%q is longer than %q, in whose place it would stand", list, old)
	}
	out, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	text := make([]byte, len(old)) // Zeros behind the list.
	copy(text, list)
	if _, err := out.WriteAt(text, offset); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

// runpath returns the list of folders and where it stands in the file.
func runpath(f *elf.File) (list string, offset int64, err error) {
	for _, tag := range []elf.DynTag{elf.DT_RUNPATH, elf.DT_RPATH} {
		places, err := f.DynValue(tag)
		if err != nil {
			return "", 0, err
		}
		lists, err := f.DynString(tag)
		if err != nil {
			return "", 0, err
		}
		if len(places) == 0 || len(lists) == 0 {
			continue
		}
		strings := f.Section(".dynstr")
		if strings == nil {
			return "", 0, fmt.Errorf("it has no section .dynstr")
		}
		return lists[0], int64(strings.Offset + places[0]), nil
	}
	return "", 0, fmt.Errorf("it has no list of folders (DT_RUNPATH) to write over")
}
