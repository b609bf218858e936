#!/usr/bin/env bash
# Starts small runs under PyTorch's own torchrun, from the Python package index, and compares them with the same ranks
# under augmix train --procs: the weights, a worker that is killed and restarted by torchrun, another number of ranks,
# and what torchrun says of a failure.
#
#   scripts/parity-torchrun.sh AUGMIX
#
# Exit codes: 0 all equal, 1 not.
set -euo pipefail
augmix=$(realpath "$1")
cd "$(dirname "$0")/.."
scripts/python-env.sh
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags=(--dataset shapes --limit-train 320 --limit-eval 100 --model wrn --layers 10 --widen-factor 1 --epochs 8 --batch-size 32
    --checkpoint-every 3steps --threads 1 --num-workers 1 --seed 7 --precision fp32 --quiet)
field() { sed -n "s/.*\"$2\": *\"\\([0-9a-f]*\\)\".*/\\1/p" "$1"; }
fail() { echo "parity-torchrun: $1" >&2; tail -40 "$work/err" >&2; exit 1; }
# under RANKS RESTARTS [flags] starts augmix under torchrun, with its messages in err.
under() {
    local ranks=$1 restarts=$2
    shift 2
    build/venv/bin/torchrun --standalone --nproc-per-node "$ranks" --max-restarts "$restarts" --monitor-interval 0.1 \
        --no-python "$augmix" train "${flags[@]}" "$@" >/dev/null 2>"$work/err"
}

"$augmix" train "${flags[@]}" --procs 2 --save "$work/procs" --json "$work/procs.json" >/dev/null
want=$(field "$work/procs.json" weights_sha256)

under 2 0 --save "$work/torchrun" --json "$work/torchrun.json" || fail "training under torchrun failed"
got=$(field "$work/torchrun.json" weights_sha256)
[ "$got" = "$want" ] || fail "torchrun: weights_sha256 is $got, with --procs $want"
echo "torchrun, 2 ranks: weights_sha256 equal to --procs 2"

under 2 1 --save "$work/killed" --json "$work/killed.json" --resume auto &
agent=$!
until ls "$work"/killed/checkpoints/step-0000000[3-9].safetensors >/dev/null 2>&1; do
    kill -0 $agent || fail "it ended before it was killed"
    sleep 0.02
done
for process in /proc/[0-9]*; do # The worker that is rank 1 of this run.
    if tr '\0' '\n' <"$process/cmdline" 2>/dev/null | grep -qx "$work/killed" &&
        tr '\0' '\n' <"$process/environ" 2>/dev/null | grep -qx RANK=1; then kill -9 "${process#/proc/}"; victim=${process#/proc/}; fi
done
[ -n "${victim:-}" ] || fail "rank 1 was not found"
wait $agent || fail "torchrun did not get over a killed worker"
# It names whichever of the two it sees first: the killed one, or the other, which ends because that is gone.
grep -q 'failed (exitcode' "$work/err" || fail "torchrun did not notice that process $victim was killed"
got=$(field "$work/killed.json" weights_sha256)
[ "$got" = "$want" ] || fail "after a restart by torchrun weights_sha256 is $got, want $want"
echo "torchrun, rank 1 killed and all restarted by torchrun: weights_sha256 equal"

# Epochs are not free on resume, so the run of three ranks goes on where one of two was stopped.
under 2 0 --save "$work/fewer" --resume auto &
agent=$!
until ls "$work"/fewer/checkpoints/step-0000000[3-9].safetensors >/dev/null 2>&1; do sleep 0.02; done
kill -TERM "$(cat /proc/$agent/task/$agent/children)" # The shell's child is torchrun.
wait $agent && fail "SIGTERM to torchrun did not stop the run"
under 3 0 --save "$work/fewer" --resume auto --json "$work/fewer.json" || fail "three ranks did not go on where two were stopped"
echo "torchrun, SIGTERM to 2 ranks, gone on with 3: finished"

under 2 0 --data "$work/nowhere" --dataset cifar10 --save "$work/nothing" && fail "training without data succeeded"
grep -q 'traceback : .*there is no such folder' "$work/err" || fail "torchrun's report does not say what was wrong"
echo "torchrun, without data: its report says why"
