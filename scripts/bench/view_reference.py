"""Measures AugMix views a second of the reference implementation, one process.

    python scripts/bench/view_reference.py --reference DIR [--seconds 10] [--size 32] [--workers 1]

DIR is a checkout of google-research/augmix (9b9824c). A view is what its cifar.py
computes with the default flags: its operations, ToTensor and Normalize of
torchvision for the image and each chain, and the mixture. The images are those of
"augmix bench pipeline": two colour gradients with noise of +-8. One thread: the
reference's loader runs one process a core; --workers runs as many processes and adds
up what they make.

Prints {"views_per_second": ..., "size": 32, ...}.
"""

import argparse
import json
import multiprocessing
import sys
import time


def bench_images(np, Image, size, n=64):
    rng = np.random.RandomState(0)
    y, x = np.mgrid[0:size, 0:size][..., None] / size - 0.5
    images = []
    for _ in range(n):
        base, dx, dy = rng.uniform(60, 190, 3), rng.uniform(-60, 60, 3), rng.uniform(-60, 60, 3)
        pixels = base + dx * x + dy * y + rng.uniform(-8, 8, (size, size, 3))
        images.append(Image.fromarray(pixels.clip(0, 255).astype(np.uint8)))
    return images


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", required=True, metavar="DIR", help="checkout of google-research/augmix")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--size", type=int, default=32)
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    with multiprocessing.get_context("spawn").Pool(args.workers) as pool:
        made = pool.map(measure, [(args, seed) for seed in range(args.workers)], chunksize=1)
    print(json.dumps(made[0] | {"views_per_second": sum(one["views_per_second"] for one in made), "workers": args.workers}))


def measure(given):
    args, seed = given
    import numpy as np
    import PIL
    import torch
    import torchvision
    from PIL import Image
    from torchvision import transforms

    sys.path.insert(0, args.reference)
    import augmentations

    torch.set_num_threads(1)
    augmentations.IMAGE_SIZE = args.size
    preprocess = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.5] * 3, [0.5] * 3)])
    width, severity = 3, 3

    def view(image):
        weights = np.float32(np.random.dirichlet([1] * width))
        m = np.float32(np.random.beta(1, 1))
        mixed = torch.zeros_like(preprocess(image))
        for w in weights:
            out = image.copy()
            for _ in range(np.random.randint(1, 4)):
                out = np.random.choice(augmentations.augmentations)(out, severity)
            mixed += w * preprocess(out)
        return (1 - m) * preprocess(image) + m * mixed

    images = bench_images(np, Image, args.size)
    np.random.seed(seed)
    for image in images:  # warm-up
        view(image)
    n, start, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < args.seconds:
        for image in images[:16]:
            view(image)
        n += 16
    elapsed, cpu = time.perf_counter() - start, time.process_time() - cpu
    return {
        "views_per_second": n / elapsed, "size": args.size, "seconds": elapsed, "cpu_seconds": cpu, "pillow": PIL.__version__,
        "torch": torch.__version__, "torchvision": torchvision.__version__, "numpy": np.__version__}


if __name__ == "__main__":
    main()
