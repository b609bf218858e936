package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"augmix/pixel"
	"augmix/pixel/jpeg"
	"augmix/run"
)

// TestPublishedPhotographs evaluates a run on corrupted images in the published
// layout, and on images of some of its classes.
func TestPublishedPhotographs(t *testing.T) {
	t.Chdir(t.TempDir())
	makeFolder(t, "data", 6, 3)
	call := func(line string, code int, words string) run.Evaluation {
		t.Helper()
		got, stdout, stderr := callMain(t, strings.Fields(line+" --json -")...)
		if missing := missingWord(stderr, words); got != code || missing != "" {
			t.Fatalf("%s: exit code %d, want %d; the message lacks %q: %s", line, got, code, missing, stderr)
		}
		var e run.Evaluation
		if err := json.Unmarshal([]byte(stdout), &e); code == 0 && !strings.HasPrefix(line, "train") && err != nil {
			t.Fatalf("%s: %v: %s", line, err, stdout)
		}
		return e
	}
	call("train --dataset folder --data data --image-size 32 --model resnet20 --epochs 1 -b 4 --precision fp32 --threads 1 --save r --quiet", 0, "")
	for _, class := range []string{"blue", "red"} {
		for i := range 3 {
			path := filepath.Join("pub", "weather", "fog", "2", class, fmt.Sprintf("%d.JPEG", i))
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, jpeg.Encode(nil, pixel.New(32, 32, 3), 85, true), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	e := call("eval r --c-data pub --only fog --severity 2", 0, "")
	if c := e.Corruption; c == nil || c.ByCorruption["fog"].Source != "published" || c.ByCorruption["fog"].Error != 50 {
		t.Errorf("got %+v, want half of the black images right", e.Corruption)
	}
	call("eval r --c-data pub --only frost --severity 2", 3, "pub/frost no such folder augmix corrupt")
	call("eval r --c-data nowhere", 3, "nowhere no such folder")
	if err := os.Rename("pub", "data/folder-c"); err != nil {
		t.Fatal(err)
	}
	if e := call("eval r --only fog --severity 2", 0, ""); e.Corruption.Source != "published" {
		t.Errorf("beside the data: got %q", e.Corruption.Source)
	}
	if err := os.Remove("data/folder-c/weather/fog/2/red/1.JPEG"); err != nil {
		t.Fatal(err)
	}
	call("eval r --only fog --severity 2", 3, "fog/2/red/1 none for the test image val/red/1.jpg")

	// Images of one of the two classes are labelled by its name.
	if err := os.RemoveAll("data/val/blue"); err != nil {
		t.Fatal(err)
	}
	if e := call("eval r --sets clean", 0, "knows 2 classes images are of 1 all of them compete"); e.N != 3 {
		t.Errorf("one class: got %+v", e)
	}
	if err := os.Rename("data/val/red", "data/val/green"); err != nil {
		t.Fatal(err)
	}
	call("eval r --sets clean", 3, "data/val/green class folder of no class that is known 2 classes")
}
