package run

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

func openLog(t *testing.T, f *Folder, at int64) (*Log, string) {
	t.Helper()
	l, warning, err := f.OpenLog(at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.f.Close() })
	return l, warning
}

func TestLogIsTheReferences(t *testing.T) {
	f := create(t)
	l, warning := openLog(t, f, 0)
	if err := l.Append(Row{Epoch: 1, Seconds: 12.7, TrainLoss: 2.3456789, TestLoss: 1.5, TestError: 61.234}); err != nil {
		t.Fatal(err)
	}
	got := tree(t, f.Dir())["training_log.csv"]
	// cifar.py: '%03d,%05d,%0.6f,%0.5f,%0.2f\n'
	want := "epoch,time(s),train_loss,test_loss,test_error(%)\n001,00012,2.345679,1.50000,61.23\n"
	if got != want || warning != "" {
		t.Errorf("got %q, warning %q, want %q", got, warning, want)
	}
	rows, err := f.ReadLog()
	if err != nil || !slices.Equal(rows, []Row{{1, 12, 2.345679, 1.5, 61.23}}) {
		t.Errorf("read back %v, %v", rows, err)
	}
}

// Whatever was written after the checkpoint, a resumed run has each row once.
func TestOpenLogCutsBack(t *testing.T) {
	f := create(t)
	l, _ := openLog(t, f, 0)
	var offsets []int64
	for epoch := 1; epoch <= 4; epoch++ {
		if err := l.Append(Row{Epoch: epoch}); err != nil {
			t.Fatal(err)
		}
		offsets = append(offsets, l.Offset())
	}
	if err := l.Sync(); err != nil {
		t.Fatal(err)
	}
	l.Close()
	whole := tree(t, f.Dir())[logName]
	for _, tail := range []string{"", "005,00", "garbage\n\n\n"} {
		write(t, f.Path(logName), whole+tail)
		l, warning := openLog(t, f, offsets[1])
		for epoch := 3; epoch <= 4; epoch++ {
			if err := l.Append(Row{Epoch: epoch}); err != nil {
				t.Fatal(err)
			}
		}
		l.Close()
		if got := tree(t, f.Dir())[logName]; got != whole || warning != "" {
			t.Errorf("with %q after it: got %q, warning %q, want %q", tail, got, warning, whole)
		}
	}
}

func TestOpenLogSaysThatRowsAreLost(t *testing.T) {
	f := create(t)
	long := logHeader + strings.Repeat("1", 10000) + "\n"
	tests := []struct {
		text string
		at   int64
		want string // what stays
	}{
		{"", 100, logHeader},
		{logHeader + "001,1,1,1", 200, logHeader},
		{logHeader + "001,1,1,1", int64(len(logHeader)) + 4, logHeader},
		{long + strings.Repeat("2", 9000), math.MaxInt64, long},
		{logHeader, -1, logHeader},
	}
	for _, test := range tests {
		write(t, f.Path(logName), test.text)
		l, warning := openLog(t, f, test.at)
		l.Close()
		lost := test.at > 0
		if got := tree(t, f.Dir())[logName]; got != test.want || (warning != "") != lost {
			t.Errorf("%.80q at %d: got %.80q, warning %q, want %.80q", test.text, test.at, got, warning, test.want)
		}
	}
}

func TestMetrics(t *testing.T) {
	f := create(t)
	m, _, err := f.OpenMetrics(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Append(struct {
		Step int `json:"step"`
	}{1}); err != nil {
		t.Fatal(err)
	}
	at := m.Offset()
	if err := m.Append(map[string]float64{"loss": math.NaN()}); err == nil || !strings.Contains(err.Error(), metricsName) {
		t.Errorf("NaN: got %v", err)
	}
	if m.Offset() != at {
		t.Error("a record that was refused moved the offset")
	}
	m.Close()
	if got, want := tree(t, f.Dir())[metricsName], "{\"step\":1}\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if err := m.Append(1); err == nil || !strings.Contains(err.Error(), metricsName) {
		t.Errorf("a closed file: got %v", err)
	}
}

func TestReadLogRefuses(t *testing.T) {
	f := create(t)
	tests := []struct{ text, want string }{
		{"epoch,loss\n", "line 1"},
		{logHeader + "1,1,1,1\n", "line 2: \"1,1,1,1\" has 4 columns"},
		{logHeader + "1,1,1,1,1\n2,1,NaN,1,1\n", "line 3: column 3"},
		{logHeader + "1,1,1,1,Inf\n", "line 2: column 5"},
		{logHeader + "1.5,1,1,1,1\n", "is not an epoch"},
		{logHeader + "0,1,1,1,1\n", "is not an epoch"},
		{logHeader + "1e30,1,1,1,1\n", "is not an epoch"},
	}
	for _, test := range tests {
		write(t, f.Path(logName), test.text)
		_, err := f.ReadLog()
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), f.Path(logName)) {
			t.Errorf("%q: got %v, want %q and the path", test.text, err, test.want)
		}
	}
	write(t, f.Path(logName), logHeader+"1,2,3,4,5\n2,3,")
	if rows, err := f.ReadLog(); err != nil || len(rows) != 1 {
		t.Errorf("a line that is being written: got %v, %v", rows, err)
	}
	os.Remove(f.Path(logName))
	if _, err := f.ReadLog(); !os.IsNotExist(err) {
		t.Errorf("absent: got %v", err)
	}
}

func FuzzParseLog(f *testing.F) {
	f.Add(logHeader + "001,00012,2.345679,1.50000,61.23\n")
	f.Add(logHeader + "1,1,0x1p-2,1_0,1")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := parseLog(strings.NewReader(text))
		for _, r := range rows {
			if err == nil && (r.Epoch < 1 || math.IsNaN(r.TrainLoss) || math.IsInf(r.TestError, 0)) {
				t.Fatalf("%q gave %+v", text, r)
			}
		}
	})
}
