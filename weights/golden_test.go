package weights

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// golden is testdata/golden.json: what PyTorch 2.11 and the safetensors package read
// (testdata/generate.py).
type golden map[string]struct {
	Digest  string
	Tensors []struct {
		Name, DType, SHA256 string
		Shape               []int64
	}
}

func loadGolden(t *testing.T) golden {
	t.Helper()
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// dataFolder is where the data for tests are: $AUGMIX_TEST_DATA, else ../shared/data
// beside the repository. The test is skipped when there are none.
func dataFolder(t testing.TB, parts ...string) string {
	t.Helper()
	root := os.Getenv("AUGMIX_TEST_DATA")
	if root == "" {
		root = filepath.Join("..", "..", "shared", "data")
	}
	path := filepath.Join(append([]string{root}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no test data at %s: set AUGMIX_TEST_DATA", path)
	}
	return path
}

// TestGolden reads what other programs wrote and compares every tensor's name, type,
// shape, bytes and place with what those programs read.
func TestGolden(t *testing.T) {
	all := loadGolden(t)
	if len(all) < 20 {
		t.Errorf("golden.json has %d files, want at least 20", len(all))
	}
	for name, want := range all {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name)
			if strings.HasPrefix(name, "checkpoints/") {
				path = dataFolder(t, filepath.FromSlash(name))
			}
			f, err := Read(path)
			if err != nil {
				t.Fatal(err)
			}
			if got := Digest(f.Tensors); got != want.Digest {
				t.Errorf("digest: got %s, want %s", got, want.Digest)
			}
			if want.Tensors == nil {
				return // only the digest is recorded
			}
			if len(f.Tensors) != len(want.Tensors) {
				t.Fatalf("got %d tensors, want %d", len(f.Tensors), len(want.Tensors))
			}
			for i, w := range want.Tensors {
				got := f.Tensors[i]
				sum := sha256.Sum256(got.Data)
				if got.Name != w.Name || got.DType.String() != w.DType ||
					len(got.Shape)+len(w.Shape) > 0 && !reflect.DeepEqual(got.Shape, w.Shape) ||
					hex.EncodeToString(sum[:8]) != w.SHA256 {
					t.Errorf("tensor %d: got %s %v%v %x, want %s %s%v %s",
						i, got.Name, got.DType, got.Shape, sum[:8], w.Name, w.DType, w.Shape, w.SHA256)
				}
			}
		})
	}
}

// TestMetadata checks the plain values beside the tensors.
func TestMetadata(t *testing.T) {
	for _, c := range []struct {
		file, format string
		want         map[string]string
	}{
		{"module.pt", FormatTorchZip, map[string]string{"epoch": "7", "dataset": "cifar10", "model": "wrn", "best_acc": "0.8725"}},
		{"legacy_module.pt", FormatTorchLegacy, map[string]string{"epoch": "7", "dataset": "cifar10", "model": "wrn", "best_acc": "0.8725"}},
		{"model.pt", FormatTorchZip, map[string]string{"arch": "net", "version": "2", "device": "cpu"}},
		{"float32.pt", FormatTorchZip, map[string]string{}},
		{"float32.safetensors", FormatSafetensors, map[string]string{"format": "pt", "note": `naïve <&> "quoted"`}},
		{"bfloat16.safetensors", FormatSafetensors, nil},
	} {
		f, err := Read(filepath.Join("testdata", c.file))
		if err != nil {
			t.Error(err)
			continue
		}
		if f.Format != c.format || !reflect.DeepEqual(f.Metadata, c.want) {
			t.Errorf("%s: got %s %v, want %s %v", c.file, f.Format, f.Metadata, c.format, c.want)
		}
	}
}
