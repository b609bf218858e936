package fetch

import (
	"archive/tar"
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"strings"
)

// localName returns the path below the staging folder that a member goes to, "." for
// that folder itself.
func (u *unpacker) localName(name string) (string, error) {
	local := strings.TrimSuffix(strings.TrimPrefix(name, "./"), "/")
	if local == "" || local == "." {
		return ".", nil
	}
	parts := strings.Split(local, "/")
	for _, part := range parts {
		if part == "" || part == "." || part == ".." || len(part) > maxName || strings.ContainsFunc(part, isOddRune) {
			return "", wrong("holds %s, which is not the name of a file in a folder", quoted(name))
		}
	}
	if !filepath.IsLocal(local) || len(parts) > maxDepth {
		return "", wrong("holds %s, which is not the name of a file in a folder", quoted(name))
	}
	switch {
	case u.archive.Group == "":
		// The one folder that the archive holds becomes the set's.
		if u.top = cmp.Or(u.top, parts[0]); u.top != parts[0] {
			return "", wrong("holds %s beside its folder %s", quoted(name), quoted(u.top))
		}
		parts = parts[1:]
	case parts[0] == u.archive.Group:
		parts = parts[1:]
	}
	return path.Join(append([]string{"."}, parts...)...), nil
}

// isOddRune tells whether a rune has no place in the name of a published file.
func isOddRune(r rune) bool { return r < ' ' || r == 0x7f || r == '\\' || r == 0xfffd }

func quoted(name string) string {
	const most = 80
	if len(name) > most {
		name = name[:most] + "…"
	}
	return fmt.Sprintf("%q", name)
}

// kindOf says what a member is that is neither a file nor a folder.
func kindOf(flag byte) string {
	switch flag {
	case tar.TypeSymlink:
		return "a symbolic link"
	case tar.TypeLink:
		return "a hard link"
	case tar.TypeChar, tar.TypeBlock:
		return "a device"
	case tar.TypeFifo:
		return "a FIFO"
	}
	return fmt.Sprintf("a member of the kind %q", flag)
}

func isSparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return h.Typeflag == tar.TypeGNUSparse
}
