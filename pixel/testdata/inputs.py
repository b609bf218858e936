"""Seeded test images, in integer arithmetic so that Go makes the same ones."""

from PIL import Image

MASK = (1 << 64) - 1


class SplitMix:
    """SplitMix64 (Steele, Lea, Flood 2014)."""

    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
        return z ^ z >> 31

    def below(self, n):
        return self.next() % n


def make(kind, w, h, c, seed):
    """kind: noise, flat, gradient, or photo (smooth patches with a little noise,
    in a range of brightness of its own)."""
    r = SplitMix(seed)
    values = []
    if kind == "noise":
        values = [r.below(256) for _ in range(w * h * c)]
    elif kind == "flat":
        colour = [r.below(256) for _ in range(c)]
        values = colour * (w * h)
    elif kind == "gradient":
        slopes = [(r.below(17) - 8, r.below(17) - 8, r.below(256)) for _ in range(c)]
        values = [(a * x + b * y + o) & 255 for y in range(h) for x in range(w) for a, b, o in slopes]
    elif kind == "photo":
        base, contrast = r.below(100), 40 + r.below(116)
        grid = [[[r.below(256) for _ in range(c)] for _ in range(5)] for _ in range(5)]
        for y in range(h):
            gy, fy = divmod(y * 4 * 256 // h, 256)
            for x in range(w):
                gx, fx = divmod(x * 4 * 256 // w, 256)
                for k in range(c):
                    top = grid[gy][gx][k] * (256 - fx) + grid[gy][gx + 1][k] * fx
                    bottom = grid[gy + 1][gx][k] * (256 - fx) + grid[gy + 1][gx + 1][k] * fx
                    v = (top * (256 - fy) + bottom * fy) >> 16
                    v = base + (v * contrast >> 8) + r.below(9) - 4
                    values.append(min(max(v, 0), 255))
    return Image.frombytes("RGB" if c == 3 else "L", (w, h), bytes(values))


SIZES = [(1, 1), (1, 9), (9, 1), (2, 2), (3, 3), (5, 4), (17, 33), (40, 13), (64, 48), (7, 300), (1, 250)]


def sets():
    kinds = ["noise"] * 10 + ["flat"] * 5 + ["gradient"] * 10 + ["photo"] * 25
    return {
        "rgb32": [make(kind, 32, 32, 3, i) for i, kind in enumerate(kinds)],
        "grey32": [make(kind, 32, 32, 1, 1000 + i) for i, kind in enumerate(kinds[5:30])],
        "sizes": [make(kind, w, h, c, 2000 + w * h)
                  for w, h in SIZES for c in (3, 1) for kind in ("noise", "photo")],
        "rgb224": [make("photo", 224, 224, 3, 3000), make("noise", 224, 160, 3, 3001)],
    }


def level_images():
    """78 images: three kinds of each size, colour and grey."""
    return [make(kind, w, h, c, 4000 + 7 * w + h)
            for w, h in SIZES + [(224, 224), (500, 375)] for c in (3, 1) for kind in ("noise", "flat", "photo")]
