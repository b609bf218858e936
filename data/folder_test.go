package data

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// torchvisionGolden is testdata/folder.json, which testdata/folder.py describes.
type torchvisionGolden struct {
	Tree    map[string]*string
	Classes []string
	Samples []goldenSample
	Crops   []struct {
		Width, Height int
		Draws         []float64
		Box           [4]int
	}
	Photographs []struct {
		File, Evaluation, Crop string
		Label                  int
		Box                    [4]int
		Flip                   bool
	}
}

// goldenSample is a path and its label.
type goldenSample struct {
	path  string
	label int
}

func (g *goldenSample) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(text, &[]any{&g.path, &g.label})
}

func readTorchvision(t *testing.T) *torchvisionGolden {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "folder.json"))
	if err != nil {
		t.Fatal(err)
	}
	g := &torchvisionGolden{}
	if err := json.Unmarshal(text, g); err != nil {
		t.Fatal(err)
	}
	return g
}

// plant makes the tree's files, links and folders below root.
func plant(t *testing.T, root string, tree map[string]*string) {
	t.Helper()
	for name, target := range tree {
		path := filepath.Join(root, name)
		folder := filepath.Dir(path)
		if strings.HasSuffix(name, "/") {
			folder = path
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		switch {
		case folder == path:
		case target != nil:
			if err := os.Symlink(*target, path); err != nil {
				t.Fatal(err)
			}
		default:
			write(t, path, []byte(name))
		}
	}
}

// link is the target of a symbolic link in a tree.
func link(target string) *string { return &target }

func TestFolderIsListedAsTorchvisionDoes(t *testing.T) {
	g := readTorchvision(t)
	dir := t.TempDir()
	plant(t, filepath.Join(dir, "val"), g.Tree)
	f, err := OpenFolder("folder", dir, "test", FolderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(f.Classes(), g.Classes) {
		t.Errorf("classes: got %q, want %q", f.Classes(), g.Classes)
	}
	var got, want []goldenSample
	for i := range f.Len() {
		got = append(got, goldenSample{f.Describe(i), f.Label(i)})
	}
	for _, s := range g.Samples {
		want = append(want, goldenSample{"val/" + s.path, s.label})
	}
	if !slices.Equal(got, want) {
		t.Errorf("samples: got %v, want %v", got, want)
	}
	// notes.txt, x.jpg.bak, jpg, x.tİf, 0.gif; README.jpg and the link nowhere at the top.
	if f.ignored.count != 7 {
		t.Errorf("%d files were ignored (%s), want 7", f.ignored.count, f.ignored.example)
	}
	if notes := f.Notes(); len(notes) != 1 || !strings.Contains(notes[0], "ignored 7 files") {
		t.Errorf("notes: got %q", notes)
	}
}

func TestFolderRefuses(t *testing.T) {
	tests := []struct {
		name  string
		tree  map[string]*string
		kind  Kind
		path  string // below the folder
		words []string
	}{
		{"nothing", nil, Missing, "", []string{"has no folder val", "val/CLASS", "other names than train and val"}},
		{"another name", map[string]*string{"validation/a/1.jpg": nil}, Missing, "", []string{"has no folder val", "validation", "ln -s"}},
		{"only training", map[string]*string{"train/a/1.jpg": nil}, Missing, "", []string{"has no folder val"}},
		{"a file", map[string]*string{"val": nil}, Missing, "", []string{"has no folder val"}},
		{"no class", map[string]*string{"val/": nil}, Invalid, "val", []string{"no class folders", "val/cat/1.jpg"}},
		{"flat", map[string]*string{"val/1.jpg": nil, "val/2.jpg": nil}, Invalid, "val", []string{"has 2 images and no class folders"}},
		{"an empty class", map[string]*string{"val/a/1.jpg": nil, "val/b/": nil, "val/c/x.txt": nil}, Invalid, "val/b", []string{"no image", "1 more", ".jpeg"}},
		{"a loop", map[string]*string{"val/a/1.jpg": nil, "val/a/up": link("..")}, Invalid, "val/a/up", []string{"symbolic link", "val", "for ever"}},
		{"a loop to itself", map[string]*string{"val/a/1.jpg": nil, "val/a/self": link("self")}, Invalid, "val/a/self", []string{"leads to itself"}},
		{"a class that is a loop", map[string]*string{"val/a/1.jpg": nil, "val/b": link("../val")}, Invalid, "val/b", []string{"symbolic link"}},
		{"a loop by two links", map[string]*string{"val/a/1.jpg": nil, "val/a/b": link("../../x"), "x/a": link("../val/a"), "x/1.jpg": nil},
			Invalid, "val/a/b/a", []string{"symbolic link"}},
		{"another encoding", map[string]*string{"val/\xe9/1.jpg": nil}, Invalid, "val/\xe9", []string{"UTF-8"}},
	}
	for _, tt := range tests {
		dir := t.TempDir()
		plant(t, dir, tt.tree)
		_, err := OpenFolder("folder", dir, "test", FolderOptions{})
		wantError(t, tt.name, err, tt.kind, filepath.Join(dir, tt.path), tt.words...)
	}
	dir := t.TempDir()
	plant(t, dir, map[string]*string{"val/a/1.jpg": nil, "file": nil})
	_, err := OpenFolder("folder", filepath.Join(dir, "val"), "test", FolderOptions{})
	wantError(t, "the split's folder", err, Missing, filepath.Join(dir, "val"), "Name the folder that holds train and val: "+dir)
	_, err = OpenFolder("imagenet", filepath.Join(dir, "none"), "train", FolderOptions{})
	wantError(t, "no folder", err, Missing, filepath.Join(dir, "none"), "no such folder", "ILSVRC2012_img_train.tar")
	_, err = OpenFolder("folder", filepath.Join(dir, "file"), "train", FolderOptions{})
	wantError(t, "a file", err, Invalid, filepath.Join(dir, "file"), "not a folder")
}

func TestFolderUnreadable(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read every folder")
	}
	dir := t.TempDir()
	plant(t, dir, map[string]*string{"val/a/1.jpg": nil, "val/a/b/1.jpg": nil})
	closed := filepath.Join(dir, "val", "a", "b")
	if err := os.Chmod(closed, 0); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(closed, 0o755)
	_, err := OpenFolder("folder", dir, "test", FolderOptions{})
	wantError(t, "a closed folder", err, Missing, closed, "permission")
}

func TestImageNetFolder(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, map[string]*string{"imagenet/train/n01440764/1.JPEG": nil, "imagenet/train/cats/1.JPEG": nil})
	f, err := OpenFolder("imagenet", dir, "train", FolderOptions{ImageSize: 64})
	if err != nil {
		t.Fatal(err)
	}
	if w, h, c := f.Size(); w != 64 || h != 64 || c != 3 || f.Describe(1) != "train/n01440764/1.JPEG" {
		t.Errorf("got images of %d×%d×%d and %s", w, h, c, f.Describe(1))
	}
	notes := strings.Join(f.Notes(), "; ")
	for _, want := range []string{"has 2 classes, ImageNet has 1000", `the class "cats"`} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes %q lack %q", notes, want)
		}
	}
}

func TestFolderFingerprint(t *testing.T) {
	prints := map[string]string{}
	add := func(name string, tree map[string]*string, o FolderOptions) {
		t.Helper()
		dir := t.TempDir()
		plant(t, dir, tree)
		f, err := OpenFolder("folder", dir, "train", o)
		if err != nil {
			t.Fatal(err)
		}
		print := f.Fingerprint()
		if other, ok := prints[print]; ok {
			t.Errorf("%s and %s have the same fingerprint", name, other)
		}
		prints[print] = name
	}
	tree := map[string]*string{"train/a/1.jpg": nil, "train/b/1.jpg": nil}
	add("two", tree, FolderOptions{})
	add("another size", tree, FolderOptions{ImageSize: 32})
	add("fast", tree, FolderOptions{FastDecode: true})
	add("another file", map[string]*string{"train/a/2.jpg": nil, "train/b/1.jpg": nil}, FolderOptions{})
	add("another class", map[string]*string{"train/a/1.jpg": nil, "train/c/1.jpg": nil}, FolderOptions{})
	add("another length", map[string]*string{"train/a/1.jpg": link("../../long"), "train/b/1.jpg": nil, "long": nil}, FolderOptions{})
	add("a broken link", map[string]*string{"train/a/1.jpg": link("nowhere"), "train/b/1.jpg": nil}, FolderOptions{})

	// Where it is and what it is called makes no difference.
	dir := t.TempDir()
	plant(t, dir, tree)
	f, err := OpenFolder("imagenet", dir, "train", FolderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if prints[f.Fingerprint()] != "two" {
		t.Error("another place gives another fingerprint")
	}
}

// fixed hands out given numbers.
type fixed struct {
	t       *testing.T
	numbers []float64
}

func (f *fixed) Float64() float64 {
	if len(f.numbers) == 0 {
		f.t.Fatal("more draws than torchvision's")
	}
	x := f.numbers[0]
	f.numbers = f.numbers[1:]
	return x
}

func (f *fixed) IntN(n int) int { return int(f.Float64() * float64(n)) }

func TestRandomResizedCropEqualsTorchvision(t *testing.T) {
	for _, c := range readTorchvision(t).Crops {
		r := &fixed{t, c.Draws}
		got, want := randomResizedCrop(c.Width, c.Height, r), window{c.Box[0], c.Box[1], c.Box[2], c.Box[3]}
		if got != want || len(r.numbers) != 0 {
			t.Errorf("of %d×%d: got %v with %d draws left, want %v", c.Width, c.Height, got, len(r.numbers), want)
		}
	}
}

// The sizes of torchvision's published recipes, and the formula between them.
func TestEvaluationSide(t *testing.T) {
	for side, want := range map[int]int{224: 256, 299: 342, 256: 293, 64: 73, 32: 37} {
		if got := evaluationSide(side); got != want {
			t.Errorf("%d: got %d, want %d", side, got, want)
		}
	}
}
