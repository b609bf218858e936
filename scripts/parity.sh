#!/usr/bin/env bash
# The parity table: how far this program is from PyTorch, Pillow and the reference, beside what is tolerated.
#
#   scripts/parity.sh AUGMIX [REFERENCE]
#
# $ROBUSTBENCH, where it is given, is a checkout of RobustBench/robustbench, into whose classes exported weights are loaded.
# AUGMIX is the program. REFERENCE is a checkout of google-research/augmix; without it the mixed views are those that were
# recorded with it. $AUGMIX_TEST_DATA (default ../shared/data) holds CIFAR-10, the published ResNet-20 and ImageNet's
# photographs; without them their rows are missing. Exit codes: 0 all within their tolerance, 1 not, 2 something has to be installed first.
set -euo pipefail
augmix=$(realpath "$1")
reference=${2:+$(realpath "$2")}
export ROBUSTBENCH=${ROBUSTBENCH:+$(realpath "$ROBUSTBENCH")}
cd "$(dirname "$0")/.."
scripts/python-env.sh
python=build/venv/bin/python
folder=$PWD/build/parity
data=$(realpath -m "${AUGMIX_TEST_DATA:-../shared/data}")
mkdir -p "$folder"
log=$folder/log.txt
: >"$log"
status=0

# run COMMAND: what it prints goes to the log, and its lines that begin with "parity:" into the table.
run() { "$@" >>"$log" 2>&1 || status=1; }

echo "parity: PyTorch computes WRN-40-2's gradients into $folder" >&2
run "$python" scripts/parity/wrn.py --full "$folder"

echo "parity: PyTorch computes the other networks' gradients" >&2
run "$python" scripts/parity/networks.py --full "$folder" ${reference:+--reference "$reference"}

echo "parity: comparing networks" >&2
run env AUGMIX_PARITY="$folder" AUGMIX_TEST_DATA="$data" go test -count=1 -v -timeout 1h -run 'Parity|NetworksFull' ./nets
rm -f "$folder"/network-*.safetensors # 670 MB

echo "parity: training every network with every method on every layout" >&2
run env AUGMIX_EVERY=1 AUGMIX_TEST_DATA="$data" go test -count=1 -v -timeout 4h -run TestEveryNetworkTrains ./train

echo "parity: comparing operations" >&2
run go build -o "$folder/views" ./scripts/parity
run go build -o "$folder/operations" ./scripts/parity/operations
photographs=$data/imagenet-samples/val
[ -e "$photographs" ] || photographs=
run "$python" scripts/parity/pillow.py --operations "$folder/operations" --views "$folder/views" \
    ${reference:+--reference "$reference"} ${photographs:+--photographs "$photographs"}
if [ -z "$reference" ]; then
    run go test -count=1 -v -run TestMixingEqualsReference ./augmix
    recorded=$(sed -n 's/.*mixing_test.*largest difference \([0-9.e-]*\)$/\1/p' "$log")
    echo "parity: mixed views recorded with the reference's operations, largest difference | $recorded | 1e-06" >>"$log"
fi

echo "parity: exporting weights" >&2
run "$python" scripts/parity/export.py --augmix "$augmix" --data "$data" "$folder"

if [ -n "${ROBUSTBENCH:-}" ]; then
    echo "parity: loading exported weights into RobustBench's networks" >&2
    run "$python" scripts/parity/robustbench.py --augmix "$augmix" --data "$data" "$ROBUSTBENCH" "$folder/robustbench"
fi

if [ -n "$photographs" ]; then
    echo "parity: comparing photographs" >&2
    run go build -o "$folder/photographs" ./scripts/parity/photographs
    run "$python" scripts/parity/photographs.py --program "$folder/photographs" --photographs "$photographs"
else
    echo "parity: no row for photographs: there is no $data/imagenet-samples/val (AUGMIX_TEST_DATA)" >&2
fi

checkpoint=$data/checkpoints/resnet20-12fca82f.th
if [ -e "$checkpoint" ] && [ -e "$data/cifar-10-batches-py" ]; then
    echo "parity: evaluating ResNet-20" >&2
    run "$augmix" eval --dataset cifar10 --data "$data" --model resnet20 --checkpoint "$checkpoint" --sets clean \
        --precision fp32 --quiet --json "$folder/resnet20.json"
    run "$python" - "$folder/resnet20.json" <<'EOF'
import json, sys
result = json.load(open(sys.argv[1]))
off = abs(result["clean"]["error"] - 8.27)
print(f"parity: ResNet-20, published: clean error of CIFAR-10, n = {result['n']}, against 8.27 % | {off:.2f} | 0.02")
sys.exit(not (off <= 0.02 and result["n"] == 10000))
EOF
    echo "parity: recomputing its metrics" >&2
    run "$augmix" eval --dataset cifar10 --data "$data" --model resnet20 --checkpoint "$checkpoint" --limit-eval 1000 --quiet \
        --only contrast,brightness --temperature fit --save-logits "$folder/logits" --json "$folder/metrics.json"
    run "$python" scripts/parity/metrics.py --check "$folder/metrics.json" "$folder/logits"

    echo "parity: its Fourier map" >&2
    run go build -o "$folder/signs" ./scripts/parity/signs
    run "$augmix" eval --dataset cifar10 --data "$data" --model resnet20 --checkpoint "$checkpoint" --quiet \
        --sets fourier --fourier-images 500 --out "$folder/fourier"
    run "$python" scripts/parity/fourier.py --signs "$folder/signs" --data "$data" "$folder/fourier/fourier.npy"
else
    echo "parity: no row for ResNet-20: there is no $checkpoint, or no CIFAR-10 beside it (AUGMIX_TEST_DATA)" >&2
fi

echo "| compared | deviation | tolerated |"
echo "|---|---|---|"
sed -n 's/.*parity: \(.* | .* | .*\)$/| \1 |/p' "$log"
if [ $status -ne 0 ]; then echo "parity: something deviates or failed; see $log" >&2; fi
exit $status
