package ranks

import (
	"errors"
	"strings"
	"testing"
)

// variables returns the getenv of a text with NAME=value words.
func variables(text string) func(string) string {
	env := map[string]string{}
	for _, word := range strings.Fields(text) {
		name, value, _ := strings.Cut(word, "=")
		env[name] = value
	}
	return func(name string) string { return env[name] }
}

// What the launchers set, as far as anyone reads it.
const (
	// torchrun --nnodes 2 --nproc-per-node 4 of PyTorch 2.11, on the second node.
	ofTorchrun = "RANK=5 LOCAL_RANK=1 WORLD_SIZE=8 LOCAL_WORLD_SIZE=4 GROUP_RANK=1 GROUP_WORLD_SIZE=2 ROLE_RANK=5 ROLE_NAME=default " +
		"ROLE_WORLD_SIZE=8 MASTER_ADDR=node-a MASTER_PORT=29400 TORCHELASTIC_RESTART_COUNT=2 TORCHELASTIC_MAX_RESTARTS=3 " +
		"TORCHELASTIC_RUN_ID=77 TORCHELASTIC_USE_AGENT_STORE=True TORCHELASTIC_ERROR_FILE=/tmp/x/error.json OMP_NUM_THREADS=1"
	// The third of four pods of a PyTorchJob, kubeflow.org/v1.
	ofPyTorchJob = "MASTER_ADDR=resnet-master-0 MASTER_PORT=23456 WORLD_SIZE=4 RANK=2 PYTHONUNBUFFERED=1"
	// The second node of a TrainJob, trainer.kubeflow.org/v1alpha1, with one process a node.
	ofTrainJob = "PET_NNODES=2 PET_NPROC_PER_NODE=1 PET_NODE_RANK=1 PET_MASTER_ADDR=wrn-node-0-0.wrn PET_MASTER_PORT=29500"
	// The fourth task of srun --nodes 3 --ntasks 5 in a job.
	ofSlurm = "SLURM_JOB_ID=4242 SLURM_JOBID=4242 SLURM_STEP_ID=0 SLURM_STEPID=0 SLURM_PROCID=3 SLURM_LOCALID=1 SLURM_NODEID=1 SLURM_NTASKS=5 " +
		"SLURM_NPROCS=5 SLURM_STEP_NUM_TASKS=5 SLURM_NNODES=3 SLURM_JOB_NODELIST=gpu[08-10],login1 SLURM_STEP_NODELIST=gpu[08-10] " +
		"SLURM_TASKS_PER_NODE=2(x2),1 SLURM_STEP_TASKS_PER_NODE=2(x2),1 SLURM_CPUS_PER_TASK=8"
)

// without returns text without the variables that are named.
func without(text string, names ...string) string {
	var out []string
	for _, word := range strings.Fields(text) {
		name, _, _ := strings.Cut(word, "=")
		drop := false
		for _, n := range names {
			drop = drop || n == name
		}
		if !drop {
			out = append(out, word)
		}
	}
	return strings.Join(out, " ")
}

func TestFromEnv(t *testing.T) {
	alone := World{Size: 1, LocalSize: 1}
	torchrun := World{Rank: 5, Size: 8, LocalRank: 1, LocalSize: 4, Addr: "node-a", Port: 29400, AgentStore: true, Launcher: Torchrun, Restart: 2}
	changed := func(w World, f func(*World)) World { f(&w); return w }
	slurm := World{Rank: 3, Size: 5, LocalRank: 1, LocalSize: 2, Addr: "gpu08", Port: 16242, Launcher: Slurm}
	pod := World{Rank: 2, Size: 4, LocalSize: 1, Addr: "resnet-master-0", Port: 23456, Launcher: Kubernetes}
	node := World{Rank: 1, Size: 2, LocalSize: 1, Addr: "wrn-node-0-0.wrn", Port: 29500, Launcher: Kubernetes}
	for _, c := range []struct {
		name, env string
		want      World
	}{
		{"nothing", "", alone},
		{"an address alone, which scripts export", "MASTER_ADDR=a MASTER_PORT=1", alone},
		{"torchrun", ofTorchrun, torchrun},
		{"torchrun without its agent's store", ofTorchrun + " TORCHELASTIC_USE_AGENT_STORE=False", changed(torchrun, func(w *World) { w.AgentStore = false })},
		{"torchrun with one process", "RANK=0 LOCAL_RANK=0 WORLD_SIZE=1 LOCAL_WORLD_SIZE=1 MASTER_ADDR=h MASTER_PORT=1 TORCHELASTIC_USE_AGENT_STORE=True",
			World{Size: 1, LocalSize: 1, Launcher: Torchrun}},
		{"without LOCAL_WORLD_SIZE", "RANK=1 LOCAL_RANK=1 WORLD_SIZE=2 MASTER_ADDR=h MASTER_PORT=1",
			World{Rank: 1, Size: 2, LocalRank: 1, LocalSize: 2, Addr: "h", Port: 1, Launcher: Torchrun}},
		{"the supervisor", "RANK=1 LOCAL_RANK=1 WORLD_SIZE=2 LOCAL_WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=4 AUGMIX_LAUNCHER=augmix TORCHELASTIC_RESTART_COUNT=1",
			World{Rank: 1, Size: 2, LocalRank: 1, LocalSize: 2, Addr: "127.0.0.1", Port: 4, Launcher: Augmix, Restart: 1}},
		{"torchrun in a Slurm task", ofTorchrun + " " + ofSlurm, torchrun},
		{"torchrun in a TrainJob", ofTorchrun + " " + ofTrainJob, torchrun},
		{"PyTorchJob", ofPyTorchJob, pod},
		{"PyTorchJob in which RANK counts nodes", ofPyTorchJob + " " + ofTrainJob, node},
		{"TrainJob", ofTrainJob, node},
		{"TrainJob without a number of processes", without(ofTrainJob, "PET_NPROC_PER_NODE"), node},
		{"TrainJob on a machine without CUDA", without(ofTrainJob, "PET_NPROC_PER_NODE") + " PET_NPROC_PER_NODE=auto", node},
		{"TrainJob without a port", without(ofTrainJob, "PET_MASTER_PORT"), node},
		{"TrainJob of one node", "PET_NNODES=1 PET_NPROC_PER_NODE=1 PET_NODE_RANK=0 PET_MASTER_ADDR=a PET_MASTER_PORT=29500",
			World{Size: 1, LocalSize: 1, Launcher: Kubernetes}},
		{"Slurm", ofSlurm, slurm},
		{"Slurm, the job's variables only", without(ofSlurm, "SLURM_STEP_NUM_TASKS", "SLURM_STEP_NODELIST", "SLURM_STEP_TASKS_PER_NODE", "SLURM_JOB_NODELIST") + " SLURM_JOB_NODELIST=gpu[08-10]", slurm},
		{"Slurm, tasks a node", without(ofSlurm, "SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE") + " SLURM_NTASKS_PER_NODE=2", slurm},
		{"Slurm, a step that is a part of its job", ofSlurm + " SLURM_STEP_NUM_TASKS=4 SLURM_STEP_TASKS_PER_NODE=2(x2) SLURM_STEP_NODELIST=gpu[09,10] SLURM_STEP_ID=3",
			World{Rank: 3, Size: 4, LocalRank: 1, LocalSize: 2, Addr: "gpu09", Port: 16245, Launcher: Slurm}},
		{"Slurm, told where to meet", ofSlurm + " MASTER_ADDR=10.0.0.7 MASTER_PORT=3000", changed(slurm, func(w *World) { w.Addr, w.Port = "10.0.0.7", 3000 })},
		{"Slurm, one task", "SLURM_JOB_ID=1 SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NTASKS=1 SLURM_JOB_NODELIST=a1", World{Size: 1, LocalSize: 1, Launcher: Slurm}},
		{"Slurm, sbatch without a number of tasks", "SLURM_JOB_ID=1 SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_JOB_NODELIST=a1", World{Size: 1, LocalSize: 1, Launcher: Slurm}},
		{"the shell of salloc", "SLURM_JOB_ID=9 SLURM_NTASKS=4 SLURM_NPROCS=4 SLURM_JOB_NODELIST=a[1-2] SLURM_TASKS_PER_NODE=2(x2)", alone},
	} {
		got, err := FromEnv(variables(c.env))
		if err != nil || got != c.want {
			t.Errorf("%s: got %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
}

// Every error names the variable that is wrong.
func TestFromEnvRefuses(t *testing.T) {
	for _, c := range []struct{ env, name, words string }{
		{"RANK=0", "WORLD_SIZE", "not set"},
		{"WORLD_SIZE=2", "RANK", "not set"},
		{"LOCAL_RANK=0", "WORLD_SIZE", "not set"},
		{"RANK=2 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1", "RANK", "is 2; it should be a whole number from 0 to 1"},
		{"RANK=-1 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1", "RANK", "from 0 to 1"},
		{"RANK=one WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1", "RANK", "is one;"},
		{"RANK=0 WORLD_SIZE=0", "WORLD_SIZE", "from 1"},
		{"RANK=0 WORLD_SIZE=99999999999999999999", "WORLD_SIZE", "from 1"},
		{"RANK=0 WORLD_SIZE=2 MASTER_PORT=1", "MASTER_ADDR", "not set"},
		{"RANK=0 WORLD_SIZE=2 MASTER_ADDR=a", "MASTER_PORT", "not set"},
		{"RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=65536", "MASTER_PORT", "from 1 to 65535"},
		{ofTorchrun + " LOCAL_RANK=4", "LOCAL_RANK", "from 0 to 3"},
		{ofTorchrun + " LOCAL_WORLD_SIZE=9", "LOCAL_WORLD_SIZE", "from 1 to 8"},
		{ofTorchrun + " TORCHELASTIC_RESTART_COUNT=x", "TORCHELASTIC_RESTART_COUNT", "from 0"},
		{ofTrainJob + " PET_NNODES=1:3", "PET_NNODES", "torchrun"},
		{ofTrainJob + " PET_NODE_RANK=2", "PET_NODE_RANK", "from 0 to 1"},
		{without(ofTrainJob, "PET_NODE_RANK"), "PET_NODE_RANK", "not set"},
		{without(ofTrainJob, "PET_MASTER_ADDR"), "PET_MASTER_ADDR", "not set"},
		{ofTrainJob + " PET_MASTER_PORT=0", "PET_MASTER_PORT", "from 1"},
		{ofTrainJob + " PET_NPROC_PER_NODE=2", "PET_NPROC_PER_NODE", "only train"},
		{ofTrainJob + " PET_NPROC_PER_NODE=gpu", "PET_NPROC_PER_NODE", "no CUDA device"},
		{ofTrainJob + " PET_NPROC_PER_NODE=all", "PET_NPROC_PER_NODE", "auto, gpu, cpu or a whole number"},
		{ofSlurm + " SLURM_PROCID=5", "SLURM_PROCID", "from 0 to 4"},
		{ofSlurm + " SLURM_LOCALID=2", "SLURM_LOCALID", "from 0 to 1"},
		{ofSlurm + " SLURM_NODEID=3", "SLURM_NODEID", "from 0 to 2"},
		{ofSlurm + " SLURM_STEP_NUM_TASKS=many", "SLURM_STEP_NUM_TASKS", "is many;"},
		{ofSlurm + " SLURM_STEP_NODELIST=gpu[08-10", "SLURM_STEP_NODELIST", "brackets"},
		{ofSlurm + " SLURM_STEP_TASKS_PER_NODE=2(x", "SLURM_STEP_TASKS_PER_NODE", "4(x2),3"},
		{without(ofSlurm, "SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE"), "SLURM_NTASKS_PER_NODE", "not set"},
		{without(ofSlurm, "SLURM_JOB_NODELIST", "SLURM_STEP_NODELIST"), "SLURM_JOB_NODELIST", "not set"},
		{without(ofSlurm, "SLURM_JOB_ID"), "SLURM_JOB_ID", "MASTER_PORT"},
		{without(ofSlurm, "SLURM_STEP_ID", "SLURM_STEPID"), "SLURM_STEP_NUM_TASKS", "put srun before"},
	} {
		_, err := FromEnv(variables(c.env))
		bad, ok := errors.AsType[*EnvError](err)
		if !ok || bad.Name != c.name || !strings.Contains(err.Error(), c.words) || !strings.Contains(err.Error(), c.name) {
			t.Errorf("%s: got %v, want %s and %q named", c.env, err, c.name, c.words)
		}
	}
}

func TestNodeFromEnv(t *testing.T) {
	for _, c := range []struct {
		procs string
		gpus  int
		want  int
	}{{"4", 0, 4}, {"auto", 8, 8}, {"auto", 0, 1}, {"gpu", 2, 2}, {"cpu", 2, 1}} {
		n, ok, err := NodeFromEnv(variables(ofTrainJob+" PET_NPROC_PER_NODE="+c.procs), func() int { return c.gpus })
		if err != nil || !ok || n != (Node{Rank: 1, Nodes: 2, Procs: c.want, Addr: "wrn-node-0-0.wrn", Port: 29500}) {
			t.Errorf("%s with %d devices: got %+v, %t, %v, want %d processes", c.procs, c.gpus, n, ok, err, c.want)
		}
	}
	n := Node{Rank: 1, Nodes: 2, Procs: 4, Addr: "a", Port: 5}
	if got, want := n.World(3), (World{Rank: 7, Size: 8, LocalRank: 3, LocalSize: 4, Addr: "a", Port: 5, Launcher: Kubernetes}); got != want {
		t.Errorf("the last process of the last node: got %+v, want %+v", got, want)
	}
	for _, env := range []string{"", ofTorchrun + " " + ofTrainJob, ofSlurm, ofPyTorchJob} {
		if _, ok, err := NodeFromEnv(variables(env), nil); ok || err != nil {
			t.Errorf("%s: got a node, %v", env, err)
		}
	}
}

func TestDevice(t *testing.T) {
	w := World{Rank: 5, Size: 8, LocalRank: 1, LocalSize: 4}
	for visible, want := range map[string]int{"": 1, "3": 0, "GPU-6f0d": 0, "2,3": 1, "0,1,2,3": 1} {
		if got := w.Device(variables("CUDA_VISIBLE_DEVICES=" + visible)); got != want {
			t.Errorf("local rank 1 of the devices %q: got %d, want %d", visible, got, want)
		}
	}
}

func TestCPUs(t *testing.T) {
	for _, c := range []struct {
		launcher, env string
		local, all    int
		want          int
	}{
		{"", "", 1, 16, 16},
		{"", "", 0, 16, 16}, // The zero World.
		{Torchrun, "SLURM_CPUS_PER_TASK=8", 4, 16, 4},
		{Augmix, "", 3, 16, 5},
		{Augmix, "", 3, 2, 1},
		{Slurm, "SLURM_CPUS_PER_TASK=8", 4, 64, 8}, // Not bound to its CPUs,
		{Slurm, "SLURM_CPUS_PER_TASK=8", 4, 8, 8},  // or bound.
		{Slurm, "", 4, 64, 16},
		{Slurm, "SLURM_CPUS_PER_TASK=9", 4, 8, 2}, // It cannot be.
	} {
		w := World{Launcher: c.launcher, LocalSize: c.local}
		if got := w.CPUs(variables(c.env), c.all); got != c.want {
			t.Errorf("%+v of %d CPUs, %s: got %d, want %d", w, c.all, c.env, got, c.want)
		}
	}
}

// What Environ says is what FromEnv reads, whatever else is set.
func TestEnviron(t *testing.T) {
	for _, want := range []World{
		{Rank: 3, Size: 8, LocalRank: 1, LocalSize: 2, Addr: "a", Port: 5, Launcher: Augmix, Restart: 2},
		{Size: 1, LocalSize: 1, Launcher: Augmix},
	} {
		env := strings.Join([]string{ofTrainJob, ofSlurm, strings.Join(want.Environ(), " ")}, " ")
		if got, err := FromEnv(variables(env)); err != nil || got != want {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
	}
}
