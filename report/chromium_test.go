package report

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// browser is one page of a headless Chromium, which is spoken to in the Chrome DevTools Protocol: JSON messages, each
// with a zero byte at its end, over the two pipes of --remote-debugging-pipe.
type browser struct {
	t        *testing.T
	to       *os.File
	messages chan message
	session  string
	calls    int
	events   []message // those that came while an answer was waited for
}

// message is an answer, which has an ID, or an event, which has a Method.
type message struct {
	ID     int             `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Message string `json:"message"`
	} `json:"error"`
}

// browserWait bounds what a machine that does other things may need for one answer.
const browserWait = 2 * time.Minute

// newBrowser starts Chromium, or skips the test where there is none.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		t.Skip("no Chromium on the PATH: the page is not opened in a browser (Debian: apt-get install chromium)")
	}
	ours, theirs, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, answer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--headless", "--remote-debugging-pipe", "--user-data-dir=" + filepath.Join(t.TempDir(), "profile"), "--no-first-run",
		"--disable-gpu", "--disable-extensions", "--disable-component-update", "--disable-background-networking", "--hide-scrollbars"}
	if os.Getuid() == 0 {
		args = append(args, "--no-sandbox") // which the superuser cannot have
	}
	cmd := exec.Command(program, args...)
	var said bytes.Buffer
	cmd.Stderr = &said
	cmd.ExtraFiles = []*os.File{ours, answer} // descriptors 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ours.Close()
	answer.Close()
	b := &browser{t: t, to: theirs, messages: make(chan message)}
	stop := make(chan struct{})
	t.Cleanup(func() {
		close(stop)
		cmd.Process.Kill()
		cmd.Wait()
		theirs.Close()
		answers.Close()
		if t.Failed() {
			t.Logf("Chromium said: %.500s", said.String())
		}
	})
	go func() {
		defer close(b.messages)
		for in := bufio.NewReader(answers); ; {
			text, err := in.ReadBytes(0)
			if err != nil {
				return
			}
			var m message
			if json.Unmarshal(text[:len(text)-1], &m) == nil {
				select {
				case b.messages <- m:
				case <-stop:
					return
				}
			}
		}
	}()
	var target struct{ TargetID, SessionID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &target)
	b.session = target.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log", "Network"} {
		b.call(domain+".enable", nil, nil)
	}
	return b
}

// receive returns the next message.
func (b *browser) receive(what string) message {
	b.t.Helper()
	select {
	case m, ok := <-b.messages:
		if !ok {
			b.t.Fatalf("%s: Chromium ended", what)
		}
		return m
	case <-time.After(browserWait):
		b.t.Fatalf("%s: no answer from Chromium after %v", what, browserWait)
	}
	return message{}
}

// call calls a method and decodes its result into result, where that is not nil.
func (b *browser) call(method string, params, result any) {
	b.t.Helper()
	b.calls++
	request := map[string]any{"id": b.calls, "method": method}
	if params != nil {
		request["params"] = params
	}
	if b.session != "" {
		request["sessionId"] = b.session
	}
	text, err := json.Marshal(request)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.to.Write(append(text, 0)); err != nil {
		b.t.Fatalf("%s: %v", method, err)
	}
	for {
		m := b.receive(method)
		if m.ID != b.calls {
			b.events = append(b.events, m)
			continue
		}
		if m.Error != nil {
			b.t.Fatalf("%s: %s", method, m.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(m.Result, result); err != nil {
				b.t.Fatalf("%s: %v", method, err)
			}
		}
		return
	}
}

// open loads a page and waits until all of it is there. What was shown before is left, with its events.
func (b *browser) open(path string) {
	b.t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		b.t.Fatal(err)
	}
	b.events = nil
	var answer struct{ ErrorText string }
	b.call("Page.navigate", map[string]any{"url": "file://" + abs}, &answer)
	if answer.ErrorText != "" {
		b.t.Fatalf("open %s: %s", path, answer.ErrorText)
	}
	for i := 0; ; i++ {
		if i == len(b.events) {
			b.events = append(b.events, b.receive("load "+path))
		}
		if b.events[i].Method == "Page.loadEventFired" {
			return
		}
	}
}

// evaluate runs a script in the page and returns the text that it (or its promise) gives.
func (b *browser) evaluate(script string) string {
	b.t.Helper()
	var answer struct {
		Result           struct{ Value string }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	b.call("Runtime.evaluate", map[string]any{"expression": script, "awaitPromise": true, "returnByValue": true}, &answer)
	if e := answer.ExceptionDetails; e != nil {
		b.t.Fatalf("the test's script: %s %s", e.Text, e.Exception.Description)
	}
	return answer.Result.Value
}

// show sets the window's width in CSS pixels and the preferred colours, light or dark, or print.
func (b *browser) show(width int, colours string) {
	b.t.Helper()
	b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}, nil)
	media := map[string]any{"media": "", "features": []map[string]string{{"name": "prefers-color-scheme", "value": colours}}}
	if colours == "print" {
		media = map[string]any{"media": "print"}
	}
	b.call("Emulation.setEmulatedMedia", media, nil)
}

// picture saves what is shown, from top to bottom, as dir/name.png.
func (b *browser) picture(dir, name string) {
	b.t.Helper()
	var answer struct{ Data string }
	b.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true, "format": "png"}, &answer)
	raw, err := base64.StdEncoding.DecodeString(answer.Data)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), raw, 0o666)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// asked lists, of the events since the page was opened, what it asked for but for itself, and every error or warning.
func (b *browser) asked(page string) (problems []string) {
	for _, m := range b.events {
		var p struct {
			Request          struct{ URL string }
			Type             string
			Entry            struct{ Level, Text string }
			ExceptionDetails struct{ Text string }
		}
		if json.Unmarshal(m.Params, &p) != nil {
			continue // Params of another shape: not one of those below.
		}
		switch m.Method {
		case "Network.requestWillBeSent":
			if url := p.Request.URL; filepath.Base(url) != filepath.Base(page) && !bytes.HasPrefix([]byte(url), []byte("data:")) {
				problems = append(problems, "the page asks for "+url)
			}
		case "Runtime.consoleAPICalled":
			problems = append(problems, "console: "+p.Type)
		case "Runtime.exceptionThrown":
			problems = append(problems, "exception: "+p.ExceptionDetails.Text)
		case "Log.entryAdded":
			problems = append(problems, fmt.Sprintf("%s: %s", p.Entry.Level, p.Entry.Text))
		}
	}
	return problems
}
