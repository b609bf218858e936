package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"augmix/data"
)

// partial marks a file that is being downloaded.
const partial = ".part"

// download is the download of one archive.
type download struct {
	options *Options
	archive Archive
	url     string
	path    string // of the archive when it is whole

	size int64 // of the whole archive; 0 until it is known
	have int64 // bytes of the partial file
	best int64 // the most that there were: going on counts, beginning again does not
	from validator
}

// run downloads the archive, trying again and going on where it was cut off, and gives
// it its name when its content is the published one.
func (d *download) run(ctx context.Context) error {
	d.size = d.archive.Size
	if info, err := os.Stat(d.partPath()); err == nil {
		d.have = info.Size()
		d.from = readValidator(d.partPath())
		d.options.say("going on with %s at %s", filepath.Base(d.path), Bytes(d.have))
	}
	resumed := d.have > 0
	if err := d.all(ctx); err != nil {
		return err
	}
	err := d.verify(ctx)
	if damaged, ok := errors.AsType[*data.Error](err); ok && resumed {
		// The piece that was there may have been of something else.
		d.options.say("%s; beginning again", damaged.Reason)
		if err := d.all(ctx); err != nil {
			return err
		}
		err = d.verify(ctx)
	}
	if err != nil {
		return err
	}
	return settle(d.partPath(), d.path)
}

func (d *download) partPath() string { return d.path + partial }

// all makes the partial file as long as it should be.
func (d *download) all(ctx context.Context) error {
	d.best = d.have
	for failures := 0; ; {
		before := d.best
		err := d.piece(ctx)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		if final, ok := errors.AsType[*finalError](err); ok {
			return final.err
		}
		if d.best > before {
			failures = 0
		}
		failures++
		_, unknown := errors.AsType[*net.DNSError](err)
		if failures >= d.options.attempts() || unknown && d.best == 0 {
			return d.unreachable(err)
		}
		wait := d.options.pause(failures, err)
		d.options.say("%s: %v; trying again in %v", filepath.Base(d.path), err, wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// finalError is one that trying again does not help against.
type finalError struct{ err error }

func (e *finalError) Error() string { return e.err.Error() }

// piece asks for what is missing and appends it.
func (d *download) piece(ctx context.Context) error {
	if d.size > 0 && d.have == d.size {
		return nil
	}
	if d.size > 0 && d.have > d.size {
		if err := d.restart(); err != nil {
			return err
		}
	}
	// Stalled: the request is given up when nothing came for a while.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := fmt.Errorf("nothing came for %v", d.options.stall())
	alarm := time.AfterFunc(d.options.stall(), func() { cancel(stalled) })
	defer alarm.Stop()
	body, err := d.request(ctx)
	if err == nil {
		defer body.Close()
	}
	if whole := d.size > 0 && d.have == d.size; err == nil && !whole {
		err = d.append(ctx, &watched{body, alarm, d.options.stall()})
	}
	if cause := context.Cause(ctx); cause == stalled {
		return stalled
	}
	return err
}

// watched puts an alarm off with everything that is read.
type watched struct {
	io.Reader
	alarm *time.Timer
	after time.Duration
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.alarm.Reset(w.after)
	}
	return n, err
}

// verify compares the whole partial file with the published digest, and removes it
// where it is something else.
func (d *download) verify(ctx context.Context) error {
	err := verifyFile(ctx, d.options, d.partPath(), data.PublishedFile{Path: d.path, Size: d.size, Digest: d.archive.MD5})
	damaged, ok := errors.AsType[*data.Error](err)
	if !ok {
		return err
	}
	d.have, d.from = 0, validator{}
	for _, path := range []string{d.partPath(), d.partPath() + validatorSuffix} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	damaged.Path = d.url
	damaged.Reason = "what came is not the published file: it " + damaged.Reason
	damaged.Remedy = "Nothing of it was kept. Try again, or another home of the file with --mirror."
	return damaged
}

func (d *download) invalid(format string, args ...any) *data.Error {
	return &data.Error{Kind: data.Invalid, Path: d.url, Reason: fmt.Sprintf(format, args...),
		Remedy: "Nothing of it was kept. Name another home of the file with --mirror."}
}

// unreachable returns the *data.Error for an archive that cannot be had, which says
// how to bring it here on another way.
func (d *download) unreachable(err error) error {
	var size string
	if d.archive.Size > 0 {
		size = fmt.Sprintf("%d bytes, ", d.archive.Size)
	}
	kept := ""
	if d.have > 0 {
		kept = fmt.Sprintf(" %s of it are here; the same command goes on with them.", Bytes(d.have))
	}
	return &data.Error{
		Kind: data.Missing, Path: d.url, Reason: "cannot be downloaded", Err: err,
		Remedy: fmt.Sprintf("Without a network: get the file elsewhere (%smd5 %s), put it at %s\n"+
			"and run the same command, which then verifies and unpacks it; or name another home of the file with --mirror.%s",
			size, d.archive.MD5, d.path, kept),
	}
}
