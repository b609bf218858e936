package run

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// ConfigKeysIn lists the keys of a configuration file that MergeConfig takes, sorted.
func ConfigKeysIn(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, fmt.Errorf("read configuration %s: %w", path, err)
	}
	var keys []string
	for key := range fields {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys, nil
}
