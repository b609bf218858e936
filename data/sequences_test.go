package data

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"augmix/pixel"
)

// steady is the pixel value of frame j of sequence i.
func steady(i, j int) uint8 { return uint8(10*i + j) }

// sequenceArrays writes the sequences of numbered(5) under zoom, three frames each, and
// returns their folder.
func sequenceArrays(t *testing.T) string {
	t.Helper()
	var pix []byte
	for i := range 5 {
		for j := range 3 {
			pix = append(pix, bytes.Repeat([]byte{steady(i, j)}, 4)...)
		}
	}
	dir := t.TempDir()
	writeNPY(t, filepath.Join(dir, "zoom.npy"), NPYHeader{"|u1", []int{5, 3, 2, 2, 1}}, pix)
	return dir
}

// wantSteady checks all sequences of s, whose frames are of one value each.
func wantSteady(t *testing.T, s Sequences, n, frames int) {
	t.Helper()
	if s.Len() != n || s.Frames() != frames {
		t.Fatalf("got %d sequences of %d frames, want %d of %d", s.Len(), s.Frames(), n, frames)
	}
	r, m := s.NewReader(false), pixel.New(s.Size())
	defer r.Close()
	for i := range n {
		if err := r.Read(i, m, nil); err != nil {
			t.Fatal(err)
		}
		size := len(m.Pix) / frames
		for j := range frames {
			if frame := m.Pix[j*size : (j+1)*size]; !bytes.Equal(frame, bytes.Repeat([]byte{steady(i, j)}, size)) {
				t.Errorf("sequence %d, frame %d begins %v, want %d throughout", i, j, frame[:3], steady(i, j))
			}
		}
	}
}

func TestSequencesOfArrays(t *testing.T) {
	dir := sequenceArrays(t)
	clean := numbered(5)
	p, err := OpenP(dir, clean)
	if err != nil {
		t.Fatal(err)
	}
	if names, err := p.Names(); err != nil || !slices.Equal(names, []string{"zoom"}) {
		t.Errorf("Names() = %v, %v, want zoom", names, err)
	}
	for _, frames := range []int{0, 3} {
		s, err := p.Sequences("zoom", frames)
		if err != nil {
			t.Fatal(err)
		}
		wantSteady(t, s, 5, 3)
		if s.Label(4) != clean.Label(4) {
			t.Errorf("sequence 4 has the label %d, want %d", s.Label(4), clean.Label(4))
		}
	}
}

// A pipeline's batch of samples is the frames of all sequences one after the other.
func TestSequencesInAPipeline(t *testing.T) {
	p, err := OpenP(sequenceArrays(t), numbered(5))
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Sequences("zoom", 0)
	if err != nil {
		t.Fatal(err)
	}
	limited := Subset(s, 4, false)
	pipeline, err := NewPipeline(PipelineConfig{Dataset: limited, Sampler: Sampler{Len: 4}, BatchSize: 3, Views: 1, Workers: 2, Epochs: 1,
		Slots: slots(limited, 2, 1, 3)})
	if err != nil {
		t.Fatal(err)
	}
	defer pipeline.Close()
	pipeline.Start(0, 0)
	row := 0
	for {
		b, err := pipeline.Next()
		if err != nil {
			break
		}
		for ; len(b.Pixels) > 0; b.Pixels, row = b.Pixels[4:], row+1 {
			if want := float32(steady(row/3, row%3)) / 255; b.Pixels[0] != want || b.Pixels[3] != want {
				t.Errorf("row %d: got %v, want %v", row, b.Pixels[:4], want)
			}
		}
		pipeline.Release(b)
	}
	if row != 12 {
		t.Errorf("got %d frames, want 12", row)
	}
}

func TestSequencesOfArraysRefuse(t *testing.T) {
	for _, c := range []struct {
		name   string
		h      NPYHeader
		frames int
		want   string
	}{
		{"fewer sequences", NPYHeader{"|u1", []int{4, 3, 2, 2, 1}}, 0, "(4, 3, 2, 2, 1) of |u1, want (5, 3, 2, 2, 1)"},
		{"one frame", NPYHeader{"|u1", []int{5, 1, 2, 2, 1}}, 0, "want (5, 2, 2, 2, 1)"},
		{"no frame", NPYHeader{"|u1", []int{5, 0, 2, 2, 1}}, 0, "want (5, 2, 2, 2, 1)"},
		{"other frames", NPYHeader{"|u1", []int{5, 3, 2, 2, 1}}, 4, "want (5, 4, 2, 2, 1)"},
		{"images", NPYHeader{"|u1", []int{5, 2, 2, 1}}, 3, "want (5, 3, 2, 2, 1)"},
		{"another size", NPYHeader{"|u1", []int{5, 3, 4, 1, 1}}, 3, "want (5, 3, 2, 2, 1)"},
		{"signed", NPYHeader{"|i1", []int{5, 3, 2, 2, 1}}, 3, "of |i1, want (5, 3, 2, 2, 1) of |u1"},
	} {
		dir := t.TempDir()
		size, err := c.h.bytes()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, "zoom.npy")
		writeNPY(t, path, c.h, make([]byte, size))
		p, err := OpenP(dir, numbered(5))
		if err != nil {
			t.Fatal(err)
		}
		_, err = p.Sequences("zoom", c.frames)
		wantError(t, c.name, err, Invalid, path, c.want, "augmix perturb")
	}
}

func TestSequencesMissing(t *testing.T) {
	clean := numbered(5)
	clean.name = "cifar10"
	root := t.TempDir()
	dir := filepath.Join(root, "CIFAR-10-P")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := FindP(filepath.Join(root, "cifar-10-batches-bin"), "cifar10"); got != dir {
		t.Errorf("FindP beside = %q, want %q", got, dir)
	}
	p, err := OpenP(root, clean)
	if err != nil || p.Dir() != dir {
		t.Fatalf("OpenP(%s): %v", root, err)
	}
	_, err = p.Sequences("tilt", 0)
	wantError(t, "no file", err, Missing, filepath.Join(dir, "tilt.npy"), "no such file", "augmix fetch cifar10-p --data "+root)
	_, err = OpenP(filepath.Join(root, "none"), clean)
	wantError(t, "no folder", err, Missing, filepath.Join(root, "none"), "no such folder", "augmix fetch cifar10-p")
}

// frames writes the sequences of clean under tilt, as three numbered pictures each,
// into a group's folder, and returns the benchmark's. first is the first number.
func frames(t *testing.T, clean *Folder, first int) string {
	t.Helper()
	dir := t.TempDir()
	side := clean.options.ImageSize
	for i := range clean.Len() {
		for j := range 3 {
			m := pixel.New(side, side, 3)
			for k := range m.Pix {
				m.Pix[k] = steady(i, j)
			}
			write(t, filepath.Join(dir, "digital", "tilt", clean.key(i), fmt.Sprintf("%02d.png", first+j)), encodePNG(t, m.ToNRGBA()))
		}
	}
	return dir
}

func TestSequencesOfFrames(t *testing.T) {
	clean := mustOpenFolder(t, photographs(t, 2), "test", FolderOptions{ImageSize: 16})
	for first := range 2 {
		dir := frames(t, clean, first)
		write(t, filepath.Join(dir, "digital", "tilt", clean.key(0), "notes.txt"), nil)
		write(t, filepath.Join(dir, "digital", "tilt", "cat", "extra", "0.png"), nil) // no test image has it
		write(t, filepath.Join(dir, "digital", "tilt", "zebra", "x", "0.png"), nil)
		p, err := OpenP(dir, clean)
		if err != nil {
			t.Fatal(err)
		}
		if names, err := p.Names(); err != nil || !slices.Equal(names, []string{"tilt"}) {
			t.Errorf("Names() = %v, %v, want tilt", names, err)
		}
		for _, n := range []int{0, 3} {
			s, err := p.Sequences("tilt", n)
			if err != nil {
				t.Fatal(err)
			}
			wantSteady(t, s, 4, 3)
			if got := s.Label(3); got != clean.Label(3) {
				t.Errorf("label %d, want %d", got, clean.Label(3))
			}
		}
	}
}

func TestSequencesOfFramesRefuse(t *testing.T) {
	clean := mustOpenFolder(t, photographs(t, 2), "test", FolderOptions{ImageSize: 16})
	open := func(dir string, frames int) error {
		p, err := OpenP(dir, clean)
		if err != nil {
			return err
		}
		s, err := p.Sequences("tilt", frames)
		if err != nil {
			return err
		}
		r := s.NewReader(false)
		defer r.Close()
		for i := range s.Len() {
			if err := r.Read(i, pixel.New(s.Size()), nil); err != nil {
				return err
			}
		}
		return nil
	}
	for _, c := range []struct {
		name  string
		spoil func(dir, tilt string) (path string)
		kind  Kind
		want  string
	}{
		{"a sequence is missing", func(_, tilt string) string { return gone(filepath.Join(tilt, clean.key(1))) }, Missing,
			"there is none for the test image " + clean.Describe(1)},
		{"a class is missing", func(_, tilt string) string {
			gone(filepath.Join(tilt, "dog"))
			return filepath.Join(tilt, clean.key(2))
		}, Missing, "nor for 1 others of 4"},
		{"a frame is missing", func(_, tilt string) string { return filepath.Dir(gone(filepath.Join(tilt, clean.key(1), "01.png"))) }, Missing,
			"has no frame 1"},
		{"the last frame is missing", func(_, tilt string) string { return filepath.Dir(gone(filepath.Join(tilt, clean.key(1), "02.png"))) }, Invalid,
			"has 2 frames, want 3"},
		{"a frame is twice", func(_, tilt string) string {
			path := filepath.Join(tilt, clean.key(1), "2.png")
			write(t, path, nil)
			return path
		}, Invalid, "frame 2 again"},
		{"a frame has a name", func(_, tilt string) string {
			path := filepath.Join(tilt, clean.key(1), "cover.png")
			write(t, path, nil)
			return path
		}, Invalid, "no number"},
		{"a frame is no image", func(_, tilt string) string {
			path := filepath.Join(tilt, clean.key(1), "01.png")
			write(t, path, []byte("hello"))
			return path
		}, Invalid, "text"},
		{"a frame is larger", func(_, tilt string) string {
			path := filepath.Join(tilt, clean.key(1), "01.png")
			write(t, path, encodePNG(t, pixel.New(17, 16, 3).ToNRGBA()))
			return path
		}, Invalid, "has 17×16 pixels, want 16×16"},
		{"the folder is twice", func(dir, tilt string) string {
			path := filepath.Join(dir, "blur", "tilt")
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			return tilt
		}, Invalid, "is there twice"},
		{"the folder is missing", func(dir, tilt string) string {
			gone(tilt)
			return filepath.Join(dir, "tilt")
		}, Missing, "no such folder"},
	} {
		dir := frames(t, clean, 0)
		path := c.spoil(dir, filepath.Join(dir, "digital", "tilt"))
		wantError(t, c.name, open(dir, 0), c.kind, path, c.want)
	}
}

// gone removes a file or folder and returns its path.
func gone(path string) string {
	if err := os.RemoveAll(path); err != nil {
		panic(err)
	}
	return path
}

// fakeFFmpeg puts a program ffmpeg on the PATH that prints a "video" as it is, after
// its first line, which is the status that it ends with.
func fakeFFmpeg(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	script := `#!/bin/sh
case "$*" in *-h*long) echo "-vsync"; exit;; esac
while [ "$1" != -i ]; do shift; done
file=${2#file:}
status=$(head -n 1 "$file")
tail -n +2 "$file"
[ "$status" = hang ] && exec sleep 100
[ "$status" = 0 ] || echo "moov atom not found" >&2
exit "$status"
`
	if err := os.WriteFile(filepath.Join(dir, "ffmpeg"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
}

// ppms is what the fake program makes a video of n frames of: sequence i.
func ppms(status string, i, n, w, h int) []byte {
	out := []byte(status + "\n")
	for j := range n {
		out = append(out, fmt.Sprintf("P6\n%d %d\n255\n", w, h)...)
		out = append(out, bytes.Repeat([]byte{steady(i, j)}, 3*w*h)...)
	}
	return out
}

func TestSequencesOfVideos(t *testing.T) {
	clean := mustOpenFolder(t, photographs(t, 2), "test", FolderOptions{ImageSize: 16})
	dir := t.TempDir()
	for i := range clean.Len() {
		write(t, filepath.Join(dir, "tilt", clean.key(i)+".mp4"), ppms("0", i, 31, 16, 16))
	}
	p, err := OpenP(dir, clean)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", t.TempDir())
	_, err = p.Sequences("tilt", 31)
	wantError(t, "no ffmpeg", err, Missing, filepath.Join(dir, "tilt", clean.key(0)+".mp4"), "no program ffmpeg on the PATH", "apt-get install ffmpeg")
	fakeFFmpeg(t)
	for _, n := range []int{0, 31} {
		s, err := p.Sequences("tilt", n)
		if err != nil {
			t.Fatal(err)
		}
		wantSteady(t, s, 4, 31)
	}
	path := filepath.Join(dir, "tilt", clean.key(1)+".mp4")
	for name, c := range map[string]struct {
		video []byte
		want  string
	}{
		"fewer frames":    {ppms("0", 1, 30, 16, 16), "has 30 frames, want 31"},
		"more frames":     {ppms("0", 1, 300, 16, 16), "has more than the 31 frames wanted"},
		"no frames":       {ppms("1", 1, 0, 16, 16), "moov atom not found"},
		"half a frame":    {ppms("0", 1, 31, 16, 16)[:9000], "cannot be decoded"},
		"half a header":   {ppms("0", 1, 1, 16, 16)[:6], "cannot be decoded"},
		"another size":    {ppms("0", 1, 31, 16, 12), "frame 0 is 16×12 pixels of 256 levels, want 16×16"},
		"something else":  {[]byte("0\n" + strings.Repeat("x", 100)), "no PPM image"},
		"it ends in a 1":  {ppms("1", 1, 31, 16, 16), "cannot be decoded by ffmpeg: moov atom not found"},
		"hung after more": {ppms("hang", 1, 300, 16, 16), "has more than"},
	} {
		write(t, path, c.video)
		s, err := p.Sequences("tilt", 31)
		if err != nil {
			t.Fatal(err)
		}
		r := s.NewReader(false)
		err = r.Read(1, pixel.New(s.Size()), nil)
		wantError(t, name, err, Invalid, path, c.want)
		r.Close()
	}
}

// A real ffmpeg gives the frames of a video that it made, within what H.264 changes.
func TestRealFFmpeg(t *testing.T) {
	program, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("there is no ffmpeg on the PATH")
	}
	clean := mustOpenFolder(t, photographs(t, 1), "test", FolderOptions{ImageSize: 32})
	dir := t.TempDir()
	for i := range clean.Len() {
		var pngs bytes.Buffer
		for j := range 21 {
			m := pixel.New(32, 32, 3)
			for k := range m.Pix {
				m.Pix[k] = 8 * steady(i, j)
			}
			pngs.Write(encodePNG(t, m.ToNRGBA()))
		}
		path := filepath.Join(dir, "tilt", clean.key(i)+".mp4")
		write(t, path, nil)
		// As the published videos were made (create_p/make_imagenet_p.py).
		cmd := exec.Command(program, "-v", "error", "-r", "1", "-framerate", "1", "-f", "image2pipe", "-i", "-", "-vcodec", "libx264",
			"-crf", "20", "-preset", "veryslow", "-y", path)
		cmd.Stdin = &pngs
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Skipf("ffmpeg cannot encode H.264: %v: %s", err, out)
		}
	}
	p, err := OpenP(dir, clean)
	if err != nil {
		t.Fatal(err)
	}
	s, err := p.Sequences("tilt", 0)
	if err != nil {
		t.Fatal(err)
	}
	if s.Frames() != 21 {
		t.Fatalf("got %d frames, want 21", s.Frames())
	}
	r, m := s.NewReader(false), pixel.New(s.Size())
	defer r.Close()
	for i := range s.Len() {
		if err := r.Read(i, m, nil); err != nil {
			t.Fatal(err)
		}
		for j := range 21 {
			got, want := int(m.Pix[j*32*32*3+1500]), int(8*steady(i, j))
			if d := got - want; d < -3 || d > 3 {
				t.Errorf("sequence %d, frame %d: got %d, want about %d", i, j, got, want)
			}
		}
	}
	video := filepath.Join(dir, "tilt", clean.key(0)+".mp4")
	content, err := os.ReadFile(video)
	if err != nil {
		t.Fatal(err)
	}
	write(t, video, content[:len(content)/2])
	if err := r.Read(0, m, nil); !errors.As(err, new(*Error)) {
		t.Errorf("half a video: got %v, want an *Error", err)
	}
}

func FuzzPPM(f *testing.F) {
	f.Add(ppms("", 0, 3, 2, 2)[1:])
	f.Add([]byte("P6\n2 2\n255\n12"))
	f.Add([]byte("P6\n2 2\n65535\n"))
	f.Fuzz(func(t *testing.T, video []byte) {
		dst := make([]uint8, 3*12)
		n, err := readPPMs(bufio.NewReader(bytes.NewReader(video)), 2, 2, dst)
		if err != nil || n > 3 {
			return
		}
		if want := n * (12 + len("P6\n2 2\n255\n")); want != len(video) {
			t.Errorf("%d frames of %d bytes, want %d", n, len(video), want)
		}
		if counted, err := readPPMs(bufio.NewReader(bytes.NewReader(video)), 2, 2, nil); err != nil || counted != n {
			t.Errorf("counted %d frames, %v, want %d", counted, err, n)
		}
	})
}
