package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"

	"augmix/data"
	"augmix/pixel/jpeg"
	"augmix/run"
	"augmix/train"

	torch "github.com/wangkuiyi/gotorch"
)

// diagnosis is what doctor found.
type diagnosis struct {
	Version   string `json:"version"`
	Go        string `json:"go"`
	Libtorch  string `json:"libtorch"`
	JPEG      string `json:"jpeg"`
	System    string `json:"system"`
	CPU       string `json:"cpu"`
	BF16      bool   `json:"bf16"` // the CPU has units for it, as the program sees it
	Cores     int    `json:"cores"`
	Memory    int64  `json:"memory_bytes"`           // 0: not known
	Available int64  `json:"memory_available_bytes"` // 0: not known
	CUDA      bool   `json:"cuda"`                   // a device can be used
	devices
	Data []finding `json:"data"`
}

// finding is what doctor found of a dataset.
type finding struct {
	Dataset string `json:"dataset"`
	State   string `json:"state"`
	Remedy  string `json:"remedy,omitempty"`
}

func doctorCommand() command {
	return command{
		name: "doctor", summary: "tells versions, devices and the data that are found, and how to get what is missing",
		setup: func(f *flags) func(*call) error {
			dir, json := "data", ""
			g := f.group("Data")
			g.text(&dir, "data", "DIR", nil, "where to look for datasets, besides ./data")
			g = f.group("Output")
			g.json(&json)
			return func(c *call) error {
				d := diagnose(dir)
				return c.results(json, d, d.write)
			}
		},
	}
}

func diagnose(dir string) diagnosis {
	env := run.CaptureEnv(programVersion(), torch.Version(), 0, "cpu")
	d := diagnosis{
		Version: env.Version, Go: env.Go, Libtorch: env.Libtorch, JPEG: jpeg.Version(), System: env.System, CPU: env.CPU, BF16: train.HasBF16(),
		Cores: runtime.NumCPU(), CUDA: torch.IsCUDAAvailable(), devices: findDevices(),
	}
	d.Memory, d.Available = memory()
	for _, name := range data.Names() {
		if name == "folder" {
			continue // It can be anywhere.
		}
		found := lookFor(name, dir)
		if found.Remedy != "" && dir != "data" {
			if here := lookFor(name, "data"); here.Remedy == "" {
				found = here
			}
		}
		d.Data = append(d.Data, found)
		for _, kind := range []string{"c", "p"} {
			if b, ok := lookForBenchmark(name, kind, dir, "data"); ok {
				d.Data = append(d.Data, b)
			}
		}
	}
	return d
}

// lookForBenchmark looks for the published corruptions (c) or perturbations (p) of a
// dataset in the folders; ok is false where nobody publishes any.
func lookForBenchmark(dataset, kind string, dirs ...string) (found finding, ok bool) {
	name := dataset + "-" + kind
	find, made := data.FindC, "corruptions"
	if kind == "p" {
		find, made = data.FindP, "perturbations"
	}
	get := fetchable(name, dirs[0])
	if why := notFetched[name]; get == "" && why == "" {
		return finding{}, false
	}
	for _, dir := range dirs {
		if at := find(dir, dataset); at != "" {
			return finding{Dataset: name, State: "in " + at + ", checked when it is read"}, true
		}
	}
	state := "not here: the " + made + " are generated"
	if get != "" {
		state += "; for the published ones: " + get
	}
	return finding{Dataset: name, State: state}, true
}

// lookFor opens both splits of a dataset, which verifies the files.
func lookFor(name, dir string) finding {
	var n [2]int
	for i, split := range []string{"train", "test"} {
		set, err := data.Open(name, dir, split)
		if err != nil {
			reason, remedy, _ := strings.Cut(err.Error(), "\n")
			if e, ok := errors.AsType[*data.Error](err); ok && e.Kind == data.Missing {
				reason = "missing: " + reason
			}
			return finding{Dataset: name, State: reason, Remedy: remedy}
		}
		n[i] = set.Len()
	}
	state := fmt.Sprintf("%d training and %d test images", n[0], n[1])
	switch {
	case name == "shapes":
		state += ", made by the program"
	case data.IsFolder(name):
		state += " in " + dir + ", checked when they are read"
	default:
		state += " in " + dir + ", files verified"
	}
	return finding{Dataset: name, State: state}
}

// memory reads the machine's memory in bytes, all of it and what is free for new
// programs, or zeros where the system does not say (proc(5), /proc/meminfo).
func memory() (total, available int64) {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, 0
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		kib, err := strconv.ParseInt(fields[1], 10, 64)
		if err != nil {
			continue
		}
		switch fields[0] {
		case "MemTotal:":
			total = kib << 10
		case "MemAvailable:":
			available = kib << 10
		}
	}
	return total, available
}

func (d diagnosis) write(w io.Writer) error {
	on := "--precision auto"
	if d.CUDA {
		on = "--device cpu"
	}
	bf16 := "no units for bfloat16: " + on + " trains in fp32"
	if d.BF16 {
		bf16 = "units for bfloat16: " + on + " trains in bf16"
	}
	rows := []row{
		{"augmix", d.Version},
		{"Go", d.Go},
		{"libtorch", d.Libtorch},
		{"JPEG", d.JPEG},
		{"system", d.System},
		{"CPU", d.CPU},
		{"", bf16},
		{"cores", strconv.Itoa(d.Cores)},
		{"memory", fmt.Sprintf("%.1f GB, of which %.1f available", float64(d.Memory)/1e9, float64(d.Available)/1e9)},
	}
	rows = append(rows, d.devices.rows()...)
	missing := ""
	for _, f := range d.Data {
		rows = append(rows, row{f.Dataset, f.State})
		if f.Remedy != "" {
			missing += "\nTo get " + f.Dataset + ":\n" + f.Remedy + "\n"
		}
	}
	if err := writeRows(w, rows, false); err != nil {
		return err
	}
	_, err := io.WriteString(w, missing)
	return err
}
