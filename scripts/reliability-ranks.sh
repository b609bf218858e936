#!/usr/bin/env bash
# Kills one of two ranks with SIGKILL at random moments of a small run, and stops one with SIGSTOP. Each time all ranks must
# be gone in time and the message must name the rank; gone on from the last checkpoint, the run must end with the weights
# and logs of one that was left alone.
#
#   scripts/reliability-ranks.sh AUGMIX [KILLS [STOPS]]      10 and 2
set -euo pipefail
augmix=$(realpath "$1")
kills=${2:-10}
stops=${3:-2}
cd "$(dirname "$0")/.."
RANDOM=1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
timeout=6 # seconds until a rank that hangs is given up
flags=(--dataset shapes --limit-train 640 --limit-eval 200 --model wrn --layers 10 --widen-factor 1 --epochs 20
    --batch-size 32 --checkpoint-every 3steps --print-freq 4 --threads 1 --seed 7 --precision fp32 --quiet --procs 2 --dist-timeout "${timeout}s")
field() { sed -n "s/.*\"$2\": *\"\\([0-9a-f]*\\)\".*/\\1/p" "$1"; }
rows() { cut -d, -f1,3- "$1/training_log.csv"; cat "$1/metrics.jsonl"; } # the second column is a time
fail() { echo "reliability-ranks: $1" >&2; cat "$work/err" >&2; exit 1; }
now() { date +%s%3N; }

children() { cat /proc/$pid/task/*/children 2>/dev/null || true; }

# process RANK prints the process of a rank that the supervisor $pid has started, once it is there.
process() {
    local child
    for child in $(children); do
        if tr '\0' '\n' <"/proc/$child/environ" 2>/dev/null | grep -qx "RANK=$1"; then echo "$child"; fi
    done
}

# hit SIGNAL LIMIT starts the run where it was, sends the signal to a rank at a random moment, and checks that all are
# gone within LIMIT ms and which rank is named. It fails if the run ended before.
hit() {
    local signal=$1 limit=$2 rank=$((RANDOM % 2)) victim="" code=0 begun took ranks
    "$augmix" train "${flags[@]}" --num-workers $((1 + RANDOM % 3)) --resume auto --save "$work/hit" >/dev/null 2>"$work/err" &
    pid=$!
    if [ "$signal" = STOP ]; then # How long ranks take to meet is another matter.
        touch "$work/start"
        until [ "$work/hit/metrics.jsonl" -nt "$work/start" ] || ! kill -0 $pid 2>/dev/null; do sleep 0.05; done
    else
        sleep 1
    fi
    sleep "$(awk -v r=$RANDOM 'BEGIN { printf "%.3f", r / 32768 * 1.5 }')"
    victim=$(process $rank)
    ranks=$(children)
    [ -n "$victim" ] || { wait $pid && return 1; fail "it ended by itself"; }
    kill -"$signal" "$victim"
    begun=$(now)
    wait $pid || code=$?
    took=$(($(now) - begun))
    for process in $ranks; do [ ! -d "/proc/$process" ] || fail "process $process is still there"; done
    [ $took -le "$limit" ] || fail "$signal of rank $rank: all were gone after $took ms, want $limit"
    if [ "$signal" = KILL ]; then
        [ $code = 137 ] || fail "rank $rank was killed, exit code $code"
        grep -q "rank $rank (process $victim) died: signal: killed" "$work/err" || fail "rank $rank was killed and is not named"
    else
        [ $code != 0 ] || fail "rank $rank was stopped, exit code 0"
        grep -q "rank $rank (process $victim) hangs" "$work/err" || fail "rank $rank was stopped and is not named"
    fi
    if [ $took -gt "${longest:-0}" ]; then longest=$took; fi
}

"$augmix" train "${flags[@]}" --save "$work/whole" --json "$work/whole.json" >/dev/null 2>"$work/err" || fail "the whole run failed"
want=$(field "$work/whole.json" weights_sha256)
longest=0
for ((i = 0; i < kills; i++)); do hit KILL 5000 || fail "the run ended after $i kills; make it longer"; done
killed=$longest longest=0
for ((i = 0; i < stops; i++)); do hit STOP $((1000 * timeout + 5000)) || fail "the run ended before $stops stops; make it longer"; done

# What is left, with one more kill that the supervisor itself gets over.
"$augmix" train "${flags[@]}" --max-restarts 1 --resume auto --save "$work/hit" --json "$work/hit.json" >/dev/null 2>"$work/err" &
pid=$!
for ((i = 0; i < 100; i++)); do
    victim=$(process 1)
    [ -z "$victim" ] || break
    sleep 0.05
done
sleep 1
kill -9 "$victim" || fail "the run ended before the last kill; make it longer"
wait $pid || fail "the restarted run failed"
grep -q "rank 1 (process $victim) died: signal: killed; starting all again" "$work/err" || fail "nothing was said of the restart"
got=$(field "$work/hit.json" weights_sha256)
[ "$got" = "$want" ] || fail "weights_sha256 is $got, want $want"
diff <(rows "$work/whole") <(rows "$work/hit") || fail "the logs differ"
echo "two ranks: $((kills + 1)) kills (all gone within $killed ms) and $stops stops (within $longest ms, $timeout s of them the timeout): weights_sha256 $got equal, every log row there once"
