#!/usr/bin/env bash
# The corruptions and the perturbation sequences against their original generator, as docs/corruptions.md shows them
# (an hour on one core).
#
#   scripts/parity-corruptions.sh ROBUSTNESS [IMAGES] [SEEDS]
#
# ROBUSTNESS is a checkout of hendrycks/robustness. 1,000 images of CIFAR-10 with 10 seeds each are compared, unless
# IMAGES and SEEDS say less, and the 120 photographs with one. What the original made is kept in build/parity-corruptions
# (4 GB): a call that was interrupted goes on when it is repeated. $AUGMIX_TEST_DATA (default ../shared/data) holds
# cifar-10-batches-py, imagenet-samples and the ResNet-20. The original's Python packages are put into
# build/corruptions-venv; ImageMagick's library has to be there (Debian: libmagickwand-6.q16-6). Exit codes: 0 all agree,
# 1 not, 2 something has to be installed or named first.
set -euo pipefail
if [ $# -lt 1 ] || [ ! -e "$1/ImageNet-C/create_c/make_cifar_c.py" ]; then
    echo "parity-corruptions: ROBUSTNESS=DIR has to name a checkout of hendrycks/robustness" >&2
    exit 2
fi
robustness=$(realpath "$1")
images=${2:-1000} seeds=${3:-10}
cd "$(dirname "$0")/.."
data=$(realpath -m "${AUGMIX_TEST_DATA:-../shared/data}")
folder=$PWD/build/parity-corruptions
venv=build/corruptions-venv
scripts/corruptions-env.sh
scripts/python-env.sh >&2
mkdir -p "$folder"
go build -o "$folder/tool" ./scripts/corruptions
export OMP_NUM_THREADS=1
status=0
corruptions() { "$1/bin/python" scripts/parity/corruptions.py "$robustness" "$folder/tool" "$data" "${@:2}" || status=1; }

# The frames of -P. The original's torchvision rotates and shears as no later one does, and tilt needs an older OpenCV.
pip() { "$venv/bin/pip" install --quiet --no-deps --upgrade --target "$@"; }
[ -e "$folder/torchvision" ] || pip "$folder/torchvision" torchvision==0.2.1
[ -e "$folder/opencv" ] || pip "$folder/opencv" opencv-python-headless==4.10.0.84
frames() { # PYTHONPATH NAME …
    PYTHONPATH=$1:$(echo "$venv"/lib/python*/site-packages) build/venv/bin/python -W ignore scripts/parity/perturbations.py \
        "$robustness" "$folder/perturbations.json" --only "${@:2}"
}
rm -f "$folder/perturbations.json"
frames "$folder/torchvision" motion_blur zoom_blur snow brightness translate rotate scale gaussian_blur spatter shear
frames "$folder/opencv:$folder/torchvision" tilt
if cmp "$folder/perturbations.json" corrupt/testdata/perturbations.json &&
    go test -count=1 -run TestSequencesEqualTheOriginals ./corrupt >&2; then
    echo "Frames of 11 perturbation sequences at 32 and 224 pixels: equal"
else
    echo "Frames of 11 perturbation sequences at 32 and 224 pixels: NOT equal"
    status=1
fi

echo
corruptions $venv "$folder/all" --images 10000 --seeds 1 --only jpeg_compression
echo
corruptions $venv "$folder/32-$images" --images "$images" --seeds "$seeds"
echo
corruptions build/venv "$folder/32-$images" --images "$images" --seeds "$seeds" --classify "$data/checkpoints/resnet20-12fca82f.th"
echo
corruptions $venv "$folder/224" --side 224 --images 120 --seeds 1
exit $status
