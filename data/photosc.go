package data

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"

	"augmix/pixel"
	"augmix/pixel/imagefile"
	"augmix/rng"
)

// photosC is the clean images of a folder under a corruption at a severity, each an
// image file of the right size or a member of an archive.
type photosC struct {
	*Folder
	name     string
	severity int

	root  string   // of the files
	paths []string // below root, one for each clean image

	archive *tarGroup // nil for files
	members []tarMember
}

func (s *photosC) Name() string {
	return fmt.Sprintf("%s, %s at severity %d", s.Folder.Name(), s.name, s.severity)
}

func (s *photosC) Describe(i int) string {
	if s.archive != nil {
		return fmt.Sprintf("%s of %s/%d in %s", s.Folder.key(i), s.name, s.severity, s.archive.path)
	}
	return filepath.Join(s.root, s.paths[i])
}

// Fingerprint covers the clean images, the corruption and the severity, not the files.
func (s *photosC) Fingerprint() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s %d\n", s.Folder.Fingerprint(), s.name, s.severity))
	return hex.EncodeToString(sum[:])
}

func (s *photosC) NewReader(bool) Reader { return &photosCReader{set: s} }

type photosCReader struct {
	set     *photosC
	file    imagefile.Reader
	decoded pixel.Image
	archive *os.File // opened by the first Read, which can return an error
	content []byte
}

func (r *photosCReader) Close() {
	r.file.Close()
	if r.archive != nil {
		r.archive.Close() // It was only read.
		r.archive = nil
	}
}

func (r *photosCReader) Read(i int, dst *pixel.Image, _ *rng.Stream) error {
	err := r.read(i)
	if err == nil {
		err = decodeExactly(&r.file, &r.decoded, r.content, dst.W)
	}
	if err != nil {
		return badFile(r.set.Describe(i), err)
	}
	dst.CopyFrom(&r.decoded)
	return nil
}

// read makes r.content the file of sample i.
func (r *photosCReader) read(i int) (err error) {
	s := r.set
	if s.archive == nil {
		r.content, err = r.file.ReadFile(filepath.Join(s.root, s.paths[i]))
		return err
	}
	if r.archive == nil {
		if r.archive, err = os.Open(s.archive.path); err != nil {
			return err
		}
	}
	r.content, err = s.members[i].read(r.archive, r.content)
	return err
}
