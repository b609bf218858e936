package cli

import (
	"errors"
	"fmt"

	"augmix/run"
	"augmix/train"
)

// timmEMADecay is what --model-ema sets (timm's train.py, the default of --model-ema-decay).
const timmEMADecay = 0.9998

// timmWarmupLR is where a warm-up begins (timm's train.py, the default of --warmup-lr).
const timmWarmupLR = 1e-5

// options declares the flags that change how a method is trained, whatever the method.
func (t *training) options(g *group) {
	c := &t.config
	c.WarmupLR = timmWarmupLR
	g.choice(&c.Schedule, "schedule", "schedule", train.Schedules(), "how the learning rate falls: by a cosine at each step (the default), "+
		"or to a tenth after each third of the epochs (thirds), as the released imagenet.py")
	g.integer(&c.WarmupEpochs, "warmup-epochs", 0, maxEpochs, "epochs in which the learning rate rises first; the cosine begins after them")
	g.real(&c.WarmupLR, "warmup-lr", "from 0 to 1000", between(0, 1000), "learning rate at which a warm-up begins")
	g.toggle(&c.NoNesterov, "no-nesterov", "momentum without Nesterov's look ahead, as the released imagenet.py")
	g.integer(&c.GradAccum, "grad-accum", 1, maxBatch, "batches a step: their gradients add up as if they were one batch, but for "+
		"batch normalisation; each image goes with all its views (default: 1)")
	g.real(&c.LabelSmoothing, "label-smoothing", "from 0 to below 1", belowOne, "part of a label's weight that all classes share")
	g.real(&c.ClipGrad, "clip-grad", "from 0 to 1e9", between(0, 1e9), "largest norm of all gradients together; larger ones are scaled down to it; 0 is any")
	g.real(&c.EMA, "ema", "from 0 to below 1", belowOne, "decay of a moving average of the weights, which is then what is evaluated and "+
		"exported; 0 is none. After n steps it still has decay^n of the random weights: choose it for the length of the run")
	g.toggle(&t.modelEMA, "model-ema", fmt.Sprintf("timm's name for --ema %v", timmEMADecay))
	g.text(&c.Init, "init", "FILE", nil, "begin with the weights of a checkpoint (a run's, or another's safetensors or PyTorch file); "+
		"where its classes are others the head is new")
}

// views declares the flags about how the views of an image are trained on together.
func (g *group) views(c *run.Config) {
	g.text(&c.CEViews, "ce-views", "clean|all", checkViews, "of which views the loss has the cross-entropy (default: clean, the reference's)")
	g.toggle(&c.SplitBN, "split-bn", "batch normalisation of each view by itself in training; evaluation uses that of the clean one, as timm does")
}

func checkViews(s string) error {
	if s != "clean" && s != "all" {
		return errors.New("give clean or all")
	}
	return nil
}

// decideOptions completes what options and views declared, and refuses what has no meaning together. A default is
// written as nothing, as it is in the files of runs before there was a choice.
func (t *training) decideOptions() error {
	c := &t.config
	if t.modelEMA && !t.flags.given("ema") {
		c.EMA = timmEMADecay
	}
	switch {
	case t.flags.given("warmup-lr") && c.WarmupEpochs == 0:
		return usage("--warmup-lr is where a warm-up begins, and there is none; add --warmup-epochs N, or leave it out")
	case c.WarmupEpochs >= c.Epochs:
		return usage("--warmup-epochs %d: the warm-up must end before the %d epochs do; give fewer", c.WarmupEpochs, c.Epochs)
	case max(c.GradAccum, 1)*c.BatchSize > maxBatch:
		return usage("--grad-accum %d: with --batch-size %d a step has more than %d images; give less", c.GradAccum, c.BatchSize, maxBatch)
	case c.Init != "" && t.resume != "none" && t.resume != "auto":
		return usage("--init and --resume %s both say where the weights come from; leave out one of them", show(t.resume))
	case c.NoNesterov && c.Momentum == 0 && t.flags.given("no-nesterov"):
		return usage("--no-nesterov is about momentum, and --momentum 0 is none; leave out one of them")
	}
	if c.WarmupEpochs == 0 {
		c.WarmupLR = 0
	}
	if c.GradAccum == 1 {
		c.GradAccum = 0
	}
	if c.Schedule == "cosine" {
		c.Schedule = ""
	}
	if c.CEViews == "clean" {
		c.CEViews = ""
	}
	return nil
}
