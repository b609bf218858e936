package cli

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"augmix/corrupt"
	"augmix/data"
	"augmix/run"
)

// small is a training of about a second, without its --save.
var small = strings.Fields("train --dataset shapes --layers 10 --widen-factor 1 --epochs 1 --limit-train 48 --limit-eval 40 -b 16 " +
	"--precision fp32 --quiet")

// entries lists everything below dir.
func entries(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		out = append(out, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestTrainEvaluateReport follows a run from training to its page.
func TestTrainEvaluateReport(t *testing.T) {
	t.Chdir(t.TempDir())
	ok := func(args ...string) (stdout, stderr string) {
		t.Helper()
		code, stdout, stderr := callMain(t, args...)
		if code != 0 {
			t.Fatalf("%v: exit code %d: %s", args, code, stderr)
		}
		return stdout, stderr
	}
	with := func(more string) []string { return append(slices.Clone(small), strings.Fields(more)...) }

	// A dry run prints what was decided and leaves nothing behind.
	var decided run.Config
	stdout, _ := ok(with("--dry-run --json - --save one")...)
	if err := json.Unmarshal([]byte(stdout), &decided); err != nil || decided.Epochs != 1 || decided.Precision != "fp32" ||
		decided.Threads < 1 || decided.Normalize != "half" || len(decided.Classes) != 10 {
		t.Errorf("--dry-run --json -: got %s, %v", stdout, err)
	}
	if got := entries(t, "."); len(got) != 1 {
		t.Errorf("a dry run left %v", got)
	}

	stdout, stderr := ok(with("--save one --json train.json")...)
	if stderr != "" {
		t.Errorf("--quiet wrote %q to standard error", stderr)
	}
	var trained run.TrainResult
	readJSON(t, "train.json", &trained)
	if last := lastLine(stdout); !strings.HasPrefix(last, "weights_sha256") || !strings.HasSuffix(last, trained.WeightsSHA256) || len(trained.WeightsSHA256) != 64 {
		t.Errorf("training ends with %q, want weights_sha256 and %s", last, trained.WeightsSHA256)
	}
	if trained.Steps != 3 || trained.N != 40 {
		t.Errorf("got %d steps and n = %d, want 3 and 40", trained.Steps, trained.N)
	}

	// A finished run is never overwritten, and resuming it changes nothing.
	if code, _, stderr := callMain(t, with("--save one")...); code != exitUsage || missingWord(stderr, "one finished --save") != "" {
		t.Errorf("training into a finished run: exit code %d, %s", code, stderr)
	}
	if code, _, _ := callMain(t, with("--save one --dry-run")...); code != exitUsage {
		t.Errorf("a dry run into a finished run: exit code %d, want %d", code, exitUsage)
	}
	if again, _ := ok(with("--save one --resume auto")...); lastLine(again) != lastLine(stdout) {
		t.Errorf("resuming a finished run prints %q, want %q", lastLine(again), lastLine(stdout))
	}
	// The same configuration from the run's file gives the same weights; a flag on
	// the command line wins over the file.
	if again, _ := ok("train", "--config", "one/config.json", "--save", "two", "--quiet"); lastLine(again) != lastLine(stdout) {
		t.Errorf("--config of a run gives %q, want %q", lastLine(again), lastLine(stdout))
	}
	if stdout, _ := ok("train", "--config", "one/config.json", "--save", "three", "--dry-run", "--json", "-", "-e", "7"); !strings.Contains(stdout, `"epochs": 7`) ||
		!strings.Contains(stdout, `"batch_size": 16`) || !strings.Contains(stdout, `"save": "three"`) {
		t.Errorf("--config with -e 7 and --save three decides %s", stdout)
	}

	testEvaluation(t, ok)

	stdout, _ = ok("report", "one", "--json", "report.json")
	for _, file := range []string{"one/report.html", "one/plots/training_curves.png"} {
		if _, err := os.Stat(file); err != nil || !strings.Contains(stdout, file) {
			t.Errorf("report: %s is missing or not named: %v", file, err)
		}
	}
	if code, stdout, stderr := callMain(t, "report", "two"); code != exitDone || missingWord(stdout, "not evaluated yet augmix eval two") != "" {
		t.Errorf("a report on a run without evaluation: exit code %d, %s%s", code, stdout, stderr)
	}
}

func testEvaluation(t *testing.T, ok func(...string) (string, string)) {
	const flags = " --limit-eval 40 --severity 1,5 --only contrast,brightness"
	plan, _ := ok(strings.Fields("eval one --dry-run --quiet" + flags)...)
	if missing := missingWord(plan, "WRN-10-1 shapes fp32 half checkpoint contrast brightness 1,5"); missing != "" {
		t.Errorf("eval --dry-run lacks %s: %s", missing, plan)
	}
	if _, err := os.Stat("one/results/eval.json"); err == nil {
		t.Error("eval --dry-run wrote a result")
	}
	table, stderr := ok(strings.Fields("eval one --json eval.json" + flags)...)
	if missing := missingWord(table, "WRN-10-1 n = 40 fp32 half (the checkpoint) generated (seed 0) clean brightness contrast "+
		"mean error of 2 corruptions at severities 1,5, which is no mCE"); missing != "" {
		t.Errorf("eval's table lacks %s:\n%s", missing, table)
	}
	if !strings.Contains(stderr, "first 40 of the 1000") {
		t.Errorf("eval does not say that it was limited: %s", stderr)
	}
	var result, stored, printed run.Evaluation
	readJSON(t, "eval.json", &result)
	readJSON(t, "one/results/eval.json", &stored)
	if result.N != 40 || result.Precision != "fp32" || result.Clean == nil || result.Corruption == nil ||
		len(result.Corruption.ByCorruption) != 2 || !slices.Equal(result.Corruption.Severities, []int{1, 5}) {
		t.Errorf("eval --json: got %+v", result)
	}
	if stored.Clean.NLL != result.Clean.NLL {
		t.Errorf("the run's result says %+v, --json %+v", *stored.Clean, *result.Clean)
	}

	// The same checkpoint by three other ways has the same scores.
	for _, line := range []string{
		"eval --checkpoint one/checkpoints/last --json - --quiet" + flags,
		"eval --checkpoint one/checkpoints/last --dataset shapes --model wrn --layers 10 --json - --quiet" + flags,
		"train --evaluate --resume one/checkpoints/last --limit-eval 40 --json - --quiet",
	} {
		stdout, _ := ok(strings.Fields(line)...)
		printed = run.Evaluation{}
		if err := json.Unmarshal([]byte(stdout), &printed); err != nil || printed.Clean.NLL != result.Clean.NLL {
			t.Errorf("%s: got %s, %v; want clean scores %+v", line, stdout, err, *result.Clean)
		}
	}
	if len(printed.Corruption.ByCorruption) != len(corrupt.Test()) {
		t.Errorf("train --evaluate measures %d corruptions, want %d", len(printed.Corruption.ByCorruption), len(corrupt.Test()))
	}
	// Several checkpoints, evaluated in one pass, give a list of what each has by itself.
	stdout, _ := ok(strings.Fields("eval one --checkpoint two/checkpoints/last --json - --quiet" + flags)...)
	var several []json.RawMessage
	alone, err := json.Marshal(result)
	if err := errors.Join(err, json.Unmarshal([]byte(stdout), &several)); err != nil || len(several) != 2 {
		t.Fatalf("two checkpoints: got %s, %v", stdout, err)
	}
	if first := new(bytes.Buffer); json.Compact(first, several[0]) != nil || first.String() != string(alone) {
		t.Errorf("with another checkpoint %s, alone %s", first, alone)
	}
	if printed = (run.Evaluation{}); json.Unmarshal(several[1], &printed) != nil || !strings.HasPrefix(printed.Checkpoints[0], "two/") || printed.Corruption == nil {
		t.Errorf("the second of two checkpoints: got %s", several[1])
	}
	stdout, _ = ok(strings.Fields("eval one --sets clean --limit-eval 40 --json - --quiet")...)
	if printed = (run.Evaluation{}); json.Unmarshal([]byte(stdout), &printed) != nil || printed.Corruption != nil {
		t.Errorf("--sets clean: got %s", stdout)
	}
	// The smaller evaluation did not take the larger one's place.
	if readJSON(t, "one/results/eval.json", &stored); stored.Corruption == nil {
		t.Error("an evaluation of the clean images replaced one that has the corrupted ones, too")
	}
	testEvalBench(t, ok)
	testFigures(t, ok)
	testFourier(t, ok)
	testFlips(t, ok)
	testPredict(t, ok)
	// What a run's checkpoint says of itself cannot be contradicted.
	if code, _, stderr := callMain(t, strings.Fields("eval one --model resnet20 --quiet")...); code != exitCheckpoint || missingWord(stderr, "wrn resnet20") != "" {
		t.Errorf("another model: exit code %d, %s", code, stderr)
	}
}

// testFlips measures flip probabilities, which are stored beside what the run's result already says.
func testFlips(t *testing.T, ok func(...string) (string, string)) {
	var before, after run.Evaluation
	readJSON(t, "one/results/eval.json", &before)
	table, _ := ok(strings.Fields("eval one --sets p --perturbations tilt,snow --limit-eval 2 --quiet")...)
	if missing := missingWord(table, "perturbation (2 sequences, generated (seed 0)) snow tilt mFP"); missing != "" || strings.Contains(table, "mFR") {
		t.Errorf("eval --sets p lacks %q, or gives an mFR without AlexNet's flips:\n%s", missing, table)
	}
	readJSON(t, "one/results/eval.json", &after)
	if p := after.Perturbation; p == nil || len(p.ByPerturbation) != 2 || p.Sequences != 2 || after.Clean == nil || after.N != before.N ||
		after.Clean.NLL != before.Clean.NLL || len(after.Corruption.ByCorruption) != len(before.Corruption.ByCorruption) {
		t.Errorf("the run's result became %+v", after)
	}
	flips := map[string]float64{}
	for _, name := range corrupt.TestPerturbations() {
		flips[name] = 20
	}
	text, err := json.Marshal(flips)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("alexnet.json", text, 0o666); err != nil {
		t.Fatal(err)
	}
	table, _ = ok(strings.Fields("eval one --sets p --limit-eval 1 --alexnet-flips alexnet.json --json flips.json --quiet")...)
	if missing := missingWord(table, "flip rate % top-5 distance spatter mFR AlexNet's alexnet.json"); missing != "" {
		t.Errorf("eval --alexnet-flips lacks %q:\n%s", missing, table)
	}
	readJSON(t, "flips.json", &after)
	if p := after.Perturbation; !p.MFR.Known() || math.Abs(float64(p.MFR-5*p.MFP)) > 1e-9 || p.NormalisedBy != "alexnet.json" {
		t.Errorf("flips against 20 %% each: got the mFR %v of the mFP %v", p.MFR, p.MFP)
	}
}

// testEvalBench times two networks in one pass, which leaves no result.
func testEvalBench(t *testing.T, ok func(...string) (string, string)) {
	before, err := os.ReadFile("one/results/eval.json")
	if err != nil {
		t.Fatal(err)
	}
	stdout, _ := ok(strings.Fields("bench eval one two --only contrast --limit-eval 40 --json - --quiet")...)
	var rate evalRate
	if err := json.Unmarshal([]byte(stdout), &rate); err != nil {
		t.Fatal(err)
	}
	if rate.Images != 240 || rate.Networks != 2 || rate.Precision != "fp32" || !(rate.ImagesPerSecond > 0) ||
		math.Abs(rate.ImagesPerSecond*rate.Seconds-240) > 1e-6 || !rate.CleanError.Known() || !rate.CorruptionError.Known() {
		t.Errorf("got %s", stdout)
	}
	if table, _ := ok(strings.Fields("bench eval one --sets clean --limit-eval 40 --quiet")...); missingWord(table, "images/s 40 fp32") != "" {
		t.Errorf("got the table %s", table)
	}
	if after, err := os.ReadFile("one/results/eval.json"); err != nil || string(after) != string(before) {
		t.Errorf("bench eval changed the run's result: %v", err)
	}
}

// testFigures evaluates two runs and their ensemble with everything that is computed of predictions.
func testFigures(t *testing.T, ok func(...string) (string, string)) {
	const flags = " --limit-eval 40 --severity 1,5 --only contrast"
	table, _ := ok(strings.Fields("eval --checkpoint one/checkpoints/last --checkpoint two/checkpoints/last --ensemble --ci=50 --temperature fit --save-logits logits --json figures.json --quiet" + flags)...)
	want := "two/checkpoints/last ensemble of 2, mean of softmax: WRN-10-1 + WRN-10-1 each member's own temperature one in 10 of the 40 clean test images n = 36 " +
		"intervals 95 % 50 samples soft F1 AURRA clean from to severity 1 severity 5 corrupted, mean T = clean error % ensemble of 2"
	if missing := missingWord(table, want); missing != "" {
		t.Errorf("eval's table lacks %s:\n%s", missing, table)
	}
	var results []run.Evaluation
	readJSON(t, "figures.json", &results)
	if len(results) != 3 || len(results[2].Checkpoints) != 2 || results[2].Model != "wrn + wrn" {
		t.Fatalf("got %d results, the last of %q: want those of two runs and their ensemble", len(results), results[len(results)-1].Checkpoints)
	}
	var single run.Evaluation
	stdout, _ := ok(strings.Fields("eval one --temperature 1 --json - --quiet" + flags)...)
	if err := json.Unmarshal([]byte(stdout), &single); err != nil {
		t.Fatal(err)
	}
	// At temperature 1 the figures are what they are anyhow, and a member's are those that it has alone.
	if at := single.Temperature; at == nil || at.N != 40 || math.Abs(at.Clean.NLL-single.Clean.NLL) > 1e-12 || at.Clean.Error != results[0].Clean.Error ||
		single.Corruption.NLL != results[0].Corruption.NLL {
		t.Errorf("alone %+v, as a member %+v", single.Clean, results[0].Clean)
	}
	for i, r := range results {
		if r.Temperature == nil || r.Temperature.N != 36 || r.Temperature.Clean == nil || r.Temperature.Corruption == nil || r.Intervals == nil ||
			!(r.Intervals.Clean.Low.Error <= r.Clean.Error && r.Clean.Error <= r.Intervals.Clean.High.Error) ||
			r.Reliability == nil || len(r.Reliability.Clean) != 15 || len(r.Reliability.BySeverity) != 2 {
			t.Errorf("result %d: got %+v", i, r)
		}
	}
	for _, name := range []string{"labels", "clean", "contrast-1", "contrast-5"} {
		for i := range 2 {
			file, err := data.OpenNPY(filepath.Join("logits", fmt.Sprintf("%d-wrn", i+1), name+".npy"))
			if err != nil {
				t.Fatal(err)
			}
			if file.Shape[0] != 40 || name != "labels" && (file.Descr != "<f4" || file.Shape[1] != 10) {
				t.Errorf("%s.npy: got %v", name, file.NPYHeader)
			}
			file.Close()
		}
	}
}

// testFourier makes a small map of a run and of a checkpoint, and goes on from the state of another call.
func testFourier(t *testing.T, ok func(...string) (string, string)) {
	const flags = " --sets fourier --fourier-images 4 --fourier-side 3 --fourier-epsilon 10 --quiet"
	table, _ := ok(strings.Fields("eval one --json - " + flags)...)
	var result run.Evaluation
	if err := json.Unmarshal([]byte(table), &result); err != nil {
		t.Fatal(err)
	}
	m := result.Fourier
	if m == nil || m.N != 4 || m.Side != 3 || m.Epsilon != 10 || len(m.Error) != 3 {
		t.Fatalf("got %+v", m)
	}
	file, err := data.OpenNPY("one/results/fourier.npy")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	raw := make([]byte, 3*3*8)
	if err := file.ReadRows(raw, 0); err != nil {
		t.Fatal(err)
	}
	if got := math.Float64frombits(binary.LittleEndian.Uint64(raw[8:])); got != m.Error[0][1] {
		t.Errorf("fourier.npy: got %v in row 0, column 1, want %v", got, m.Error[0][1])
	}
	picture, err := os.Open("one/results/fourier.png")
	if err != nil {
		t.Fatal(err)
	}
	defer picture.Close()
	if p, err := png.Decode(picture); err != nil || p.Bounds().Dx() < 500 {
		t.Errorf("fourier.png: %v, %v", p, err)
	}
	// A state of something else is not used, one that is none is refused.
	if err := os.MkdirAll("map", 0o700); err != nil {
		t.Fatal(err)
	}
	for text, code := range map[string]int{`{"key": "other", "state": {}}`: exitDone, "half a f": exitFailed} {
		if err := os.WriteFile("map/fourier.part.json", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, _, stderr := callMain(t, strings.Fields("eval --checkpoint one/checkpoints/last --out map"+flags)...)
		if got != code || code != exitDone && missingWord(stderr, "fourier.part.json delete it") != "" {
			t.Errorf("state %s: exit code %d, want %d; %s", text, got, code, stderr)
		}
	}
}

// testPredict classifies pictures of three sizes.
func testPredict(t *testing.T, ok func(...string) (string, string)) {
	var paths []string
	for _, size := range []image.Point{{X: 32, Y: 32}, {X: 50, Y: 40}, {X: 5, Y: 9}} {
		path := fmt.Sprintf("%dx%d.png", size.X, size.Y)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(png.Encode(f, image.NewGray(image.Rectangle{Max: size})), f.Close()); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	line := append([]string{"predict", "--checkpoint", "one", "--quiet"}, paths...)
	if table, _ := ok(line...); strings.Count(table, "\n") != 3 || strings.Count(table, "%") != 15 || !strings.Contains(table, "50x40.png") {
		t.Errorf("got %s, want a line for each of three images with five classes", table)
	}
	classify := func(args ...string) predictions {
		stdout, _ := ok(append(slices.Clone(line), append(args, "--top", "10", "--json", "-")...)...)
		var p predictions
		if err := json.Unmarshal([]byte(stdout), &p); err != nil {
			t.Fatal(err)
		}
		for _, m := range p.Images {
			var sum float64
			for i, c := range m.Classes {
				sum += c.Confidence
				if i > 0 && c.Confidence > m.Classes[i-1].Confidence {
					t.Errorf("%s: %v is above a more confident class", m.Image, c)
				}
			}
			if len(m.Classes) != 10 || math.Abs(sum-100) > 1e-6 {
				t.Errorf("%s: %d classes with %v %% in all", m.Image, len(m.Classes), sum)
			}
		}
		return p
	}
	cold, hot := classify("--temperature", "0.1"), classify("--temperature", "10")
	if a, b := cold.Images[0].Classes[0], hot.Images[0].Classes[0]; a.Class != b.Class || a.Confidence <= b.Confidence || hot.Temperature != 10 {
		t.Errorf("at temperature 0.1 %v, at 10 %v: want the same class, less confident", a, b)
	}
	both := classify("--checkpoint", "two")
	if both.Model != "wrn + wrn" || len(both.Checkpoints) != 2 || both.Temperature != 1 {
		t.Errorf("two runs: got %+v", both)
	}
	// What eval fitted is used.
	ok(strings.Fields("eval one --sets clean,c --limit-eval 100 --severity 1,5 --only contrast,brightness --temperature fit --quiet")...)
	var e run.Evaluation
	readJSON(t, "one/results/eval.json", &e)
	if p := classify(); e.Temperature == nil || p.Temperature != e.Temperature.Value || !strings.Contains(p.TemperatureFrom, "eval.json") {
		t.Errorf("got temperature %v from %s, eval stored %+v", p.Temperature, p.TemperatureFrom, e.Temperature)
	}
	if code, stdout, _ := callMain(t, append(line, "nowhere.png")...); code != exitData || stdout != "" {
		t.Errorf("an image that is not there: exit code %d, %s", code, stdout)
	}
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// TestBench checks the JSON that scripts read.
func TestBench(t *testing.T) {
	for line, keys := range map[string][]string{
		"bench pipeline --workers 2 --size 16 --seconds 0.05": {"views_per_second", "workers", "size"},
		"bench step --layers 10 --widen-factor 1 --batch-size 2 --steps 1 --warmup 0 --precision fp32": {
			"steps_per_second", "images_per_second", "peak_rss_bytes", "precision"},
		"doctor --data nowhere": {"version", "go", "libtorch", "jpeg", "cores", "cuda_build", "cuda_devices", "data"},
	} {
		code, stdout, stderr := callMain(t, strings.Fields(line+" --json -")...)
		var got map[string]any
		if err := json.Unmarshal([]byte(stdout), &got); code != 0 || err != nil {
			t.Errorf("%s: exit code %d, %v, %s%s", line, code, err, stdout, stderr)
		}
		for _, key := range keys {
			if _, ok := got[key]; !ok {
				t.Errorf("%s: the JSON lacks %q: %s", line, key, stdout)
			}
		}
		if code, stdout, _ := callMain(t, strings.Fields(line)...); code != 0 || strings.Count(stdout, "\n") < 2 {
			t.Errorf("%s: exit code %d and the table %q", line, code, stdout)
		}
	}
}

// TestDoctorNamesWhatIsMissing checks that doctor says how to get CIFAR-10 and
// still succeeds.
func TestDoctorNamesWhatIsMissing(t *testing.T) {
	t.Chdir(t.TempDir())
	code, stdout, _ := callMain(t, "doctor")
	if missing := missingWord(stdout, "libtorch cores memory device shapes 5000 cifar10 missing cifar10-c generated imagenet-p To get cifar10 augmix fetch cifar10 --data data"); code != 0 || missing != "" {
		t.Errorf("exit code %d, lacks %q:\n%s", code, missing, stdout)
	}
}

// TestDoctorFindsBenchmarks checks that doctor says where the published benchmarks
// are.
func TestDoctorFindsBenchmarks(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"data/CIFAR-100-P", "elsewhere/imagenet-c/noise/shot_noise/1/n01440764"} {
		if err := os.MkdirAll(name, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	code, stdout, _ := callMain(t, "doctor", "--data", "elsewhere")
	if missing := missingWord(stdout, "fetch cifar10-c --data elsewhere cifar100-p data/CIFAR-100-P elsewhere/imagenet-c"); code != 0 || missing != "" {
		t.Errorf("exit code %d, lacks %q:\n%s", code, missing, stdout)
	}
}

// TestPreview checks that the picture is a PNG, the same for the same seed, and
// that a picture can be previewed itself.
func TestPreview(t *testing.T) {
	t.Chdir(t.TempDir())
	draw := func(line string) string {
		t.Helper()
		if code, _, stderr := callMain(t, strings.Fields("preview "+line)...); code != 0 {
			t.Fatalf("preview %s: exit code %d, %s", line, code, stderr)
		}
		f, err := os.Open("p.png")
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		picture, err := png.Decode(f)
		if err != nil {
			t.Fatalf("preview %s: %v", line, err)
		}
		text, err := os.ReadFile("p.png")
		if err != nil || picture.Bounds().Empty() {
			t.Fatalf("preview %s: %v, %v", line, picture.Bounds(), err)
		}
		return string(text)
	}
	a, b, c := draw("--count 2 --out p.png"), draw("--count 2 --out p.png"), draw("--count 2 --seed 5 --out p.png")
	if a != b || a == c {
		t.Errorf("the same seed gives the same picture: %v; another seed another one: %v", a == b, a != c)
	}
	if err := os.Rename("p.png", "q.png"); err != nil {
		t.Fatal(err)
	}
	draw("q.png q.png --mixture-width 2 --out p.png")
	if err := os.Rename("p.png", "r.png"); err != nil {
		t.Fatal(err)
	}
	d, e := draw("q.png r.png --out p.png"), draw("q.png r.png --augmix-preset paper-imagenet --out p.png")
	if d == e {
		t.Error("--augmix-preset changes nothing")
	}
	if draw("--operations --out p.png") == draw("--operations --all-ops --out p.png") {
		t.Error("--operations does not heed --all-ops")
	}
	plain := draw("--corruptions --index 3 --out p.png")
	for _, other := range []string{"--index 4", "--index 3 --severity 5", "--index 3 --only fog", "--index 3 --seed 1"} {
		if draw("--corruptions "+other+" --out p.png") == plain {
			t.Errorf("--corruptions does not heed %s", other)
		}
	}
	if draw("--corruptions --index 3 --seed 0 --out p.png") != plain {
		t.Error("the default seed of corruptions is not 0")
	}
	strip := draw("--perturbations --out p.png")
	for _, other := range []string{"--frames 3", "--only spatter,snow", "--seed 1"} {
		if draw("--perturbations "+other+" --out p.png") == strip {
			t.Errorf("--perturbations does not heed %s", other)
		}
	}
	draw("--corruptions q.png --severity 1,5 --out p.png")
	long, err := os.Create("long.png")
	if err != nil {
		t.Fatal(err)
	}
	defer long.Close()
	if err := png.Encode(long, image.NewGray(image.Rect(0, 0, 1<<20, 2))); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := callMain(t, "preview", "--corruptions", "long.png"); code != exitData || !strings.Contains(stderr, "16 times as long") {
		t.Errorf("an image of 1048576×2 pixels: exit code %d, %s", code, stderr)
	}
}
