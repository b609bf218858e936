package train

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Every says how often a checkpoint is saved; one of its fields is set.
type Every struct {
	Time   time.Duration
	Steps  uint64
	Epochs int
}

// ParseEvery reads "500s" (or any time such as 10m), "1000steps" or "1epoch".
func ParseEvery(text string) (Every, error) {
	for _, unit := range []string{"steps", "step", "epochs", "epoch"} {
		digits, ok := strings.CutSuffix(text, unit)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 31)
		if err != nil || n == 0 {
			break
		}
		if strings.HasPrefix(unit, "step") {
			return Every{Steps: n}, nil
		}
		return Every{Epochs: int(n)}, nil
	}
	if d, err := time.ParseDuration(text); err == nil && d > 0 {
		return Every{Time: d}, nil
	}
	return Every{}, fmt.Errorf("%q is no interval; write 500s, 1000steps or 1epoch", text)
}

// due tells whether a checkpoint should be saved after a step; epochs counts the epochs done when the step ended one,
// else it is 0.
func (e Every) due(step uint64, epochs int, since time.Duration) bool {
	switch {
	case e.Steps > 0:
		return step%e.Steps == 0
	case e.Epochs > 0:
		return epochs > 0 && epochs%e.Epochs == 0
	default:
		return since >= e.Time
	}
}
