package data

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"augmix/pixel/imagefile"
)

// tarGroup is an archive of some corruptions, of which images are read without
// unpacking it. Its headers are read once, from the beginning to the end: those of the
// published archives are up to a million, which takes half a minute (BenchmarkTarGroup).
type tarGroup struct {
	path  string
	group string // a folder that all members may be in
	clean *Folder

	mu   sync.Mutex
	sets map[tarSet][]tarMember // one member for each clean image; nil until they are read
	err  error
}

// tarSet is a corruption at a severity.
type tarSet struct {
	name     string
	severity int
}

// tarMember is where an image lies; its zero value is none.
type tarMember struct {
	offset int64
	size   int32
}

// read returns the image's file. It uses the memory of buffer where that is enough.
func (m tarMember) read(archive io.ReaderAt, buffer []byte) ([]byte, error) {
	buffer = slices.Grow(buffer[:0], int(m.size))[:m.size]
	_, err := archive.ReadAt(buffer, m.offset)
	return buffer, err
}

// names returns the corruptions that the archive has.
func (g *tarGroup) names() ([]string, error) {
	sets, err := g.index()
	if err != nil {
		return nil, err
	}
	var names []string
	for set := range sets {
		names = append(names, set.name)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// find returns the members of a corruption at a severity; ok is false where the archive
// has nothing of the corruption. Wanted images, all where that is nil, that are missing
// are an *Error.
func (g *tarGroup) find(name string, severity int, wanted []int) (members []tarMember, ok bool, err error) {
	sets, err := g.index()
	if err != nil {
		return nil, false, err
	}
	members, ok = sets[tarSet{name, severity}]
	if !ok {
		for set := range sets {
			if set.name == name {
				return nil, true, &Error{Kind: Missing, Path: g.path, Reason: fmt.Sprintf("has no folder %s/%d", name, severity)}
			}
		}
		return nil, false, nil
	}
	first, lost := absent(len(members), wanted, func(i int) bool { return members[i] == (tarMember{}) })
	if lost == 0 {
		return members, true, nil
	}
	e := &Error{Kind: Missing, Path: g.path,
		Reason: fmt.Sprintf("has no %s/%d/%s for the test image %s", name, severity, g.clean.key(first), g.clean.Describe(first))}
	e.Reason += others(lost, len(members), wanted)
	return nil, true, e
}

// index reads the headers, the first time that it is called.
func (g *tarGroup) index() (map[tarSet][]tarMember, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.sets == nil && g.err == nil {
		g.sets, g.err = g.read()
	}
	return g.sets, g.err
}

func (g *tarGroup) read() (map[tarSet][]tarMember, error) {
	byKey, err := g.clean.keys()
	if err != nil {
		return nil, err
	}
	f, err := os.Open(g.path)
	if err != nil {
		return nil, cannotRead(g.path, err)
	}
	defer f.Close()
	sets := map[tarSet][]tarMember{}
	add := func(h *tar.Header, offset int64) error {
		set, key, ok := g.parse(h.Name)
		i, wanted := byKey[key]
		if !ok || !wanted {
			return nil
		}
		if h.Typeflag != tar.TypeReg || h.Size > imagefile.MaxFile {
			return fmt.Errorf("%s is no file of at most %d bytes", h.Name, imagefile.MaxFile)
		}
		if sets[set] == nil {
			sets[set] = make([]tarMember, g.clean.Len())
		}
		if sets[set][i] != (tarMember{}) {
			return fmt.Errorf("%s is there twice", h.Name)
		}
		sets[set][i] = tarMember{offset, int32(h.Size)}
		return nil
	}
	if err := eachMember(f, add); err != nil {
		if pathErr, ok := errors.AsType[*os.PathError](err); ok {
			return nil, cannotRead(g.path, pathErr)
		}
		e := &Error{Kind: Invalid, Path: g.path, Reason: "is not a whole .tar file", Err: err}
		return nil, e
	}
	return sets, nil
}

// eachMember calls visit with the header of each member and where its content begins.
// Contents are skipped, not read.
func eachMember(f io.ReadSeeker, visit func(h *tar.Header, offset int64) error) error {
	t := tar.NewReader(f)
	for {
		h, err := t.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		offset, err := f.Seek(0, io.SeekCurrent) // tar.Reader reads no further than the header.
		if err != nil {
			return err
		}
		if err := visit(h, offset); err != nil {
			return err
		}
	}
}

// parse takes a member's name apart: GROUP/CORRUPTION/SEVERITY/KEY.EXTENSION, where
// the group may be missing. ok is false for anything else.
func (g *tarGroup) parse(name string) (set tarSet, key string, ok bool) {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "./"), g.group+"/")
	corruption, rest, _ := strings.Cut(name, "/")
	level, file, ok := strings.Cut(rest, "/")
	severity, err := strconv.Atoi(level)
	if !ok || err != nil || len(level) != 1 || severity < 1 || severity > Severities || !isImageName(file) {
		return tarSet{}, "", false
	}
	return tarSet{corruption, severity}, strings.TrimSuffix(file, path.Ext(file)), true
}
