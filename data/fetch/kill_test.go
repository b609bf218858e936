package fetch

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// killEnv holds the URL and the folder that the test's other process fetches with.
const killEnv = "AUGMIX_TEST_FETCH"

// TestMain is also the process that TestFetchIsKilled kills.
func TestMain(m *testing.M) {
	url, dir, ok := strings.Cut(os.Getenv(killEnv), " ")
	if !ok {
		os.Exit(m.Run())
	}
	var t testing.T
	_, set := sample(&t)
	set.Archives[0].URL = url
	if _, err := Fetch(context.Background(), set, Options{Dir: dir}); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

// A process that is killed at any moment leaves no part of the data, and the next one
// goes on.
func TestFetchIsKilled(t *testing.T) {
	content, set := sample(t)
	s := newServer(t, content, slices.Repeat([]fault{slow}, 1000)...)
	r := rand.New(rand.NewPCG(20, 0))
	killed, parts := 0, 0
	for range 15 {
		dir := t.TempDir()
		for range 3 {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), killEnv+"="+s.URL+" "+dir)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for begin := time.Now(); time.Since(begin) < 5*time.Second; time.Sleep(time.Millisecond) {
				if _, err := os.Stat(filepath.Join(dir, ".lock")); err == nil {
					break
				}
			}
			time.Sleep(time.Duration(r.IntN(40)) * time.Millisecond)
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				killed++
			}
			if _, err := os.Stat(filepath.Join(dir, "sample.tar.part")); err == nil {
				parts++
			}
			if _, err := os.Stat(filepath.Join(dir, "Sample")); err == nil && !strings.HasPrefix(tree(t, dir), whatSampleHas) {
				t.Fatalf("after a kill there is %s", tree(t, dir))
			}
		}
		if err := fetchFrom(t, set, s.URL, dir); err != nil {
			t.Fatal(err)
		}
		if got := tree(t, dir); strings.TrimSuffix(got, fmt.Sprintf(" sample.tar:%d", len(content))) != whatSampleHas {
			t.Fatalf("after all there is %s, want %s", got, whatSampleHas)
		}
	}
	t.Logf("%d processes were killed, %d left a part of the archive", killed, parts)
	if killed == 0 || parts == 0 {
		t.Errorf("%d processes were killed, %d in the middle of the archive; want some", killed, parts)
	}
}
