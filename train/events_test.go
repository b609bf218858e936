package train

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"augmix/run"
)

// point is a scalar of an event file at a step.
type point struct {
	step  uint64
	tag   string
	value float32
}

// readEvents reads a run's only event file by the formats' descriptions, not by package run: TFRecords of event.proto.
func readEvents(t *testing.T, cfg run.Config) []point {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(cfg.Save, "events.out.tfevents.*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("event files: got %v, %v, want one", files, err)
	}
	file, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	checked := func(data, crc []byte) []byte {
		c := crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))
		if got := binary.LittleEndian.Uint32(crc) - 0xa282ead8; got>>17|got<<15 != c {
			t.Fatalf("the CRC of % x is % x", data, crc)
		}
		return data
	}
	var out []point
	for n := 0; len(file) > 0; n++ {
		length := binary.LittleEndian.Uint64(checked(file[:8], file[8:12]))
		event := fields(t, checked(file[12:12+length], file[12+length:16+length]))
		file = file[16+length:]
		if n == 0 {
			if version := string(event[3][0].([]byte)); version != "brain.Event:2" {
				t.Errorf("the first event is %q", version)
			}
			continue
		}
		for _, value := range fields(t, event[5][0].([]byte))[1] {
			scalar := fields(t, value.([]byte))
			out = append(out, point{event[2][0].(uint64), string(scalar[1][0].([]byte)), math.Float32frombits(scalar[2][0].(uint32))})
		}
	}
	return out
}

// fields takes a protocol message apart: varints are uint64, 32 bits uint32, 64 bits float64, and the rest bytes.
func fields(t *testing.T, message []byte) map[uint64][]any {
	t.Helper()
	out := map[uint64][]any{}
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		message = message[n:]
		var value any
		switch key & 7 {
		case 0:
			value, n = binary.Uvarint(message)
		case 1:
			value, n = math.Float64frombits(binary.LittleEndian.Uint64(message)), 8
		case 2:
			length, of := binary.Uvarint(message)
			value, n = message[of:of+int(length)], of+int(length)
		case 5:
			value, n = binary.LittleEndian.Uint32(message), 4
		default:
			t.Fatalf("wire type %d", key&7)
		}
		message = message[n:]
		out[key>>3] = append(out[key>>3], value)
	}
	return out
}

// metricsPoints are the scalars that metrics.jsonl holds.
func metricsPoints(t *testing.T, jsonl []byte) (out []point) {
	t.Helper()
	for line := range bytes.Lines(jsonl) {
		var record map[string]any
		if err := json.Unmarshal(line, &record); err != nil {
			t.Fatal(err)
		}
		step := uint64(record["step"].(float64))
		add := func(tag string, value any) {
			if v, ok := value.(float64); ok {
				out = append(out, point{step, tag, float32(v)})
			}
		}
		if _, whole := record["epoch"]; !whole {
			add("train/loss", record["train_loss"])
			add("train/error", record["train_error"])
			add("train/learning_rate", record["learning_rate"])
			continue
		}
		add("epoch/number", record["epoch"])
		add("epoch/train_loss", record["train_loss"])
		add("epoch/train_error", record["train_error"])
		for _, set := range []string{"test", "val"} {
			scores, _ := record[set].(map[string]any)
			for name, v := range scores {
				add(set+"/"+name, v)
			}
		}
	}
	return out
}

// sorted orders points, without those that only training_log.csv has.
func sorted(points []point) []string {
	var out []string
	for _, p := range points {
		if p.tag != "epoch/seconds" && p.tag != "epoch/train_loss_average" {
			out = append(out, fmt.Sprintf("%04d %s %v", p.step, p.tag, p.value))
		}
	}
	slices.Sort(out)
	return out
}

// The event file has every figure of metrics.jsonl at its step once, also those of the held-out images, and those of
// training_log.csv.
func TestEventsAreTheLogs(t *testing.T) {
	cfg, train, test := small(t)
	cfg.ValSplit = 30
	mustRun(t, Options{Config: cfg, Resume: "none", Train: train, Test: test})
	_, jsonl := logs(t, cfg)
	got := readEvents(t, cfg)
	if got, want := sorted(got), sorted(metricsPoints(t, jsonl)); !slices.Equal(got, want) {
		t.Errorf("got\n%v\nwant\n%v", got, want)
	}
	folder, err := run.Open(cfg.Save)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := folder.ReadLog()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string][]float32{}
	for _, p := range got {
		values[p.tag] = append(values[p.tag], p.value)
	}
	for i, row := range rows {
		if got := values["epoch/train_loss_average"][i]; math.Abs(float64(got)-row.TrainLoss) > 1e-6 {
			t.Errorf("epoch %d: the average loss is %v, in training_log.csv %v", i+1, got, row.TrainLoss)
		}
		if got := values["epoch/seconds"][i]; int(got) != int(row.Seconds) {
			t.Errorf("epoch %d took %v s, in training_log.csv %v", i+1, got, row.Seconds)
		}
		if got := values["test/nll"][i]; math.Abs(float64(got)-row.TestLoss) > 1e-5 {
			t.Errorf("epoch %d: the test loss is %v, in training_log.csv %v", i+1, got, row.TestLoss)
		}
	}
}
