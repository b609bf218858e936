package data

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// ffmpeg is the program that decodes videos.
type ffmpeg struct {
	path string
	mode string // the flag that keeps frames as they are, neither repeated nor dropped
}

// videoTimeout is how long decoding one video may take. The published ones take a
// twentieth of a second.
const videoTimeout = time.Minute

// findFFmpeg looks for a program ffmpeg on the PATH; video is the file that needs it.
func findFFmpeg(video string) (*ffmpeg, error) {
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		return nil, &Error{Kind: Missing, Path: video, Reason: "is a video, and there is no program ffmpeg on the PATH to decode it",
			Remedy: "Install it (apt-get install ffmpeg), or leave --p-data out: the sequences are then generated."}
	}
	// -vsync was removed after -fps_mode had taken its place.
	help, err := exec.Command(path, "-hide_banner", "-h", "long").Output()
	if err != nil {
		return nil, &Error{Kind: Invalid, Path: path, Reason: "does not start", Err: err,
			Remedy: "It should be ffmpeg; `ffmpeg -h long` must list its options."}
	}
	f := &ffmpeg{path: path, mode: "-vsync"}
	if bytes.Contains(help, []byte("-fps_mode")) {
		f.mode = "-fps_mode"
	}
	return f, nil
}

// decode writes the frames of a video, w×h RGB each, one behind the other into dst, as
// many as have room in it, and returns how many the video has, up to one more than
// that. With a nil dst it only counts, up to maxFrames. A frame of another size is an
// error. Errors are *Error.
func (f *ffmpeg) decode(ctx context.Context, path string, w, h int, dst []uint8) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, videoTimeout)
	defer cancel()
	absolute, err := filepath.Abs(path)
	if err != nil {
		return 0, cannotRead(path, err)
	}
	// "file:" keeps a name such as concat:… from meaning a protocol. PPM, unlike raw
	// video, says the size of every frame.
	cmd := exec.CommandContext(ctx, f.path, "-nostdin", "-v", "error", "-xerror", "-protocol_whitelist", "file,pipe", "-threads", "1",
		"-i", "file:"+absolute, "-map", "0:v:0", f.mode, "passthrough", "-f", "image2pipe", "-c:v", "ppm", "-pix_fmt", "rgb24", "pipe:1")
	cmd.WaitDelay = time.Second // for what it may have started itself
	var complaint bytes.Buffer
	cmd.Stderr = &limitedWriter{&complaint, 4 << 10}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, &Error{Kind: Invalid, Path: path, Reason: "cannot be decoded", Err: err}
	}
	if err := cmd.Start(); err != nil {
		return 0, &Error{Kind: Invalid, Path: path, Reason: "cannot be decoded: " + f.path + " does not start", Err: err}
	}
	n, readErr := readPPMs(bufio.NewReaderSize(out, 1<<16), w, h, dst)
	if readErr != nil || n > len(dst)/(3*w*h) && dst != nil {
		cancel()    // Nobody reads the rest,
		out.Close() // and nobody may wait for that.
	}
	waitErr := cmd.Wait()
	switch {
	case readErr == nil && waitErr == nil:
		return n, nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return 0, invalid(path, "could not be decoded in %v", videoTimeout)
	case readErr != nil && !errors.Is(readErr, io.ErrUnexpectedEOF):
		return 0, &Error{Kind: Invalid, Path: path, Reason: "is not the video wanted", Err: readErr}
	case readErr == nil && ctx.Err() != nil:
		return n, nil // It was stopped because it has too many frames.
	}
	said, _, _ := strings.Cut(strings.TrimSpace(complaint.String()), "\n")
	return 0, &Error{Kind: Invalid, Path: path, Reason: "cannot be decoded by ffmpeg", Err: errors.Join(readErr, errors.New(said))}
}

// maxFrames bounds what decode counts.
const maxFrames = 1000

// readPPMs reads images of w×h pixels in the binary PPM format (P6, 255) up to the
// end, or up to one more than dst has room for, of which it reads only the header.
func readPPMs(r *bufio.Reader, w, h int, dst []uint8) (int, error) {
	size := 3 * w * h
	want := fmt.Sprintf("P6\n%d %d\n255\n", w, h)
	for n := 0; ; n++ {
		if _, err := r.Peek(1); err == io.EOF {
			return n, nil
		}
		head, err := ppmHeader(r)
		if err != nil {
			return n, fmt.Errorf("frame %d: %w", n, err)
		}
		if head != want {
			return n, fmt.Errorf("frame %d is %s, want %d×%d pixels (--image-size)", n, describePPM(head), w, h)
		}
		switch {
		case dst == nil && n == maxFrames:
			return n, fmt.Errorf("it has more than %d frames", maxFrames)
		case dst == nil:
			_, err = r.Discard(size)
		case (n+1)*size > len(dst):
			return n + 1, nil
		default:
			_, err = io.ReadFull(r, dst[n*size:(n+1)*size])
		}
		if err != nil {
			return n, fmt.Errorf("frame %d: %w", n, io.ErrUnexpectedEOF)
		}
	}
}

// ppmHeader reads the three lines before the pixels, as ffmpeg writes them.
func ppmHeader(r *bufio.Reader) (string, error) {
	const longest = 32
	var head []byte
	for lines := 0; lines < 3; {
		c, err := r.ReadByte()
		if err != nil {
			return "", io.ErrUnexpectedEOF
		}
		if head = append(head, c); c == '\n' {
			lines++
		}
		if len(head) > longest {
			return "", errors.New("is no PPM image")
		}
	}
	return string(head), nil
}

// describePPM says what a header that is not the one wanted is of.
func describePPM(head string) string {
	var w, h, depth int
	if n, err := fmt.Sscanf(head, "P6\n%d %d\n%d\n", &w, &h, &depth); n != 3 || err != nil {
		return "no PPM image"
	}
	return fmt.Sprintf("%d×%d pixels of %d levels", w, h, depth+1)
}

// limitedWriter passes on the first bytes and drops the others.
type limitedWriter struct {
	w    io.Writer
	left int
}

func (l *limitedWriter) Write(p []byte) (int, error) {
	n := min(len(p), l.left)
	l.left -= n
	if _, err := l.w.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}
