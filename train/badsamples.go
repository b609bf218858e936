package train

import (
	"augmix/data"
	"augmix/run"
)

// passesOver tells whether samples that cannot be read are passed over.
func (t *trainer) passesOver() bool { return t.cfg.OnBadSample == "skip" }

// maxBad is how many samples may be passed over, of the training and the test images.
func (t *trainer) maxBad() int {
	if !t.passesOver() {
		return 0
	}
	return data.BadLimit(t.Train.Len() + t.Test.Len())
}

// openBadSamples opens the list of the samples that are passed over where the checkpoint left it.
func (t *trainer) openBadSamples() error {
	list, warning, err := t.folder.OpenBadSamples(t.pos.bad)
	if err != nil {
		return err
	}
	t.badLog = list
	if warning != "" {
		t.say("warning: %s", warning)
	}
	listed, err := t.folder.BadSamples()
	if err != nil {
		return err
	}
	var known []data.BadSample
	for _, b := range listed {
		known = append(known, data.BadSample(b))
	}
	t.bad = data.NewBadSamples(t.maxBad(), known, func(b data.BadSample) error {
		t.say("passing over %s: %s", b.File, b.Reason)
		return t.badLog.Append(run.BadSample(b))
	})
	return nil
}

// collectBadSamples is openBadSamples of a rank that has no list: the first one hears of its samples.
func (t *trainer) collectBadSamples() {
	if t.passesOver() {
		t.bad = data.NewBadSamples(t.maxBad(), nil, func(b data.BadSample) error {
			t.company.bad = append(t.company.bad, b)
			return nil
		})
	}
}

// noteBad takes a sample that another rank could not read.
func (t *trainer) noteBad(b data.BadSample) error { return t.bad.Note(b) }

// passOver notes the samples that a training batch was made without.
func (t *trainer) passOver(bad []data.Bad) error {
	if t.bad == nil {
		return nil
	}
	return t.bad.Add(t.train, bad)
}
