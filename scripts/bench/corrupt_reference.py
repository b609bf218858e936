"""Measures the corrupted images a second of the generator of hendrycks/robustness, one process.

    build/corruptions-venv/bin/python scripts/bench/corrupt_reference.py --robustness DIR --data DIR [--side 32] [--images 200]

DIR is a checkout of hendrycks/robustness (8190fe3), whose create_c is run as it is but for the names that its libraries
have changed since. Every image is corrupted in all fifteen ways for testing at five severities. At 32 pixels these are
CIFAR-10's first test images, in memory, as make_cifar_c.py does it; at 224 photographs of imagenet-samples, each read,
resized, cropped and written as a JPEG file anew, as make_imagenet_c.py does it, but into memory.

Prints {"images_per_second": ..., "side": 32, ...}: images made, 75 of each.
"""

import argparse
import io
import json
import pathlib
import sys
import time

import numpy as np
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
import corruptions as parity

SEVERITIES = range(1, 6)


def photograph(path, side):
    """torchvision's Resize(256) and CenterCrop(224) of an image file."""
    image = Image.open(path).convert("RGB")
    w, h = image.size
    w, h = (256, 256 * h // w) if w <= h else (256 * w // h, 256)
    image = image.resize((w, h), Image.BILINEAR)
    left, top = round((w - side) / 2), round((h - side) / 2)
    return image.crop((left, top, left + side, top + side))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--robustness", required=True, type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--data", required=True, type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--side", type=int, default=32, choices=[32, 224])
    parser.add_argument("--images", type=int, default=200)
    args = parser.parse_args()
    functions = parity.original(args.robustness / parity.CREATE, args.side, parity.CHANGED)
    if args.side == 32:
        images = [Image.fromarray(x) for x in parity.load(args.data, 32, args.images)[0]]
    else:
        images = sorted((args.data / "imagenet-samples" / "val").glob("*/*"))[: args.images]

    def make(image, name, severity):
        if args.side == 32:
            return np.uint8(functions[name](image, severity))
        out = np.uint8(functions[name](photograph(image, args.side), severity))
        Image.fromarray(out).save(io.BytesIO(), "JPEG", quality=85, optimize=True)
        return out

    for name in parity.TEST:
        make(images[0], name, 1)  # not timed: it loads what is imported late
    begin = time.perf_counter()
    for name in parity.TEST:
        for severity in SEVERITIES:
            for image in images:
                make(image, name, severity)
    seconds = time.perf_counter() - begin
    made = len(parity.TEST) * len(SEVERITIES) * len(images)
    print(json.dumps({"images_per_second": made / seconds, "side": args.side, "images": len(images), "seconds": seconds}))


if __name__ == "__main__":
    main()
