#!/usr/bin/env bash
# The speed table: each row runs two programs in turn, seven times, and gives the median of the ratios.
#
#   scripts/bench.sh AUGMIX [REFERENCE]
#
# EVAL_IMAGES=N evaluates the first N of CIFAR-10's 10,000 test images in the evaluation row, whose whole 750,000 images take
# many minutes on either side; it is run once, or EVAL_PAIRS times.
# REFERENCE is a checkout of google-research/augmix and $ROBUSTNESS one of hendrycks/robustness; rows that need one say
# so without it. $CORRUPT_IMAGES, by default all 10,000, of CIFAR-10's test images are corrupted (2.3 GB, in $TMPDIR), and
# $ORIGINAL_IMAGES, by default 200, by the original generator. The machine should do nothing else meanwhile: a step of two
# threads waits for the slower one.
set -euo pipefail
augmix=$(realpath "$1")
reference=${2:+$(realpath "$2")}
cd "$(dirname "$0")/.."
scripts/python-env.sh
python=build/venv/bin/python
data=${AUGMIX_TEST_DATA:-../shared/data}
pairs=${PAIRS:-7}
compare="$python scripts/bench/compare.py --pairs $pairs"

echo "| row | figure | left | right | ratio: median (range) |"
echo "|---|---|---|---|---|"

# The precision that auto takes here: bf16 where the CPU has units for it.
mode=tuned-bf16
grep -qE 'avx512_bf16|amx_bf16' /proc/cpuinfo || mode=tuned-fp32

step="$augmix bench step --model wrn --layers 40 --widen-factor 2 --batch-size 32 --steps 10 --warmup 3 --json -"
$compare --names 'augmix' "PyTorch tuned alike ($mode): WRN-40-2 step, 32×3" \
    "$step | tr -d '\n'" "$python scripts/bench/step.py --mode $mode"
$compare --names 'augmix' 'the reference as shipped: WRN-40-2 step, 32×3' \
    "$step | tr -d '\n'" "$python scripts/bench/step.py --mode reference"

# network NAME SIZE FLAGS: a row of the network that step.py calls NAME and FLAGS name here.
network() {
    $compare --names 'augmix' "PyTorch tuned alike ($mode): $1 step, 16×3 of $2×$2" \
        "$augmix bench step $3 --size $2 --batch-size 16 --steps 4 --warmup 1 --json - | tr -d '\n'" \
        "$python scripts/bench/step.py --mode $mode --model $1 --size $2 --batch-size 16 --steps 4 --warmup 1"
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

views() { # SIZE WORKERS
    echo "$augmix bench pipeline --workers $2 --size $1 --seconds 3 --json - | tr -d '\n'"
}
$compare --names 'augmix, two workers' 'one worker: 32×32 views' --key views_per_second "$(views 32 2)" "$(views 32 1)"
$compare --names 'augmix, two workers' 'one worker: 224×224 views' --key views_per_second "$(views 224 2)" "$(views 224 1)"
$compare --names 'augmix' "torchvision's v2.AugMix on tensors: a 32×32 view, one core" --key views_per_second \
    "$(views 32 1)" "$python scripts/bench/view_torchvision.py --seconds 3"

if [ -z "${ROBUSTNESS:-}" ]; then
    echo "bench: the rows of corruptions need ROBUSTNESS=DIR, a checkout of hendrycks/robustness" >&2
elif [ ! -d "$data/cifar-10-batches-py" ] || [ ! -d "$data/imagenet-samples/val" ]; then
    echo "bench: the rows of corruptions need cifar-10-batches-py and imagenet-samples; AUGMIX_TEST_DATA names their folder" >&2
else
    robustness=$(realpath "$ROBUSTNESS")
    scripts/corruptions-env.sh
    made=$(mktemp -d)
    trap 'rm -rf "$made"' EXIT
    tests=gaussian_noise,shot_noise,impulse_noise,defocus_blur,glass_blur,motion_blur,zoom_blur,snow,frost,fog,brightness
    tests+=,contrast,elastic_transform,pixelate,jpeg_compression
    corrupted() { # IMAGES WORKERS FLAG…
        echo "rm -rf $made/c; $augmix corrupt --out $made/c --only $tests --frost-dir $robustness/ImageNet-C/create_c" \
            "--limit-eval $1 --num-workers $2 ${*:3} --quiet --json - | tr -d '\n'"
    }
    theirs="build/corruptions-venv/bin/python scripts/bench/corrupt_reference.py --robustness $robustness --data $data"
    $compare --names 'augmix, two workers' "the original generator, one process: CIFAR-10-C's 15 × 5" --key images_per_second \
        "$(corrupted "${CORRUPT_IMAGES:-10000}" 2 --dataset cifar10 --data "$data")" "$theirs --images ${ORIGINAL_IMAGES:-200}"
    $compare --names 'augmix, one worker' "the original generator, one process: ImageNet-C's 15 × 5" --key images_per_second \
        "GOMAXPROCS=1; export GOMAXPROCS; $(corrupted 8 1 --dataset folder --data "$data/imagenet-samples")" \
        "$theirs --side 224 --images 2"
    rm -rf "$made"
fi

if [ -z "$reference" ]; then
    echo "bench: the rows that run the reference's code need REFERENCE=DIR, a checkout of google-research/augmix" >&2
    exit
fi

for size in 32 224; do
    $compare --names 'augmix' "the reference's aug(): a $size×$size view, one core" --key views_per_second \
        "$(views $size 1)" "$python scripts/bench/view_reference.py --reference $reference --seconds 3 --size $size"
    $compare --names 'augmix, two workers' "the reference's aug() in two processes: $size×$size views" --key views_per_second \
        "$(views $size 2)" "$python scripts/bench/view_reference.py --reference $reference --seconds 3 --size $size --workers 2"
done

if [ -d "$data/imagenet-samples/val" ]; then
    $compare --names 'augmix' "the reference's loader: a photograph decoded, cropped to 224×224, clean and two views, one core" \
        --key images_per_second \
        "GOMAXPROCS=1 $augmix bench pipeline --dataset folder --data $data/imagenet-samples --num-workers 1 --seconds 5 --json - | tr -d '\n'" \
        "$python scripts/bench/loader_reference.py --reference $reference --data $data/imagenet-samples/val --seconds 8"
else
    echo "bench: the loader row needs photographs; AUGMIX_TEST_DATA names the folder that holds imagenet-samples/val" >&2
fi

if [ ! -d "$data/cifar-10-batches-py" ]; then
    echo "bench: the rows for an epoch and an evaluation need CIFAR-10; AUGMIX_TEST_DATA names the folder that holds cifar-10-batches-py" >&2
    exit
fi
save=$(mktemp -d)
trap 'rm -rf "$save"' EXIT
checkpoint=$data/checkpoints/resnet20-12fca82f.th
if [ -e "$checkpoint" ]; then
    images=${EVAL_IMAGES:-10000}
    "$augmix" corrupt --dataset cifar10 --data "$data" --limit-eval "$images" --out "$save/c" --quiet --only \
        gaussian_noise,shot_noise,impulse_noise,defocus_blur,glass_blur,motion_blur,zoom_blur,snow,frost,fog,brightness,contrast,elastic_transform,pixelate,jpeg_compression \
        >/dev/null
    $compare --pairs "${EVAL_PAIRS:-1}" --names "augmix, which makes the images" \
        "the reference's test_c with ready files: ResNet-20 on CIFAR-10-C, $images images × 75, float32" --key images_per_second \
        "$augmix bench eval --dataset cifar10 --data $data --model resnet20 --checkpoint $checkpoint --sets c --c-data generate \
            --precision fp32 --limit-eval $images --quiet --json - | tr -d '\n'" \
        "$python scripts/bench/eval_reference.py --reference $reference --data $data --checkpoint $checkpoint --corrupted $save/c"
else
    echo "bench: the evaluation row needs the published ResNet-20, $checkpoint" >&2
fi
recipe="--layers 16 --widen-factor 1 --limit-train 10000 --epochs 1 --batch-size 64"
$compare --names 'augmix' 'the reference, 2 workers: an epoch of 10,000 CIFAR-10 images, WRN-16-1' --key epoch_seconds --lower \
    "rm -rf $save/run; $augmix train --dataset cifar10 --data $data --model wrn $recipe --limit-eval 1000 --quiet --save $save/run --json - | tr -d '\n' | sed 's/\"seconds\"/\"epoch_seconds\"/'" \
    "$python scripts/parity/train_cifar.py --reference $reference --data $data $recipe --workers 2"
