package fetch

import (
	"os"
	"path"
	"path/filepath"
	"slices"

	"augmix/data"
)

// Set is a dataset that can be downloaded.
type Set struct {
	Name     string // that the command line takes, such as cifar10-c
	Home     string // the page that publishes it
	Archives []Archive
}

// Archive is one published file, a .tar or .tar.gz.
type Archive struct {
	Group string // of the set's archives, where a choice among them makes sense
	Path  string // below the data folder; its last part is the published name
	URL   string
	Size  int64  // in bytes; 0 where this program does not know it
	MD5   string // hex

	// Folder is where its content goes, below the data folder. An archive of a set in
	// groups holds folders that go into it, others hold one folder, which becomes it.
	Folder string
	// Unpacked is the most bytes that the content may have; 0 means those of the
	// archive, which is right for a .tar.
	Unpacked int64
	// Files are those whose digests are published.
	Files []data.PublishedFile
	// Holds names some files or folders that Folder has when it is unpacked.
	Holds []string
}

// ImageNetGroups are the archives of imagenet-c that hold the corruptions for testing;
// ExtraGroup's are for validation.
var ImageNetGroups = []string{"noise", "blur", "weather", "digital"}

// ExtraGroup is the archive of imagenet-c with the corruptions for validation.
const ExtraGroup = "extra"

// Layouts are the forms that CIFAR is published in; the first is what the other parts
// of the program prefer, because it needs no pickle.
var Layouts = []string{"binary", "python"}

// LayoutIn returns the layout of which a data folder has the folder of a set; the first
// where it has none, and for sets that have one form.
func LayoutIn(dir, name string) string {
	for _, layout := range Layouts {
		for _, a := range Find(name, layout, nil).Archives {
			if info, err := os.Stat(filepath.Join(dir, a.Folder)); err == nil && info.IsDir() {
				return layout
			}
		}
	}
	return Layouts[0]
}

// Names lists the sets.
func Names() []string {
	return []string{"cifar10", "cifar100", "cifar10-c", "cifar100-c", "cifar10-p", "imagenet-c", "imagenet-p"}
}

// Find returns the set of a name, of CIFAR in a layout, of ImageNet in so many of its
// groups. It panics for a name that is not in Names.
func Find(name, layout string, groups []string) Set {
	switch name {
	case "cifar10", "cifar100":
		return cifar(name, layout)
	case "imagenet-c", "imagenet-p":
		set := imageNet(name)
		set.Archives = slices.DeleteFunc(set.Archives, func(a Archive) bool { return !slices.Contains(groups, a.Group) })
		return set
	}
	for _, set := range cifarBenchmarks {
		if set.Name == name {
			return set
		}
	}
	panic("fetch: Find of the unknown set " + name)
}

// unpackedCIFAR is more than either layout of CIFAR unpacks to, 184 to 187 MB.
const unpackedCIFAR = 200 << 20

// cifar returns CIFAR-10 or CIFAR-100. The md5s are on its page; the sizes are what
// its server answers, as several loaders and logs of downloads have them.
func cifar(name, layout string) Set {
	const home = "https://www.cs.toronto.edu/~kriz/"
	a := map[string]Archive{
		"cifar10 binary":  {Path: "cifar-10-binary.tar.gz", Size: 170052171, MD5: "c32a1d4ab5d03f1284b67883e8d87530", Folder: "cifar-10-batches-bin"},
		"cifar10 python":  {Path: "cifar-10-python.tar.gz", Size: 170498071, MD5: "c58f30108f718f92721af3b95e74349a", Folder: "cifar-10-batches-py"},
		"cifar100 binary": {Path: "cifar-100-binary.tar.gz", Size: 168513733, MD5: "03b5dce01913d631647c71ecec9e9cb8", Folder: "cifar-100-binary"},
		"cifar100 python": {Path: "cifar-100-python.tar.gz", Size: 169001437, MD5: "eb9058c3a382ffc7106e4002c42a8d85", Folder: "cifar-100-python"},
	}[name+" "+layout]
	a.URL = home + a.Path
	a.Unpacked = unpackedCIFAR
	a.Files = data.PublishedFiles(name, a.Folder)
	return Set{Name: name, Home: home + "cifar.html", Archives: []Archive{a}}
}

// imageNet returns ImageNet-C or ImageNet-P with all groups. The sizes and md5s of
// ImageNet-C are Zenodo's, as many loaders have them. Those md5s of ImageNet-P are in
// two loaders of one author; nobody seems to have written its sizes down.
func imageNet(name string) Set {
	record := map[string]string{"imagenet-c": "2235448", "imagenet-p": "3565846"}[name]
	set := Set{Name: name, Home: "https://zenodo.org/records/" + record}
	add := func(group string, size int64, md5 string, holds ...string) {
		file := group + ".tar"
		set.Archives = append(set.Archives, Archive{
			Group: group, Path: path.Join(name, file), URL: zenodo(record, file), Size: size, MD5: md5, Folder: name, Holds: holds,
		})
	}
	if name == "imagenet-p" {
		add("noise", 0, "619b37b5139ce764f77ce3bed3aee837", "gaussian_noise", "shot_noise")
		add("blur", 0, "869b2d2fb1604d1baa4316b5ecc9fdea", "motion_blur", "zoom_blur")
		add("weather", 0, "a597ff6db8c6fb0dbcd6eb12ed620002", "snow", "brightness")
		add("digital", 0, "8c1f73e4912812788e2fdb637cd55372", "translate", "rotate", "tilt", "scale")
		return set
	}
	add("noise", 22565673785, "e80562d7f6c3f8834afb1ecf27252745", "gaussian_noise", "shot_noise", "impulse_noise")
	add("blur", 7112704951, "2d8e81fdd8e07fef67b9334fa635e45c", "defocus_blur", "glass_blur", "motion_blur", "zoom_blur")
	add("weather", 12797438995, "33ffea4db4d93fe4a428c40a6ce0c25d", "snow", "frost", "fog", "brightness")
	add("digital", 7757510705, "89157860d7b10d5797849337ca2e5c03", "contrast", "elastic_transform", "pixelate", "jpeg_compression")
	add(ExtraGroup, 15789490144, "d492dfba5fc162d8ec2c3cd8ee672984", "speckle_noise", "gaussian_blur", "spatter", "saturate")
	return set
}

func zenodo(record, file string) string {
	return "https://zenodo.org/records/" + record + "/files/" + file + "?download=1"
}
