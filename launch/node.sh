#!/usr/bin/env bash
# Trains on all GPUs of this machine, or with PROCS processes on its CPU, and starts again where a process dies.
#
#   launch/node.sh [flags of augmix train]      for example: launch/node.sh --dataset cifar10 --data /data
#
#   AUGMIX=FILE   the program (augmix, from the PATH)
#   GPUS=N        so many GPUs instead of all
#   PROCS=N       no GPU, N processes
#
# A second call goes on from the newest checkpoint. The exit code is the program's.
set -euo pipefail
augmix=${AUGMIX:-augmix}
if [ -n "${PROCS:-}" ]; then
    where=(--procs "$PROCS")
else
    where=(--gpus "${GPUS:-$(nvidia-smi --list-gpus | wc -l)}")
fi
exec "$augmix" train "${where[@]}" --max-restarts 3 --resume auto "$@"
