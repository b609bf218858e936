package eval

import (
	"fmt"
	"math"

	"augmix/data"
	"augmix/run"
)

// Share is the part of one of several ranks in an evaluation.
type Share struct {
	Rank, Ranks int
	Sum         func([]int64) error // Adds numbers of all ranks up, in place.
}

// What ranks tell each other about an image: whether it could be read, whether it is classified rightly, and the bits of its
// other outcomes. Each is told by one rank, so that a sum is what that rank says.
const (
	cellRead = iota
	cellCorrect
	cellConfidence
	cellNLL
	cellBrier
	cellCount
)

// ScorePart is Score of a set of which every rank predicts a part, data.Dealt(set, Rank, Ranks). The scores are of the whole set, and
// the same on every rank.
func ScorePart(p *Predictor, set, part data.Dataset, share Share) (scores run.Scores, n int, err error) {
	table := make([]int64, set.Len()*cellCount)
	if part.Len() > 0 {
		err = p.Each(part, func(o Outputs) error {
			logP := make([]float64, len(o.Logits[0]))
			logSoftmax(logP, o.Logits[0], p.classes)
			batch := NewAccumulator(p.classes, len(o.Labels))
			if err := batch.Add(logP, o.Labels); err != nil {
				return err
			}
			for i, image := range batch.images {
				row := table[(share.Rank+o.Index[i]*share.Ranks)*cellCount:]
				row[cellRead] = 1
				if image.correct {
					row[cellCorrect] = 1
				}
				row[cellConfidence] = int64(math.Float64bits(image.confidence))
				row[cellNLL] = int64(math.Float64bits(image.nll))
				row[cellBrier] = int64(math.Float64bits(image.brier))
			}
			return nil
		})
	}
	if err != nil {
		return run.Scores{}, 0, err
	}
	if err := share.Sum(table); err != nil {
		return run.Scores{}, 0, fmt.Errorf("%s: %w", set.Name(), err)
	}
	all := NewAccumulator(p.classes, set.Len())
	for row := table; len(row) > 0; row = row[cellCount:] {
		if row[cellRead] == 0 {
			continue
		}
		all.images = append(all.images, outcome{
			confidence: math.Float64frombits(uint64(row[cellConfidence])), nll: math.Float64frombits(uint64(row[cellNLL])),
			brier: math.Float64frombits(uint64(row[cellBrier])), correct: row[cellCorrect] == 1,
		})
	}
	if all.Len() == 0 {
		return run.Scores{}, 0, noImage(set)
	}
	return all.Scores(), all.Len(), nil
}
