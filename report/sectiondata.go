package report

import (
	"html/template"
	"math"
	"slices"

	"augmix/run"
)

// inGroup has the paper's groups: of its corruptions, the extra ones where they stand in for one, and of its perturbations.
var inGroup = map[string]string{
	"gaussian_noise": "noise", "shot_noise": "noise", "impulse_noise": "noise", "speckle_noise": "noise",
	"gaussian_noise_2": "noise", "gaussian_noise_3": "noise", "shot_noise_2": "noise", "shot_noise_3": "noise",
	"speckle_noise_2": "noise", "speckle_noise_3": "noise",
	"defocus_blur": "blur", "glass_blur": "blur", "motion_blur": "blur", "zoom_blur": "blur", "gaussian_blur": "blur",
	"snow": "weather", "frost": "weather", "fog": "weather", "brightness": "weather", "spatter": "weather",
	"contrast": "digital", "elastic_transform": "digital", "pixelate": "digital", "jpeg_compression": "digital", "saturate": "digital",
	"translate": "digital", "rotate": "digital", "tilt": "digital", "scale": "digital", "shear": "digital",
}

// groupOf is the group of a corruption or a perturbation.
func groupOf(name string) string {
	if g, ok := inGroup[name]; ok {
		return g
	}
	return "other"
}

// bars makes a chart of bars for each group of names, with a bar for each of the runs' groups. parts, where it is not nil,
// are marked on the bars.
func (s Summary) bars(names []string, of func(Seeds) map[string]Spread, parts func(name string) [][]float64,
	title func(group string) string) []template.HTML {
	top := 0.0
	var groups []string
	rows := map[string][]barRow{}
	for _, name := range names {
		r := barRow{name: spaced(name)}
		for _, g := range s.Seeds {
			v, ok := of(g)[name]
			if !ok {
				v = Spread{Mean: run.None(), Std: run.None()}
			}
			r.values, r.errs = append(r.values, float64(v.Mean)), append(r.errs, float64(v.Std))
			top = max(top, orZero(v.Mean)+orZero(v.Std))
		}
		if parts != nil {
			r.parts = parts(name)
			for _, p := range r.parts {
				top = max(top, slices.Max(p))
			}
		}
		group := groupOf(name)
		if !slices.Contains(groups, group) {
			groups = append(groups, group)
		}
		rows[group] = append(rows[group], r)
	}
	var charts []template.HTML
	for _, group := range groups {
		charts = append(charts, barChart(title(group), labels(s.Seeds), rows[group], percentTop(top)))
	}
	return charts
}

// orZero is a figure, or 0 where there is none.
func orZero(v run.Number) float64 {
	if !v.Known() || math.IsInf(float64(v), 0) {
		return 0
	}
	return float64(v)
}

// seriesOf makes a series of each group: the mean of its runs, and their spread.
func seriesOf(s Summary, of func(Run) [][2]float64) []series {
	var out []series
	for _, g := range s.Seeds {
		line := series{name: g.Label}
		at := map[float64][]run.Number{}
		var order []float64
		for _, r := range g.members {
			for _, p := range of(r) {
				if at[p[0]] == nil {
					order = append(order, p[0])
				}
				at[p[0]] = append(at[p[0]], run.Number(p[1]))
			}
		}
		slices.Sort(order)
		for _, x := range order {
			v := spread(at[x])
			line.points = append(line.points, [2]float64{x, float64(v.Mean)})
			if v.Std.Known() {
				line.spread = append(line.spread, [3]float64{x, float64(v.Mean - v.Std), float64(v.Mean + v.Std)})
			}
		}
		out = append(out, line)
	}
	return out
}
