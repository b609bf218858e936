package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// BadSample is a line of bad_samples.jsonl: an image that could not be read.
type BadSample struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
}

// OpenBadSamples opens bad_samples.jsonl as OpenLog opens the log.
func (f *Folder) OpenBadSamples(at int64) (list *Records, warning string, err error) {
	lines, warning, err := openJournal(f.Path(badSamplesName), at, wholeLines)
	if err != nil {
		return nil, "", err
	}
	return &Records{*lines}, warning, nil
}

// BadSamples reads bad_samples.jsonl; a run without that file has none.
func (f *Folder) BadSamples() ([]BadSample, error) {
	text, err := os.ReadFile(f.Path(badSamplesName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the bad samples: %w", err)
	}
	var samples []BadSample
	for line := range bytes.Lines(text) {
		var s BadSample
		if err := json.Unmarshal(line, &s); err != nil {
			return nil, fmt.Errorf("read the bad samples: line %d of %s: %w", len(samples)+1, f.Path(badSamplesName), err)
		}
		samples = append(samples, s)
	}
	return samples, nil
}
