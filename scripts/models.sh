#!/usr/bin/env bash
# Trains the two networks of models/ again, into build/models: about 12 minutes of one core and 5 of another.
#
#   scripts/models.sh AUGMIX [DATA]
#
# DATA is the folder that holds CIFAR-10. EPOCHS=N trains longer than those that are there (docs/cifar.md). The same program on
# the same kind of CPU gives the same files.
set -euo pipefail
augmix=$(realpath "$1")
data=$(realpath "${2:-${AUGMIX_TEST_DATA:-../shared/data}}")
cd "$(dirname "$0")/.."
out=build/models epochs=${EPOCHS:-2}
mkdir -p "$out"
train() { # METHOD
    "$augmix" train --dataset cifar10 --data "$data" --model wrn --layers 16 --widen-factor 1 --method "$1" \
        --epochs "$epochs" --batch-size 64 --seed 1 --precision fp32 --threads 1 --num-workers 1 --resume auto \
        --save "$out/$1-e$epochs" --json "$out/$1.json" --quiet >/dev/null
    rm -f "$out/wrn-16-1-$1.safetensors"
    "$augmix" export "$out/$1-e$epochs" --out "$out/wrn-16-1-$1.safetensors"
    echo "$1: weights_sha256 $(sed -n 's/.*"weights_sha256": *"\([0-9a-f]*\)".*/\1/p' "$out/$1.json")"
}
train augmix &
train standard
wait $!
