#!/usr/bin/env bash
# The first run: three networks on the embedded set, their evaluation, and a report.
#
#   scripts/run.sh AUGMIX [SEED]
#
# Standard and AugMix train for the same number of epochs, and Standard once more for about AugMix's time. Each call makes
# a new numbered folder.
set -euo pipefail
augmix=$1
seed=${2:-1}
cd "$(dirname "$0")/.."
mkdir -p runs
n=1
until mkdir "runs/run-$(printf %04d $n)" 2>/dev/null; do n=$((n + 1)); done
dir=runs/run-$(printf %04d $n)

epochs=4
train() { # NAME METHOD EPOCHS
    "$augmix" train --dataset shapes --model wrn --layers 10 --widen-factor 1 --method "$2" --epochs "$3" \
        --batch-size 32 --seed "$seed" --save "$dir/$1" >&2
}
seconds() { sed -n 's/.*"seconds": *\([0-9.]*\).*/\1/p' "$dir/$1/results/train.json"; }

echo "make run: seed $seed, into $dir" >&2
train standard standard $epochs
train augmix augmix $epochs
long=$(awk -v a="$(seconds augmix)" -v s="$(seconds standard)" -v e=$epochs 'BEGIN { n = int(a / s * e + 0.5); print (n > e ? n : e) }')
train standard-long standard "$long"
"$augmix" eval "$dir"/{standard,augmix,standard-long} --sets clean,c --limit-eval 400 --quiet >/dev/null
mkdir -p "$dir/plots"
"$augmix" preview --dataset shapes --seed "$seed" --out "$dir/plots/preview.png"
"$augmix" report "$dir"
echo
echo "picture:  $dir/plots/preview.png"
echo "report:   $dir/report.html (open it in a browser)"
echo "next:     $augmix train --dataset cifar10 --data DIR --epochs 5 --limit-train 10000 --layers 16 --widen-factor 1"
