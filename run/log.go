package run

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
)

// logHeader is the first line of the reference's training_log.csv
// (google-research/augmix, cifar.py), which plotting scripts look for.
const logHeader = "epoch,time(s),train_loss,test_loss,test_error(%)\n"

// Row is one epoch in training_log.csv.
type Row struct {
	Epoch     int     // counted from 1
	Seconds   float64 // the epoch took; whole seconds in the file
	TrainLoss float64 // moving average, as the reference logs it
	TestLoss  float64 // cross-entropy
	TestError float64 // percent
}

// Log is training_log.csv, open for appending.
type Log struct{ Journal }

// Records is metrics.jsonl or bad_samples.jsonl, a JSON object a line, open for
// appending.
type Records struct{ Journal }

// OpenLog opens training_log.csv as it was when its Offset was at: what follows
// is cut off, so that a resumed run writes each row once. At 0 the log begins
// anew, with the header. A log that is shorter than at has lost rows (a power
// failure, an edit); it goes on from its last whole row and warning says so.
func (f *Folder) OpenLog(at int64) (log *Log, warning string, err error) {
	lines, warning, err := openJournal(f.Path(logName), at, wholeLines)
	if err != nil {
		return nil, "", err
	}
	if lines.offset == 0 {
		if err := lines.append([]byte(logHeader)); err != nil {
			return nil, "", errors.Join(err, lines.Close())
		}
	}
	return &Log{*lines}, warning, nil
}

// OpenMetrics opens metrics.jsonl as OpenLog opens the log.
func (f *Folder) OpenMetrics(at int64) (metrics *Records, warning string, err error) {
	lines, warning, err := openJournal(f.Path(metricsName), at, wholeLines)
	if err != nil {
		return nil, "", err
	}
	return &Records{*lines}, warning, nil
}

// Append writes one epoch's row in the reference's format.
func (l *Log) Append(r Row) error {
	return l.append(fmt.Appendf(nil, "%03d,%05d,%0.6f,%0.5f,%0.2f\n",
		r.Epoch, int(r.Seconds), r.TrainLoss, r.TestLoss, r.TestError))
}

// Append writes record as one line of JSON. It fails on a float that is not
// finite, which JSON cannot say.
func (m *Records) Append(record any) error {
	line, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("append to %s: %w", m.path, err)
	}
	return m.append(append(line, '\n'))
}

// ReadLog reads the run's training_log.csv. A line that is being written, at
// the end without its line break, is passed over.
func (f *Folder) ReadLog() ([]Row, error) {
	path := f.Path(logName)
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	rows, err := parseLog(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return rows, nil
}

func parseLog(r io.Reader) ([]Row, error) {
	var rows []Row
	lines := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		if n == 1 {
			if line != logHeader {
				return nil, fmt.Errorf("line 1 is %q, want %q", clip(line, 80), logHeader)
			}
			continue
		}
		row, err := parseRow(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		rows = append(rows, row)
	}
}

func parseRow(line string) (Row, error) {
	columns := strings.Split(line, ",")
	if len(columns) != 5 {
		return Row{}, fmt.Errorf("%q has %d columns, want 5", clip(line, 80), len(columns))
	}
	var values [5]float64
	for i, c := range columns {
		v, err := strconv.ParseFloat(c, 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return Row{}, fmt.Errorf("column %d: %q is not a finite number", i+1, clip(c, 20))
		}
		values[i] = v
	}
	if e := values[0]; e != math.Trunc(e) || e < 1 || e > 1e9 {
		return Row{}, fmt.Errorf("column 1: %q is not an epoch", clip(columns[0], 20))
	}
	return Row{
		Epoch: int(values[0]), Seconds: values[1],
		TrainLoss: values[2], TestLoss: values[3], TestError: values[4],
	}, nil
}
