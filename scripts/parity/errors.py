"""Measures with PyTorch what four published ResNets get wrong, for eval/testdata/pytorch_errors.json.

    errors.py TABLE --tool TOOL --data DATA [--models resnet20 …] [--sets clean …] [--images N]

TOOL is scripts/corruptions, built; DATA holds cifar-10-batches-py and checkpoints (akamaster/pytorch_resnet_cifar10). The
sets are CIFAR-10's test images, clean and with the corruptions that draw no random number, whose whole files are first
checked to have the published MD5. TABLE gets, for each network and set, how many of the first 500 and of all 10,000
images are wrong, at each severity. Cells that have all images already are kept, so that a run that was stopped goes on.
Float32, in PyTorch's own layout, batches of 500.
"""

import argparse
import hashlib
import io
import json
import os
import pathlib
import pickle
import subprocess
import sys

import numpy as np
import torch

import nets

# md5 of the files of the published CIFAR-10-C (zenodo.org/record/2535967).
PUBLISHED = {
    "brightness": "0a81ef75e0b523c3383219c330a85d48",
    "contrast": "3c8262171c51307f916c30a3308235a8",
    "pixelate": "0f14f7e2db14288304e1de10df16832f",
    "saturate": "1cfae0964219c5102abbb883e538cc56",
    "defocus_blur": "7d1322666342a0702b1957e92f6254bc",
    "gaussian_blur": "c33370155bc9b055fb4a89113d3c559d",
    "zoom_blur": "6ea8e63f1c5cdee1517533840641641b",
}
FILES = {20: "resnet20-12fca82f.th", 32: "resnet32-d509ac18.th", 44: "resnet44-014dd654.th", 56: "resnet56-4bfd9763.th"}
FEW, BATCH = 500, 500


def network(depth, data):
    """The published network in evaluation mode, as a function of pixels in [0, 1]."""
    state = torch.load(data / "checkpoints" / FILES[depth], map_location="cpu", weights_only=True)["state_dict"]
    net = nets.ResNet(depth)
    net.load_state_dict({k.removeprefix("module."): v for k, v in state.items()}, strict=True)
    net.eval()
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in nets.IMAGENET)
    return torch.inference_mode()(lambda x: net((x - mean) / std))


def clean(data):
    with open(data / "cifar-10-batches-py" / "test_batch", "rb") as f:
        batch = pickle.load(f, encoding="bytes")
    images = np.ascontiguousarray(batch[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
    return images, np.array(batch[b"labels"])


def corrupted(tool, name, images):
    """The images at the five severities, [5, N, 32, 32, 3]."""
    out = []
    for severity in range(1, 6):
        done = subprocess.run([tool, name, str(severity), "0", "32", "32", "-"], input=images.tobytes(), capture_output=True)
        if done.returncode:
            sys.exit(done.stderr.decode())
        out.append(np.frombuffer(done.stdout, np.uint8).reshape(images.shape))
    if len(images) == 10000:
        file = io.BytesIO()
        np.save(file, np.concatenate(out))
        if (got := hashlib.md5(file.getvalue()).hexdigest()) != PUBLISHED[name]:
            sys.exit(f"{name}: the images have the md5 {got}, the published ones {PUBLISHED[name]}")
    return np.stack(out)


def wrong(net, images, labels):
    """Counts the errors among the first FEW and all images."""
    bad = []
    for i in range(0, len(images), BATCH):
        x = torch.from_numpy(images[i : i + BATCH].astype(np.float32) / 255).permute(0, 3, 1, 2)
        bad.append(net(x).argmax(1).numpy() != labels[i : i + BATCH])
    bad = np.concatenate(bad)
    return int(bad[:FEW].sum()), int(bad.sum())


def written(table):
    """The table as text, a line for each network and set."""
    models = []
    for model, sets in table["wrong"].items():
        cells = ",\n".join(f"  {json.dumps(name)}: {json.dumps(cell)}" for name, cell in sets.items())
        models.append(f" {json.dumps(model)}: {{\n{cells}\n }}")
    head = ", ".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in table.items() if k != "wrong")
    return f"{{\n{head},\n\"wrong\": {{\n" + ",\n".join(models) + "\n}\n}\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--models", nargs="*", default=[f"resnet{d}" for d in FILES])
    parser.add_argument("--sets", nargs="*", default=["clean", *PUBLISHED])
    parser.add_argument("--images", type=int, default=10000)
    parser.add_argument("table", type=pathlib.Path)
    args = parser.parse_args()
    images, labels = clean(args.data)
    images, labels = images[: args.images], labels[: args.images]
    table = {"pytorch": torch.__version__.split("+")[0], "few": FEW, "images": len(images), "wrong": {}}
    if args.table.exists():
        table = json.loads(args.table.read_text())
        if table["images"] != len(images):
            sys.exit(f"{args.table} is about {table['images']} images, not {len(images)}; name another file")
    for name in args.sets:
        missing = [m for m in args.models if "all" not in table["wrong"].get(m, {}).get(name, {})]
        if not missing:
            continue
        sets = images[None] if name == "clean" else corrupted(args.tool, name, images)
        for model in missing:
            net = network(int(model.removeprefix("resnet")), args.data)
            few, whole = zip(*(wrong(net, x, labels) for x in sets))
            table["wrong"].setdefault(model, {})[name] = {"few": few, "all": whole}
            temporary = args.table.with_suffix(".part")
            temporary.write_text(written(table))
            os.replace(temporary, args.table)
            print(model, name, *(f"{100 * w / len(images):.2f}" for w in whole), flush=True)


if __name__ == "__main__":
    main()
