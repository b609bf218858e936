package benchmark

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"augmix/corrupt"
	"augmix/data"
	"augmix/pixel/jpeg"
	"augmix/run"
)

// ManifestName is the file in a benchmark's folder that says how it was made.
const ManifestName = "manifest.json"

// maxManifest bounds how many bytes of a manifest are read. Ours have some thousand.
const maxManifest = 16 << 20

// Manifest says how the files of a folder were made.
type Manifest struct {
	Format      int              `json:"format"`               // 1
	Benchmark   string           `json:"benchmark"`            // "corruption" or "perturbation"
	Layout      string           `json:"layout"`               // "arrays" or "folders"
	Dataset     string           `json:"dataset"`              // of the clean images
	Fingerprint string           `json:"dataset_fingerprint"`  // SHA-256, data.Dataset's
	Images      int              `json:"images"`               // clean ones
	Width       int              `json:"width"`                // in pixels
	Height      int              `json:"height"`               // in pixels
	Seed        uint64           `json:"seed"`                 // of the random numbers
	Severities  []int            `json:"severities,omitempty"` // of corruptions, the mildest first
	Frost       string           `json:"frost,omitempty"`      // "own", or the SHA-256 of the textures that were given
	Versions    Versions         `json:"versions"`
	Files       map[string]Entry `json:"files"` // what is complete, by path in the folder; others are not in it
}

// Versions are those of what decides the bytes of the files.
type Versions struct {
	Augmix string `json:"augmix"`
	JPEG   string `json:"jpeg"`
	Go     string `json:"go"`
	System string `json:"system"` // linux/amd64
}

// Entry describes a file, or a folder with all files in it.
type Entry struct {
	Files  int    `json:"files,omitempty"` // in the folder; 0 of a file
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // of a folder: of "PATH SHA256\n" of every file in it, sorted
}

// The values of Manifest's fields.
const (
	manifestFormat = 1
	corruptions    = "corruption"
	perturbations  = "perturbation"
	arrays         = "arrays"
	folders        = "folders"
	ownFrost       = "own"
)

// versions are those of this program; version is its own.
func versions(version string) Versions {
	return Versions{Augmix: version, JPEG: jpeg.Version(), Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH}
}

// ReadManifest reads the manifest of a folder. Errors are *data.Error; of a folder that
// has none the Kind is data.Missing.
func ReadManifest(dir string) (Manifest, error) {
	path := filepath.Join(dir, ManifestName)
	f, err := os.Open(path)
	if err != nil {
		return Manifest{}, &data.Error{Kind: data.Missing, Path: path, Reason: "cannot be read", Err: err}
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	if err == nil && len(text) > maxManifest {
		err = fmt.Errorf("is larger than %d bytes", maxManifest)
	}
	var m Manifest
	if err == nil {
		m, err = parseManifest(text)
	}
	if err != nil {
		return Manifest{}, &data.Error{Kind: data.Invalid, Path: path, Reason: "is not a benchmark's manifest", Err: err,
			Remedy: "Remove it where the folder holds published files; else make the benchmark again in another folder."}
	}
	return m, nil
}

// parseManifest reads and checks the text of a manifest.
func parseManifest(text []byte) (Manifest, error) {
	var m Manifest
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&m); err != nil {
		return m, err
	}
	if decoder.More() {
		return m, errors.New("there is more after the object")
	}
	severity := func(s int) bool { return s < 1 || s > corrupt.Severities }
	strictly := slices.IsSorted(m.Severities) && len(slices.Compact(slices.Clone(m.Severities))) == len(m.Severities)
	switch {
	case m.Format != manifestFormat:
		return m, fmt.Errorf("its format is %d; this program knows %d", m.Format, manifestFormat)
	case m.Benchmark != corruptions && m.Benchmark != perturbations:
		return m, fmt.Errorf("its benchmark is %.40q", m.Benchmark)
	case m.Layout != arrays && m.Layout != folders:
		return m, fmt.Errorf("its layout is %.40q", m.Layout)
	case m.Dataset == "" || m.Images < 1 || m.Width < 1 || m.Height < 1:
		return m, fmt.Errorf("it is about %d images of %d×%d pixels of the dataset %.40q", m.Images, m.Width, m.Height, m.Dataset)
	case slices.ContainsFunc(m.Severities, severity) || !strictly:
		return m, fmt.Errorf("its severities are %v", m.Severities)
	case m.Benchmark == corruptions && len(m.Severities) == 0:
		return m, errors.New("it names no severities")
	}
	return m, nil
}

// write replaces the manifest in dir.
func (m Manifest) write(dir string) error {
	return run.WriteFile(filepath.Join(dir, ManifestName), func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(m)
	})
}

// Source says of a corruption or perturbation how its images were made, in the words
// of Making.Source.
func (m Manifest) Source(name string) string {
	return source(name, m.Benchmark, m.Seed, m.Width, m.Height, m.Frost != ownFrost && m.Frost != "")
}

// difference says in which setting the files that m is about differ from those that
// want is about, or "".
func (m Manifest) difference(want Manifest) string {
	differs := func(what string, a, b any) string {
		if a == b {
			return ""
		}
		return fmt.Sprintf("%s %v, this call asks for %v", what, a, b)
	}
	frost := ""
	if m.Frost != "" && want.Frost != "" {
		frost = differs("frost textures", m.Frost, want.Frost)
	}
	for _, d := range []string{
		differs("the benchmark", m.Benchmark, want.Benchmark),
		differs("the dataset", m.Dataset, want.Dataset),
		differs("images of", fmt.Sprintf("%d×%d pixels", m.Width, m.Height), fmt.Sprintf("%d×%d pixels", want.Width, want.Height)),
		differs("so many images:", m.Images, want.Images),
		differs("clean images with the fingerprint", m.Fingerprint, want.Fingerprint),
		differs("the seed", m.Seed, want.Seed),
		differs("the severities", fmt.Sprint(m.Severities), fmt.Sprint(want.Severities)),
		frost,
		differs("the version", m.Versions, want.Versions),
	} {
		if d != "" {
			return d
		}
	}
	return ""
}
