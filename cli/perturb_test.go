package cli

import (
	"encoding/json"
	"path/filepath"
	"testing"
)

// TestPerturb writes two perturbations of a few images.
func TestPerturb(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shapes-P")
	code, stdout, stderr := callMain(t, "perturb", "--dataset", "shapes", "--out", dir, "--only", "tilt,gaussian_noise_3", "--limit-eval", "10", "--json", "-")
	var got written
	if err := json.Unmarshal([]byte(stdout), &got); code != 0 || err != nil {
		t.Fatalf("exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}
	if got.Images != 620 || len(got.Manifest.Files) != 2 {
		t.Errorf("got %d frames and the files %v, want 620 and 2", got.Images, got.Manifest.Files)
	}
}
