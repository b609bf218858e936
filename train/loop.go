package train

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"time"

	"augmix/run"
)

// loop trains until the last epoch is done, a signal comes or the loss is not finite.
func (t *trainer) loop() error {
	t.pipeline.Start(t.pos.epoch, t.pos.epochStep)
	defer t.pipeline.Close()
	t.started, t.startStep, t.saved, t.savedAt = time.Now(), t.pos.step, time.Now(), t.pos.step
	if t.pos.step == 0 {
		t.savedAt = ^uint64(0) // Nothing is saved yet.
	}
	total := uint64(t.cfg.Epochs) * uint64(t.batches)
	last := t.started
	for t.pos.step < total {
		batch, err := t.pipeline.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if err := t.passOver(batch.Bad); err != nil {
			return err
		}
		if batch.Step == 0 {
			t.machine.meter.startEpoch()
		}
		t.machine.step(batch, t.rate.at(t.pos.step), stepSeed(t.cfg.Seed, t.pos.step, 0))
		t.pos.step++
		t.pos.epochStep++
		now := time.Now()
		t.pos.seconds += now.Sub(last)
		t.pos.epochTime += now.Sub(last)

		if err := t.after(batch.Last); err != nil {
			return err
		}
		t.evaluating += time.Since(now)
		last = time.Now()
	}
	return nil
}

// after does what a step may bring with it: a reading of the meter, the end of an epoch, a checkpoint, a stop.
func (t *trainer) after(endOfEpoch bool) error {
	due := t.every.due(t.pos.step, t.epochsDone(endOfEpoch), time.Since(t.saved))
	signal, due, err := t.company.agree(t.signal(), due, t.noteBad)
	if err != nil {
		return err
	}
	noted := t.pos.step%uint64(t.cfg.PrintFreq) == 0
	if endOfEpoch || noted || due || signal != nil || t.machine.meter.full() {
		if err := t.readMeter(); err != nil {
			return err
		}
	}
	if endOfEpoch || due || signal != nil {
		if err := t.checkWeights(); err != nil {
			return err
		}
	}
	if noted {
		if err := t.noteStep(); err != nil {
			return err
		}
	}
	best := false
	if endOfEpoch {
		if best, err = t.endEpoch(); err != nil {
			return err
		}
	}
	if due || best || signal != nil {
		if err := t.save(best); err != nil {
			return err
		}
	}
	if signal != nil && t.pos.epoch < t.cfg.Epochs {
		return &Interrupted{Signal: signal, Epoch: t.pos.epoch, Epochs: t.cfg.Epochs, Step: t.pos.step}
	}
	return nil
}

func (t *trainer) epochsDone(endOfEpoch bool) int {
	if endOfEpoch {
		return t.pos.epoch + 1
	}
	return 0
}

// readMeter takes the losses out of the tensors and refuses one that is not finite, before anything is saved.
func (t *trainer) readMeter() error {
	ago, loss := t.machine.meter.read()
	if ago >= 0 {
		return t.nonFinite("loss", loss, t.pos.step-uint64(ago))
	}
	t.report()
	return nil
}

// checkWeights refuses weights that the last update made infinite or not a number; their next loss would be.
func (t *trainer) checkWeights() error {
	for _, tensor := range t.machine.named() {
		for _, v := range tensor.Tensor.Float32s() {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return t.nonFinite(tensor.Name, float64(v), t.pos.step)
			}
		}
	}
	return nil
}

func (t *trainer) nonFinite(what string, value float64, step uint64) error {
	return &NonFiniteError{What: what, Value: value, Step: step, Epoch: int((step-1)/uint64(t.batches)) + 1,
		Rate: t.rate.at(step - 1)}
}

// report tells the one who watches how far training is.
func (t *trainer) report() {
	if t.Progress == nil {
		return
	}
	spent := time.Since(t.started) - t.evaluating
	steps := t.pos.step - t.startStep
	total := uint64(t.cfg.Epochs) * uint64(t.batches)
	perStep := spent / time.Duration(max(steps, 1))
	t.Progress(Status{
		Epoch: min(int((t.pos.step-1)/uint64(t.batches))+1, t.cfg.Epochs), Epochs: t.cfg.Epochs,
		Step: t.pos.epochStep, Steps: t.batches,
		Loss: t.machine.meter.meanLoss(), Error: t.machine.meter.errorRate(),
		Rate:   float64(steps) * float64(t.train.Len()) / float64(t.batches) / spent.Seconds(),
		Waited: t.pipeline.Waited().Seconds() / spent.Seconds(),
		Left:   perStep * time.Duration(total-t.pos.step),
	})
}

// endEpoch evaluates, writes the epoch's rows and tells whether the held-out images were never classified better.
func (t *trainer) endEpoch() (best bool, err error) {
	t.pos.epoch++
	t.pos.epochStep = 0
	record := epochRecord{Epoch: t.pos.epoch, Step: t.pos.step, Loss: t.machine.meter.meanLoss(), Error: t.machine.meter.errorRate()}
	n := 0
	if record.Test, n, err = t.evaluate(t.Test, t.testPart); err != nil {
		return false, err
	}
	of := ""
	if n != t.Test.Len() {
		record.TestN, record.TestNExpected = n, t.Test.Len()
		of = fmt.Sprintf(" of %d of the %d images", n, t.Test.Len())
	}
	if t.held != nil {
		val, _, err := t.evaluate(t.held, t.heldPart)
		if err != nil {
			return false, err
		}
		record.Val = &val
		if best = val.Error < t.pos.best; best {
			t.pos.best = val.Error
		}
	}
	if !t.company.first() {
		t.pos.epochTime = 0
		return best, nil
	}
	row := run.Row{
		Epoch: t.pos.epoch, Seconds: t.pos.epochTime.Seconds(), TrainLoss: t.machine.meter.average,
		TestLoss: record.Test.NLL, TestError: record.Test.Error,
	}
	if err := errors.Join(t.metric.Append(record), t.events.Append(t.pos.step, record.scalars(row))); err != nil {
		return false, err
	}
	t.say("epoch %d of %d: train loss %.4f, error %.2f %%; test loss %.4f, error %.2f %%%s; %.1f %% of the time waiting for data",
		t.pos.epoch, t.cfg.Epochs, record.Loss, record.Error, record.Test.NLL, record.Test.Error, of,
		100*t.waited().Seconds()/t.pos.seconds.Seconds())
	t.pos.epochTime = 0
	return best, t.log.Append(row)
}

// stepSeed derives the seed of the draws in a step from the run's and others.
func stepSeed(from ...uint64) uint64 {
	h := fnv.New64a()
	for _, v := range from {
		for i := range 8 {
			h.Write([]byte{byte(v >> (8 * i))})
		}
	}
	return h.Sum64()
}
