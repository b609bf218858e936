package ranks

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"
)

// errorFileVariable names the file in which torchrun's agent looks for what went
// wrong in a process that failed.
const errorFileVariable = "TORCHELASTIC_ERROR_FILE"

// WriteErrorFile writes failure where the launcher looks for it, so that torchrun's
// report of the first rank to fail says why. Without a launcher that asks for it,
// it does nothing.
func WriteErrorFile(getenv func(string) string, failure error, now time.Time) error {
	path := getenv(errorFileVariable)
	if path == "" {
		return nil
	}
	// The form is torch.distributed.elastic.multiprocessing.errors' of PyTorch 2.11, which reads
	// message.message and the seconds since 1970, and wants the callstack's key.
	type extra struct {
		Callstack string `json:"py_callstack"`
		Timestamp string `json:"timestamp"`
	}
	type message struct {
		Message string `json:"message"`
		Extra   extra  `json:"extraInfo"`
	}
	text, err := json.Marshal(map[string]message{"message": {
		Message: failure.Error(),
		Extra:   extra{Callstack: failure.Error(), Timestamp: strconv.FormatInt(now.Unix(), 10)},
	}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return fmt.Errorf("%s: %w", errorFileVariable, err)
	}
	return nil
}
