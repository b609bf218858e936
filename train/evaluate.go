package train

import (
	"augmix/data"
	"augmix/eval"
	"augmix/run"

	torch "github.com/wangkuiyi/gotorch"
)

// evaluate returns the scores of a set with the present weights, in float32, and of how many images they are. part is what
// this rank has of it; the scores are of all ranks.
func (t *trainer) evaluate(set, part data.Dataset) (run.Scores, int, error) {
	net := t.machine.evaluated()
	net.SetBF16(false)
	defer net.SetBF16(t.cfg.Precision == "bf16")
	if t.predictor == nil {
		w, h, c := set.Size()
		t.predictor = eval.NewPredictor(net, w, h, c, t.cfg.EvalBatchSize, t.cfg.NumWorkers)
		t.predictor.PassOver(t.bad)
		t.predictor.Capture(!t.cfg.NoGraph, t.say)
	}
	t.predictor.Keep(part)
	if !t.machine.place.IsCUDA() {
		defer torch.ReleaseMemory() // Its tensors have other sizes than those of a step.
		defer t.closePredictor()
	}
	if t.company == nil {
		return eval.Score(t.predictor, set)
	}
	scores, n, err := eval.ScorePart(t.predictor, set, part, eval.Share{Rank: t.company.rank(), Ranks: t.company.size(), Sum: t.company.sumIntegers})
	if err != nil {
		return scores, n, err
	}
	return scores, n, t.company.passOn(t.noteBad)
}

func (t *trainer) closePredictor() {
	if t.predictor != nil {
		t.predictor.Close()
		t.predictor = nil
	}
}
