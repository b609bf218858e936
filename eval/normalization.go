package eval

import (
	"augmix/run"
	"augmix/weights"
)

// StoredNormalization returns the name of the normalisation that a checkpoint was trained with, as far as the file says
// it: by mu and sigma, else by its run's configuration; "" where it says nothing.
func StoredNormalization(file *weights.File) (string, error) {
	if n, ok, err := stored(file); ok || err != nil {
		return n.Name, err
	}
	text, ours := file.Metadata["config"]
	if !ours || file.Format != weights.FormatSafetensors {
		return "", nil
	}
	was, err := run.ParseConfig([]byte(text))
	return was.Normalize, err
}
