package report

import (
	"fmt"
	"html/template"
	"math"
	"strings"

	"augmix/run"
)

// fewImages is below how many images a bin says little; it is drawn pale, or left out of a line.
const fewImages = 10

// reliabilityChart draws the accuracy in bins of confidence against the ideal, and below it how many images are in each.
func reliabilityChart(title string, bins []run.Bin) template.HTML {
	total, most := 0, 0
	for _, b := range bins {
		total, most = total+b.N, max(most, b.N)
	}
	c, counts := newReliability(title, reliabilityWords(bins))
	for i, b := range bins {
		if b.N == 0 {
			continue
		}
		from, to := c.x.at(100*float64(i)/float64(len(bins))), c.x.at(100*float64(i+1)/float64(len(bins)))
		class, confidence, accuracy := "bar s0", float64(b.Confidence), float64(b.Accuracy)
		if b.N < fewImages {
			class += " pale"
		}
		tip := fmt.Sprintf("%s images, confidence %.1f %%, accuracy %.1f %%", thousands(b.N), confidence, accuracy)
		if b.N < fewImages {
			c.rect(class, from+0.6, c.y.from, to-0.6, c.y.at(accuracy), tip)
		} else {
			gap := "gap over"
			if accuracy > confidence {
				gap = "gap under s0"
			}
			c.rect(class, from+0.6, c.y.from, to-0.6, c.y.at(min(accuracy, confidence)), tip)
			c.rect(gap, from+0.6, c.y.at(accuracy), to-0.6, c.y.at(confidence), tip)
		}
		c.line("edge", from+0.6, c.y.at(accuracy), to-0.6, c.y.at(accuracy))
		c.rect("count", from+0.6, counts.from, to-0.6, counts.at(float64(b.N)/float64(most)),
			fmt.Sprintf("%s of %s images", thousands(b.N), thousands(total)))
	}
	c.line("ideal", c.x.from, c.y.from, c.x.to, c.y.to)
	return c.done()
}

// reliabilityLines draws the accuracy by confidence of several series over each other.
func reliabilityLines(title string, names []string, all [][]run.Bin) template.HTML {
	var words []string
	for i, bins := range all {
		words = append(words, names[i]+": "+reliabilityWords(bins))
	}
	c, counts := newReliability(title, strings.Join(words, "; "))
	c.line("ideal", c.x.from, c.y.from, c.x.to, c.y.to)
	for i, bins := range all {
		s := series{name: names[i]}
		total, largest := 0, 0
		for _, b := range bins {
			total, largest = total+b.N, max(largest, b.N)
			if b.N >= fewImages {
				s.points = append(s.points, [2]float64{float64(b.Confidence), float64(b.Accuracy)})
			}
		}
		c.series(i, s)
		var steps [][2]float64
		for k, b := range bins {
			share := counts.at(float64(b.N) / math.Max(1, float64(largest)))
			steps = append(steps, [2]float64{c.x.at(100 * float64(k) / float64(len(bins))), share},
				[2]float64{c.x.at(100 * float64(k+1) / float64(len(bins))), share})
		}
		if total > 0 {
			c.curve("thin "+seriesClass(i), steps)
		}
	}
	return c.done()
}

// newReliability is the empty diagram and the scale of the counts below it.
func newReliability(title, words string) (*chart, scale) {
	c := newChart(narrowChart, 306, title, words)
	c.x, c.y = scale{0, 100, 34, narrowChart - 12}, scale{0, 100, 222, 40}
	counts := scale{0, 1, 272, 246}
	for _, t := range evenTicks(0, 100, 5) {
		c.line("rule", c.x.from, c.y.at(t.Value), c.x.to, c.y.at(t.Value))
		c.text(c.x.from-5, c.y.at(t.Value)+3.5, "end", "soft", t.Label)
		c.text(c.x.at(t.Value), c.y.from+15, "middle", "soft", t.Label)
	}
	c.text(0, 31, "start", "soft", "accuracy (%)")
	c.line("axis", c.x.from, counts.from, c.x.to, counts.from)
	c.text((c.x.from+c.x.to)/2, 290, "middle", "soft", "confidence (%); below: images")
	return c, counts
}

// reliabilityWords says how far confidence and accuracy are apart.
func reliabilityWords(bins []run.Bin) string {
	total, confidence, accuracy := 0, 0.0, 0.0
	for _, b := range bins {
		if b.N > 0 {
			total += b.N
			confidence += float64(b.N) * float64(b.Confidence)
			accuracy += float64(b.N) * float64(b.Accuracy)
		}
	}
	if total == 0 {
		return "no images"
	}
	n := float64(total)
	return fmt.Sprintf("over %s images a mean confidence of %.1f %% and an accuracy of %.1f %%", thousands(total), confidence/n, accuracy/n)
}
