package run

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"augmix/weights"
)

// checkpoint returns a small checkpoint whose content depends on step.
func checkpoint(step uint64) *weights.File {
	data := make([]byte, 4*300)
	for i := range data {
		data[i] = byte(uint64(i) * (step + 1))
	}
	return &weights.File{
		Tensors: []weights.Tensor{
			{Name: "conv1.weight", DType: weights.F32, Shape: []int64{100, 3}, Data: data},
			{Name: "fc.bias", DType: weights.F32, Shape: []int64{1}, Data: binary.LittleEndian.AppendUint32(nil, uint32(step))},
		},
		Metadata: map[string]string{MetaEpoch: fmt.Sprint(step / 10), "step": fmt.Sprint(step)},
	}
}

func save(t *testing.T, f *Folder, step uint64, best bool) {
	t.Helper()
	warnings, err := f.SaveCheckpoint(step, checkpoint(step), best)
	if err != nil || len(warnings) > 0 {
		t.Fatalf("save step %d: %v, warnings %v", step, err, warnings)
	}
}

// listing returns the names in checkpoints/, links with their targets.
func listing(t *testing.T, f *Folder) string {
	t.Helper()
	var names []string
	for name, text := range tree(t, f.Path("checkpoints")) {
		name = strings.NewReplacer("step-0000", "", ".safetensors", "").Replace(name)
		if strings.HasPrefix(text, "-> ") {
			name += strings.NewReplacer("-> step-0000", ">", ".safetensors", "").Replace(text)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func flip(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)-1] ^= 1
	write(t, path, string(text))
}

func TestSaveCheckpointKeepsNewestTwoAndBest(t *testing.T) {
	f := create(t)
	steps := []struct {
		step uint64
		best bool
		want string
	}{
		{1, false, "0001 last>0001"},
		{2, true, "0001 0002 best>0002 last>0002"},
		{3, false, "0002 0003 best>0002 last>0003"},
		{4, false, "0002 0003 0004 best>0002 last>0004"},
		{5, false, "0002 0004 0005 best>0002 last>0005"},
		{5, false, "0002 0004 0005 best>0002 last>0005"}, // a signal just after a save
		{6, true, "0005 0006 best>0006 last>0006"},
	}
	for _, s := range steps {
		save(t, f, s.step, s.best)
		if got := listing(t, f); got != s.want {
			t.Errorf("after step %d: got %q, want %q", s.step, got, s.want)
		}
		newest, damaged, err := f.Newest()
		if err != nil || len(damaged) > 0 || newest.Step != s.step {
			t.Fatalf("after step %d: newest %+v, %v, %v", s.step, newest, damaged, err)
		}
		if got, want := string(newest.File.Tensors[0].Data), string(checkpoint(s.step).Tensors[0].Data); got != want {
			t.Errorf("step %d: its data differ", s.step)
		}
	}
}

func TestLargeStepsSortByNumber(t *testing.T) {
	f := create(t)
	for _, step := range []uint64{99_999_998, 99_999_999, 100_000_000, 100_000_001} {
		save(t, f, step, false)
	}
	newest, _, err := f.Newest()
	if err != nil || newest.Step != 100_000_001 {
		t.Errorf("got %+v, %v", newest, err)
	}
}

func TestNewestPassesOverDamagedOnes(t *testing.T) {
	f := create(t)
	for _, step := range []uint64{10, 20} {
		save(t, f, step, false)
	}
	flip(t, f.Path("checkpoints", "step-00000020.safetensors"))
	write(t, f.Path("checkpoints", "step-00000030.safetensors"), "")
	write(t, f.Path("checkpoints", "step-00000040.safetensors.tmp-1"), "half")
	if err := os.Mkdir(f.Path("checkpoints", "step-00000050.safetensors"), 0o777); err != nil {
		t.Fatal(err)
	}
	newest, damaged, err := f.Newest()
	if err != nil || newest == nil || newest.Step != 10 {
		t.Fatalf("got %+v, %v, want step 10", newest, err)
	}
	if len(damaged) != 2 {
		t.Fatalf("got %v, want two", damaged)
	}
	for i, want := range []string{"step-00000030", "step-00000020"} {
		if !strings.Contains(damaged[i].String(), want) {
			t.Errorf("warning %d: %q does not name %s", i, damaged[i], want)
		}
	}
}

// A checkpoint without its digest could hide any flipped bit.
func TestNewestWantsTheDigest(t *testing.T) {
	f := create(t)
	save(t, f, 1, false)
	path := f.Path("checkpoints", "step-00000001.safetensors")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, strings.ReplaceAll(string(text), `"sha256"`, `"sha25g"`))
	newest, damaged, err := f.Newest()
	if newest != nil || err != nil || len(damaged) != 1 || !strings.Contains(damaged[0].String(), "digest") {
		t.Errorf("got %+v, %v, %v", newest, damaged, err)
	}
}

func TestBestAndLast(t *testing.T) {
	f := create(t)
	if _, err := f.Last(); err == nil || !strings.Contains(err.Error(), f.Dir()) {
		t.Errorf("no checkpoint: got %v", err)
	}
	save(t, f, 1, false)
	if c, err := f.Best(); err != nil || c.Step != 1 {
		t.Errorf("no best one: got %+v, %v, want last", c, err)
	}
	save(t, f, 2, true)
	save(t, f, 3, false)
	best, err := f.Best()
	if err != nil || best.Step != 2 {
		t.Errorf("best: got %+v, %v", best, err)
	}
	last, err := f.Last()
	if err != nil || last.Step != 3 {
		t.Errorf("last: got %+v, %v", last, err)
	}
	flip(t, last.Path)
	var bad *weights.Error
	if _, err := f.Last(); !errors.As(err, &bad) {
		t.Errorf("damaged: got %v, want a *weights.Error", err)
	}
	link := f.Path("checkpoints", "last")
	for _, target := range []string{"../../../etc/passwd", "last", "step-00000009.safetensors"} {
		os.Remove(link)
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Last(); !errors.As(err, &bad) {
			t.Errorf("link to %s: got %v, want a *weights.Error", target, err)
		}
	}
}

func TestSetAside(t *testing.T) {
	f := create(t)
	save(t, f, 1, false)
	save(t, f, 2, true)
	save(t, f, 3, true)
	save(t, f, 4, false)
	if err := f.SetAside(4); err != nil {
		t.Fatal(err)
	}
	if got, want := listing(t, f), "0003 0004 best>0003 last>0004"; got != want {
		t.Errorf("nothing is newer: got %q, want %q", got, want)
	}
	if err := f.SetAside(3); err != nil {
		t.Fatal(err)
	}
	if got, want := listing(t, f), "0003 0004.aside best>0003 last>0003"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := f.SetAside(2); err != nil {
		t.Fatal(err)
	}
	if got, want := listing(t, f), "0003.aside 0004.aside"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	save(t, f, 3, false)
	if got, want := listing(t, f), "0003 0003.aside 0004.aside last>0003"; got != want {
		t.Errorf("going on: got %q, want %q", got, want)
	}
}

func TestParseStep(t *testing.T) {
	for name, want := range map[string]uint64{
		"step-00001234.safetensors": 1234, "step-123456789.safetensors": 123456789, "step-00000000.safetensors": 0,
	} {
		if got, ok := parseStep(name); !ok || got != want {
			t.Errorf("%s: got %d, %v, want %d", name, got, ok, want)
		}
	}
	for _, name := range []string{
		"last", "step-1.safetensors", "step-0000000x.safetensors", "step-00000001.safetensors.tmp-1", "step-00000001.safetensors.aside",
		"step-00000001.pt", "../step-00000001.safetensors", "step--0000001.safetensors", "step-9999999999999999999.safetensors",
	} {
		if got, ok := parseStep(name); ok {
			t.Errorf("%s: got %d, want no step", name, got)
		}
	}
}

func TestState(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	check := func(want State, refusal string) {
		t.Helper()
		got, err := Inspect(dir)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		err = got.Refuse(dir)
		if refusal == "" {
			if err != nil {
				t.Errorf("a new run is refused: %v", err)
			}
			return
		}
		var exists *ExistsError
		if !errors.As(err, &exists) || !strings.Contains(err.Error(), refusal) || !strings.Contains(err.Error(), dir) {
			t.Errorf("got %v, want %q", err, refusal)
		}
	}
	check(State{}, "")
	f, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	check(State{}, "")
	c := sample()
	if err := f.WriteConfig(c); err != nil {
		t.Fatal(err)
	}
	check(State{Phase: Started, Epochs: 100}, "stopped before its first checkpoint; add --resume auto")
	save(t, f, 125, false)
	check(State{Phase: Unfinished, Epoch: 12, Epochs: 100, Step: 125},
		"stopped at epoch 12 of 100; add --resume auto to go on, or choose another --save")
	write(t, f.Path("checkpoints", "step-00000130.safetensors"), "bad")
	check(State{Phase: Unfinished, Epoch: 12, Epochs: 100, Step: 125, Damaged: []string{"step-00000130.safetensors"}}, "stopped at epoch 12")
	flip(t, f.Path("checkpoints", "step-00000125.safetensors"))
	check(State{Phase: Started, Epochs: 100, Damaged: []string{"step-00000130.safetensors", "step-00000125.safetensors"}},
		"no checkpoint can be read (step-00000130.safetensors)")
	if _, err := f.TrainResult(); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "--resume auto") {
		t.Errorf("result of an unfinished run: %v", err)
	}
	want := TrainResult{Epochs: 100, Steps: 1000, Seconds: 1.5, WeightsSHA256: "ab"}
	if err := f.Finish(want); err != nil {
		t.Fatal(err)
	}
	check(State{Phase: Finished, Epoch: 100, Epochs: 100}, "finished run (100 epochs), which is never overwritten")
	if got, err := f.TrainResult(); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}
