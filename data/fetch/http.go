package fetch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"augmix/run"
)

// newClient returns the client for downloads. A file:// URL is a file of this machine.
func newClient() *http.Client {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout:   30 * time.Second,
		ResponseHeaderTimeout: time.Minute,
		ForceAttemptHTTP2:     true,
		DisableCompression:    true,
	}
	t.RegisterProtocol("file", http.NewFileTransport(http.Dir("/")))
	return &http.Client{Transport: t, CheckRedirect: checkRedirect}
}

// checkRedirect follows at most ten redirects, and none that gives encryption up or
// leads to a file of this machine.
func checkRedirect(to *http.Request, via []*http.Request) error {
	from := via[len(via)-1].URL
	switch {
	case len(via) >= 10:
		return &redirectError{fmt.Sprintf("redirected more than %d times", len(via))}
	case to.URL.Scheme != "https" && to.URL.Scheme != from.Scheme:
		return &redirectError{fmt.Sprintf("redirected from %s://%s to %s://%s", from.Scheme, from.Host, to.URL.Scheme, to.URL.Host)}
	}
	return nil
}

// redirectError is about a redirect that is not followed.
type redirectError struct{ reason string }

func (e *redirectError) Error() string { return e.reason }

// validator tells whether a server's file is still the one of which a part is here.
type validator struct {
	URL      string `json:"url"`
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"last_modified,omitempty"`
}

func validatorOf(url string, h http.Header) validator {
	return validator{URL: url, ETag: h.Get("ETag"), Modified: h.Get("Last-Modified")}
}

// ifRange returns what an If-Range header may hold: a strong entity tag, else the date
// (RFC 9110, 13.1.5).
func (v validator) ifRange() string {
	if strings.HasPrefix(v.ETag, `"`) {
		return v.ETag
	}
	return v.Modified
}

// validatorSuffix is behind the name of the partial file that a validator is about.
const validatorSuffix = ".json"

func (v validator) write(part string) error {
	return run.WriteFile(part+validatorSuffix, func(w io.Writer) error { return json.NewEncoder(w).Encode(v) })
}

// readValidator returns what was written for a partial file, or nothing: the digest
// decides in the end.
func readValidator(part string) validator {
	text, err := os.ReadFile(part + validatorSuffix)
	if err != nil {
		return validator{}
	}
	return parseValidator(text)
}

func parseValidator(text []byte) validator {
	var v validator
	if json.Unmarshal(text, &v) != nil || strings.ContainsAny(v.ETag+v.Modified, "\r\n\x00") {
		return validator{}
	}
	return v
}

// parseContentRange reads "bytes FIRST-LAST/SIZE", SIZE being 0 for "*" (RFC 9110,
// 14.4).
func parseContentRange(s string) (first, size int64, err error) {
	spec, ok := strings.CutPrefix(s, "bytes ")
	span, total, ok2 := strings.Cut(spec, "/")
	from, to, ok3 := strings.Cut(span, "-")
	if !ok || !ok2 || !ok3 {
		return 0, 0, errors.New("not a range of bytes")
	}
	first, err1 := parseCount(from)
	last, err2 := parseCount(to)
	if total != "*" {
		var err3 error
		if size, err3 = parseCount(total); err3 != nil || last >= size {
			return 0, 0, errors.New("not a range of its size")
		}
	}
	if err1 != nil || err2 != nil || first > last {
		return 0, 0, errors.New("not a range")
	}
	return first, size, nil
}

// parseCount reads a number of decimal digits alone.
func parseCount(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil && (s[0] < '0' || s[0] > '9') {
		err = strconv.ErrSyntax
	}
	return n, err
}

// busyError is a server's wish to be asked later.
type busyError struct {
	err   error
	after time.Duration
}

func (e *busyError) Error() string { return e.err.Error() }

// longestWait bounds how long a server is obeyed that asks for a pause.
const longestWait = 5 * time.Minute

// retryAfter reads a Retry-After header in seconds or as a date; 0 where there is none.
func retryAfter(s string) time.Duration {
	var d time.Duration
	if seconds, err := parseCount(s); err == nil {
		d = time.Duration(min(seconds, 1<<30)) * time.Second
	} else if at, err := http.ParseTime(s); err == nil {
		d = time.Until(at)
	}
	return min(max(d, 0), longestWait)
}
