package ranks

import (
	"cmp"
	"strconv"
	"strings"
)

// slurm reads the variables of a task that srun started. Those of the step come
// before those of the job, of which it may be a part; MASTER_ADDR and MASTER_PORT, if
// a script sets them, before what is derived.
func (e environment) slurm() (w World, err error) {
	w.Launcher = Slurm
	size := "SLURM_NTASKS"
	if e.has("SLURM_STEP_NUM_TASKS") {
		size = "SLURM_STEP_NUM_TASKS"
	} else if !e.has(size) && e.has("SLURM_NPROCS") { // its older name
		size = "SLURM_NPROCS"
	}
	if !e.has(size) {
		// A job that asks for no number of tasks has one, and says nothing.
		w.Size = 1
	} else if w.Size, err = e.integer(size, 1, maxRanks, ""); err != nil {
		return World{}, err
	}
	if w.Size == 1 {
		w.LocalSize = 1
		return w, nil
	}
	if w.Rank, err = e.integer("SLURM_PROCID", 0, w.Size-1, ""); err != nil {
		return World{}, err
	}
	if !e.has("SLURM_STEP_ID") && !e.has("SLURM_STEPID") {
		// sbatch's script has SLURM_PROCID 0 whatever the number of tasks, and would wait for the others in vain.
		return World{}, &EnvError{size, e(size), "1 for a process that srun did not start; put srun before the command, or unset SLURM_PROCID to train with one process"}
	}
	if w.LocalSize, err = e.slurmLocalSize(w.Size); err != nil {
		return World{}, err
	}
	if w.LocalRank, err = e.integer("SLURM_LOCALID", 0, w.LocalSize-1, ""); err != nil {
		return World{}, err
	}
	return e.slurmMeet(w)
}

// slurmLocalSize returns the number of tasks on this node.
func (e environment) slurmLocalSize(size int) (int, error) {
	for _, name := range []string{"SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE"} {
		if !e.has(name) || !e.has("SLURM_NODEID") {
			continue
		}
		counts, err := expandCounts(e(name))
		if err != nil {
			return 0, &EnvError{name, e(name), "numbers of tasks such as 4(x2),3: " + err.Error()}
		}
		node, err := e.integer("SLURM_NODEID", 0, len(counts)-1, "")
		if err != nil {
			return 0, err
		}
		return min(counts[node], size), nil
	}
	n, err := e.integer("SLURM_NTASKS_PER_NODE", 1, maxRanks, "how many of the tasks are on this node")
	return min(n, size), err
}

// slurmMeet decides where the tasks meet: at the first node of the list, at a port
// that the job and step choose, so that two of them on one machine do not meet.
func (e environment) slurmMeet(w World) (World, error) {
	list := "SLURM_JOB_NODELIST"
	if e.has("SLURM_STEP_NODELIST") {
		list = "SLURM_STEP_NODELIST"
	} else if !e.has(list) && e.has("SLURM_NODELIST") { // its older name
		list = "SLURM_NODELIST"
	}
	if w.Addr = e("MASTER_ADDR"); w.Addr == "" {
		hosts, err := ExpandNodeList(e(list))
		if err != nil {
			return World{}, &EnvError{list, e(list), "a list of hosts such as a[01-04,07],b3: " + err.Error()}
		}
		w.Addr = hosts[0]
	}
	var err error
	if e.has("MASTER_PORT") {
		w.Port, err = e.integer("MASTER_PORT", 1, maxPort, "")
		return w, err
	}
	job, err := e.integer("SLURM_JOB_ID", 0, 1<<40, "the port is derived from it; or set MASTER_PORT")
	if err != nil {
		return World{}, err
	}
	step, err := strconv.Atoi(cmp.Or(e("SLURM_STEP_ID"), e("SLURM_STEPID")))
	if err != nil || step < 0 {
		step = 0
	}
	// Below Linux's ephemeral ports, which begin at 32768.
	const first, ports = 12000, 20000
	w.Port = first + (job+step)%ports
	return w, nil
}

// expandCounts reads Slurm's "4(x2),3", which means 4, 4, 3.
func expandCounts(s string) ([]int, error) {
	var out []int
	for part := range strings.SplitSeq(s, ",") {
		count, repeat, repeated := strings.Cut(strings.TrimSuffix(part, ")"), "(x")
		n, err := strconv.Atoi(count)
		if err != nil || n < 1 || n > maxRanks {
			return nil, &partError{part}
		}
		times := 1
		if repeated {
			if times, err = strconv.Atoi(repeat); err != nil || times < 1 || len(out)+times > maxHosts {
				return nil, &partError{part}
			}
		}
		for range times {
			out = append(out, n)
		}
	}
	return out, nil
}

// partError says which part of a list cannot be read.
type partError struct{ part string }

func (e *partError) Error() string { return "cannot read " + strconv.Quote(e.part) }
