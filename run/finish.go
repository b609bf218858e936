package run

import (
	"errors"
	"fmt"
	"os"
)

// trainName is the result whose file says that the run is finished.
const trainName = "train"

// TrainResult is what training ended with: results/train.json.
type TrainResult struct {
	Epochs          int     `json:"epochs"`
	Steps           uint64  `json:"steps"`
	Seconds         float64 `json:"seconds"` // of training, evaluation and interruptions left out
	ImagesPerSecond float64 `json:"images_per_second"`
	TrainLoss       float64 `json:"train_loss"`
	TestLoss        float64 `json:"test_loss"`
	TestError       float64 `json:"test_error"`     // percent
	N               int     `json:"n"`              // test images
	NExpected       int     `json:"n_expected"`     // those and the ones that could not be read
	BadSamples      int     `json:"bad_samples"`    // images that could not be read, of training and test
	WaitedSeconds   float64 `json:"waited_seconds"` // of Seconds, waiting for data
	Precision       string  `json:"precision"`
	WeightsSHA256   string  `json:"weights_sha256"`
}

// Finish writes results/train.json, after which the run counts as finished.
func (f *Folder) Finish(r TrainResult) error { return f.WriteResult(trainName, r) }

// TrainResult reads results/train.json. An unfinished run has none.
func (f *Folder) TrainResult() (TrainResult, error) {
	var r TrainResult
	err := f.ReadResult(trainName, &r)
	if errors.Is(err, os.ErrNotExist) {
		err = fmt.Errorf("%s is not finished: %w; go on with `augmix train --save %s --resume auto`", f.dir, err, f.dir)
	}
	return r, err
}
