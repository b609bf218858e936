package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"

	"augmix/run"
)

// request returns the body that begins at byte d.have; where the server does not go on
// there, d.have becomes 0.
func (d *download) request(ctx context.Context) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url, nil)
	if err != nil {
		return nil, &finalError{err}
	}
	req.Header.Set("User-Agent", "augmix")
	// A body that is compressed on the way has no ranges of the file.
	req.Header.Set("Accept-Encoding", "identity")
	if d.have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.have))
		if tag := d.from.ifRange(); tag != "" && d.from.URL == d.url {
			req.Header.Set("If-Range", tag)
		}
	}
	resp, err := d.options.client().Do(req)
	if astray, ok := errors.AsType[*redirectError](err); ok {
		return nil, &finalError{d.unreachable(astray)}
	}
	if err != nil {
		return nil, err
	}
	if err := d.accept(resp); err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp.Body, nil
}

// accept checks an answer against what was asked for.
func (d *download) accept(resp *http.Response) error {
	total := resp.ContentLength
	switch resp.StatusCode {
	case http.StatusPartialContent:
		first, size, err := parseContentRange(resp.Header.Get("Content-Range"))
		if err != nil || first != d.have {
			// Asking for all of it is what every server understands.
			return errors.Join(fmt.Errorf("the server answers with the range %q, not from byte %d on",
				resp.Header.Get("Content-Range"), d.have), d.restart())
		}
		total = size
	case http.StatusOK:
		if err := d.restart(); err != nil {
			return err
		}
	case http.StatusRequestedRangeNotSatisfiable:
		if d.size == 0 && resp.Header.Get("Content-Range") == fmt.Sprintf("bytes */%d", d.have) {
			d.size = d.have // The file ends where the part does.
			return nil
		}
		return errors.Join(errors.New("the server does not have that part"), d.restart())
	default:
		return d.refused(resp)
	}
	if total > 0 && d.size > 0 && total != d.size {
		return &finalError{d.invalid("the server offers %d bytes, the published file has %d", total, d.size)}
	}
	d.size = cmp.Or(d.size, max(total, 0))
	d.from = validatorOf(d.url, resp.Header)
	if d.have == 0 {
		if err := d.enoughSpace(); err != nil {
			return &finalError{err}
		}
	}
	return d.from.write(d.partPath())
}

// refused returns the error for an answer that has no content.
func (d *download) refused(resp *http.Response) error {
	err := fmt.Errorf("the server answers %s", resp.Status)
	switch {
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusRequestTimeout, resp.StatusCode >= 500:
		return &busyError{err, retryAfter(resp.Header.Get("Retry-After"))}
	}
	return &finalError{d.unreachable(err)}
}

// restart empties the partial file.
func (d *download) restart() error {
	d.have, d.from = 0, validator{}
	if err := os.Truncate(d.partPath(), 0); err != nil && !errors.Is(err, os.ErrNotExist) {
		return &finalError{err}
	}
	return nil
}

// append writes body behind what is there.
func (d *download) append(ctx context.Context, body io.Reader) error {
	f, err := os.OpenFile(d.partPath(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return &finalError{err}
	}
	defer f.Close()
	buffer := make([]byte, 1<<18)
	for {
		n, readErr := body.Read(buffer)
		if d.size > 0 && d.have+int64(n) > d.size {
			return errors.Join(errors.New("the server sends more than the file has"), d.restart())
		}
		if n > 0 {
			if _, err := f.Write(buffer[:n]); err != nil {
				return &finalError{run.Remedied(err)}
			}
			d.have += int64(n)
			d.best = max(d.best, d.have)
			d.options.progress(d.have, d.size, filepath.Base(d.path))
		}
		if readErr == nil {
			continue
		}
		if readErr != io.EOF {
			return fmt.Errorf("cut off at %s: %w", Bytes(d.have), readErr)
		}
		if d.size > 0 && d.have < d.size {
			return fmt.Errorf("cut off at %s of %s", Bytes(d.have), Bytes(d.size))
		}
		d.size = d.have
		if err := f.Sync(); err != nil {
			return &finalError{run.Remedied(err)}
		}
		return nil
	}
}
