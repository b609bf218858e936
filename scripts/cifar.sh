#!/usr/bin/env bash
# CIFAR-10: two small networks that are part of the repository (models/), one trained with AugMix and one without, on all
# fifteen corruptions of CIFAR-10's 10,000 test images.
#
#   scripts/cifar.sh AUGMIX [DATA]
#
# DATA is the folder that holds CIFAR-10; without it the set is downloaded into build/data. IMAGES=N takes the first N
# test images. What is not in the table below stands in build/cifar.txt and build/cifar.json.
set -euo pipefail
augmix=$(realpath "$1")
data=${2:+$(realpath "$2")}
images=${IMAGES:-10000}
cd "$(dirname "$0")/.."
if [ -z "$data" ]; then
    data=build/data
    "$augmix" fetch cifar10 --data "$data" >&2
fi
"$augmix" eval --dataset cifar10 --data "$data" --c-data generate --limit-eval "$images" \
    --checkpoint models/wrn-16-1-standard.safetensors --checkpoint models/wrn-16-1-augmix.safetensors \
    --json build/cifar.json >build/cifar.txt
cat <<EOF
CIFAR-10, WRN-16-1 trained for the same number of epochs without and with AugMix (docs/cifar.md); corruptions made here
with seed 0; first $images test images

$(sed -n '/^error %  *wrn/,$p' build/cifar.txt)

all figures, calibration among them:  build/cifar.txt, build/cifar.json
the paper's recipe (WRN-40-2, 100 epochs):
    build/augmix train --dataset cifar10 --data $data
    build/augmix train --dataset cifar10 --data $data --method standard
    build/augmix eval runs/cifar10-wrn-augmix-s1 runs/cifar10-wrn-standard-s1
    build/augmix report runs
EOF
