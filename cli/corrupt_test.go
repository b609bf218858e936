package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestCorrupt writes a small benchmark twice; the second call finds it there.
func TestCorrupt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "shapes-C")
	args := []string{"corrupt", "--dataset", "shapes", "--out", dir, "--only", "fog,frost", "--severity", "2-3", "--limit-eval", "10", "--json", "-"}
	for _, images := range []int{40, 0} {
		code, stdout, stderr := callMain(t, args...)
		var got written
		if err := json.Unmarshal([]byte(stdout), &got); code != 0 || err != nil {
			t.Fatalf("exit code %d, %v\n%s%s", code, err, stdout, stderr)
		}
		if got.Images != images || len(got.Manifest.Files) != 3 || got.Manifest.Images != 10 {
			t.Errorf("got %d images made and the manifest %+v, want %d", got.Images, got.Manifest, images)
		}
		if !strings.Contains(stderr, "by their position misreads them") {
			t.Errorf("the output does not say that others misread a part:\n%s", stderr)
		}
		if !strings.Contains(stderr, "generated (seed 0)") || !strings.Contains(stderr, "own frost textures") {
			t.Errorf("the output does not say how the images are made:\n%s", stderr)
		}
	}
	code, _, stderr := callMain(t, append(args, "--seed", "5")...)
	if code != exitUsage || !strings.Contains(stderr, "the seed 0, this call asks for 5") {
		t.Errorf("another seed: exit code %d, %s", code, stderr)
	}
	if code, stdout, _ := callMain(t, args[:len(args)-2]...); code != 0 || !strings.Contains(stdout, "was there") {
		t.Errorf("a table: exit code %d\n%s", code, stdout)
	}
}

// TestCorruptInterrupted sends a real signal while files are written.
func TestCorruptInterrupted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "c")
	go func() {
		for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
			if _, err := os.Stat(filepath.Join(dir, "labels.npy")); err == nil {
				syscall.Kill(os.Getpid(), syscall.SIGTERM)
				return
			}
		}
	}()
	code, _, stderr := callMain(t, "corrupt", "--dataset", "shapes", "--out", dir)
	if code != exitTerminate || !strings.Contains(stderr, "repeat the command") {
		t.Fatalf("exit code %d, want %d: %s", code, exitTerminate, stderr)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.tmp-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
