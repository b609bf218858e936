package eval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"

	"augmix/run"
)

// predictions makes n random rows of k probabilities and labels: a network that is
// right in about two of three cases, with few ties.
func predictions(seed uint64, n, k int) (p []float32, labels []int64) {
	r := rand.New(rand.NewPCG(seed, 0))
	p, labels = make([]float32, n*k), make([]int64, n)
	for i := range labels {
		row, logits, sum := p[i*k:(i+1)*k], make([]float64, k), 0.0
		labels[i] = r.Int64N(int64(k))
		for j := range row {
			logits[j] = math.Exp(2 * r.NormFloat64())
			if int64(j) == labels[i] {
				logits[j] *= 20
			}
			sum += logits[j]
		}
		for j := range row {
			row[j] = float32(logits[j] / sum)
		}
	}
	return p, labels
}

// logarithms turns probabilities into what Accumulator.Add takes.
func logarithms(p []float32) []float64 {
	out := make([]float64, len(p))
	for i, v := range p {
		out[i] = math.Log(float64(v))
	}
	return out
}

// scores adds all at once.
func scores(t testing.TB, p []float32, labels []int64) run.Scores {
	t.Helper()
	a := NewAccumulator(len(p)/len(labels), len(labels))
	if err := a.Add(logarithms(p), labels); err != nil {
		t.Fatal(err)
	}
	return a.Scores()
}

// naive computes the scores a second time, straight from the definitions, one
// metric after the other.
func naive(p []float32, labels []int64) run.Scores {
	n, k := len(labels), len(p)/len(labels)
	type image struct{ confidence, hit float64 }
	images := make([]image, n)
	var s run.Scores
	for i, label := range labels {
		row := p[i*k : (i+1)*k]
		prediction := slices.Index(row, slices.Max(row))
		images[i].confidence = float64(row[prediction])
		if int64(prediction) == label {
			images[i].hit = 1
		}
		s.Error += (1 - images[i].hit) * 100 / float64(n)
		s.NLL += -math.Log(float64(row[label])) / float64(n)
		target := make([]float64, k)
		target[label] = 1
		for j := range row {
			s.Brier += math.Pow(float64(row[j])-target[j], 2) / float64(n)
		}
		s.ConfidenceMinusAccuracy += (images[i].confidence - images[i].hit) * 100 / float64(n)
	}
	for b := range 15 {
		var confidence, hits, count float64
		for _, m := range images {
			if m.confidence > float64(b)/15 && m.confidence <= float64(b+1)/15 {
				confidence, hits, count = confidence+m.confidence, hits+m.hit, count+1
			}
		}
		if count > 0 {
			s.ECE += 100 * count / float64(n) * math.Abs(confidence/count-hits/count)
		}
	}
	// Soft F1 from its definition by true and false positives and negatives.
	var tp, fp, fn float64
	for _, m := range images {
		tp += (1 - m.confidence) * (1 - m.hit)
		fp += (1 - m.confidence) * m.hit
		fn += m.confidence * (1 - m.hit)
	}
	s.SoftF1 = run.Number(100 * 2 * tp / (2*tp + fp + fn))
	sort.SliceStable(images, func(i, j int) bool { return images[i].confidence < images[j].confidence })
	for j := 1; j <= n; j++ {
		var hits float64
		for _, m := range images[n-j:] {
			hits += m.hit
		}
		s.AURRA += 100 * hits / float64(j) / float64(n)
	}
	s.RMSCalibration, s.RMSCalibrationAllBins, s.MADCalibration, s.MADCalibrationAllBins = run.None(), run.None(), run.None(), run.None()
	if n < 100 {
		return s
	}
	var edges [][2]int
	for b := range n / 100 {
		edges = append(edges, [2]int{100 * b, 100*b + 100})
	}
	edges[len(edges)-1][1] = n
	calibration := func(edges [][2]int) (rms, mad run.Number) {
		var sum, absolute float64
		for _, e := range edges {
			var confidence, hits float64
			for _, m := range images[e[0]:e[1]] {
				confidence, hits = confidence+m.confidence, hits+m.hit
			}
			size := float64(e[1] - e[0])
			sum += size / float64(n) * math.Pow(confidence/size-hits/size, 2)
			absolute += size / float64(n) * math.Abs(confidence/size-hits/size)
		}
		return run.Number(100 * math.Sqrt(sum)), run.Number(100 * absolute)
	}
	s.RMSCalibration, s.MADCalibration = calibration(edges[:len(edges)-1])
	s.RMSCalibrationAllBins, s.MADCalibrationAllBins = calibration(edges)
	return s
}

func checkFigures(t *testing.T, name string, got, want run.Scores, tolerance float64) {
	t.Helper()
	names := []string{"error", "NLL", "Brier", "RMS calibration", "RMS calibration of all bins", "MAD calibration",
		"MAD calibration of all bins", "ECE", "confidence minus accuracy", "soft F1", "AURRA"}
	g, w := got.Figures(), want.Figures()
	if len(g) != len(names) {
		t.Fatalf("%d figures, %d names", len(g), len(names))
	}
	for i := range g {
		if math.IsNaN(*g[i]) != math.IsNaN(*w[i]) || math.Abs(*g[i]-*w[i]) > tolerance {
			t.Errorf("%s: %s: got %v, want %v", name, names[i], *g[i], *w[i])
		}
	}
}

func TestScoresEqualTheDefinitions(t *testing.T) {
	for _, n := range []int{1, 2, 99, 100, 101, 199, 200, 250, 1000, 10_000} {
		for _, k := range []int{2, 10, 100} {
			p, labels := predictions(uint64(n+k), n, k)
			checkFigures(t, fmt.Sprintf("%d images, %d classes", n, k), scores(t, p, labels), naive(p, labels), 1e-9)
		}
	}
}

// TestScoresByHand has cases small enough for paper.
func TestScoresByHand(t *testing.T) {
	repeat := func(n int, row ...float32) (p []float32) {
		for range n {
			p = append(p, row...)
		}
		return p
	}
	inverses := func(from, to int) (sum float64) {
		for j := from; j <= to; j++ {
			sum += 1 / float64(j)
		}
		return sum
	}
	// 100 images at confidence 0.5, a quarter of them right; 150 at 0.75, 90 right.
	var twoLevels []int64
	for i := range 250 {
		right := i < 25 || i >= 100 && i < 190
		twoLevels = append(twoLevels, map[bool]int64{true: 0, false: 1}[right])
	}
	for _, c := range []struct {
		name   string
		p      []float32
		labels []int64
		want   run.Scores
	}{
		{
			// Sum over classes: right 0.04+0.04, wrong 0.64+0.64. NLL: -ln 0.8 and -ln 0.2.
			name: "one right, one wrong", p: []float32{0.8, 0.2, 0.2, 0.8}, labels: []int64{0, 0},
			want: run.Scores{
				Error: 50, NLL: (0.22314355131420976 + 1.6094379124341003) / 2, Brier: (0.08 + 1.28) / 2,
				RMSCalibration: run.None(), RMSCalibrationAllBins: run.None(), MADCalibration: run.None(), MADCalibrationAllBins: run.None(),
				ECE: 30, ConfidenceMinusAccuracy: 30,
				// Soft F1: 2·0.2/(0.2+0.2+1). Of equally confident images the later one counts as the more
				// confident: AURRA (0/1+1/2)/2.
				SoftF1: 100 * 0.4 / 1.4, AURRA: 25,
			},
		},
		{
			name: "sure and right", p: repeat(100, 0, 1, 0), labels: slices.Repeat([]int64{1}, 100),
			want: run.Scores{SoftF1: run.None(), AURRA: 100}, // no wrong image and no doubt: 0/0
		},
		{
			// An unlikely label costs -ln 1e-30.
			name: "sure and wrong", p: repeat(200, 0, 1, 1e-30), labels: slices.Repeat([]int64{2}, 200),
			want: run.Scores{
				Error: 100, NLL: 69.07755278982137, Brier: 2, ECE: 100, ConfidenceMinusAccuracy: 100,
				// Two bins, each with a gap of 1; the top one is left out: √(1/2).
				RMSCalibration: 70.71067811865476, RMSCalibrationAllBins: 100, MADCalibration: 50, MADCalibrationAllBins: 100,
			},
		},
		{
			// Of equal probabilities the first class is predicted.
			name: "ties", p: []float32{0.5, 0.5, 0.5, 0.5}, labels: []int64{0, 1},
			want: run.Scores{
				Error: 50, NLL: math.Ln2, Brier: 0.5, RMSCalibration: run.None(), RMSCalibrationAllBins: run.None(),
				MADCalibration: run.None(), MADCalibrationAllBins: run.None(), SoftF1: 50, AURRA: 25,
			},
		},
		{
			// Bins: the first 100 with the gap 0.5-0.25, the other 150 (the rest joins the
			// last bin) with 0.75-0.6. Published: √(0.4·0.25²); all: √(0.4·0.25²+0.6·0.15²).
			// The error is (75+60)/250; ECE 0.4·0.25+0.6·0.15, as both gaps are positive also
			// the difference of confidence and accuracy. Brier: 0.5 at 0.5; at 0.75 it is 0.125
			// if right and 1.125 if wrong. Soft F1: 2·(75·0.5+60·0.25) over doubts 100·0.5+150·0.25 and
			// 135 wrong. AURRA: from the most confident on 60 wrong, 90 right, 75 wrong, 25 right.
			name: "two levels", p: append(repeat(100, 0.5, 0.5), repeat(150, 0.75, 0.25)...), labels: twoLevels,
			want: run.Scores{
				Error: 54, NLL: (100*math.Ln2 + 90*math.Log(4./3) + 60*math.Log(4)) / 250, Brier: (100*0.5 + 90*0.125 + 60*1.125) / 250,
				RMSCalibration: 15.811388300841896, RMSCalibrationAllBins: 19.621416870348583, MADCalibration: 10, MADCalibrationAllBins: 19,
				ECE: 19, ConfidenceMinusAccuracy: 19, SoftF1: 100 * 105 / 222.5,
				AURRA: (90 - 60*inverses(61, 150) + 90*inverses(151, 225) + 25 - 135*inverses(226, 250)) / 2.5,
			},
		},
	} {
		checkFigures(t, c.name, scores(t, c.p, c.labels), c.want, 1e-5)
	}
}

// TestBatchesDoNotMatter: however the images are cut into batches, not one bit of
// the scores changes.
func TestBatchesDoNotMatter(t *testing.T) {
	const n, k = 1234, 10
	p, labels := predictions(3, n, k)
	want := scores(t, p, labels)
	r := rand.New(rand.NewPCG(4, 0))
	for range 20 {
		a := NewAccumulator(k, 0)
		for at := 0; at < n; {
			m := min(r.IntN(300), n-at)
			if err := a.Add(logarithms(p[at*k:(at+m)*k]), labels[at:at+m]); err != nil {
				t.Fatal(err)
			}
			at += m
			if a.Len() != at {
				t.Fatalf("Len: got %d, want %d", a.Len(), at)
			}
			if r.IntN(4) == 0 && at > 0 {
				a.Scores() // asking in between changes nothing
			}
		}
		if got := a.Scores(); got != want {
			t.Fatalf("got %+v, want %+v", got, want)
		}
	}
}

// TestOrderMattersOnlyToRounding: the images may come in any order where no two
// have the same confidence.
func TestOrderMattersOnlyToRounding(t *testing.T) {
	const n, k = 1000, 10
	p, labels := predictions(5, n, k)
	want := scores(t, p, labels)
	var q []float32
	var shuffled []int64
	for _, i := range rand.New(rand.NewPCG(6, 0)).Perm(n) {
		q, shuffled = append(q, p[i*k:(i+1)*k]...), append(shuffled, labels[i])
	}
	checkFigures(t, "shuffled", scores(t, q, shuffled), want, 1e-9)
}

func TestAddRefuses(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		name   string
		p      []float32
		labels []int64
		want   string
	}{
		{"label too large", []float32{1, 0, 1, 0}, []int64{0, 2}, "image 1: label 2 is not one of 2 classes"},
		{"negative label", []float32{1, 0}, []int64{-1}, "image 0: label -1"},
		{"NaN", []float32{nan, nan}, []int64{0}, "image 0: the probabilities sum to NaN"},
		{"NaN in one class", []float32{nan, 1}, []int64{1}, "image 0: the probabilities sum to NaN"},
		{"infinite", []float32{float32(math.Inf(1)), 0}, []int64{0}, "sum to +Inf"},
		{"impossible label", []float32{1, 0}, []int64{1}, "image 0: the probabilities sum to 1, the label's is 0"},
		{"logits", []float32{3.5, 1}, []int64{0}, "sum to 4.5"},
	} {
		err := NewAccumulator(2, 0).Add(logarithms(c.p), c.labels)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", c.name, err, c.want)
		}
	}
}

func TestMistakesPanic(t *testing.T) {
	for name, f := range map[string]func(){
		"lengths":  func() { _ = NewAccumulator(3, 0).Add(make([]float64, 4), make([]int64, 1)) },
		"no class": func() { NewAccumulator(0, 0) },
		"no image": func() { NewAccumulator(2, 0).Scores() },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func BenchmarkScores(b *testing.B) {
	for _, k := range []int{10, 1000} {
		b.Run(fmt.Sprintf("images=10000/classes=%d", k), func(b *testing.B) {
			p, labels := predictions(1, 10_000, k)
			for b.Loop() {
				scores(b, p, labels)
			}
		})
	}
}
