"""Writes original.txt: digests of what the original generator's formulas give.

The formulas are those of hendrycks/robustness, ImageNet-C/create_c, on the
libraries that it uses. For each size the file has a line

    width height table corruption md5

where md5 is over the five severities of one picture, one after another, made by
the constants for `table` pixels. Run from this folder with numpy, Pillow,
opencv-python-headless and scikit-image; made with numpy 2.4.6, Pillow 13.0.0,
OpenCV 5.0.0 and scikit-image 0.26.0 on x86-64 with AVX2.
"""

import hashlib

import cv2
import numpy as np
import skimage.color
from PIL import Image

SIZES = [(64, 64, 64), (224, 224, 224), (299, 299, 299), (71, 57, 64), (17, 40, 32)]
LEVELS = {
    32: dict(
        brightness=[0.05, 0.1, 0.15, 0.2, 0.3],
        contrast=[0.75, 0.5, 0.4, 0.3, 0.15],
        pixelate=[0.95, 0.9, 0.85, 0.75, 0.65],
        defocus_blur=[(0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)],
    ),
    64: dict(
        brightness=[0.1, 0.2, 0.3, 0.4, 0.5],
        contrast=[0.4, 0.3, 0.2, 0.1, 0.05],
        pixelate=[0.9, 0.8, 0.7, 0.6, 0.5],
        defocus_blur=[(0.5, 0.6), (1, 0.1), (1.5, 0.1), (2.5, 0.01), (3, 0.1)],
    ),
    224: dict(
        brightness=[0.1, 0.2, 0.3, 0.4, 0.5],
        contrast=[0.4, 0.3, 0.2, 0.1, 0.05],
        pixelate=[0.6, 0.5, 0.4, 0.3, 0.25],
        defocus_blur=[(3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)],
    ),
    299: dict(
        brightness=[0.1, 0.2, 0.3, 0.4, 0.5],
        contrast=[0.4, 0.3, 0.2, 0.1, 0.05],
        pixelate=[0.5, 0.4, 0.3, 0.25, 0.2],
        defocus_blur=[(4, 0.1), (5, 0.5), (7, 0.5), (10, 0.5), (12, 0.5)],
    ),
}


def picture(w, h):
    """A smooth pattern with a little noise; the test makes the same one."""
    y, x, c = np.meshgrid(np.arange(h), np.arange(w), np.arange(3), indexing="ij")
    noise = ((x * 7919 + y * 104729 + c * 1299709) * 2654435761 >> 16) % 32
    return np.uint8(((x * x + 3 * x * y + 40 * c * y) // 16 + noise) % 256)


def brightness(x, add):
    x = skimage.color.rgb2hsv(x / 255.0)
    x[:, :, 2] = np.clip(x[:, :, 2] + add, 0, 1)
    return skimage.color.hsv2rgb(x) * 255


def contrast(x, factor):
    x = x / 255.0
    mean = np.mean(x, axis=(0, 1), keepdims=True)
    return np.clip((x - mean) * factor + mean, 0, 1) * 255


def pixelate(x, factor):
    h, w = x.shape[:2]
    small = Image.fromarray(x).resize((int(w * factor), int(h * factor)), Image.BOX)
    return np.array(small.resize((w, h), Image.BOX))


def defocus_blur(x, level):
    radius, alias = level
    reach, side = (8, 3) if radius <= 8 else (radius, 5)
    xs, ys = np.meshgrid(np.arange(-reach, reach + 1), np.arange(-reach, reach + 1))
    disk = np.array(xs**2 + ys**2 <= radius**2, dtype=np.float32)
    disk /= disk.sum()
    disk = cv2.GaussianBlur(disk, (side, side), alias)
    blurred = [cv2.filter2D(np.ascontiguousarray(x[:, :, c]) / 255.0, -1, disk) for c in range(3)]
    return np.clip(np.stack(blurred, 2), 0, 1) * 255


if __name__ == "__main__":
    with open("original.txt", "w") as out:
        for w, h, table in SIZES:
            for f in (brightness, contrast, pixelate, defocus_blur):
                digest = hashlib.md5()
                for level in LEVELS[table][f.__name__]:
                    digest.update(np.uint8(f(picture(w, h), level)).tobytes())
                out.write(f"{w} {h} {table} {f.__name__} {digest.hexdigest()}\n")
