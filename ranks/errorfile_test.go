package ranks

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestWriteErrorFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "error.json")
	env := variables("TORCHELASTIC_ERROR_FILE=" + path)
	if err := WriteErrorFile(env, errors.New("no \"space\"\nleft"), time.Unix(1700000000, 5)); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	const text = `no \"space\"\nleft`
	want := `{"message":{"message":"` + text + `","extraInfo":{"py_callstack":"` + text + `","timestamp":"1700000000"}}}`
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if err := WriteErrorFile(variables(""), errors.New("x"), time.Now()); err != nil {
		t.Errorf("without a launcher: %v", err)
	}
	if err := WriteErrorFile(variables("TORCHELASTIC_ERROR_FILE=/nowhere/error.json"), errors.New("x"), time.Now()); err == nil {
		t.Error("a folder that is not there: got no error")
	}
}
