#!/usr/bin/env bash
# The corruptions against their original generator, as docs/corruptions.md shows them (hours, on one core).
#
#   scripts/parity-corruptions.sh ROBUSTNESS [IMAGES] [SEEDS]
#
# ROBUSTNESS is a checkout of hendrycks/robustness. 1,000 images of CIFAR-10 with 10 seeds each are compared, unless
# IMAGES and SEEDS say less, and the 120 photographs with one. $AUGMIX_TEST_DATA (default ../shared/data) holds
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
if [ ! -e "$venv/done" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet numpy==2.4.6 scipy==1.17.1 scikit-image==0.26.0 opencv-python-headless==5.0.0.93 \
        Pillow==13.0.0 Wand==0.7.2
    touch "$venv/done"
fi
if ! "$venv/bin/python" -c 'import wand.api' 2>/dev/null; then
    echo "parity-corruptions: ImageMagick's library is missing; install it (Debian: libmagickwand-6.q16-6)" >&2
    exit 2
fi
mkdir -p "$folder"
go build -o "$folder/tool" ./scripts/corruptions
export OMP_NUM_THREADS=1
status=0
compare() { "$venv/bin/python" scripts/parity/corruptions.py "$robustness" "$folder/tool" "$data" "$@" || status=1; }
compare "$folder/32" --images "$images" --seeds "$seeds"
echo
scripts/python-env.sh >&2
build/venv/bin/python scripts/parity/corruptions.py --classify "$folder/32" "$data/checkpoints/resnet20-12fca82f.th" || status=1
echo
compare "$folder/224" --side 224 --images 120 --seeds 1
exit $status
