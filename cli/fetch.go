package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"augmix/data/fetch"
)

// notFetched are datasets that cannot be downloaded by a program, and why.
var notFetched = map[string]string{
	"imagenet": "image-net.org gives ILSVRC2012_img_train.tar and ILSVRC2012_img_val.tar to registered users only; " +
		"get them there and unpack them into DIR/imagenet/train/CLASS and DIR/imagenet/val/CLASS",
	"cifar100-p": "it is published as a folder of Google Drive only, without digests; put its .npy files into DIR/CIFAR-100-P, " +
		"or make the sequences with augmix perturb",
	"shapes": "it is made by the program and needs no files",
	"folder": "it is your own",
}

func fetchCommand() command {
	return command{
		name: "fetch", operands: "NAME…", summary: "downloads, verifies and unpacks datasets",
		about: "The names are " + strings.Join(fetch.Names(), ", ") + ".\n" +
			"What is there and right is left as it is; a download that was cut off goes on where it ended. An archive\n" +
			"that was brought to its place by hand is verified and unpacked without a network.",
		setup: func(f *flags) func(*call) error {
			c := &fetching{flags: f, dir: "data", layout: fetch.Layouts[0], groups: fetch.ImageNetGroups}
			g := f.group("What")
			g.choice(&c.layout, "layout", "layout", fetch.Layouts, "cifar10, cifar100: the form of the files")
			g.names(&c.groups, "groups", "group", append(slices.Clone(fetch.ImageNetGroups), fetch.ExtraGroup), "imagenet-c, imagenet-p: only these archives")
			g.toggle(&c.verify, "verify", "only verify what is there; download and change nothing")
			g.toggle(&c.dryRun, "dry-run", "print what would be downloaded, from where and how much")
			g = f.group("Where")
			g.text(&c.dir, "data", "DIR", nil, "the folder that datasets are in")
			g.text(&c.mirror, "mirror", "URL", checkMirror, "get the archives from URL/FILE, not from their official homes; "+
				"https, http, or file:///FOLDER; of imagenet-c, URL/imagenet-c/FILE")
			g.toggle(&c.keep, "keep-archives", "leave the archives beside what they were unpacked to")
			g.toggle(&c.packed, "no-unpack", "leave the archives packed; augmix eval reads imagenet-c straight from them")
			g = f.group("Output")
			g.json(&c.json)
			g.toggle(&c.quiet, "quiet", "no progress and no messages, only results and errors")
			return c.run
		},
	}
}

// fetching is what the flags of fetch write to.
type fetching struct {
	flags               *flags
	dir, layout, mirror string
	groups              []string
	verify, dryRun      bool
	keep, packed, quiet bool
	json                string
}

func checkMirror(s string) error {
	_, err := fetch.CheckMirror(s)
	return err
}

func (f *fetching) run(c *call) error {
	sets, err := f.sets(c.args)
	if err != nil {
		return err
	}
	if f.dryRun {
		return f.describe(c.stdout, sets)
	}
	log := newProgress(c.stderr, f.quiet)
	log.bytes = true
	defer log.close()
	ctx, release := untilSignal(log, "leaving what came so far", "what came so far stays, and the same command goes on")
	defer release()
	o := fetch.Options{
		Dir: f.dir, Mirror: f.mirror, KeepArchives: f.keep, NoUnpack: f.packed,
		Say: log.say, Progress: (&speedometer{log: log}).show,
	}
	each := fetch.Fetch
	if f.verify {
		each = fetch.Verify
	}
	results := []fetch.Result{}
	var errs []error
	for _, set := range sets {
		var got []fetch.Result
		got, err = each(ctx, set, o)
		results = append(results, got...)
		errs = append(errs, err)
		if err != nil && !f.verify {
			break // The next would meet the same server or disk.
		}
	}
	log.close()
	table := func(w io.Writer) error { return writeFetched(w, results) }
	if err := c.results(f.json, results, table); err != nil {
		return err
	}
	return errors.Join(errs...)
}

// sets checks the names and the flags that are about some of them only.
func (f *fetching) sets(names []string) ([]fetch.Set, error) {
	if len(names) == 0 {
		return nil, usage("what is to be fetched? Name one or more of %s", strings.Join(fetch.Names(), ", "))
	}
	cifar, imageNet := false, false
	var sets []fetch.Set
	for _, name := range names {
		if why, ok := notFetched[name]; ok {
			return nil, usage("%s cannot be fetched: %s", name, strings.ReplaceAll(why, "DIR", f.dir))
		}
		if err := checkName("dataset", name, fetch.Names()); err != nil {
			return nil, usage("%v", err)
		}
		cifar = cifar || name == "cifar10" || name == "cifar100"
		imageNet = imageNet || strings.HasPrefix(name, "imagenet")
		layout := f.layout
		if !f.flags.given("layout") {
			layout = fetch.LayoutIn(f.dir, name) // One of them is enough.
		}
		set := fetch.Find(name, layout, f.groups)
		if len(set.Archives) == 0 {
			return nil, usage("--groups %s: %s has no such archive", strings.Join(f.groups, ","), name)
		}
		if !slices.ContainsFunc(sets, func(s fetch.Set) bool { return s.Name == name }) {
			sets = append(sets, set)
		}
	}
	switch {
	case f.flags.given("layout") && !cifar:
		return nil, usage("--layout is about cifar10 and cifar100; leave it out")
	case f.flags.given("groups") && !imageNet:
		return nil, usage("--groups is about imagenet-c and imagenet-p; leave it out")
	case f.verify && f.flags.firstGiven("mirror", "keep-archives", "no-unpack") != "":
		return nil, usage("--verify downloads and unpacks nothing; leave --%s out", f.flags.firstGiven("mirror", "keep-archives", "no-unpack"))
	}
	return sets, nil
}

// describe prints where the archives come from.
func (f *fetching) describe(w io.Writer, sets []fetch.Set) error {
	rows := []row{{"dataset", "size", "md5", "from", "to"}}
	for _, set := range sets {
		for _, a := range set.Archives {
			size := "not known"
			if a.Size > 0 {
				size = fetch.Bytes(a.Size)
			}
			from, err := a.Source(f.mirror)
			if err != nil {
				return err
			}
			rows = append(rows, row{set.Name, size, a.MD5, from, a.Place(f.dir, f.packed)})
		}
	}
	return writeRows(w, rows, false)
}

func writeFetched(w io.Writer, results []fetch.Result) error {
	rows := []row{}
	for _, r := range results {
		rows = append(rows, row{r.Set, r.Path, r.State.Describe()})
	}
	return writeRows(w, rows, false)
}

// speedometer adds the speed and the time that is left to a progress in bytes.
type speedometer struct {
	log   *progress
	what  string
	begin time.Time
	first int64 // bytes that were there at the beginning
}

func (s *speedometer) show(done, total int64, what string) {
	if what != s.what {
		s.log.close() // A bar counts one thing.
		s.what, s.begin, s.first = what, time.Now(), done
	}
	text := ""
	if seconds := time.Since(s.begin).Seconds(); seconds > 1 && done > s.first {
		speed := float64(done-s.first) / seconds
		text = fetch.Bytes(int64(speed)) + "/s"
		if left := total - done; left > 0 {
			text += fmt.Sprintf(", %v left", (time.Duration(float64(left)/speed) * time.Second).Round(time.Second))
		}
	}
	s.log.show(int(done), int(total), what, text)
}

// fetchable returns the command that downloads a dataset, "" where there is none.
func fetchable(name, dir string) string {
	if !slices.Contains(fetch.Names(), name) {
		return ""
	}
	return fmt.Sprintf("augmix fetch %s --data %s", name, dir)
}
