package cli

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestSources checks where decisions come from: flags win over the configuration file, that over the recipe, that over
// defaults; a recipe on the command line wins over the file.
func TestSources(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("c.json", []byte(`{"model": "densenet", "decay": 0.01, "epochs": 7, "fill": 9, "method": "mixup"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("photos", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		line string
		want map[string]string // value and source by flag
	}{
		{"", map[string]string{"epochs": "100 recipe reference", "decay": "0.0005 recipe reference", "views": "3 default", "seed": "1 default",
			"recipe": "reference default", "aug-severity": "3 recipe reference", "precision": "fp32 flag", "normalize": "half the model's", "schedule": "cosine recipe"}},
		{"--model densenet -e 3", map[string]string{"epochs": "3 flag", "decay": "0.0001 recipe reference: google-research/augmix, README",
			"densenet-variant": "reference recipe"}},
		{"--model densenet --recipe paper", map[string]string{"decay": "0.0005 recipe paper: recalled", "densenet-variant": "bc recipe paper: recalled"}},
		{"--method mixup --recipe paper --epsilon=0.1", nil},
		{"--method mixup --recipe paper", map[string]string{"decay": "0.0001 recipe paper: recalled", "mixup-alpha": "1 the method"}},
		{"--method mixup --mixup-alpha 0.2", map[string]string{"mixup-alpha": "0.2 flag"}},
		{"--config c.json", map[string]string{"epochs": "7 config file", "decay": "0.01 config file", "fill": "9 config file",
			"batch-size": "128 recipe reference", "densenet-variant": "reference recipe"}},
		{"--config c.json --recipe paper -e 4", map[string]string{"epochs": "4 flag", "decay": "0.0001 recipe paper", "fill": "0 recipe paper"}},
		{"--config c.json --method augmix --augmix-preset timm --aug-severity 2", map[string]string{"fill": "128 preset timm", "aug-severity": "2 flag"}},
		{"--dataset folder --model resnet18 --batch-size 64", map[string]string{"epochs": "90 recipe reference: google-research/augmix, imagenet.py",
			"learning-rate": "0.025 recipe", "no-nesterov": "true recipe", "schedule": "thirds recipe", "aug-severity": "1 recipe reference"}},
		{"--dataset folder --model resnet18 --recipe paper --grad-accum 4 --batch-size 64 --warmup-lr 0.01",
			map[string]string{"learning-rate": "0.1 recipe", "warmup-epochs": "5 recipe paper: recalled", "warmup-lr": "0.01 flag", "fill": "128 recipe"}},
	} {
		f := newFlags("augmix train")
		training := newTraining(f)
		if _, err := f.parse(append(strings.Fields(c.line), "--precision", "fp32")); err != nil {
			t.Fatal(err)
		}
		err := training.decide()
		if c.want == nil {
			if err == nil {
				t.Errorf("%s: no error", c.line)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
			continue
		}
		rows := map[string]string{}
		for _, r := range configRows(training.config) {
			rows[r[0]] = r[1] + " " + training.source(r[0])
		}
		for flag, want := range c.want {
			if !strings.HasPrefix(rows[flag], want) {
				t.Errorf("%q: --%s is %q, want %q", c.line, flag, rows[flag], want)
			}
		}
	}
}

// TestDryRun checks what is printed before training, as text and as JSON.
func TestDryRun(t *testing.T) {
	t.Chdir(t.TempDir())
	args := append(small, "--save", "one", "--dry-run")
	code, stdout, stderr := callMain(t, args...)
	if missing := missingWord(stdout, "learning-rate 0.1 recipe reference: google-research/augmix, cifar.py epochs 1 flag "+
		"network WRN-10-1 parameters multiply-adds image activations bytes steps 3 an epoch, 3 in all time about synthetic images timed"); code != 0 || missing != "" {
		t.Errorf("exit code %d, lacks %s:\n%s%s", code, missing, stdout, stderr)
	}
	var p plan
	code, stdout, _ = callMain(t, append(args, "--json", "-")...)
	if err := json.Unmarshal([]byte(stdout), &p); code != 0 || err != nil || p.Sources["epochs"] != fromFlag || p.Sources["threads"] != fromMachine ||
		p.Estimate.Steps != 3 || p.Estimate.Seconds <= 0 || p.Epochs != 1 || p.Sources["classes"] != fromData {
		t.Errorf("exit code %d, %v: %s", code, err, stdout)
	}
	if got := entries(t, "."); len(got) != 1 {
		t.Errorf("a dry run left %v", got)
	}
}
