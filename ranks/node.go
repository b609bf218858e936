package ranks

import (
	"cmp"
	"errors"
	"strings"
)

// Node is a machine that starts several processes of a group itself.
type Node struct {
	Rank, Nodes int // Of the machines.
	Procs       int // Processes on each machine.
	Addr        string
	Port        int
}

// defaultPort is where torchrun's ranks meet when nobody says otherwise.
const defaultPort = 29500

// NodeFromEnv reads the PET_ variables that Kubeflow gives a pod for torchrun, and
// reports whether this is such a pod in which nobody has started the ranks yet.
// gpus returns the number of CUDA devices; it is called only where a variable asks.
// Of PET_NPROC_PER_NODE, gpu means that number, auto the same or 1 where it is 0, and cpu
// means 1: a process computes on every core. Errors are *EnvError.
func NodeFromEnv(getenv func(string) string, gpus func() int) (n Node, ok bool, err error) {
	e := environment(getenv)
	if e.has("LOCAL_RANK") || !e.has("PET_NNODES") {
		return Node{}, false, nil
	}
	n, err = e.node(gpus)
	return n, err == nil, err
}

func (e environment) node(gpus func() int) (n Node, err error) {
	if n.Nodes, err = e.integer("PET_NNODES", 1, maxRanks, "a range of nodes needs torchrun"); err != nil {
		return Node{}, err
	}
	if n.Nodes > 1 || e.has("PET_NODE_RANK") {
		if n.Rank, err = e.integer("PET_NODE_RANK", 0, n.Nodes-1, ""); err != nil {
			return Node{}, err
		}
	}
	if n.Procs, err = e.procs(gpus); err != nil {
		return Node{}, err
	}
	if n.Nodes*n.Procs == 1 {
		return n, nil
	}
	n.Port = defaultPort
	if e.has("PET_MASTER_PORT") {
		if n.Port, err = e.integer("PET_MASTER_PORT", 1, maxPort, ""); err != nil {
			return Node{}, err
		}
	}
	if n.Addr = e("PET_MASTER_ADDR"); n.Addr == "" && n.Nodes > 1 {
		return Node{}, &EnvError{"PET_MASTER_ADDR", "", "the host of the first node"}
	}
	n.Addr = cmp.Or(n.Addr, "127.0.0.1")
	return n, nil
}

// procs reads how many processes a node has.
func (e environment) procs(gpus func() int) (int, error) {
	switch value := strings.ToLower(e("PET_NPROC_PER_NODE")); value {
	case "", "cpu":
		return 1, nil
	case "auto":
		return max(gpus(), 1), nil
	case "gpu":
		if n := gpus(); n > 0 {
			return n, nil
		}
		return 0, &EnvError{"PET_NPROC_PER_NODE", e("PET_NPROC_PER_NODE"), "cpu or a number: there is no CUDA device here"}
	}
	n, err := e.integer("PET_NPROC_PER_NODE", 1, 1024, "")
	if bad, ok := errors.AsType[*EnvError](err); ok {
		bad.Want = "auto, gpu, cpu or " + bad.Want
	}
	return n, err
}

// World is the place of the node's process i, counted from 0.
func (n Node) World(i int) World {
	return World{
		Rank: n.Rank*n.Procs + i, Size: n.Nodes * n.Procs, LocalRank: i, LocalSize: n.Procs,
		Addr: n.Addr, Port: n.Port, Launcher: Kubernetes,
	}
}
