"""Writes original.txt: digests of what the original generator's formulas give.

The formulas are those of hendrycks/robustness, ImageNet-C/create_c, on the
libraries that it uses. For each size the file has a line

    width height table corruption md5

where md5 is over the five severities of one picture, one after another, made by
the constants for `table` pixels. Run from this folder with numpy, Pillow,
opencv-python-headless, scipy and scikit-image; made with numpy 2.4.6, Pillow 13.0.0,
OpenCV 5.0.0, scipy 1.17.1 and scikit-image 0.26.0 on x86-64 with AVX2.
"""

import hashlib
import io

import cv2
import numpy as np
import scipy.ndimage
import skimage.color
import skimage.filters
from PIL import Image

SIZES = [(64, 64, 64), (224, 224, 224), (299, 299, 299), (71, 57, 64), (17, 40, 32)]
LEVELS = {
    32: dict(
        brightness=[0.05, 0.1, 0.15, 0.2, 0.3],
        contrast=[0.75, 0.5, 0.4, 0.3, 0.15],
        pixelate=[0.95, 0.9, 0.85, 0.75, 0.65],
        defocus_blur=[(0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)],
        saturate=[(0.3, 0), (0.1, 0), (1.5, 0), (2, 0.1), (2.5, 0.2)],
        gaussian_blur=[0.4, 0.6, 0.7, 0.8, 1],
        zoom_blur=[(1.06, 0.01), (1.11, 0.01), (1.16, 0.01), (1.21, 0.01), (1.26, 0.01)],
        jpeg_compression=[80, 65, 58, 50, 40],
    ),
    64: dict(
        brightness=[0.1, 0.2, 0.3, 0.4, 0.5],
        contrast=[0.4, 0.3, 0.2, 0.1, 0.05],
        pixelate=[0.9, 0.8, 0.7, 0.6, 0.5],
        defocus_blur=[(0.5, 0.6), (1, 0.1), (1.5, 0.1), (2.5, 0.01), (3, 0.1)],
        saturate=[(0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (30, 0.2)],
        gaussian_blur=[0.5, 0.75, 1, 1.25, 1.5],
        zoom_blur=[(1.06, 0.01), (1.11, 0.01), (1.16, 0.01), (1.21, 0.01), (1.26, 0.01)],
        jpeg_compression=[65, 58, 50, 40, 25],
    ),
    224: dict(
        brightness=[0.1, 0.2, 0.3, 0.4, 0.5],
        contrast=[0.4, 0.3, 0.2, 0.1, 0.05],
        pixelate=[0.6, 0.5, 0.4, 0.3, 0.25],
        defocus_blur=[(3, 0.1), (4, 0.5), (6, 0.5), (8, 0.5), (10, 0.5)],
        saturate=[(0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2)],
        gaussian_blur=[1, 2, 3, 4, 6],
        zoom_blur=[(1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03)],
        jpeg_compression=[25, 18, 15, 10, 7],
    ),
    299: dict(
        brightness=[0.1, 0.2, 0.3, 0.4, 0.5],
        contrast=[0.4, 0.3, 0.2, 0.1, 0.05],
        pixelate=[0.5, 0.4, 0.3, 0.25, 0.2],
        defocus_blur=[(4, 0.1), (5, 0.5), (7, 0.5), (10, 0.5), (12, 0.5)],
        saturate=[(0.3, 0), (0.1, 0), (2, 0), (5, 0.1), (20, 0.2)],
        gaussian_blur=[1.5, 2.5, 3.5, 4.5, 6.5],
        zoom_blur=[(1.11, 0.01), (1.16, 0.01), (1.21, 0.02), (1.26, 0.02), (1.31, 0.03)],
        jpeg_compression=[23, 16, 13, 8, 5],
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


def saturate(x, level):
    x = skimage.color.rgb2hsv(x / 255.0)
    x[:, :, 1] = np.clip(x[:, :, 1] * level[0] + level[1], 0, 1)
    return skimage.color.hsv2rgb(x) * 255


def gaussian_blur(x, sigma):
    return np.clip(skimage.filters.gaussian(x / 255.0, sigma=sigma, channel_axis=-1), 0, 1) * 255


def enlarge(x, factor):
    """The middle of a picture; the original's is square."""
    h, w = x.shape[:2]
    for axis, side in enumerate((h, w)):
        crop = int(np.ceil(side / factor))
        first = (side - crop) // 2
        x = x.take(range(first, first + crop), axis)
    x = scipy.ndimage.zoom(x, (factor, factor, 1), order=1)
    top, left = (x.shape[0] - h) // 2, (x.shape[1] - w) // 2
    return x[top : top + h, left : left + w]


def zoom_blur(x, level):
    x = np.float32(x / 255.0)
    factors = np.arange(1, *level)
    total = np.zeros_like(x)
    for factor in factors:
        total += enlarge(x, factor)
    return np.clip((x + total) / (len(factors) + 1), 0, 1) * 255


def jpeg_compression(x, quality):
    data = io.BytesIO()
    Image.fromarray(x).save(data, "JPEG", quality=quality)
    return np.array(Image.open(data))


FORMULAS = (
    brightness, contrast, pixelate, defocus_blur, saturate, gaussian_blur, zoom_blur, jpeg_compression
)

if __name__ == "__main__":
    with open("original.txt", "w") as out:
        for w, h, table in SIZES:
            for f in FORMULAS:
                digest = hashlib.md5()
                for level in LEVELS[table][f.__name__]:
                    digest.update(np.uint8(f(picture(w, h), level)).tobytes())
                out.write(f"{w} {h} {table} {f.__name__} {digest.hexdigest()}\n")
