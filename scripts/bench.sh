#!/usr/bin/env bash
# The speed table: each row runs two programs in turn, seven times, and gives the median of the ratios.
#
#   scripts/bench.sh AUGMIX [REFERENCE]
#
# $ROWS names the groups of rows to make, by default all: step networks views corruptions reference loader evaluation epoch.
# $PAIRS is how often each pair is run. $PRECISION (fp32, bf16) is that of the rows of step and networks instead of the one that
# fits the CPU; $NETWORKS, a list of names in networks_rows, leaves out other networks, and $BATCH and $STEPS are
# their images a step and their steps instead of 16 and 4: a CPU without units for bf16 is far slower in it. REFERENCE is a checkout of
# google-research/augmix and $ROBUSTNESS one of hendrycks/robustness; rows that need one, or the data in $AUGMIX_TEST_DATA
# (default ../shared/data), say so without it.
#
# $CORRUPT_IMAGES, by default all 10,000, of CIFAR-10's test images are corrupted (2.3 GB, in $TMPDIR), and
# $ORIGINAL_IMAGES, by default 200, by the original generator. $EVAL_IMAGES, by default all 10,000, are evaluated in 75
# ways, which takes many minutes on either side; that row is run once, or $EVAL_PAIRS times. The machine should do
# nothing else meanwhile: a step of two threads waits for the slower one.
set -euo pipefail
augmix=$(realpath "$1")
reference=${2:+$(realpath "$2")}
robustness=${ROBUSTNESS:+$(realpath "$ROBUSTNESS")}
cd "$(dirname "$0")/.."
scripts/python-env.sh
python=build/venv/bin/python
data=$(realpath -m "${AUGMIX_TEST_DATA:-../shared/data}")
compare="$python scripts/bench/compare.py --pairs ${PAIRS:-7}"
cifar=$data/cifar-10-batches-py photographs=$data/imagenet-samples/val checkpoint=$data/checkpoints/resnet20-12fca82f.th
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The precision that auto takes here: bf16 where the CPU has units for it.
precision=bf16
grep -qE 'avx512_bf16|amx_bf16' /proc/cpuinfo || precision=fp32
precision=${PRECISION:-$precision}
mode=tuned-$precision

corruptions=gaussian_noise,shot_noise,impulse_noise,defocus_blur,glass_blur,motion_blur,zoom_blur,snow,frost,fog,brightness
corruptions+=,contrast,elastic_transform,pixelate,jpeg_compression

# needs WHAT PATH…: fails, and says so, where a path is empty or missing.
needs() {
    local path
    for path in "${@:2}"; do
        [ -n "$path" ] && [ -e "$path" ] || { echo "bench: no rows of $group: they need $1" >&2; return 1; }
    done
}
needs_reference() { needs "REFERENCE=DIR, a checkout of google-research/augmix" "$reference"; }
needs_data() { needs "$1 in the folder that AUGMIX_TEST_DATA names, $data" "${@:2}"; }

step_rows() {
    local step="$augmix bench step --model wrn --layers 40 --widen-factor 2 --precision $precision --batch-size 32 --steps 10 --warmup 3 --json -"
    $compare --names 'augmix' "PyTorch tuned alike ($mode): WRN-40-2 step, 32×3" \
        "$step | tr -d '\n'" "$python scripts/bench/step.py --mode $mode"
    $compare --names 'augmix' 'the reference as shipped: WRN-40-2 step, 32×3' \
        "$step | tr -d '\n'" "$python scripts/bench/step.py --mode reference"
}

networks_rows() {
    # network NAME SIZE FLAGS: a row of the network that step.py calls NAME and FLAGS name here.
    network() {
        [[ " ${NETWORKS:-$1} " == *" $1 "* ]] || return 0
        local batch=${BATCH:-16} steps=${STEPS:-4}
        $compare --names 'augmix' "PyTorch tuned alike ($mode): $1 step, $batch×3 of $2×$2" \
            "$augmix bench step $3 --precision $precision --size $2 --batch-size $batch --steps $steps --warmup 1 --json - | tr -d '\n'" \
            "$python scripts/bench/step.py --mode $mode --model $1 --size $2 --batch-size $batch --steps $steps --warmup 1"
    }
    network allconv 32 '--model allconv'
    network densenet 32 '--model densenet'
    network densenet-reference 32 '--model densenet --densenet-variant reference'
    network resnext 32 '--model resnext'
    network resnet20 32 '--model resnet20'
    network resnet18 64 '--model resnet18'
    network resnet18-maxblurpool 64 '--model resnet18 --pool maxblurpool'
    network resnet50 64 '--model resnet50'
    network resnet50-maxblurpool 64 '--model resnet50 --pool maxblurpool'
}

views() { # SIZE WORKERS
    echo "$augmix bench pipeline --workers $2 --size $1 --seconds 3 --json - | tr -d '\n'"
}

views_rows() {
    $compare --names 'augmix, two workers' 'one worker: 32×32 views' --key views_per_second "$(views 32 2)" "$(views 32 1)"
    $compare --names 'augmix, two workers' 'one worker: 224×224 views' --key views_per_second "$(views 224 2)" "$(views 224 1)"
    $compare --names 'augmix' "torchvision's v2.AugMix on tensors: a 32×32 view, one core" --key views_per_second \
        "$(views 32 1)" "$python scripts/bench/view_torchvision.py --seconds 3"
}

corruptions_rows() {
    needs "ROBUSTNESS=DIR, a checkout of hendrycks/robustness" "$robustness" || return 0
    needs_data "CIFAR-10 and photographs" "$cifar" "$photographs" || return 0
    scripts/corruptions-env.sh
    corrupted() { # IMAGES WORKERS FLAG…
        echo "rm -rf $scratch/c; $augmix corrupt --out $scratch/c --only $corruptions --frost-dir $robustness/ImageNet-C/create_c" \
            "--limit-eval $1 --num-workers $2 ${*:3} --quiet --json - | tr -d '\n'"
    }
    local theirs="build/corruptions-venv/bin/python scripts/bench/corrupt_reference.py --robustness $robustness --data $data"
    $compare --names 'augmix, two workers' "the original generator, one process: CIFAR-10-C's 15 × 5" --key images_per_second \
        "$(corrupted "${CORRUPT_IMAGES:-10000}" 2 --dataset cifar10 --data "$data")" "$theirs --images ${ORIGINAL_IMAGES:-200}"
    $compare --names 'augmix, one worker' "the original generator, one process: ImageNet-C's 15 × 5" --key images_per_second \
        "GOMAXPROCS=1; export GOMAXPROCS; $(corrupted 8 1 --dataset folder --data "$data/imagenet-samples")" \
        "$theirs --side 224 --images 2"
    rm -rf "$scratch/c"
}

reference_rows() {
    needs_reference || return 0
    local size
    for size in 32 224; do
        $compare --names 'augmix' "the reference's aug(): a $size×$size view, one core" --key views_per_second \
            "$(views $size 1)" "$python scripts/bench/view_reference.py --reference $reference --seconds 3 --size $size"
        $compare --names 'augmix, two workers' "the reference's aug() in two processes: $size×$size views" --key views_per_second \
            "$(views $size 2)" "$python scripts/bench/view_reference.py --reference $reference --seconds 3 --size $size --workers 2"
    done
}

loader_rows() {
    needs_reference && needs_data photographs "$photographs" || return 0
    $compare --names 'augmix' "the reference's loader: a photograph decoded, cropped to 224×224, clean and two views, one core" \
        --key images_per_second \
        "GOMAXPROCS=1 $augmix bench pipeline --dataset folder --data $data/imagenet-samples --num-workers 1 --seconds 5 --json - | tr -d '\n'" \
        "$python scripts/bench/loader_reference.py --reference $reference --data $photographs --seconds 8"
}

evaluation_rows() {
    needs_reference && needs_data "CIFAR-10 and the published ResNet-20" "$cifar" "$checkpoint" || return 0
    local images=${EVAL_IMAGES:-10000}
    "$augmix" corrupt --dataset cifar10 --data "$data" --limit-eval "$images" --out "$scratch/c" --quiet --only "$corruptions" >/dev/null
    $compare --pairs "${EVAL_PAIRS:-1}" --names "augmix, which makes the images" \
        "the reference's test_c with ready files: ResNet-20 on CIFAR-10-C, $images images × 75, float32" --key images_per_second \
        "$augmix bench eval --dataset cifar10 --data $data --model resnet20 --checkpoint $checkpoint --sets c --c-data generate \
            --precision fp32 --limit-eval $images --quiet --json - | tr -d '\n'" \
        "$python scripts/bench/eval_reference.py --reference $reference --data $data --checkpoint $checkpoint --corrupted $scratch/c"
    rm -rf "$scratch/c"
}

epoch_rows() {
    needs_reference && needs_data CIFAR-10 "$cifar" || return 0
    local recipe="--layers 16 --widen-factor 1 --limit-train 10000 --epochs 1 --batch-size 64"
    $compare --names 'augmix' 'the reference, 2 workers: an epoch of 10,000 CIFAR-10 images, WRN-16-1' --key epoch_seconds --lower \
        "rm -rf $scratch/run; $augmix train --dataset cifar10 --data $data --model wrn $recipe --limit-eval 1000 --quiet --save $scratch/run --json - | tr -d '\n' | sed 's/\"seconds\"/\"epoch_seconds\"/'" \
        "$python scripts/parity/train_cifar.py --reference $reference --data $data $recipe --workers 2"
}

groups=(${ROWS:-step networks views corruptions reference loader evaluation epoch})
for group in "${groups[@]}"; do
    declare -F "${group}_rows" >/dev/null || { echo "bench: there are no rows called $group in ROWS" >&2; exit 2; }
done
echo "| row | figure | left | right | ratio: median (range) |"
echo "|---|---|---|---|---|"
for group in "${groups[@]}"; do
    "${group}_rows"
done
