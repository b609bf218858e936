#!/usr/bin/env bash
# Kills a small run with SIGKILL at random moments, resumes it each time with another number of workers, and compares
# its weights and logs with those of a run that was left alone. In float32 and in bf16.
#
#   scripts/reliability.sh AUGMIX [KILLS]      KILLS: for each precision (20)
set -euo pipefail
augmix=$(realpath "$1")
kills=${2:-20}
cd "$(dirname "$0")/.."
RANDOM=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags="--dataset shapes --limit-train 640 --limit-eval 200 --model wrn --layers 10 --widen-factor 1 --epochs 30 \
--batch-size 32 --checkpoint-every 3steps --print-freq 4 --threads 1 --seed 7 --quiet"
field() { sed -n "s/.*\"$2\": *\"\\([0-9a-f]*\\)\".*/\\1/p" "$1"; }
rows() { cut -d, -f1,3- "$1/training_log.csv"; cat "$1/metrics.jsonl"; } # the second column is a time

for precision in fp32 bf16; do
    "$augmix" train $flags --precision $precision --save "$work/$precision-whole" --json "$work/whole.json" >/dev/null 2>"$work/err" ||
        { cat "$work/err"; exit 1; }
    want=$(field "$work/whole.json" weights_sha256)
    killed=0
    while :; do
        "$augmix" train $flags --precision $precision --num-workers $((1 + RANDOM % 4)) --resume auto \
            --save "$work/$precision-killed" --json "$work/killed.json" >/dev/null 2>"$work/err" &
        pid=$!
        if [ $killed -lt "$kills" ]; then
            sleep "$(awk -v r=$RANDOM 'BEGIN { printf "%.3f", 0.2 + r / 32768 * 1.2 }')"
            kill -9 $pid 2>/dev/null && killed=$((killed + 1))
        fi
        if wait $pid 2>/dev/null; then break; fi
        [ $killed -le "$kills" ] && ! grep -q 'panic:' "$work/err" || { cat "$work/err"; exit 1; }
    done
    [ $killed -ge "$kills" ] || { echo "reliability: the run ended after $killed of $kills kills; make it longer"; exit 1; }
    got=$(field "$work/killed.json" weights_sha256)
    [ "$got" = "$want" ] || { echo "reliability: $precision: weights_sha256 is $got after $killed kills, want $want"; exit 1; }
    diff <(rows "$work/$precision-whole") <(rows "$work/$precision-killed") ||
        { echo "reliability: $precision: the logs differ after $killed kills"; exit 1; }
    echo "$precision: $killed kills, weights_sha256 $got equal, every log row there once"
done
