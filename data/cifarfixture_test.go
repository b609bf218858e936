package data

import (
	"encoding/binary"
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"
)

// fixture is a small set in both layouts: the published sets' description with
// fewer images and its own digests.
type fixture struct {
	*cifarSet
	dir    string // holds the layouts' folders
	planar map[string][]byte
	labels map[string][]uint8
}

// newFixture writes a set of 4 training images in two files (one for the layouts of
// CIFAR-100) and 3 test images.
func newFixture(t *testing.T, name string) *fixture {
	t.Helper()
	published := cifarSets[name]
	set := *published
	f := &fixture{cifarSet: &set, dir: t.TempDir(), planar: map[string][]byte{}, labels: map[string][]uint8{}}
	train, files := []int{2, 2}, 2
	if set.coarse > 0 {
		train, files = []int{4}, 1
	}
	for split, sizes := range map[string][]int{"train": train, "test": {3}} {
		for _, n := range sizes {
			for range n {
				i := len(f.labels[split])
				f.labels[split] = append(f.labels[split], uint8((3*i+len(split))%len(set.classes)))
				for p := range cifarImage {
					f.planar[split] = append(f.planar[split], uint8(p*(i+1)+len(split)))
				}
			}
		}
	}
	set.layouts = nil
	for _, l := range published.layouts {
		l.train, l.test = l.train[:files:files], l.test[:1:1]
		l.train = f.write(t, l, "train", l.train, train)
		l.test = f.write(t, l, "test", l.test, []int{3})
		set.layouts = append(set.layouts, l)
	}
	return f
}

// write writes a layout's files of one split and returns their descriptions.
func (f *fixture) write(t *testing.T, l cifarLayout, split string, files []cifarFile, sizes []int) []cifarFile {
	t.Helper()
	var out []cifarFile
	at := 0
	for i, file := range files {
		images := f.planar[split][at*cifarImage : (at+sizes[i])*cifarImage]
		labels := f.labels[split][at : at+sizes[i]]
		at += sizes[i]
		content := pickleBatch(images, labels, f.coarse > 0)
		if l.binary {
			content = binaryBatch(images, labels, f.coarse > 0)
		}
		write(t, filepath.Join(f.dir, l.folder, file.name), content)
		sum := newDigest(file.digest)
		sum.Write(content)
		out = append(out, cifarFile{file.name, sizes[i], int64(len(content)), hex.EncodeToString(sum.Sum(nil))})
	}
	return out
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// binaryBatch is a file of cifar-10-batches-bin or cifar-100-binary.
func binaryBatch(planar []byte, labels []uint8, coarse bool) []byte {
	var b []byte
	for i, label := range labels {
		if coarse {
			b = append(b, label%20)
		}
		b = append(b, label)
		b = append(b, planar[i*cifarImage:(i+1)*cifarImage]...)
	}
	return b
}

// pickleBatch is a file of cifar-10-batches-py or cifar-100-python, with the
// opcodes that Python 2's cPickle wrote.
func pickleBatch(planar []byte, labels []uint8, coarse bool) []byte {
	short := func(s string) []byte { return append([]byte{'U', byte(len(s))}, s...) }
	list := func(values []uint8, modulus int) []byte {
		b := []byte("](")
		for _, v := range values {
			b = append(b, 'K', byte(int(v)%modulus))
		}
		return append(b, 'e')
	}
	b := []byte("\x80\x02}(")
	b = append(b, short("data")...)
	b = append(b, "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R(K\x01K"...)
	b = append(b, byte(len(labels)))
	b = append(b, "M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(planar)))
	b = append(b, planar...)
	b = append(b, "tb"...)
	if coarse {
		b = append(append(b, short("fine_labels")...), list(labels, 256)...)
		b = append(append(b, short("coarse_labels")...), list(labels, 20)...)
	} else {
		b = append(append(b, short("labels")...), list(labels, 256)...)
	}
	return append(b, "u."...)
}
