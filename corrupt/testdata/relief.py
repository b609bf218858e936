"""Writes relief.txt: digests of how OpenCV lights pictures of drops for spatter.

Each line has: width height threshold md5. Run from this folder with
opencv-python-headless, scipy and numpy; made with OpenCV 5.0.0, scipy 1.17.1 and
numpy 2.4.6 on x86-64 with AVX2.
"""

import hashlib

import cv2
import numpy as np

from original import picture

LAMP = np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]])


def relief(liquid):
    edges = 255 - cv2.Canny(liquid, 50, 150)
    distance = cv2.distanceTransform(edges, cv2.DIST_L2, 5)
    _, distance = cv2.threshold(distance, 20, 20, cv2.THRESH_TRUNC)
    light = cv2.equalizeHist(cv2.blur(distance, (3, 3)).astype(np.uint8))
    return cv2.blur(cv2.filter2D(light, cv2.CV_8U, LAMP), (3, 3))


if __name__ == "__main__":
    with open("relief.txt", "w") as out:
        for w, h in (32, 32), (64, 48), (17, 40), (224, 224), (299, 299), (5, 4):
            for threshold in (0, 100, 160, 200, 230, 255):
                x = picture(w, h)[:, :, 0].copy()
                x[x < threshold] = 0
                digest = hashlib.md5(relief(x).tobytes()).hexdigest()
                out.write(f"{w} {h} {threshold} {digest}\n")
