"""Writes motion.txt: digests of pictures that ImageMagick blurred by motion.

Each line has: width height channels radius sigma angle md5. Run from this folder
with wand, numpy and Pillow; made with ImageMagick 6.9.11-60 Q16 x86_64 (Debian 12),
wand 0.7.2, numpy 2.4.6 and Pillow 13.0.0.
"""

import ctypes
import hashlib
import io

import numpy as np
from PIL import Image
from wand.api import library
from wand.image import Image as WandImage

from original import picture

library.MagickMotionBlurImage.argtypes = (ctypes.c_void_p,) + (ctypes.c_double,) * 3


def blur(x, radius, sigma, angle):
    data = io.BytesIO()
    Image.fromarray(x).save(data, "PNG")
    with WandImage(blob=data.getvalue()) as image:
        library.MagickMotionBlurImage(image.wand, radius, sigma, angle)
        return np.array(Image.open(io.BytesIO(image.make_blob())).convert("RGB" if x.ndim == 3 else "L"))


if __name__ == "__main__":
    with open("motion.txt", "w") as out:
        for w, h, channels, radius, sigma in (
            (32, 32, 3, 6, 1), (32, 32, 1, 14, 12), (64, 48, 3, 10, 1.5), (224, 224, 3, 20, 15), (5, 9, 3, 9, 2.5)
        ):
            for angle in (-135, -117.3, -90, -60.123, -45, -44.99, -26.6, -10, 0, 0.5, 18.4, 33.3, 45):
                x = picture(w, h)
                if channels == 1:
                    x = np.ascontiguousarray(x[:, :, 0])
                digest = hashlib.md5(blur(x, radius, sigma, angle).tobytes()).hexdigest()
                out.write(f"{w} {h} {channels} {radius} {sigma} {angle} {digest}\n")
