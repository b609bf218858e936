package cli

import (
	"cmp"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"augmix/ranks"
	"augmix/run"
	"augmix/supervise"
	"augmix/train"

	torch "github.com/wangkuiyi/gotorch"
)

// processes are the flags of train that start several processes on this machine.
type processes struct {
	procs, gpus int // 0 is not given
	restarts    int
	timeout     time.Duration
}

// maxProcs bounds the processes on one machine.
const maxProcs = 1024

func (g *group) processes(p *processes) {
	g.integer(&p.gpus, "gpus", 1, maxProcs, "train on N GPUs of this machine together, a process for each")
	g.integer(&p.procs, "procs", 1, maxProcs, "train with N processes on the CPU together")
	g.integer(&p.restarts, "max-restarts", 0, maxCount, "with --gpus or --procs: when a process fails start all again from the "+
		"newest checkpoint, at most N times; not after exit codes 2 to 5, which would come again")
	p.timeout = train.DefaultTimeout
	g.add(&durationValue{&p.timeout}, "dist-timeout", "how long a process waits for others that hang before all end; one that dies is noticed at once")
}

// sharing declares the flags about the batches of processes that train together.
func (g *group) sharing(c *run.Config) {
	g.integer(&c.BatchSizePerRank, "batch-size-per-rank", 1, maxBatch, "images a step of each process, in the place of --batch-size, which all processes "+
		"share; --learning-rate is then for --batch-size images and grows with the batch (the linear rule)")
	g.toggle(&c.SyncBN, "sync-bn", "batch normalisation over the images of all processes; without it each has its own statistics in training, "+
		"and evaluation the mean of the running ones")
}

// share decides the batch of all processes together.
func (t *training) share() error {
	c, count := &t.config, max(t.world.Size, len(t.worlds), 1)
	c.Ranks = 0
	if count > 1 {
		c.Ranks = count
	}
	if c.BatchSizePerRank > 0 && t.flags.given("batch-size-per-rank") {
		batch := c.BatchSizePerRank * count
		if max(c.GradAccum, 1)*batch > maxBatch {
			return usage("--batch-size-per-rank %d: with %d processes a step has more than %d images; give less", c.BatchSizePerRank, count, maxBatch)
		}
		c.LearningRate *= float64(batch) / float64(c.BatchSize)
		c.WarmupLR *= float64(batch) / float64(c.BatchSize)
		c.BatchSize = batch
		t.sources["batch-size"] = fmt.Sprintf("%d processes × --batch-size-per-rank %d", count, c.BatchSizePerRank)
		t.sources["learning-rate"] = "the linear rule for the larger batch"
		return nil
	}
	c.BatchSizePerRank = 0
	if c.BatchSize < count {
		return usage("--batch-size %d: all %d processes share it, and each needs an image; give more", c.BatchSize, count)
	}
	return nil
}

// place decides which rank this process is or which ones it starts, from the flags and the launcher's variables.
func (t *training) place() error {
	flag := t.flags.firstGiven("gpus", "procs")
	if flag != "" && t.flags.given("gpus") && t.flags.given("procs") {
		return usage("--gpus %d and --procs %d: give one of them, for GPUs or for the CPU", t.gpus, t.procs)
	}
	if flag != "" && t.evaluate {
		return usage("--%s is about training; --evaluate computes in one process: leave it out", flag)
	}
	node, ok, err := ranks.NodeFromEnv(os.Getenv, torch.CUDADeviceCount)
	if err != nil {
		return usage("%v", err)
	}
	if ok && node.Procs > 1 {
		if flag != "" {
			return usage("--%s: PET_NPROC_PER_NODE=%s says how many processes to start here; leave the flag out", flag, os.Getenv("PET_NPROC_PER_NODE"))
		}
		if t.restarts > 0 && node.Nodes > 1 {
			return usage("--max-restarts %d: the processes of %d nodes must start again together; leave the flag out and let Kubernetes do it", t.restarts, node.Nodes)
		}
		return t.start(node.Procs, torch.CUDADeviceCount() >= node.Procs, node.World)
	}
	if t.world, err = ranks.FromEnv(os.Getenv); err != nil {
		return usage("%v", err)
	}
	switch w := t.world; {
	case w.Launcher == ranks.Augmix: // The flags were for the process that started this one.
		return nil
	case flag == "" && t.flags.given("max-restarts"):
		return usage("--max-restarts is about the processes that --gpus or --procs start; add one of these, or let %s start them again",
			cmp.Or(w.Launcher, "your launcher"))
	case flag == "":
		return nil
	case w.Size > 1 || w.Launcher != "" && w.Launcher != ranks.Slurm: // One Slurm task may well start the others.
		return usage("--%s: %s has set its variables and started this process as rank %d of %d; leave the flag out", flag, w.Launcher, w.Rank, w.Size)
	}
	if t.gpus > 0 {
		if n := torch.CUDADeviceCount(); n == 0 {
			return usage("--gpus %d: %s", t.gpus, torch.NoCUDA())
		} else if t.gpus > n {
			return usage("--gpus %d: there are %d", t.gpus, n)
		}
	}
	count := max(t.gpus, t.procs)
	return t.start(count, t.gpus > 0, func(i int) ranks.World {
		return ranks.World{Rank: i, Size: count, LocalRank: i, LocalSize: count, Addr: "127.0.0.1"}
	})
}

// refuseGrid refuses a grid in several processes: each would train all the runs by itself, and evaluation is of one.
func (t *training) refuseGrid() error {
	const why = "a grid trains and evaluates one network after another in one process"
	if flag := t.flags.firstGiven("gpus", "procs", "max-restarts"); flag != "" {
		return usage("--%s with --grid: %s; leave the flag out, or train the runs by themselves", flag, why)
	}
	w, err := ranks.FromEnv(os.Getenv)
	if err == nil && w.Size > 1 {
		return usage("--grid %s: %s, and %s has started %d of them", show(t.grid), why, w.Launcher, w.Size)
	}
	return nil
}

// start notes that this process starts so many others, each on a GPU of its own or all on the CPU.
func (t *training) start(count int, gpus bool, world func(i int) ranks.World) error {
	for i := range count {
		t.worlds = append(t.worlds, world(i))
	}
	if gpus {
		t.devices = visibleDevices(os.Getenv("CUDA_VISIBLE_DEVICES"), count)
	}
	return nil
}

// visibleDevices returns the first count devices of a CUDA_VISIBLE_DEVICES, or their numbers where it is empty.
func visibleDevices(list string, count int) []string {
	devices := strings.Split(list, ",")
	if list == "" {
		devices = nil
		for i := range count {
			devices = append(devices, strconv.Itoa(i))
		}
	}
	return devices[:count]
}

// placeDevice decides where one of several processes computes and how much of the machine is its own.
func (t *training) placeDevice() error {
	c := &t.config
	switch {
	case t.gpus > 0 && c.Device != "auto" && c.Device != "cuda":
		return usage("--gpus %d: --device %s names one place for all processes; leave it out", t.gpus, c.Device)
	case t.procs > 0 && c.Device != "auto" && c.Device != "cpu":
		return usage("--procs %d: its processes compute on the CPU, not on --device %s; for GPUs use --gpus", t.procs, c.Device)
	case t.procs > 0:
		c.Device = "cpu"
	case t.gpus > 0, t.world.Size > 1 && (c.Device == "cuda" || c.Device == "auto" && torch.CUDADeviceCount() > 0):
		c.Device = fmt.Sprintf("cuda:%d", t.world.Device(os.Getenv))
	}
	if t.world.LocalSize > 1 {
		share := t.world.CPUs(os.Getenv, runtime.NumCPU())
		c.Threads, c.NumWorkers = cmp.Or(c.Threads, share), cmp.Or(c.NumWorkers, share)
	}
	return nil
}

// supervise starts the processes and waits for them.
func (t *training) supervise(c *call) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGUSR1)
	defer signal.Stop(signals)
	args := append(strings.Fields(t.flags.command)[1:], t.flags.typed...)
	return supervise.Run(supervise.Group{
		Worlds: t.worlds, Devices: t.devices, Path: program, Args: args, Env: os.Environ(),
		Stdout: c.stdout, Stderr: c.stderr, Signals: signals,
		MaxRestarts: t.restarts,
		Again: func() []string {
			if t.resume != "none" && t.resume != "auto" && !t.hasCheckpoint() {
				return args // Its checkpoint is still the newest.
			}
			return append(slices.Clip(args), "--resume=auto")
		},
		Restartable: func(code int) bool {
			return !slices.Contains([]int{exitUsage, exitData, exitCheckpoint, exitNonFinite}, code)
		},
		Stopped:    func(code int) bool { return slices.Contains([]int{exitRequeue, exitInterrupt, exitTerminate}, code) },
		SignalCode: signalCode,
	})
}

// hasCheckpoint tells whether the run's folder has a checkpoint to go on from.
func (t *training) hasCheckpoint() bool {
	state, err := run.Inspect(t.config.Save)
	return err == nil && state.Step > 0
}
