#!/usr/bin/env bash
# CIFAR-10 for real: three seeds of a short recipe (WRN-16-1, 10,000 images, 5 epochs, batch 64, float32), with augmix and,
# where a checkout of google-research/augmix is given, with the reference's own program.
#
#   scripts/cifar-seeds.sh AUGMIX [DATA [REFERENCE]]
set -euo pipefail
augmix=$(realpath "$1")
data=$(realpath "${2:-${AUGMIX_TEST_DATA:-../shared/data}}")
reference=${3:+$(realpath "$3")}
cd "$(dirname "$0")/.."
recipe="--layers 16 --widen-factor 1 --limit-train 10000 --epochs 5 --batch-size 64"
out=build/cifar-seeds
rm -rf "$out" && mkdir -p "$out"
for seed in 1 2 3; do
    "$augmix" train --dataset cifar10 --data "$data" --model wrn $recipe --precision fp32 --seed $seed \
        --save "$out/augmix-s$seed" --json "$out/augmix-s$seed.json" >&2
done
mean() { awk '{ s += $1; q = q " " $1 } END { printf "mean %.2f %% of%s\n", s / NR, q }'; }
for seed in 1 2 3; do sed -n 's/.*"test_error": *\([0-9.]*\).*/\1/p' "$out/augmix-s$seed.json"; done | mean | sed 's/^/augmix, clean error:    /'
if [ -z "$reference" ]; then
    echo "cifar-seeds: the same recipe with the reference's program needs REFERENCE=DIR, a checkout of google-research/augmix" >&2
    exit
fi
scripts/python-env.sh >&2
for seed in 1 2 3; do
    build/venv/bin/python scripts/parity/train_cifar.py --reference "$reference" --data "$data" $recipe --workers 2 \
        --seed $seed >"$out/reference-s$seed.json"
done
for seed in 1 2 3; do sed -n 's/.*"clean_error": *\([0-9.]*\).*/\1/p' "$out/reference-s$seed.json"; done | mean | sed 's/^/reference, clean error: /'
