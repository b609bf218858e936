package report

import (
	"fmt"
	"html/template"
	"slices"

	"augmix/run"
)

// calibrationSection has reliability diagrams, clean and shifted, and calibration over severity.
func calibrationSection(s Summary) section {
	sec := section{ID: "calibration", Title: "Calibration", Legend: true, Narrow: true}
	sec.Charts = append(reliabilityCharts(s), calibrationCurves(s)...)
	if len(sec.Charts) == 0 {
		return section{}
	}
	sec.Caption = "Reliability: the accuracy of the images in each bin of confidence. On the dashed line both are equal; below it the network is " +
		"overconfident, by the orange; above it underconfident, by the pale blue. Bins with few images are pale. " +
		"Below: how many images are in each bin. "
	if len(s.Seeds) > 1 {
		sec.Caption = fmt.Sprintf("Reliability: the accuracy of the images in each bin of confidence; below the dashed line a network is overconfident. "+
			"Bins with fewer than %d images are left out. Below: how many images are in each bin, as a part of the fullest. ", fewImages)
	}
	sec.Caption += "Corrupted: the images of all corruptions together. Over severity, 0 is the clean test set. " + spreadNote(s)
	return sec
}

// reliabilityCharts are one of the clean images and one of each severity.
func reliabilityCharts(s Summary) []template.HTML {
	draw := func(title string, of func(Run) []run.Bin) (template.HTML, bool) {
		var names []string
		all := make([][]run.Bin, len(s.Seeds))
		some := false
		for i, g := range s.Seeds {
			names = append(names, g.Label)
			all[i] = of(g.average)
			some = some || slices.ContainsFunc(all[i], func(b run.Bin) bool { return b.N > 0 })
		}
		switch {
		case !some:
			return "", false
		case len(all) == 1:
			return reliabilityChart(title, all[0]), true
		}
		return reliabilityLines(title, names, all), true
	}
	reliability := func(r Run) *run.Reliability {
		if r.Eval == nil || r.Eval.Reliability == nil {
			return &run.Reliability{}
		}
		return r.Eval.Reliability
	}
	var charts []template.HTML
	if chart, ok := draw("Clean", func(r Run) []run.Bin { return reliability(r).Clean }); ok {
		charts = append(charts, chart)
	}
	for severity := 1; severity <= 5; severity++ {
		chart, ok := draw(fmt.Sprintf("Corrupted, severity %d", severity), func(r Run) []run.Bin {
			by := reliability(r).BySeverity
			if c := r.corruption(); c != nil {
				if i := slices.Index(c.Severities, severity); i >= 0 && i < len(by) {
					return by[i]
				}
			}
			return nil
		})
		if ok {
			charts = append(charts, chart)
		}
	}
	return charts
}

// calibrationCurves draw figures of calibration over severity.
func calibrationCurves(s Summary) []template.HTML {
	var charts []template.HTML
	for _, m := range []struct {
		title, unit string
		of          func(run.Scores) run.Number
	}{
		{"RMS calibration error", "%", func(v run.Scores) run.Number { return v.RMSCalibration }},
		{"Expected calibration error", "%", func(v run.Scores) run.Number { return run.Number(v.ECE) }},
		{"Confidence − accuracy", "%", func(v run.Scores) run.Number { return run.Number(v.ConfidenceMinusAccuracy) }},
		{"Brier score", "0 to 2", func(v run.Scores) run.Number { return run.Number(v.Brier) }},
		{"Negative log-likelihood", "nats", func(v run.Scores) run.Number { return run.Number(v.NLL) }},
	} {
		lines := seriesOf(s, func(r Run) [][2]float64 { return r.bySeverity(m.of) })
		if slices.ContainsFunc(lines, func(l series) bool { return len(l.points) > 1 }) {
			charts = append(charts, lineChart(axes{title: m.title, x: "severity", y: m.unit, width: narrowChart, whole: true}, lines))
		}
	}
	return charts
}
