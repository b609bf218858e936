package cli

import (
	"slices"
	"strings"
	"testing"
)

// TestRewrite checks the reference's and timm's spellings.
func TestRewrite(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"-m wrn -e 5 -lr 0.1 -b 64 -wd 0.001", "--model=wrn --epochs=5 --learning-rate=0.1 --batch-size=64 --decay=0.001"},
		{"-nj -all -s out -r auto", "--no-jsd --all-ops --save=out --resume=auto"},
		{"-lr=0.1 -wd=1e-4 -nj=true", "--learning-rate=0.1 --decay=1e-4 --no-jsd=true"},
		{"-lr0.1 -b64 -e5 -wd.5", "--learning-rate=0.1 --batch-size=64 --epochs=5 --decay=.5"},
		{"--lr 1 --weight-decay 2 --workers 3 -j 4 --drop 0.5 --output o --data-dir d",
			"--learning-rate=1 --decay=2 --num-workers=3 --num-workers=4 --droprate=0.5 --save=o --data=d"},
		{"--learning_rate 0.1 --batch_size=3 --no_jsd", "--learning-rate=0.1 --batch-size=3 --no-jsd"},
		{"--mixture-depth -1", "--mixture-depth=-1"},
		// A value is never rewritten.
		{"--save -s --data -lr", "--save=-s --data=-lr"},
		{"-s -nj -all", "--save=-nj --all-ops"},
		{"--save=-e", "--save=-e"},
		{"--save a=b", "--save=a=b"},
		// Neither is anything after --, nor what is no flag.
		{"-e 3 -- -lr 0.1", "--epochs=3 -- -lr 0.1"},
		{"lr - m", "lr - m"},
	} {
		f := newFlags("augmix train")
		trainCommand().setup(f)
		f.complete()
		got, err := f.rewrite(strings.Fields(c.line))
		if want := strings.Fields(c.want); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, %v; want %q", c.line, got, err, want)
		}
	}
}

// TestShortFormsReachTheConfiguration follows a command of the reference's README
// to the configuration.
func TestShortFormsReachTheConfiguration(t *testing.T) {
	f := newFlags("augmix train")
	tr := newTraining(f)
	if _, err := f.parse(strings.Fields("-m resnet20 -e 200 -lr 0.2 -b 32 -wd 0.0001 -nj -all -s here -r auto --num_workers 3")); err != nil {
		t.Fatal(err)
	}
	got, want := tr.config, defaults()
	want.Model, want.Epochs, want.LearningRate, want.BatchSize, want.Decay = "resnet20", 200, 0.2, 32, 0.0001
	want.NoJSD, want.AllOps, want.Save, want.NumWorkers = true, true, "here", 3
	want.Recipe, want.WarmupLR = "reference", 1e-5 // The flags' own defaults.
	if string(got.JSON()) != string(want.JSON()) || tr.resume != "auto" {
		t.Errorf("got %s and --resume %s, want %s and auto", got.JSON(), tr.resume, want.JSON())
	}
}

// FuzzRewrite checks that no arguments make parsing panic, and that what it
// accepts it accepts again.
func FuzzRewrite(f *testing.F) {
	f.Add("-lr 0.1 -b64 --save -s -- x")
	f.Add("--=\x00 -- - -\xff")
	f.Add("--severity 1-5,3 --only contrast --sets c,clean")
	f.Fuzz(func(t *testing.T, line string) {
		for _, cmd := range []command{trainCommand(), evalCommand()} {
			fl := newFlags("augmix " + cmd.name)
			cmd.setup(fl)
			fl.complete()
			once, err := fl.rewrite(strings.Split(line, " "))
			if err != nil {
				continue
			}
			twice, err := fl.rewrite(once)
			if err != nil || !slices.Equal(once, twice) {
				t.Errorf("%q becomes %q, and that %q, %v", line, once, twice, err)
			}
			fl.parse(strings.Split(line, " "))
		}
	})
}
