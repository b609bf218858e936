package train

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"augmix/eval"
	"augmix/nets"
	"augmix/run"
	"augmix/weights"
)

// ResolveInit completes a configuration whose weights begin as those of the checkpoint cfg.Init: with the file's digest
// and, where cfg.Normalize is empty, with the normalisation that the file says or else the model's published one.
//
// Errors: *weights.Error for a file that cannot be read, *CheckpointError for one of something else.
func ResolveInit(cfg *run.Config) error {
	file, err := weights.Read(cfg.Init)
	if err != nil {
		return err
	}
	if cfg.InitSHA256, err = digestOf(cfg.Init); err != nil {
		return err
	}
	if cfg.Normalize != "" {
		return nil
	}
	if cfg.Normalize, err = eval.StoredNormalization(file); err != nil {
		return &CheckpointError{cfg.Init, err.Error()}
	}
	if cfg.Normalize == "" {
		cfg.Normalize = nets.PublishedNormalization(cfg.Model)
	}
	if _, err := nets.ParseNormalization(cfg.Normalize); err != nil {
		return &CheckpointError{cfg.Init, "its mu and sigma are of no normalisation that has a name here; add --normalize half, cifar, imagenet or M,S"}
	}
	return nil
}

// digestOf is the SHA-256 of a file in hexadecimal.
func digestOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("--init: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("--init: read %s: %w", path, err)
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// begin gives the network the weights of the checkpoint cfg.Init, with a new head where its classes are others.
func (t *trainer) begin() error {
	path := t.cfg.Init
	file, err := weights.Read(path)
	if err != nil {
		return err
	}
	why, err := t.otherClasses(file)
	if err != nil {
		return &CheckpointError{path, err.Error()}
	}
	net := t.machine.net
	if err := net.Begin(file.Tensors, why != ""); err != nil {
		return &CheckpointError{path, err.Error()}
	}
	if t.machine.average != nil {
		t.machine.average.reset()
	}
	if why == "" {
		t.say("beginning with the weights of %s", path)
	} else {
		t.say("beginning with the weights of %s, but for a new head (%s): %s", path, strings.Join(net.Head(), ", "), why)
	}
	return nil
}

// otherClasses says how a checkpoint's classes differ from those of the run; it is empty where they do not, as far as the
// file tells.
func (t *trainer) otherClasses(file *weights.File) (why string, err error) {
	classes, err := nets.Classes(file.Tensors)
	if err != nil {
		return "", err
	}
	if classes != len(t.cfg.Classes) {
		return fmt.Sprintf("the checkpoint tells %d classes apart, %s has %d", classes, t.train.Name(), len(t.cfg.Classes)), nil
	}
	text, ours := file.Metadata[metaConfig]
	if !ours || file.Format != weights.FormatSafetensors {
		return "", nil
	}
	was, err := run.ParseConfig([]byte(text))
	if err != nil {
		return "", err
	}
	if was.Model != t.cfg.Model {
		return "", fmt.Errorf("it was trained with --model %s, not %s", was.Model, t.cfg.Model)
	}
	if !slices.Equal(was.Classes, t.cfg.Classes) {
		return fmt.Sprintf("the checkpoint's %d classes are those of %s", classes, was.Dataset), nil
	}
	return "", nil
}
