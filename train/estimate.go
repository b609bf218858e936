package train

import (
	"fmt"
	"runtime"
	"time"

	"augmix/data"
	"augmix/run"

	torch "github.com/wangkuiyi/gotorch"
)

// Estimate is what a run is about to cost.
type Estimate struct {
	Network         string  `json:"network"`
	Parameters      int64   `json:"parameters"`
	MultiplyAdds    int64   `json:"multiply_adds"`    // Of an image, forward.
	ActivationBytes int64   `json:"activation_bytes"` // That backward needs of a batch, in all its views.
	StepsPerEpoch   int     `json:"steps_per_epoch"`
	Steps           int     `json:"steps"`
	Seconds         float64 `json:"seconds"` // Of training and of the evaluations after each epoch.

	// How it was timed: the mean of so many steps, each on so many synthetic images in all their views, after one that does
	// not count, and of one evaluation of as many images.
	TimedSteps   int     `json:"timed_steps"`
	TimedImages  int     `json:"timed_images"`
	StepSeconds  float64 `json:"step_seconds"`  // Of a whole step.
	ImageSeconds float64 `json:"image_seconds"` // Of an image in evaluation.
}

// How says in words how the time was estimated.
func (e Estimate) How() string {
	return fmt.Sprintf("%d steps of %d synthetic images timed, %.3g s for a whole step; if the workers keep up", e.TimedSteps, e.TimedImages, e.StepSeconds)
}

// Bounds of what an estimate takes: steps are timed on as many images as keep the activations below timedBytes, until
// timedSteps are done or timedFor is over.
const (
	timedBytes = 1 << 29
	timedSteps = 3
	timedFor   = 10 * time.Second
)

// EstimateRun times a few steps on synthetic images of the size of a set's, and reckons with the sizes of the training and
// test sets.
func EstimateRun(cfg run.Config, train, test data.Dataset) (e Estimate, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	caught := torch.Maybe(func() {
		Prepare(cfg)
		place(cfg).Do(func() { e, err = estimate(cfg, train, test) })
	})
	if caught != nil {
		return e, caught
	}
	return e, err
}

func estimate(cfg run.Config, train, test data.Dataset) (e Estimate, err error) {
	method, err := NewMethod(cfg)
	if err != nil {
		return e, err
	}
	net, err := newNet(cfg, len(cfg.Classes))
	if err != nil {
		return e, err
	}
	defer net.Close()
	w, h, c := train.Size()
	cost := net.Cost(w, h)
	bytes := int64(4)
	if cfg.Precision == "bf16" {
		bytes = 2
	}
	image := cost.Kept * bytes * int64(method.Views())
	images := train.Len() - cfg.ValSplit
	e = Estimate{
		Network: net.Describe(), Parameters: net.ParameterCount(), MultiplyAdds: cost.MultiplyAdds,
		ActivationBytes: image * int64(cfg.BatchSize),
		StepsPerEpoch:   (images + imagesPerStep(cfg) - 1) / imagesPerStep(cfg),
	}
	e.Steps = e.StepsPerEpoch * cfg.Epochs
	whole := imagesPerStep(cfg)
	cfg.BatchSize, cfg.GradAccum = min(cfg.BatchSize, int(max(timedBytes/image, 1))), 0
	m := newMachine(cfg, method, net, w, h, c, func(string, ...any) {})
	defer m.close()
	if err := m.keepAverage(); err != nil {
		return e, err
	}
	e.TimedImages = cfg.BatchSize
	e.StepSeconds = m.timeSteps(&e) * float64(whole) / float64(e.TimedImages)
	e.ImageSeconds = m.timeEvaluation()
	evaluated := float64(test.Len() + cfg.ValSplit)
	stepsAsWhole := float64(images) / float64(whole)
	e.Seconds = float64(cfg.Epochs) * (stepsAsWhole*e.StepSeconds + evaluated*e.ImageSeconds)
	return e, nil
}

// timeSteps returns the mean time of a few steps in seconds, and notes how many.
func (m *machine) timeSteps(e *Estimate) float64 {
	batch := m.synthetic()
	for m.step(batch, 0, 0); !m.graphs.Settled(); {
		m.step(batch, 0, 0)
	}
	m.place.Wait()
	start := time.Now()
	for e.TimedSteps < timedSteps && (e.TimedSteps == 0 || time.Since(start) < timedFor) {
		e.TimedSteps++
		m.step(batch, 0, uint64(e.TimedSteps))
	}
	m.place.Wait()
	return time.Since(start).Seconds() / float64(e.TimedSteps)
}

// timeEvaluation returns the time of an image in evaluation in seconds.
func (m *machine) timeEvaluation() float64 {
	batch := m.synthetic()
	m.net.SetBF16(false)
	m.net.Train(false)
	forward := func() {
		torch.Scope(func() {
			torch.NoGrad(func() { m.net.Forward(m.part(m.feed.load(batch), 0).Images) })
		})
		m.place.Wait()
	}
	forward()
	start := time.Now()
	forward()
	return time.Since(start).Seconds() / float64(batch.N*batch.Views)
}
