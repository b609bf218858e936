package train

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strconv"

	"augmix/data"
	"augmix/run"

	torch "github.com/wangkuiyi/gotorch"
)

// onHost runs f in a scope whose new tensors lie in the CPU's memory.
func onHost(f func()) { torch.OnDevice(torch.NewDevice("cpu"), func() { torch.Scope(f) }) }

// sum adds numbers of all ranks up, in place.
func (c *company) sum(values []float64) {
	if c == nil {
		return
	}
	onHost(func() {
		t := torch.EmptyOf([]int64{int64(len(values))}, torch.Double)
		t.SetBytes(bytesOf(values))
		c.must(c.host.AllReduce(t))
		copyFloats(values, t.Bytes())
	})
}

// sumIntegers is sum of integers.
func (c *company) sumIntegers(values []int64) error {
	var err error
	onHost(func() {
		t := torch.EmptyOf([]int64{int64(len(values))}, torch.Long)
		copy(t.MemoryInt64(), values)
		if err = c.host.AllReduce(t); err == nil {
			copy(values, t.MemoryInt64())
		}
	})
	return err
}

// key is that of the next exchange.
func (c *company) key(what string) string {
	c.round++
	return fmt.Sprintf("%s/%d", what, c.round)
}

// told returns what the first rank says; the others' value is not read.
func told[T any](c *company, what string, value T) (T, error) {
	if c == nil {
		return value, nil
	}
	key := c.key(what)
	if c.first() {
		text, err := json.Marshal(value)
		if err != nil {
			return value, err
		}
		return value, c.store.Set(key, text)
	}
	text, err := c.store.Get(key)
	if err != nil {
		return value, err
	}
	var said T
	return said, json.Unmarshal(text, &said)
}

// gathered returns every rank's value, by rank.
func gathered[T any](c *company, what string, value T) ([]T, error) {
	if c == nil {
		return []T{value}, nil
	}
	key := c.key(what)
	text, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	if err := c.store.Set(key+"/"+strconv.Itoa(c.world.Rank), text); err != nil {
		return nil, err
	}
	out := make([]T, c.world.Size)
	for r := range out {
		if text, err = c.store.Get(key + "/" + strconv.Itoa(r)); err != nil {
			return nil, err
		}
		if err := json.Unmarshal(text, &out[r]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// same refuses what is not the same on every rank; remedy says what to do.
func (c *company) same(what, value, remedy string) error {
	all, err := gathered(c, what, value)
	if err != nil {
		return err
	}
	for rank, v := range all {
		if v != all[0] {
			return fmt.Errorf("rank %d has other %s than rank 0: %s", rank, what, remedy)
		}
	}
	return nil
}

// sameConfig returns the first rank's configuration, and refuses to go on where this one's is another.
func (c *company) sameConfig(own run.Config) (run.Config, error) {
	theirs, err := told(c, "config", string(own.JSON()))
	if err != nil || c.first() {
		return own, err
	}
	cfg, err := run.ParseConfig([]byte(theirs))
	if err != nil {
		return own, fmt.Errorf("rank 0 runs another version of the program: %w", err)
	}
	for _, d := range run.Differences(cfg, own) {
		if !d.Free && d.Flag != "threads" {
			return own, fmt.Errorf("rank %d was started with other flags than rank 0: --%s is %s there and %s here; start all ranks alike", c.world.Rank, d.Flag, d.Was, d.Now)
		}
	}
	own.Threads, own.Save = cfg.Threads, cfg.Save
	return own, nil
}

// badEntry is a sample that could not be read, as ranks tell each other.
type badEntry = data.BadSample

// passOn tells the first rank which samples the others could not read; it reports them.
func (c *company) passOn(report func(badEntry) error) error {
	all, err := gathered(c, "bad samples", c.bad)
	if err != nil {
		return err
	}
	c.bad = nil
	if !c.first() {
		return nil
	}
	for _, entries := range all {
		for _, b := range entries {
			if err := report(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// bytesOf and copyFloats are float64 values as a tensor's bytes.
func bytesOf(values []float64) []byte {
	var out []byte
	for _, v := range values {
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v))
	}
	return out
}

func copyFloats(values []float64, from []byte) {
	for i := range values {
		values[i] = math.Float64frombits(binary.LittleEndian.Uint64(from[8*i:]))
	}
}
