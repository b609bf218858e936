#!/usr/bin/env bash
# Lets TensorBoard read the event file of a small run that was killed and resumed, and compares it with the run's logs.
#
#   scripts/parity-events.sh AUGMIX
#
# TensorBoard comes from the Python package index, into build/events-venv. Exit codes: 0 all equal, 1 not.
set -euo pipefail
augmix=$(realpath "$1")
cd "$(dirname "$0")/.."
venv=build/events-venv
if [ ! -e "$venv/done" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet tensorboard==2.21.0
    touch "$venv/done"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
train=("$augmix" train --dataset shapes --limit-train 640 --limit-eval 200 --val-split 100 --model wrn --layers 10 --widen-factor 1
    --epochs 4 --batch-size 32 --checkpoint-every 7steps --print-freq 4 --quiet --resume auto --save "$work/run")
"${train[@]}" >/dev/null &
pid=$!
# Kills it when it has logged beyond a checkpoint.
until [ "$(cat "$work/run/metrics.jsonl" 2>/dev/null | wc -l)" -ge 9 ] || ! kill -0 $pid 2>/dev/null; do sleep 0.05; done
kill -9 $pid 2>/dev/null || { echo "parity-events: the run ended before it was killed" >&2; exit 1; }
wait $pid 2>/dev/null || true
"${train[@]}" >/dev/null
"$venv/bin/python" scripts/parity/events.py "$work/run"
