package run

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"time"
)

// eventsVersion is what the first record of an event file says (tensorflow/tensorflow,
// tensorflow/core/util/events_writer.cc).
const eventsVersion = "brain.Event:2"

// Numbers of fields and their wire types in tensorflow/tensorflow's event.proto and
// summary.proto, as they stand in a message: number<<3 | type.
const (
	eventWallTime    = 1<<3 | wireFixed64 // double: seconds since 1970
	eventStep        = 2<<3 | wireVarint
	eventFileVersion = 3<<3 | wireBytes
	eventSummary     = 5<<3 | wireBytes
	summaryValue     = 1<<3 | wireBytes
	valueTag         = 1<<3 | wireBytes
	valueSimple      = 2<<3 | wireFixed32 // float

	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// Scalar is a figure in an event file.
type Scalar struct {
	Tag   string // TensorBoard groups by what is before the first slash
	Value float64
}

// Events is the run's event file, which TensorBoard shows, open for appending.
type Events struct{ Journal }

// OpenEvents opens the event file as OpenLog opens the log. TensorBoard wants
// "tfevents" in the file's name; the name is always the same, so that a resumed run
// goes on in the same file.
func (f *Folder) OpenEvents(at int64) (events *Events, warning string, err error) {
	journal, warning, err := openJournal(f.Path(eventsName), at, wholeRecords)
	if err != nil {
		return nil, "", err
	}
	e := &Events{*journal}
	if e.offset == 0 {
		event := appendBytes(appendTime(nil, time.Now()), eventFileVersion, []byte(eventsVersion))
		if err := e.append(appendRecord(nil, event)); err != nil {
			return nil, "", errors.Join(err, e.Close())
		}
	}
	return e, warning, nil
}

// Append writes the scalars of one step. They are stored as float32. It fails on one
// that is not finite in float32, which charts cannot show.
func (e *Events) Append(step uint64, scalars []Scalar) error {
	var summary []byte
	for _, s := range scalars {
		v := float32(s.Value)
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("append to %s: %s is %v", e.path, s.Tag, s.Value)
		}
		value := appendBytes(nil, valueTag, []byte(s.Tag))
		value = binary.LittleEndian.AppendUint32(append(value, valueSimple), math.Float32bits(v))
		summary = appendBytes(summary, summaryValue, value)
	}
	event := binary.AppendUvarint(append(appendTime(nil, time.Now()), eventStep), step)
	return e.append(appendRecord(nil, appendBytes(event, eventSummary, summary)))
}

// appendTime appends the field of an event that says when it was.
func appendTime(message []byte, t time.Time) []byte {
	seconds := float64(t.UnixMicro()) / 1e6
	return binary.LittleEndian.AppendUint64(append(message, eventWallTime), math.Float64bits(seconds))
}

// appendBytes appends a field that holds text or another message.
func appendBytes(message []byte, field byte, content []byte) []byte {
	return append(binary.AppendUvarint(append(message, field), uint64(len(content))), content...)
}
