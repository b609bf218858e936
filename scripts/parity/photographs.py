"""Compares how the Go program reads photographs with Pillow and torchvision, live.

  photographs.py --program PROGRAM --photographs DIR

PROGRAM is the compiled scripts/parity/photographs, DIR an ImageFolder. Each
photograph is decoded, ten random-sized crops of it are resized to 224x224, and it
passes the evaluation transform up to ToTensor; nothing may differ.

Prints a line "parity: what | deviation | tolerance" for each, and exits with 1
where one is exceeded.
"""

import argparse
import json
import pathlib
import subprocess
import sys

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, RandomResizedCrop, Resize, ToTensor
from torchvision.transforms.functional import resized_crop

SIDE = 224
evaluation = Compose([Resize(256), CenterCrop(SIDE), ToTensor()])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--photographs", required=True, metavar="DIR", type=pathlib.Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)

    given, wanted = [], []
    for path in sorted(p for p in arguments.photographs.glob("*/*") if p.is_file()):
        image = Image.open(path).convert("RGB")
        boxes = [RandomResizedCrop.get_params(image, (0.08, 1), (3 / 4, 4 / 3)) for _ in range(10)]
        crops = [np.asarray(resized_crop(image, *box, [SIDE, SIDE])) for box in boxes]
        given.append({"Path": str(path), "Rectangles": [[left, top, w, h] for top, left, h, w in boxes]})
        wanted.append((np.asarray(image), crops, evaluation(image).permute(1, 2, 0).numpy()))

    done = subprocess.run([arguments.program], input=json.dumps(given).encode(), stdout=subprocess.PIPE, check=True)
    out, at = done.stdout, 0

    def take(kind, *shape):
        nonlocal at
        values = np.frombuffer(out, kind, int(np.prod(shape)), at).reshape(shape)
        at += values.nbytes
        return values

    total = differ = crops_differ = crops_total = 0
    largest = 0.0
    for image, crops, centre in wanted:
        w, h = take("<i4", 2)
        if (h, w) != image.shape[:2]:
            sys.exit(f"{w}x{h} pixels, Pillow has {image.shape[1]}x{image.shape[0]}")
        differ += int((take("u1", h, w, 3) != image).sum())
        total += image.size
        for crop in crops:
            crops_differ += int((take("u1", SIDE, SIDE, 3) != crop).sum())
            crops_total += crop.size
        largest = max(largest, float(np.abs(take("<f4", SIDE, SIDE, 3) - centre).max()))
    n = len(wanted)
    print(f"parity: Pillow {PIL.__version__}: {n} photographs decoded: bytes of {total} that differ | {differ} | 0")
    print(f"parity: torchvision {torchvision.__version__}: {10 * n} random-sized crops of them, resized to 224x224:"
          f" bytes of {crops_total} that differ | {crops_differ} | 0")
    print(f"parity: torchvision: the evaluation transform of ImageNet on them, up to ToTensor: largest difference | {largest:.1e} | 0")
    sys.exit(int(n == 0 or at != len(out) or differ > 0 or crops_differ > 0 or largest > 0))


if __name__ == "__main__":
    main()
