package launch

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestScriptsCall runs the scripts with programs in the place of augmix, torchrun and Slurm's that say how they are
// called.
func TestScriptsCall(t *testing.T) {
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	for name, text := range map[string]string{
		"augmix":     `echo "augmix $*"`,
		"torchrun":   `echo "torchrun $*"`,
		"nvidia-smi": `printf 'GPU 0\nGPU 1\nGPU 2\n'`,
		"srun":       `echo "srun $*"; exit ${SRUN_CODE:-0}`,
		"scontrol":   `echo "scontrol $*"`,
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\n"+text+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		script, env, want string
		code              int
	}{
		{"node.sh", "", "augmix train --gpus 3 --max-restarts 3 --resume auto --epochs 2", 0},
		{"node.sh", "GPUS=1", "augmix train --gpus 1 --max-restarts 3 --resume auto --epochs 2", 0},
		{"node.sh", "PROCS=2", "augmix train --procs 2 --max-restarts 3 --resume auto --epochs 2", 0},
		{"torchrun.sh", "HEAD=a NNODES=2", "torchrun --nnodes 2 --nproc-per-node gpu --max-restarts 3 --rdzv-backend c10d " +
			"--rdzv-endpoint a:29400 --rdzv-id augmix --no-python augmix train --resume auto --epochs 2", 0},
		{"torchrun.sh", "NNODES=2", "", 1},
		{"slurm.sh", "SLURM_JOB_ID=7", "srun --kill-on-bad-exit=0 --wait=60 augmix train --resume auto --epochs 2", 0},
		{"slurm.sh", "SLURM_JOB_ID=7 SRUN_CODE=3", "srun --kill-on-bad-exit=0 --wait=60 augmix train --resume auto --epochs 2", 3},
		{"slurm.sh", "SLURM_JOB_ID=7 SRUN_CODE=75", "srun --kill-on-bad-exit=0 --wait=60 augmix train --resume auto --epochs 2\nscontrol requeue 7", 75},
		{"slurm.sh", "SLURM_JOB_ID=9 SLURM_ARRAY_JOB_ID=7 SLURM_ARRAY_TASK_ID=2 SRUN_CODE=75",
			"srun --kill-on-bad-exit=0 --wait=60 augmix train --resume auto --epochs 2\nscontrol requeue 7_2", 75},
	} {
		cmd := exec.Command(filepath.Join(here, c.script), "--epochs", "2")
		cmd.Env = append(strings.Fields(c.env), "PATH="+bin+":/usr/bin:/bin")
		out, _ := cmd.Output()
		if got := strings.TrimSpace(string(out)); got != c.want || cmd.ProcessState.ExitCode() != c.code {
			t.Errorf("%s %s: exit code %d, got\n%s\nwant %d,\n%s", c.env, c.script, cmd.ProcessState.ExitCode(), got, c.code, c.want)
		}
	}
}
