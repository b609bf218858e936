package eval

import "math"

// logSoftmax writes the logarithms of the class probabilities of logits, an N×K
// matrix row by row, in float64: they are those of the float32 logits, and none
// underflows. dst and logits have the same length.
func logSoftmax[T float32 | float64](dst []float64, logits []T, classes int) {
	for at := 0; at < len(logits); at += classes {
		row, out := logits[at:at+classes], dst[at:at+classes]
		top := float64(row[0])
		for _, v := range row {
			top = max(top, float64(v)) // NaN stays
		}
		var sum float64
		for _, v := range row {
			sum += math.Exp(float64(v) - top)
		}
		norm := top + math.Log(sum)
		for k, v := range row {
			out[k] = float64(v) - norm
		}
	}
}

// meanOfSoftmax writes the logarithms of an ensemble's probabilities, the means of
// its members', given as logarithms. All have the same length.
func meanOfSoftmax(dst []float64, members [][]float64) {
	for i := range dst {
		top := members[0][i]
		for _, m := range members {
			top = max(top, m[i])
		}
		var sum float64
		for _, m := range members {
			sum += math.Exp(m[i] - top)
		}
		dst[i] = top + math.Log(sum/float64(len(members)))
	}
}

// rescale writes the logarithms of the probabilities that a temperature makes of
// others, N×K: softmax(log p / T). Of a network that is softmax(logits / T); of an
// ensemble the temperature applies to the mean ("pool, then calibrate").
func rescale(dst, logProbabilities []float64, classes int, temperature float64) {
	for i, v := range logProbabilities {
		dst[i] = v / temperature
	}
	logSoftmax(dst, dst, classes)
}
