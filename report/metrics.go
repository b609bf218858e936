package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"augmix/run"
)

// metric is a line of metrics.jsonl: what training wrote every so many steps, or at the end of an epoch.
type metric struct {
	Step  uint64      `json:"step"`
	Error float64     `json:"train_error"`   // percent, on the images as they were trained on
	Rate  *float64    `json:"learning_rate"` // of a step
	Epoch int         `json:"epoch"`         // 0 in the lines of steps
	Test  *run.Scores `json:"test"`
	Val   *run.Scores `json:"val"`
}

// mostMetrics bounds the file, which has some 100 bytes a line.
const mostMetrics = 64 << 20

// readMetrics reads the metrics.jsonl of the run in dir. A line that is being written, at the end without its line break, is
// passed over.
func readMetrics(dir string) ([]metric, error) {
	path := filepath.Join(dir, "metrics.jsonl")
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	in := bufio.NewReader(io.LimitReader(f, mostMetrics))
	var out []metric
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		var m metric
		if err := json.Unmarshal(line, &m); err != nil {
			return nil, fmt.Errorf("read %s: line %d: %w", path, n, err)
		}
		if !m.sound() {
			return nil, fmt.Errorf("read %s: line %d: figures are out of range", path, n)
		}
		out = append(out, m)
	}
}

// sound tells whether the figures can be what they are called.
func (m metric) sound() bool {
	return isRate(m.Error) && (m.Rate == nil || math.Abs(*m.Rate) < 1e9) && m.Epoch >= 0 && m.Epoch < 1e9 && m.Step < 1e15 &&
		(m.Test == nil || sound(*m.Test)) && (m.Val == nil || sound(*m.Val))
}

// byEpoch lists a figure of the lines that end an epoch; one that is not known is left out.
func (r Run) byEpoch(of func(metric) run.Number) [][2]float64 {
	var out [][2]float64
	for _, m := range r.Metrics {
		if m.Epoch == 0 {
			continue
		}
		if v := of(m); v.Known() {
			out = append(out, [2]float64{float64(m.Epoch), float64(v)})
		}
	}
	return out
}

// rateByStep lists the learning rate.
func (r Run) rateByStep() [][2]float64 {
	var out [][2]float64
	for _, m := range r.Metrics {
		if m.Rate != nil {
			out = append(out, [2]float64{float64(m.Step), *m.Rate})
		}
	}
	return out
}
