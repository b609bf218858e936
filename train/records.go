package train

import (
	"errors"

	"augmix/run"
)

// stepRecord and epochRecord are the lines of metrics.jsonl. They hold no times, so that a run's file does not depend on
// where it was interrupted.
type stepRecord struct {
	Step  uint64  `json:"step"`
	Loss  float64 `json:"train_loss"`    // Mean of the epoch so far.
	Error float64 `json:"train_error"`   // Percent, of the epoch so far.
	Rate  float64 `json:"learning_rate"` // Of the step.
}

type epochRecord struct {
	Epoch int         `json:"epoch"`
	Step  uint64      `json:"step"`
	Loss  float64     `json:"train_loss"`
	Error float64     `json:"train_error"`
	Test  run.Scores  `json:"test"`
	Val   *run.Scores `json:"val,omitempty"` // Of the held-out images.

	// Where some could not be read: how many images Test is about, and how many there are.
	TestN         int `json:"test_n,omitempty"`
	TestNExpected int `json:"test_n_expected,omitempty"`
}

// noteStep writes where the epoch stands after a step.
func (t *trainer) noteStep() error {
	if !t.company.first() {
		return nil
	}
	record := stepRecord{
		Step: t.pos.step, Loss: t.machine.meter.meanLoss(), Error: t.machine.meter.errorRate(),
		Rate: t.rate.at(t.pos.step - 1),
	}
	return errors.Join(t.metric.Append(record), t.events.Append(record.Step, record.scalars()))
}

// scalars are the record's figures in the event file.
func (r stepRecord) scalars() []run.Scalar {
	return []run.Scalar{
		{Tag: "train/loss", Value: r.Loss}, {Tag: "train/error", Value: r.Error}, {Tag: "train/learning_rate", Value: r.Rate},
	}
}

// scalars are the figures in the event file of the record and of training_log.csv's row, at the epoch's last step: of
// whole epochs, where those of stepRecord are of a part.
func (r epochRecord) scalars(row run.Row) []run.Scalar {
	out := []run.Scalar{
		{Tag: "epoch/train_loss", Value: r.Loss}, {Tag: "epoch/train_error", Value: r.Error},
		{Tag: "epoch/train_loss_average", Value: row.TrainLoss}, {Tag: "epoch/seconds", Value: row.Seconds},
		{Tag: "epoch/number", Value: float64(r.Epoch)},
	}
	out = append(out, scoresScalars("test", r.Test)...)
	if r.Val != nil {
		out = append(out, scoresScalars("val", *r.Val)...)
	}
	if r.TestNExpected != 0 {
		out = append(out, run.Scalar{Tag: "test/n", Value: float64(r.TestN)},
			run.Scalar{Tag: "test/n_expected", Value: float64(r.TestNExpected)})
	}
	return out
}

// scoresScalars are the figures of a set that there are.
func scoresScalars(set string, s run.Scores) []run.Scalar {
	var out []run.Scalar
	names := run.FigureNames()
	for i, p := range s.Figures() {
		if run.Number(*p).Known() {
			out = append(out, run.Scalar{Tag: set + "/" + names[i], Value: *p})
		}
	}
	return out
}
