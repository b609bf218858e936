package eval

import (
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"augmix/data"
	"augmix/run"

	torch "github.com/wangkuiyi/gotorch"
)

// testData returns a path in the folder of test data, or skips the test.
func testData(t *testing.T, names ...string) string {
	t.Helper()
	dir := os.Getenv("AUGMIX_TEST_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	path := filepath.Join(append([]string{dir}, names...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no test data: %v (AUGMIX_TEST_DATA names the folder)", err)
	}
	return path
}

// The expected error is PyTorch 2.11's, float32, of the same file on the same images.
func TestResNet20OnCIFAR10(t *testing.T) {
	checkpoint := testData(t, "checkpoints", "resnet20-12fca82f.th")
	dir := testData(t, "cifar-10-batches-py")
	torch.SetNumThreads(int32(runtime.NumCPU()))
	test, err := data.Open("cifar10", dir, "test")
	if err != nil {
		t.Fatal(err)
	}
	net, config, source, err := Load(checkpoint, run.Config{Model: "resnet20", Classes: test.Classes()})
	if err != nil {
		t.Fatal(err)
	}
	defer net.Close()
	if config.Normalize != "imagenet" || source != "the published convention of resnet20" {
		t.Errorf("normalisation: got %s from %s", config.Normalize, source)
	}
	got, err := Run(net, Options{Dataset: test, Sets: []string{"clean"}, BatchSize: 1000, Workers: runtime.NumCPU()})
	if err != nil {
		t.Fatal(err)
	}
	if got.N != 10000 || math.Abs(got.Clean.Error-8.27) > 0.02 {
		t.Errorf("clean error: got %.2f %% of %d images, want 8.27 %% of 10000", got.Clean.Error, got.N)
	}
}

func TestLoadRefusals(t *testing.T) {
	checkpoint := testData(t, "checkpoints", "resnet20-12fca82f.th")
	classes := make([]string, 10)
	for _, c := range []struct {
		name  string
		flags run.Config
	}{
		{"no model", run.Config{Classes: classes}},
		{"another depth", run.Config{Model: "resnet32", Classes: classes}},
		{"another network", run.Config{Model: "wrn", Layers: 16, WidenFactor: 1, Classes: classes}},
		{"another head", run.Config{Model: "resnet20", Classes: make([]string, 100)}},
		{"no normalisation", run.Config{Model: "resnet20", Classes: classes, Normalize: "0.5,0"}},
	} {
		net, _, _, err := Load(checkpoint, c.flags)
		if _, ok := err.(*MismatchError); !ok {
			t.Errorf("%s: got error %v, want a *MismatchError", c.name, err)
		}
		if net != nil {
			t.Errorf("%s: got a network", c.name)
		}
	}
}
