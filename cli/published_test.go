package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"augmix/data"
	"augmix/nets"
	"augmix/pixel"
	"augmix/pixel/jpeg"
	"augmix/run"
	"augmix/weights"
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

// TestImageNetSubset evaluates another's checkpoint of all ImageNet's classes on images
// of two of them: the predictions are those that the network gives, and count as
// right where they are the class folder's.
func TestImageNetSubset(t *testing.T) {
	t.Chdir(t.TempDir())
	makeFolder(t, "plain", 1, 3)
	known := data.ImageNetClasses()
	labels := map[string]int{"blue": 700, "red": 40}
	for was, label := range labels {
		if err := os.MkdirAll("subset/val", 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join("plain/val", was), filepath.Join("subset/val", known[label])); err != nil {
			t.Fatal(err)
		}
	}
	normalize, err := nets.ParseNormalization("imagenet")
	if err != nil {
		t.Fatal(err)
	}
	net, err := nets.New(nets.Config{Model: "resnet20", Classes: len(known), Normalize: normalize}, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	f, err := os.Create("other.pt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tensors := slices.DeleteFunc(net.Tensors(), func(x weights.Tensor) bool { return x.Name == "mu" || x.Name == "sigma" })
	if err := weights.WriteTorch(f, &weights.File{Tensors: tensors}); err != nil {
		t.Fatal(err)
	}
	line := "eval --checkpoint other.pt --model resnet20 --dataset imagenet --data subset --image-size 32 --sets clean --save-logits l --json -"
	code, stdout, stderr := callMain(t, strings.Fields(line)...)
	var e run.Evaluation
	if err := json.Unmarshal([]byte(stdout), &e); err != nil || code != 0 || missingWord(stderr, "knows 1000 classes images are of 2") != "" {
		t.Fatalf("exit code %d, %v: %s", code, err, stderr)
	}
	n, err := data.OpenNPY("l/labels.npy")
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	got, err := n.Integers(6)
	if err != nil || !slices.Equal(got, []int64{40, 40, 40, 700, 700, 700}) {
		t.Errorf("labels %v, %v, want those of all ImageNet's classes", got, err)
	}
}
