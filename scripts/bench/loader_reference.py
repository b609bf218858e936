"""Measures training samples a second of the reference's loader on photographs, one process.

    python scripts/bench/loader_reference.py --reference DIR --data DIR [--seconds 10]

--reference is a checkout of google-research/augmix (9b9824c), --data an image
folder (shared/data/imagenet-samples/val). A sample is what its imagenet.py's
loader makes with the default flags: torchvision's ImageFolder (PIL opens and
decodes the file), RandomResizedCrop(224), RandomHorizontalFlip, then the clean
view and two mixtures of its operations at severity 1 in chains of width 3,
with ToTensor and Normalize for the image and each chain. One thread: the
reference runs one such process for each of its workers.

Prints {"images_per_second": ..., ...}.
"""

import argparse
import json
import sys
import time


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", required=True, metavar="DIR", help="checkout of google-research/augmix")
    parser.add_argument("--data", required=True, metavar="DIR", help="image folder")
    parser.add_argument("--seconds", type=float, default=10)
    args = parser.parse_args()

    import numpy as np
    import PIL
    import torch
    import torchvision
    from torchvision import datasets, transforms

    sys.path.insert(0, args.reference)
    import augmentations

    torch.set_num_threads(1)
    torch.manual_seed(0)
    np.random.seed(0)
    augmentations.IMAGE_SIZE = 224
    preprocess = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])])
    width, severity = 3, 1

    def view(image):
        weights = np.float32(np.random.dirichlet([1.0] * width))
        m = np.float32(np.random.beta(1.0, 1.0))
        mixed = torch.zeros_like(preprocess(image))
        for w in weights:
            out = image.copy()
            for _ in range(np.random.randint(1, 4)):
                out = np.random.choice(augmentations.augmentations)(out, severity)
            mixed += w * preprocess(out)
        return (1 - m) * preprocess(image) + m * mixed

    folder = datasets.ImageFolder(args.data, transforms.Compose([transforms.RandomResizedCrop(224), transforms.RandomHorizontalFlip()]))

    def sample(i):
        image, _ = folder[i]
        return preprocess(image), view(image), view(image)

    for i in range(10):  # warm-up
        sample(i)
    n, start, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - start < args.seconds:
        for i in np.random.permutation(len(folder))[:8]:
            sample(i)
        n += 8
    elapsed, cpu = time.perf_counter() - start, time.process_time() - cpu
    print(json.dumps({
        "images_per_second": n / elapsed, "size": 224, "views": 3, "seconds": elapsed, "cpu_seconds": cpu, "pillow": PIL.__version__,
        "torch": torch.__version__, "torchvision": torchvision.__version__, "numpy": np.__version__}))


if __name__ == "__main__":
    main()
