package run

import (
	"slices"
	"strings"
	"testing"
)

func TestBadSamples(t *testing.T) {
	f := create(t)
	if got, err := f.BadSamples(); got != nil || err != nil {
		t.Errorf("without a file: got %v, %v", got, err)
	}
	want := []BadSample{{"train/cat/1.jpg", "truncated JPEG"}, {"val/\"é\n.jpg", "empty"}}
	list, _, err := f.OpenBadSamples(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range want {
		if err := list.Append(s); err != nil {
			t.Fatal(err)
		}
	}
	at := list.Offset()
	if err := list.Append(BadSample{"later", "lost"}); err != nil {
		t.Fatal(err)
	}
	list.Close()
	list, warning, err := f.OpenBadSamples(at)
	if err != nil || warning != "" {
		t.Fatal(warning, err)
	}
	list.Close()
	if got, err := f.BadSamples(); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	write(t, f.Path(badSamplesName), `{"file": "a", "reason": "b"}`+"\nnonsense\n")
	if _, err := f.BadSamples(); err == nil || !strings.Contains(err.Error(), "line 2 of "+f.Path(badSamplesName)) {
		t.Errorf("a line that is no JSON: got %v", err)
	}
}
