package report

import (
	"augmix/run"
)

// average is a run whose figures are the means over runs that were trained and evaluated alike: what a chart draws of
// them. A figure that only some have is the mean over these; the bins of reliability diagrams are put together.
func average(runs []Run) Run {
	if len(runs) == 1 {
		return runs[0]
	}
	out := Run{Name: runs[0].Name, Config: runs[0].Config, Log: averageLog(runs)}
	var evals []*run.Evaluation
	for _, r := range runs {
		if r.Eval != nil {
			evals = append(evals, r.Eval)
		}
	}
	if len(evals) == 0 {
		return out
	}
	first := evals[0]
	out.Eval = &run.Evaluation{
		Dataset: first.Dataset, Model: first.Model, N: first.N, NExpected: first.NExpected, Precision: first.Precision,
	}
	out.Eval.Clean = averageScores(each(evals, func(e *run.Evaluation) *run.Scores { return e.Clean }))
	out.Eval.Corruption = averageCorruption(each(evals, func(e *run.Evaluation) *run.Corruption { return e.Corruption }))
	out.Eval.Perturbation = averagePerturbation(each(evals, func(e *run.Evaluation) *run.Perturbation { return e.Perturbation }))
	out.Eval.Reliability = poolReliability(each(evals, func(e *run.Evaluation) *run.Reliability { return e.Reliability }))
	out.Eval.Fourier = averageMap(each(evals, func(e *run.Evaluation) *run.FourierMap { return e.Fourier }))
	return out
}

// each collects the parts that are there.
func each[T any](evals []*run.Evaluation, of func(*run.Evaluation) *T) []*T {
	var out []*T
	for _, e := range evals {
		if p := of(e); p != nil {
			out = append(out, p)
		}
	}
	return out
}

// averageLog averages the epochs that all logs have.
func averageLog(runs []Run) []run.Row {
	sums, count := map[int]run.Row{}, map[int]int{}
	var epochs []run.Row // of one log, for their order
	logs := 0
	for _, r := range runs {
		if len(r.Log) == 0 {
			continue
		}
		logs++
		epochs = r.Log
		for _, row := range r.Log {
			s := sums[row.Epoch]
			s.TrainLoss, s.TestLoss, s.TestError = s.TrainLoss+row.TrainLoss, s.TestLoss+row.TestLoss, s.TestError+row.TestError
			sums[row.Epoch] = s
			count[row.Epoch]++
		}
	}
	var out []run.Row
	for _, row := range epochs {
		if n := float64(logs); count[row.Epoch] == logs {
			s := sums[row.Epoch]
			out = append(out, run.Row{Epoch: row.Epoch, TrainLoss: s.TrainLoss / n, TestLoss: s.TestLoss / n, TestError: s.TestError / n})
		}
	}
	return out
}

// averageScores averages each figure; where one has none, as calibration below 100 images, the mean has none.
func averageScores(list []*run.Scores) *run.Scores {
	if len(list) == 0 {
		return nil
	}
	var mean run.Scores
	for _, s := range list {
		from := s.Figures()
		for i, to := range mean.Figures() {
			*to += *from[i] / float64(len(list))
		}
	}
	return &mean
}

// averageCorruption averages what charts draw: the errors, and the scores by severity.
func averageCorruption(list []*run.Corruption) *run.Corruption {
	if len(list) == 0 {
		return nil
	}
	first, n := list[0], float64(len(list))
	mean := &run.Corruption{
		Source: first.Source, Severities: first.Severities, Pooling: first.Pooling,
		ByGroup: map[string]float64{}, ByCorruption: map[string]run.CorruptionScores{},
	}
	for _, c := range list {
		mean.MeanError += c.MeanError / n
		mean.MCE += c.MCE / run.Number(n)
		mean.RMSCalibration += c.RMSCalibration / run.Number(n)
	}
	for name := range first.ByGroup {
		for _, c := range list {
			mean.ByGroup[name] += c.ByGroup[name] / n
		}
	}
	for name := range first.ByCorruption {
		out := run.CorruptionScores{Severity: make([]float64, len(first.Severities)), Source: first.ByCorruption[name].Source}
		for _, c := range list {
			scores := c.ByCorruption[name]
			out.Error += scores.Error / n
			out.CE += scores.CE / run.Number(n)
			for i, e := range scores.Severity {
				out.Severity[i] += e / n
			}
		}
		mean.ByCorruption[name] = out
	}
	for i := range first.Severities {
		var at []*run.Scores
		for _, c := range list {
			if len(c.BySeverity) > i {
				at = append(at, &c.BySeverity[i])
			}
		}
		if len(at) < len(list) {
			break
		}
		mean.BySeverity = append(mean.BySeverity, *averageScores(at))
	}
	return mean
}

func averagePerturbation(list []*run.Perturbation) *run.Perturbation {
	if len(list) == 0 {
		return nil
	}
	first, n := list[0], float64(len(list))
	mean := &run.Perturbation{
		Sequences: first.Sequences, Source: first.Source, NormalisedBy: first.NormalisedBy,
		ByPerturbation: map[string]run.PerturbationScores{},
	}
	for _, p := range list {
		mean.MFP += p.MFP / run.Number(n)
		mean.MFPWithSpatter += p.MFPWithSpatter / run.Number(n)
		mean.MFR += p.MFR / run.Number(n)
	}
	for name, scores := range first.ByPerturbation {
		out := run.PerturbationScores{Frames: scores.Frames, Source: scores.Source}
		for _, p := range list {
			out.FlipProbability += p.ByPerturbation[name].FlipProbability / n
			out.Top5Distance += p.ByPerturbation[name].Top5Distance / run.Number(n)
		}
		mean.ByPerturbation[name] = out
	}
	return mean
}

// poolReliability puts the images of all runs' bins together.
func poolReliability(list []*run.Reliability) *run.Reliability {
	if len(list) == 0 {
		return nil
	}
	clean := make([][]run.Bin, len(list))
	for i, r := range list {
		clean[i] = r.Clean
	}
	out := &run.Reliability{Clean: poolBins(clean)}
	for s := range list[0].BySeverity {
		var at [][]run.Bin
		for _, r := range list {
			if len(r.BySeverity) == len(list[0].BySeverity) {
				at = append(at, r.BySeverity[s])
			}
		}
		out.BySeverity = append(out.BySeverity, poolBins(at))
	}
	return out
}

// poolBins leaves out bins that are not cut as the first ones are.
func poolBins(list [][]run.Bin) []run.Bin {
	out := make([]run.Bin, len(list[0]))
	for i := range out {
		var confidence, accuracy float64
		for _, bins := range list {
			if len(bins) != len(out) || bins[i].N == 0 {
				continue
			}
			n := bins[i].N
			out[i].N += n
			confidence += float64(n) * float64(bins[i].Confidence)
			accuracy += float64(n) * float64(bins[i].Accuracy)
		}
		n := run.Number(out[i].N) // 0/0 is NaN, which stands for none
		out[i].Confidence, out[i].Accuracy = run.Number(confidence)/n, run.Number(accuracy)/n
	}
	return out
}

// averageMap averages the maps that have the first one's size and strength.
func averageMap(list []*run.FourierMap) *run.FourierMap {
	if len(list) == 0 {
		return nil
	}
	var alike []*run.FourierMap
	for _, m := range list {
		if m.Side == list[0].Side && m.Epsilon == list[0].Epsilon && m.N == list[0].N {
			alike = append(alike, m)
		}
	}
	n := float64(len(alike))
	out := &run.FourierMap{Epsilon: list[0].Epsilon, N: list[0].N, Side: list[0].Side}
	for range out.Side {
		out.Error = append(out.Error, make([]float64, out.Side))
	}
	for _, m := range alike {
		out.Mean += m.Mean / n
		for i, row := range m.Error {
			for j, e := range row {
				out.Error[i][j] += e / n
			}
		}
	}
	return out
}
