package run

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Env is where a run was started: what the same configuration may still differ
// by between two machines.
type Env struct {
	Version  string    `json:"version"`  // of this program
	Go       string    `json:"go"`       // compiler
	Libtorch string    `json:"libtorch"` // as it names itself
	System   string    `json:"system"`   // linux/amd64
	Host     string    `json:"host"`
	CPU      string    `json:"cpu"`     // model, "unknown" where the system does not say
	BF16     bool      `json:"bf16"`    // the CPU has bfloat16 units
	Cores    int       `json:"cores"`   // that this process may use
	Threads  int       `json:"threads"` // libtorch's
	Device   string    `json:"device"`
	Command  []string  `json:"command"`
	Started  time.Time `json:"started"`
	// Earlier holds the starts that this one resumed, oldest first.
	Earlier []Env `json:"earlier,omitempty"`
}

// CaptureEnv describes this process. version, libtorch, threads and device are
// what the caller knows of the program, the library and its settings.
func CaptureEnv(version, libtorch string, threads int, device string) Env {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	cpu, bf16 := HostCPU()
	return Env{
		Version: version, Go: runtime.Version(), Libtorch: libtorch,
		System: runtime.GOOS + "/" + runtime.GOARCH, Host: host,
		CPU: cpu, BF16: bf16, Cores: runtime.NumCPU(), Threads: threads, Device: device,
		Command: os.Args, Started: time.Now().Round(time.Second),
	}
}

// WriteEnv replaces env.json by e, with the starts that were there before as
// its Earlier ones.
func (f *Folder) WriteEnv(e Env) error {
	before, err := f.Env()
	switch {
	case err == nil:
		e.Earlier = append(before.Earlier, before)
		e.Earlier[len(e.Earlier)-1].Earlier = nil
	case !errors.Is(err, os.ErrNotExist):
		return err
	}
	return f.writeJSON(f.Path(envName), e)
}

// Env reads the run's env.json.
func (f *Folder) Env() (Env, error) {
	var e Env
	return e, readJSON(f.Path(envName), &e)
}

// HostCPU returns the model name of the CPU and whether it has bfloat16 units
// (avx512_bf16 or amx_bf16), as /proc/cpuinfo says; "unknown" and false where
// there is none.
func HostCPU() (model string, bf16 bool) {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return "unknown", false
	}
	defer f.Close()
	return parseCPU(f)
}

// parseCPU reads the first processor of a cpuinfo listing.
func parseCPU(r io.Reader) (model string, bf16 bool) {
	model = "unknown"
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		key, value, _ := strings.Cut(lines.Text(), ":")
		switch strings.TrimSpace(key) {
		case "model name":
			model = strings.TrimSpace(value)
		case "flags":
			flags := strings.Fields(value)
			bf16 = slices.Contains(flags, "avx512_bf16") || slices.Contains(flags, "amx_bf16")
		case "":
			return model, bf16
		}
	}
	return model, bf16
}

// writeJSON replaces the file at path by v, indented.
func (f *Folder) writeJSON(path string, v any) error {
	return writeFile(f.fs, path, func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	})
}

// readJSON reads the file at path into v. Names that v lacks are passed over:
// these files are the program's own, and a later version's may say more.
func readJSON(path string, v any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}
