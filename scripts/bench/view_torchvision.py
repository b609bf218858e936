"""Measures AugMix views a second of torchvision's own transform, one thread.

    python scripts/bench/view_torchvision.py [--seconds 10] [--size 32]

torchvision.transforms.v2.AugMix on uint8 tensors with the reference's settings
(severity 3, width 3, random depth, alpha 1, the nine operations), then the
conversion to float32. Its mixture is rounded to 8 bits and its operations are
torchvision's tensor kernels, so that it computes about the same and not the same.
The images are those of view_reference.py.

Prints {"views_per_second": ..., "size": 32, ...}.
"""

import argparse
import json
import time

import numpy as np
import torch
import torchvision
from PIL import Image
from torchvision.transforms import v2

from view_reference import bench_images


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--size", type=int, default=32)
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    transform = v2.Compose([
        v2.AugMix(severity=3, mixture_width=3, chain_depth=-1, alpha=1.0, all_ops=False,
                  interpolation=v2.InterpolationMode.BILINEAR),
        v2.ToDtype(torch.float32, scale=True)])
    images = [v2.functional.pil_to_tensor(image) for image in bench_images(np, Image, args.size)]
    for image in images[:16]:  # warm-up
        transform(image)
    n, start = 0, time.perf_counter()
    while time.perf_counter() - start < args.seconds:
        for image in images[:16]:
            transform(image)
        n += 16
    elapsed = time.perf_counter() - start
    print(json.dumps({"views_per_second": n / elapsed, "size": args.size, "seconds": elapsed,
                      "torch": torch.__version__, "torchvision": torchvision.__version__}))


if __name__ == "__main__":
    main()
