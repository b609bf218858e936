package cli

import (
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"augmix/run"
)

// makeFolder makes an image folder of two classes that a network can tell apart:
// train with n photographs of each, val with m.
func makeFolder(t *testing.T, dir string, n, m int) {
	t.Helper()
	for split, count := range map[string]int{"train": n, "val": m} {
		for class, name := range []string{"blue", "red"} {
			folder := filepath.Join(dir, split, name)
			if err := os.MkdirAll(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			for i := range count {
				m := image.NewNRGBA(image.Rect(0, 0, 40+i, 50))
				for p := 0; p < len(m.Pix); p += 4 {
					x, y := p/4%m.Rect.Dx(), p/4/m.Rect.Dx()
					m.SetNRGBA(x, y, color.NRGBA{uint8(60 + 100*class + x), uint8(7 * (x ^ y ^ i)), uint8(160 - 100*class + y), 255})
				}
				f, err := os.Create(filepath.Join(folder, fmt.Sprintf("%d.jpg", i)))
				if err != nil {
					t.Fatal(err)
				}
				if err := jpeg.Encode(f, m, nil); err != nil {
					t.Fatal(err)
				}
				f.Close()
			}
		}
	}
}

// TestImageFolder follows a run on photographs, some of which get damaged.
func TestImageFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	makeFolder(t, "good", 12, 5)
	makeFolder(t, "bad", 12, 5)
	damage := func(path string) {
		if err := os.WriteFile(path, []byte("404"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	damage("bad/train/red/3.jpg")
	call := func(line string) (code int, stdout, stderr string) {
		t.Helper()
		return callMain(t, strings.Fields(line)...)
	}
	const train = "train --dataset folder --image-size 32 --model resnet20 --epochs 2 -b 8 --precision fp32 --threads 1 --checkpoint-every 1steps "
	finish := func(line string) run.TrainResult {
		t.Helper()
		code, stdout, stderr := call(line + " --json -")
		var r run.TrainResult
		if err := json.Unmarshal([]byte(stdout), &r); code != 0 || err != nil {
			t.Fatalf("%s: exit code %d, %v: %s", line, code, err, stderr)
		}
		return r
	}
	stops := func(line string, code int, words string) {
		t.Helper()
		got, _, stderr := call(line)
		if missing := missingWord(stderr, words); got != code || missing != "" {
			t.Errorf("%s: exit code %d, want %d; the message lacks %q: %s", line, got, code, missing, stderr)
		}
	}

	good := finish(train + "--data good --save good-run --quiet")
	if good.N != 10 || good.NExpected != 10 || good.BadSamples != 0 || good.Steps != 6 {
		t.Errorf("good images: got %+v", good)
	}
	if other := finish(train + "--data good --save other --num-workers 5 --quiet"); other.WeightsSHA256 != good.WeightsSHA256 {
		t.Error("5 workers give other weights")
	}

	// A damaged image ends a run that was not told to pass over it; the same run
	// goes on when it is told so, and ends as if it had been from the beginning.
	stops(train+"--data bad --save resumed", exitData, "bad/train/red/3.jpg text --on-bad-sample skip")
	skipping := finish(train + "--data bad --save skipping --on-bad-sample skip --num-workers 3")
	resumed := finish(train + "--data bad --save resumed --on-bad-sample skip --resume auto")
	if skipping.BadSamples != 1 || skipping.N != 10 || resumed.WeightsSHA256 != skipping.WeightsSHA256 || resumed.BadSamples != 1 {
		t.Errorf("passing over an image: got %+v, resumed %+v", skipping, resumed)
	}
	for _, dir := range []string{"skipping", "resumed"} {
		list, err := os.ReadFile(filepath.Join(dir, "bad_samples.jsonl"))
		if want := `{"file":"train/red/3.jpg","reason":"not a JPEG or PNG image but text"}` + "\n"; err != nil || string(list) != want {
			t.Errorf("%s/bad_samples.jsonl: got %s, %v, want %s", dir, list, err, want)
		}
	}

	// One more is more than 0.01 %.
	damage("bad/val/blue/0.jpg")
	stops(train+"--data bad --save two --on-bad-sample skip", exitData, "passing over train/red/3.jpg passing over val/blue/0.jpg number 2 at most 1")

	damage("good/val/blue/0.jpg")
	partly := finish(train + "--data good --save partly --on-bad-sample skip --quiet")
	if partly.N != 9 || partly.NExpected != 10 || partly.BadSamples != 1 || partly.WeightsSHA256 != good.WeightsSHA256 {
		t.Errorf("a damaged test image: got %+v", partly)
	}
	metrics, err := os.ReadFile("partly/metrics.jsonl")
	if err != nil || strings.Count(string(metrics), `"test_n":9,"test_n_expected":10`) != 2 {
		t.Errorf("metrics.jsonl does not say that an image is missing: %s, %v", metrics, err)
	}

	// Evaluation never leaves an image out without saying so.
	const eval = "eval partly --only contrast --severity 2 "
	stops(eval, exitData, "good/val/blue/0.jpg text")
	code, stdout, stderr := call(eval + "--on-bad-sample skip --json -")
	var e run.Evaluation
	if err := json.Unmarshal([]byte(stdout), &e); err != nil || code != exitData || e.N != 9 || e.NExpected != 10 ||
		e.Clean == nil || e.Corruption == nil || missingWord(stderr, "passing over val/blue/0.jpg 9 of 10 images") != "" {
		t.Errorf("evaluation without an image: exit code %d, %s, %v: %s", code, stdout, err, stderr)
	}
	if _, err := os.Stat("partly/results/eval.json"); err == nil {
		t.Error("an evaluation without an image was written into the run's folder")
	}
	makeFolder(t, "good", 12, 5)
	if code, stdout, stderr := call(eval); code != 0 || missingWord(stdout, "folder, n = 10 contrast") != "" {
		t.Errorf("%s: exit code %d: %s%s", eval, code, stdout, stderr)
	}
	// Of images that are sorted by class some of each are taken.
	if _, _, stderr := call(eval + "--limit-eval 4"); missingWord(stderr, "4 of the 10 images, one in 2") != "" {
		t.Errorf("--limit-eval 4: %s", stderr)
	}
	stops("train --dataset folder --image-size 64 --model allconv --data good --save large", exitUsage, "allconv at most 55×55 not 64×64")
	stops("eval partly --image-size 6 --sets clean", exitUsage, "--image-size 6 from 8")
	stops("eval partly --image-size 40", exitUsage, "--image-size 40 nearest 32 --sets clean")
	if code, stdout, _ := call("eval partly --image-size 40 --sets clean --fast-decode"); code != 0 {
		t.Errorf("another size: exit code %d: %s", code, stdout)
	}
	// The reader's throughput is measured on whichever images are there.
	if err := os.Rename("good/train", "good/other"); err != nil {
		t.Fatal(err)
	}
	var rate sampleRate
	code, stdout, stderr = call("bench pipeline --dataset folder --data good --image-size 32 --seconds 0.1 --json -")
	if err := json.Unmarshal([]byte(stdout), &rate); err != nil || code != 0 || rate.ImagesPerSecond <= 0 || rate.Size != 32 || rate.Views != 3 {
		t.Errorf("bench pipeline: exit code %d, %s, %v: %s", code, stdout, err, stderr)
	}
	stops("eval partly --data bad --sets clean", exitData, "bad/val/blue/0.jpg")
}

// TestStylisedCopy trains on another folder's images and measures on the dataset's own.
func TestStylisedCopy(t *testing.T) {
	t.Chdir(t.TempDir())
	makeFolder(t, "own", 6, 4)
	makeFolder(t, "stylised", 5, 1)
	trained := map[string]run.TrainResult{}
	for _, more := range []string{"--method standard", "--method standard --sin-data stylised", "--sin-data stylised"} {
		line := "train --dataset folder --data own --image-size 32 --model resnet20 --epochs 1 -b 8 --precision fp32 --threads 1 --save " +
			fmt.Sprintf("run%d --json result.json ", len(trained)) + more
		if code, _, stderr := callMain(t, strings.Fields(line)...); code != 0 {
			t.Fatalf("%s: exit code %d: %s", line, code, stderr)
		}
		var r run.TrainResult
		readJSON(t, "result.json", &r)
		trained[more] = r
		if r.N != 8 {
			t.Errorf("%s: measured on %d images, want the 8 of the dataset's own", more, r.N)
		}
		for other, o := range trained {
			if other != more && o.WeightsSHA256 == r.WeightsSHA256 {
				t.Errorf("%s gives the weights of %s", more, other)
			}
		}
	}
	if err := os.Rename(filepath.Join("stylised", "train", "red"), filepath.Join("stylised", "train", "green")); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := callMain(t, strings.Fields("train --dataset folder --data own --sin-data stylised --save other")...)
	if code != exitData || missingWord(stderr, "stylised same classes") != "" {
		t.Errorf("a copy with other classes: exit code %d, want %d: %s", code, exitData, stderr)
	}
}
