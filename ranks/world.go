// Package ranks tells a process which rank it is of how many, from the variables
// that torchrun, Slurm, Kubernetes or this program's own supervisor set. It knows
// nothing of torch: whoever trains makes the process group from a World.
package ranks

import (
	"cmp"
	"strconv"
	"strings"
)

// Launchers, as World.Launcher names them.
const (
	Torchrun   = "torchrun"
	Slurm      = "slurm"
	Kubernetes = "kubernetes"
	Augmix     = "augmix" // --procs and --gpus
)

// World is the place of one process among those that train together.
type World struct {
	Rank, Size           int    // Of all processes; Size is 1 where there is no other.
	LocalRank, LocalSize int    // Of those on this machine.
	Addr                 string // The host where rank 0, or torchrun's agent, listens. Empty where Size is 1.
	Port                 int    // 0 where Size is 1.
	AgentStore           bool   // The launcher's agent listens at Addr and Port; no rank may.
	Launcher             string // Empty where no launcher's variables are set.
	Restart              int    // How often the launcher has started this group again.
}

// launcherVariable names, for the processes that the supervisor starts, who they
// come from: their other variables are torchrun's.
const launcherVariable = "AUGMIX_LAUNCHER"

// FromEnv reads the variables that getenv, os.Getenv for one, returns. Where several
// launchers' are set, the nearest to the process counts, in this order:
//
//  1. RANK with LOCAL_RANK: torchrun, or whoever sets its variables.
//  2. PET_NNODES: a node of a Kubeflow TrainJob (and of a PyTorchJob since v1.7,
//     whose RANK then counts nodes). If PET_NPROC_PER_NODE is more than one it is an
//     error here: see NodeFromEnv.
//  3. RANK without LOCAL_RANK: Kubeflow's PyTorchJob v1, a process a pod.
//  4. SLURM_PROCID: a task that srun started.
//
// With none of them the process is alone: Size 1 and no launcher. An allocation of
// several Slurm tasks without SLURM_PROCID is salloc's shell, which is no task.
// Errors are *EnvError.
func FromEnv(getenv func(string) string) (World, error) {
	e := environment(getenv)
	switch {
	case e.has("LOCAL_RANK"), e.has("WORLD_SIZE") && !e.has("PET_NNODES"), e.has("RANK") && !e.has("PET_NNODES"):
		return e.torchrun()
	case e.has("PET_NNODES"):
		n, err := e.node(func() int { return 0 })
		if err != nil {
			return World{}, err
		}
		if n.Procs > 1 {
			return World{}, &EnvError{"PET_NPROC_PER_NODE", e("PET_NPROC_PER_NODE"), "1 for this command; only train starts several processes itself"}
		}
		return n.World(0), nil
	case e.has("SLURM_PROCID"):
		return e.slurm()
	}
	return World{Size: 1, LocalSize: 1}, nil
}

// torchrun reads RANK, WORLD_SIZE and those that go with them.
func (e environment) torchrun() (w World, err error) {
	w.Launcher = Torchrun
	if e("LOCAL_RANK") == "" {
		w.Launcher = Kubernetes
	}
	w.Launcher = cmp.Or(e(launcherVariable), w.Launcher)
	if w.Size, err = e.integer("WORLD_SIZE", 1, maxRanks, "it is the number of processes; RANK and LOCAL_RANK need it"); err != nil {
		return World{}, err
	}
	if w.Rank, err = e.integer("RANK", 0, w.Size-1, "it numbers the processes"); err != nil {
		return World{}, err
	}
	w.LocalSize = 1
	if e.has("LOCAL_WORLD_SIZE") {
		if w.LocalSize, err = e.integer("LOCAL_WORLD_SIZE", 1, w.Size, ""); err != nil {
			return World{}, err
		}
	} else if e.has("LOCAL_RANK") {
		w.LocalSize = w.Size // A launcher that does not say so has one machine.
	}
	if e.has("LOCAL_RANK") {
		if w.LocalRank, err = e.integer("LOCAL_RANK", 0, w.LocalSize-1, ""); err != nil {
			return World{}, err
		}
	}
	if e.has("TORCHELASTIC_RESTART_COUNT") {
		if w.Restart, err = e.integer("TORCHELASTIC_RESTART_COUNT", 0, maxRestarts, ""); err != nil {
			return World{}, err
		}
	}
	w.AgentStore = strings.EqualFold(e("TORCHELASTIC_USE_AGENT_STORE"), "true")
	return e.meet(w, "MASTER_ADDR", "MASTER_PORT")
}

// meet reads where the ranks of w meet from two variables. One process meets nobody.
func (e environment) meet(w World, addr, port string) (World, error) {
	if w.Size == 1 {
		w.AgentStore = false
		return w, nil
	}
	var err error
	if w.Addr = e(addr); w.Addr == "" {
		return World{}, &EnvError{addr, "", "the host of rank 0, for there are " + strconv.Itoa(w.Size) + " processes"}
	}
	if w.Port, err = e.integer(port, 1, maxPort, "rank 0 listens there at "+addr); err != nil {
		return World{}, err
	}
	return w, nil
}

// Device returns the number of the CUDA device of the process: its local rank, or 0
// where its launcher lets it see one device only, as the supervisor and torchrun's
// --virtual-local-rank do through CUDA_VISIBLE_DEVICES.
func (w World) Device(getenv func(string) string) int {
	visible := strings.FieldsFunc(getenv("CUDA_VISIBLE_DEVICES"), func(r rune) bool { return r == ',' || r == ' ' })
	if len(visible) == 1 {
		return 0
	}
	return w.LocalRank
}

// CPUs returns how many of the CPUs that the process may use are its own: what Slurm
// gives a task, else an equal part among the ranks of the machine, at least 1.
func (w World) CPUs(getenv func(string) string, all int) int {
	if w.Launcher == Slurm {
		if n, err := environment(getenv).integer("SLURM_CPUS_PER_TASK", 1, all, ""); err == nil {
			return n
		}
	}
	return max(all/max(w.LocalSize, 1), 1)
}
