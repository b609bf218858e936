package benchmark

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"

	"augmix/data"
	"augmix/pixel"
	"augmix/run"
)

// chunkBytes is about how much of an array is made at a time.
const chunkBytes = 1 << 20

// array returns the piece path: a .npy file with the images of sets, one set after
// the other, each of the given shape, as which an image of frames below each other
// may be seen.
func (w *writer) array(path, what string, shape []int, frames int, sets ...data.Dataset) piece {
	count := sets[0].Len()
	return piece{path, count * len(sets) * frames, func(ctx context.Context, p piece) (Entry, error) {
		var entry Entry
		err := run.WriteFile(w.file(path), func(out io.Writer) error {
			head, err := data.NPYHeader{Descr: "|u1", Shape: append([]int{count * len(sets)}, shape...)}.Encode()
			if err != nil {
				return err
			}
			digest := sha256.New()
			take := func(part []byte) error {
				entry.Bytes += int64(len(part))
				digest.Write(part)
				_, err := out.Write(part)
				return err
			}
			if err := take(head); err != nil {
				return err
			}
			width, height, channels := sets[0].Size()
			size := width * height * channels
			chunk := max(1, chunkBytes/size)
			perSet := (count + chunk - 1) / chunk
			err = inOrder(ctx, perSet*len(sets), w.Workers, func() (func(int) ([]byte, error), func()) {
				reader := &setReader{sets: sets}
				return func(i int) ([]byte, error) {
					first := i % perSet * chunk
					return reader.read(i/perSet, first, min(chunk, count-first))
				}, reader.close
			}, func(part []byte) error {
				if err := take(part); err != nil {
					return err
				}
				w.progress(len(part)/size*frames, what)
				return nil
			})
			entry.SHA256 = hex.EncodeToString(digest.Sum(nil))
			return err
		})
		return entry, err
	}}
}

// setReader reads images of several sets, of one after the other.
type setReader struct {
	sets    []data.Dataset
	current int // of reader
	reader  data.Reader
}

// read returns n images of a set from the first on.
func (r *setReader) read(set, first, n int) ([]byte, error) {
	if r.reader == nil || r.current != set {
		r.close()
		r.current, r.reader = set, r.sets[set].NewReader(false)
	}
	width, height, channels := r.sets[set].Size()
	size := width * height * channels
	out := make([]byte, n*size)
	m := pixel.Image{W: width, H: height, C: channels}
	for i := range n {
		m.Pix = out[i*size : (i+1)*size]
		if err := r.reader.Read(first+i, &m, nil); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *setReader) close() {
	if r.reader != nil {
		r.reader.Close()
	}
}

// labels returns the piece labels.npy: the labels as often as there are severities.
func (w *writer) labels(times int) piece {
	return piece{"labels.npy", 0, func(context.Context, piece) (Entry, error) {
		labels := make([]byte, w.Clean.Len()*times)
		for i := range labels {
			labels[i] = uint8(w.Clean.Label(i % w.Clean.Len()))
		}
		entry := Entry{}
		err := run.WriteFile(w.file("labels.npy"), func(out io.Writer) error {
			digest := sha256.New()
			counted := &counter{Writer: io.MultiWriter(out, digest)}
			err := data.WriteNPY(counted, data.NPYHeader{Descr: "|u1", Shape: []int{len(labels)}}, labels)
			entry = Entry{Bytes: counted.n, SHA256: hex.EncodeToString(digest.Sum(nil))}
			return err
		})
		return entry, err
	}}
}

// counter counts the bytes that are written.
type counter struct {
	io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.Writer.Write(p)
	c.n += int64(n)
	return n, err
}
