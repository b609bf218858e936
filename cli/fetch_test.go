package cli

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"augmix/data/fetch"
)

// TestFetchDryRun checks that it names every archive and makes nothing.
func TestFetchDryRun(t *testing.T) {
	t.Chdir(t.TempDir())
	code, stdout, stderr := callMain(t, "fetch", "cifar10", "cifar10-p", "imagenet-c", "--groups", "blur,extra", "--dry-run", "--mirror", "https://example.org/d")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, want := range []string{"170.05 MB", "https://example.org/d/cifar-10-binary.tar.gz", "data/cifar-10-batches-bin", "not known", "125d6775afc5846ea84584d7524dedff",
		"https://example.org/d/imagenet-c/blur.tar", "15.79 GB"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("it lacks %q:\n%s", want, stdout)
		}
	}
	if strings.Contains(stdout, "noise.tar") {
		t.Errorf("--groups blur,extra has noise.tar:\n%s", stdout)
	}
	if entries, err := os.ReadDir("."); err != nil || len(entries) > 0 {
		t.Errorf("it left %v, %v", entries, err)
	}
}

// TestFetchIsStopped checks the exit code after a signal, and that the context says so.
func TestFetchIsStopped(t *testing.T) {
	for s, want := range map[syscall.Signal]int{syscall.SIGTERM: exitTerminate, syscall.SIGINT: exitInterrupt} {
		ctx, release := untilSignal(io.Discard, "leaving what came", "it stays")
		if err := syscall.Kill(os.Getpid(), s); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ctx.Done():
			if got := exitCode(context.Cause(ctx)); got != want {
				t.Errorf("%v: exit code %d, want %d", s, got, want)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%v does not arrive", s)
		}
		release()
	}
}

// TestFetchVerify checks the states of what is there, as a table and as JSON.
func TestFetchVerify(t *testing.T) {
	dir := os.Getenv("AUGMIX_TEST_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	if _, err := os.Stat(filepath.Join(dir, "cifar-10-batches-py")); err != nil {
		t.Skipf("no test data: %v (AUGMIX_TEST_DATA names the folder)", err)
	}
	// The layout that is there is meant.
	code, stdout, stderr := callMain(t, "fetch", "cifar10", "--verify", "--data", dir)
	if code != 0 || !strings.Contains(stdout, "cifar-10-batches-py  verified") {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}
	code, stdout, stderr = callMain(t, "fetch", "cifar10", "cifar10-c", "--layout", "python", "--verify", "--data", dir, "--json", "-")
	var got []fetch.Result
	if err := json.Unmarshal([]byte(stdout), &got); err != nil || len(got) != 2 || got[0].State != fetch.Verified || got[1].State != fetch.Absent {
		t.Errorf("got %v, %v", got, err)
	}
	if code != 3 || !strings.Contains(stderr, "augmix fetch cifar10-c --data "+dir) {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}
