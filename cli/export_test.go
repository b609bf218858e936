package cli

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"augmix/run"
	"augmix/weights"
)

// readWeights reads a file of weights and returns its tensors by name.
func readWeights(t *testing.T, path string) (*weights.File, map[string]weights.Tensor) {
	t.Helper()
	f, err := weights.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]weights.Tensor{}
	for _, x := range f.Tensors {
		byName[x.Name] = x
	}
	return f, byName
}

// TestExport follows a run's weights through all formats and names.
func TestExport(t *testing.T) {
	t.Chdir(t.TempDir())
	ok := func(line string) (stdout, stderr string) {
		t.Helper()
		code, stdout, stderr := callMain(t, strings.Fields(line)...)
		if code != 0 {
			t.Fatalf("%s: exit code %d: %s", line, code, stderr)
		}
		return stdout, stderr
	}
	ok(strings.Join(small, " ") + " --save one")
	clean := func(line string) float64 {
		t.Helper()
		stdout, _ := ok("eval --sets clean --limit-eval 40 --json - --quiet " + line)
		var result run.Evaluation
		if err := json.Unmarshal([]byte(stdout), &result); err != nil || result.Clean == nil {
			t.Fatalf("eval %s: %v, %s", line, err, stdout)
		}
		return result.Clean.NLL
	}
	want := clean("one")

	stdout, stderr := ok("export one --out a.pt")
	text, err := os.ReadFile("a.pt")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(text)
	if line := "a.pt: PyTorch, 46 tensors, sha256 " + hex.EncodeToString(sum[:]) + "\n"; stdout != line {
		t.Errorf("export prints %q, want %q", stdout, line)
	}
	if missing := missingWord(stderr, "WRN-10-1 with 10 classes one/checkpoints/ num_batches_tracked is 3 steps mu sigma left out half checkpoint"); missing != "" {
		t.Errorf("export does not say %q: %s", missing, stderr)
	}
	_, a := readWeights(t, "a.pt")
	if _, there := a["mu"]; there || a["block2.layer.0.conv_shortcut.weight"].Name == "" ||
		binary.LittleEndian.Uint64(a["bn1.num_batches_tracked"].Data) != 3 {
		t.Errorf("the keys of PyTorch's source, and 3 batches: got %v", a["bn1.num_batches_tracked"])
	}
	_, trained := readWeights(t, "one/checkpoints/last")
	for name, x := range a {
		if strings.HasSuffix(name, "num_batches_tracked") {
			continue
		}
		if err := sameTensors([]weights.Tensor{x}, []weights.Tensor{trained[name]}); err != "" {
			t.Error(err)
		}
	}
	if got := clean("--checkpoint a.pt --dataset shapes --model wrn --layers 10 --widen-factor 1"); got != want {
		t.Errorf("the exported PyTorch file scores %v, the run %v", got, want)
	}

	// An exported safetensors file still knows its run, though not where that was.
	ok("export --checkpoint one/checkpoints/last --out b.safetensors --quiet")
	b, _ := readWeights(t, "b.safetensors")
	if got := clean("--checkpoint b.safetensors"); got != want {
		t.Errorf("the exported safetensors file scores %v, the run %v", got, want)
	}
	if config, err := run.ParseConfig([]byte(b.Metadata["config"])); err != nil || config.Save != "" || config.Layers != 10 {
		t.Errorf("the configuration in it: %+v, %v", config, err)
	}

	// RobustBench's names and back: the same bytes as the direct way.
	_, stderr = ok("export one --out c.safetensors --names robustbench")
	if missing := missingWord(stderr, "mu and sigma half"); missing != "" {
		t.Errorf("export does not say %q: %s", missing, stderr)
	}
	_, c := readWeights(t, "c.safetensors")
	if c["mu"].DType != weights.F32 || !slices.Equal(c["sigma"].Shape, []int64{1, 3, 1, 1}) || c["block2.layer.0.convShortcut.weight"].Name == "" {
		t.Errorf("RobustBench's names: got mu %v, sigma %v", c["mu"], c["sigma"])
	}
	_, stderr = ok("export c.safetensors --out d.pth")
	if again, err := os.ReadFile("d.pth"); err != nil || string(again) != string(text) {
		t.Errorf("RobustBench's names and back give another file: %v; %s", err, stderr)
	}
	ok("export one --out e.pt --names robustbench --normalize 0.25,2 --quiet")
	if _, e := readWeights(t, "e.pt"); fmt.Sprint(second(e["mu"].Float32())) != "[0.25 0.25 0.25]" {
		t.Errorf("--normalize 0.25,2: mu is %v", e["mu"])
	}

	// What is there stays, and what does not fit is listed.
	for line, c := range map[string]struct {
		code int
		want string
	}{
		"export one --out a.pt":                                       {exitUsage, "--out a.pt not overwritten"},
		"export one --out f.pt --model resnet20":                      {exitCheckpoint, "wrn resnet20"},
		"export a.pt --out f.pt --model wrn --widen-factor 1":         {exitCheckpoint, "a.pt WRN-40-1 with 10 classes block1.layer.1.bn1.bias is missing block3.layer.5.conv2.weight is missing"},
		"export a.pt --out f.pt --model resnet20":                     {exitCheckpoint, "a.pt ResNet-20 fc.weight is not in the network linear.weight is missing"},
		"export a.pt --out f.pt --names robustbench":                  {exitCheckpoint, "a.pt --names --model"},
		"export a.pt --out f.pt --layers 10":                          {exitCheckpoint, "a.pt --layers --model"},
		"export a.pt --out f.pt --pool maxblurpool":                   {exitCheckpoint, "a.pt --pool --model"},
		"export one --out f.pt --layers 16":                           {exitCheckpoint, "trained with --layers 10 not 16"},
		"export one/checkpoints/none.safetensors --out f.safetensors": {exitCheckpoint, "none.safetensors no such file"},
	} {
		code, stdout, stderr := callMain(t, strings.Fields(line)...)
		if missing := missingWord(stderr, c.want); code != c.code || missing != "" || stdout != "" {
			t.Errorf("%s: exit code %d, want %d; the message lacks %q: %s", line, code, c.code, missing, stderr)
		}
	}
	if left, err := filepath.Glob("f.*"); err != nil || len(left) > 0 {
		t.Errorf("a refused export left %v", left)
	}
	if now, err := os.ReadFile("a.pt"); err != nil || string(now) != string(text) {
		t.Errorf("an export into a file that was there changed it: %v", err)
	}
}

func second[E any](value E, _ error) E { return value }

// TestExportAsItIs converts state dicts of no network that is known here, both ways:
// names, order, types and bits stay.
func TestExportAsItIs(t *testing.T) {
	folder, err := filepath.Abs(filepath.Join("..", "weights", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, name := range []string{"module.pt", "legacy_module.pt", "views.pt", "types.pt", "types.safetensors", "shapes.safetensors"} {
		from := filepath.Join(folder, name)
		want, _ := readWeights(t, from)
		for _, to := range []string{name + ".safetensors", name + ".pt"} {
			for _, out := range []string{to, to + ".again.pt", to + ".again.safetensors"} {
				code, stdout, stderr := callMain(t, "export", from, "--out", out)
				if code != 0 || missingWord(stdout, out+" sha256") != "" || missingWord(stderr, "does not say which network keys stay --model") != "" {
					t.Fatalf("%s to %s: exit code %d, %s%s", from, out, code, stdout, stderr)
				}
				got, _ := readWeights(t, out)
				if err := sameTensors(got.Tensors, want.Tensors); err != "" {
					t.Errorf("%s to %s: %s", from, out, err)
				}
				source, _ := readWeights(t, from)
				if source.Metadata["epoch"] != "" && strings.HasSuffix(out, ".pt") != (missingWord(stderr, "no place best_acc epoch model") == "") {
					t.Errorf("%s to %s: does not say what is lost: %s", from, out, stderr)
				}
				from = to
			}
			from = filepath.Join(folder, name)
		}
	}
	if f, _ := readWeights(t, "module.pt.safetensors"); f.Metadata["epoch"] != "7" || f.Metadata["model"] != "wrn" {
		t.Errorf("what stood beside the tensors: got %v", f.Metadata)
	}
}

// sameTensors says where two lists of tensors differ, or "".
func sameTensors(got, want []weights.Tensor) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d tensors, want %d", len(got), len(want))
	}
	for i := range got {
		if weights.Digest(got[i:i+1]) != weights.Digest(want[i:i+1]) {
			return fmt.Sprintf("tensor %d is %s, %v%v, want %s, %v%v", i, got[i].Name, got[i].DType, got[i].Shape,
				want[i].Name, want[i].DType, want[i].Shape)
		}
	}
	return ""
}
