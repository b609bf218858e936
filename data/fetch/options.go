package fetch

import (
	"errors"
	"net/http"
	"time"
)

// Options say where sets go and how they come.
type Options struct {
	Dir          string // the data folder, which is made where it is not there
	Mirror       string // the URL of a folder that holds the archives by their paths; "" is their official homes
	KeepArchives bool   // archives stay beside what they were unpacked to
	NoUnpack     bool   // archives stay packed

	Say      func(format string, args ...any)            // takes messages; may be nil
	Progress func(done, total int64, what string)        // takes bytes; total may be 0, not known; may be nil
	Client   *http.Client                                // nil is one for the Internet
	Stall    time.Duration                               // without a byte, after which a request is given up; 0 is 30 s
	Attempts int                                         // without a byte more, after which a download fails; 0 is 5
	Pause    func(failures int, err error) time.Duration // before trying again; nil doubles from 1 s, or does as the server says
}

func (o *Options) say(format string, args ...any) {
	if o.Say != nil {
		o.Say(format, args...)
	}
}

func (o *Options) progress(done, total int64, what string) {
	if o.Progress != nil {
		o.Progress(done, total, what)
	}
}

func (o *Options) client() *http.Client {
	if o.Client == nil {
		o.Client = newClient()
	}
	return o.Client
}

func (o *Options) stall() time.Duration {
	if o.Stall == 0 {
		return 30 * time.Second
	}
	return o.Stall
}

func (o *Options) attempts() int {
	if o.Attempts == 0 {
		return 5
	}
	return o.Attempts
}

func (o *Options) pause(failures int, err error) time.Duration {
	if o.Pause != nil {
		return o.Pause(failures, err)
	}
	if busy, ok := errors.AsType[*busyError](err); ok && busy.after > 0 {
		return busy.after
	}
	return min(time.Second<<(failures-1), time.Minute)
}
