"""Writes folder.json: what torchvision makes of image folders.

    python data/testdata/folder.py [--photographs DIR] > data/testdata/folder.json

"tree" is a small tree of files and links, "classes" and "samples" what
ImageFolder lists in it. "crops" are results of RandomResizedCrop.get_params for
given uniform draws in [0,1), computed in float64. "photographs" are the images
in DIR, an image folder (shared/data/imagenet-samples/val): for each the SHA-256
of its pixels after Resize(256), CenterCrop(224), and after resized_crop of a
box, mirrored where "flip" says so. Versions of the libraries stand beside them.
"""

import argparse
import hashlib
import json
import pathlib
import random
import tempfile

import numpy as np
import PIL
import torch
import torchvision
from PIL import Image, ImageOps
from torchvision import transforms
from torchvision.transforms import functional as F

# name: None is a file; a text the target of a symbolic link; a name that ends in
# "/" a folder with nothing in it.
TREE = {
    "b/1.jpg": None, "b/10.jpg": None, "b/2.jpg": None, "b/A.JPG": None, "b/a.png": None, "b/_.jpeg": None,
    "B/x.JPeG": None, "B/x.jpg.bak": None, "B/notes.txt": None, "B/.jpg": None, "B/.x.png": None, "B/jpg": None,
    "a10/é.jpg": None, "a10/e.jpg": None, "a10/z.jpg": None, "a10/中.jpg": None, "a10/\U0001d11e.jpg": None,
    "a10/\ufb01.jpg": None, "a10/İ.JPG": None, "a10/x.tİf": None,
    "a2/0.webp": None, "a2/0.bmp": None, "a2/0.tif": None, "a2/0.tiff": None, "a2/0.ppm": None, "a2/0.pgm": None,
    "a2/0.gif": None, "a2/x/1.jpg": None, "a2/x/y/1.jpg": None, "a2/x-y/1.jpg": None, "a2/x.jpg/1.jpg": None,
    "a2/empty/": None,
    "a b/1.jpg": None, "a-b/1.jpg": None, ".hidden/1.jpg": None, "é/1.jpg": None, "\U0001d11e/1.jpg": None,
    "\ufb01/1.jpg": None,
    "z/linked": "../b", "z/file.jpg": "../b/1.jpg", "z/broken.jpg": "nowhere", "z/self.jpg": "self.jpg", "z/9.png": None,
    "zz": "b", "README.jpg": None, "nowhere": "missing",
}


def scan():
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for path, target in TREE.items():
            at = root / path
            if path.endswith("/"):
                at.mkdir(parents=True)
                continue
            at.parent.mkdir(parents=True, exist_ok=True)
            if target is None:
                at.write_bytes(b"")
            else:
                at.symlink_to(target)
        folder = torchvision.datasets.ImageFolder(name)
        samples = [[str(pathlib.Path(path).relative_to(root)), label] for path, label in folder.samples]
        return folder.classes, samples


class Draws:
    """Stands in for torch's generator: hands out the numbers of a list."""

    def __init__(self, random_numbers):
        self.numbers, self.used = random_numbers, 0

    def next(self):
        self.used += 1
        return self.numbers[self.used - 1]

    def uniform(self, tensor, low, high):
        low, high = float(low), float(high)
        return tensor.fill_(low + (high - low) * self.next())

    def randint(self, low, high, size):
        return torch.tensor([low + int(self.next() * (high - low))])


def get_params(width, height, numbers):
    """The box (x, y, w, h) for the numbers, and how many of them were used."""
    draws, uniform, randint = Draws(numbers), torch.Tensor.uniform_, torch.randint
    torch.Tensor.uniform_, torch.randint = lambda *a: draws.uniform(*a), draws.randint
    try:
        image = Image.new("L", (width, height))
        top, left, h, w = transforms.RandomResizedCrop.get_params(image, (0.08, 1.0), (3 / 4, 4 / 3))
    finally:
        torch.Tensor.uniform_, torch.randint = uniform, randint
    return [left, top, w, h], draws.used


def crops(random_state):
    sizes = [(500, 375), (375, 500), (224, 224), (32, 32), (1, 1), (2, 3), (1000, 40), (40, 1000), (7, 300), (2592, 1944)]
    out = []
    for i in range(200):
        width, height = sizes[i % len(sizes)]
        numbers = [random_state.random() for _ in range(22)]
        box, used = get_params(width, height, numbers)
        out.append({"width": width, "height": height, "draws": numbers[:used], "box": box})
    return out


def digest(image):
    return hashlib.sha256(np.asarray(image).tobytes()).hexdigest()


def photographs(root, random_state):
    evaluation = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224)])
    out = []
    for path, label in torchvision.datasets.ImageFolder(root).samples:
        image = torchvision.datasets.folder.pil_loader(path)
        (x, y, w, h), _ = get_params(*image.size, [random_state.random() for _ in range(22)])
        flip = random_state.random() < 0.5
        crop = F.resized_crop(image, y, x, h, w, [224, 224])
        if flip:
            crop = F.hflip(crop)
        out.append({"file": str(pathlib.Path(path).relative_to(root)), "label": label, "box": [x, y, w, h], "flip": flip,
                    "evaluation": digest(evaluation(image)), "crop": digest(crop)})
    return out


def lines(items):
    return "[\n" + ",\n".join("    " + json.dumps(i) for i in items) + "\n  ]"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photographs", metavar="DIR", default="../shared/data/imagenet-samples/val")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    classes, samples = scan()
    random_state = random.Random(1)
    print("{")
    print(f'  "versions": {json.dumps({"torchvision": torchvision.__version__, "torch": torch.__version__, "Pillow": PIL.__version__})},')
    print(f'  "tree": {json.dumps(TREE)},')
    print(f'  "classes": {json.dumps(classes)},')
    print(f'  "samples": {lines(samples)},')
    print(f'  "crops": {lines(crops(random_state))},')
    print(f'  "photographs": {lines(photographs(args.photographs, random_state))}')
    print("}")


if __name__ == "__main__":
    main()
