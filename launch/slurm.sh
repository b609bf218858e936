#!/usr/bin/env bash
# Trains on several machines under Slurm, a task for each GPU, and queues itself again before its time is over.
#
#   sbatch launch/slurm.sh [flags of augmix train]
#
# Change the sizes below for your cluster. --save must name a folder that all machines share.
#SBATCH --job-name=augmix
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=4
#SBATCH --gpus-per-node=4
#SBATCH --cpus-per-task=8
#SBATCH --time=04:00:00
#SBATCH --output=%x-%j.log
#SBATCH --open-mode=append
#SBATCH --requeue
# Two minutes before the end every task gets SIGUSR1: all finish the step, rank 0 saves it, and they end with 75.
#SBATCH --signal=USR1@120
set -uo pipefail

# Not --kill-on-bad-exit: 75 is one, and rank 0 may still be saving. A task that dies lets the others end in a minute.
srun --kill-on-bad-exit=0 --wait=60 "${AUGMIX:-augmix}" train --resume auto "$@"
code=$?
if [ $code = 75 ]; then
    job=$SLURM_JOB_ID
    if [ -n "${SLURM_ARRAY_JOB_ID:-}" ]; then job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID; fi
    scontrol requeue "$job"
fi
exit $code
