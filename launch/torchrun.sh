#!/usr/bin/env bash
# Trains on several machines under torchrun. Call it on each of them, with the same variables and flags.
#
#   HEAD=node1 NNODES=4 launch/torchrun.sh [flags of augmix train]
#
#   HEAD=HOST     the machine at which all meet, one of them
#   NNODES=N      how many there are; 2:4 lets 2 to 4 of them train, and machines come and go
#   PORT=N        the port on HEAD (29400)
#   NPROC=N       processes on a machine (gpu: one for each)
#   JOB=NAME      tells two trainings on the same machines apart (augmix)
#   AUGMIX=FILE   the program (augmix, from the PATH)
#
# --save must name a folder that all machines share.
set -euo pipefail
: "${HEAD:?the machine at which all meet}" "${NNODES:?the number of machines}"
exec torchrun --nnodes "$NNODES" --nproc-per-node "${NPROC:-gpu}" --max-restarts 3 \
    --rdzv-backend c10d --rdzv-endpoint "$HEAD:${PORT:-29400}" --rdzv-id "${JOB:-augmix}" \
    --no-python "${AUGMIX:-augmix}" train --resume auto "$@"
