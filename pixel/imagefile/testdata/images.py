"""Writes images/: small JPEG and PNG files of every kind that a decoder meets.

    python images.py          made with Pillow 13.0.0, cjpeg 2.1.5 (Debian's libjpeg-turbo-progs)

The pictures are those of pixel/testdata/inputs.py. golden.py hashes what Pillow
reads from the files.
"""

import io
import pathlib
import re
import struct
import subprocess
import sys
import zlib

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "testdata"))
import inputs  # noqa: E402

FOLDER = HERE / "images"


def pillow(image, format="JPEG", **options):
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def cjpeg(image, *options):
    pnm = io.BytesIO()
    image.save(pnm, "PPM")
    return subprocess.run(["cjpeg", "-quality", "70", *options], input=pnm.getvalue(), stdout=subprocess.PIPE, check=True).stdout


def scans(*lines):
    """Returns cjpeg's option for a script of scans."""
    path = HERE / "scans.txt"
    path.write_text("".join(line + ";\n" for line in lines))
    return "-scans", str(path)


def jpegs():
    photo = inputs.make("photo", 75, 58, 3, 1)
    small = inputs.make("photo", 37, 29, 3, 2)
    grey = inputs.make("photo", 37, 29, 1, 3)
    noise = inputs.make("noise", 16, 16, 3, 4)
    yield "420.jpg", pillow(photo, quality=60)
    yield "422.jpg", pillow(photo, quality=60, subsampling=1)
    yield "444.jpg", pillow(photo, quality=60, subsampling=0)
    yield "440.jpg", cjpeg(photo, "-sample", "1x2")
    yield "411.jpg", cjpeg(photo, "-sample", "4x1")
    yield "410.jpg", cjpeg(photo, "-sample", "4x2")
    yield "mixed-sampling.jpg", cjpeg(photo, "-sample", "2x2,2x1,1x2")
    yield "noise.jpg", pillow(noise, quality=95)
    yield "grey.jpg", pillow(grey)
    yield "grey-2x2.jpg", cjpeg(grey, "-sample", "2x2")
    yield "progressive-420.jpg", pillow(photo, quality=60, progressive=True)
    yield "progressive-422.jpg", pillow(photo, quality=60, progressive=True, subsampling=1)
    yield "progressive-444.jpg", pillow(photo, quality=60, progressive=True, subsampling=0)
    yield "progressive-grey.jpg", pillow(grey, progressive=True)
    yield "three-scans.jpg", cjpeg(small, *scans("0", "1", "2"))
    yield "two-scans.jpg", cjpeg(small, *scans("0", "1 2"))
    yield "progressive-unrefined.jpg", cjpeg(small, *scans("0,1,2: 0-0, 0, 0", "0: 1-63, 0, 0", "1: 1-63, 0, 0", "2: 1-63, 0, 0"))
    yield "restart.jpg", pillow(photo, quality=60, restart_marker_blocks=1)
    yield "restart-rows.jpg", pillow(photo, quality=60, restart_marker_rows=1, progressive=True)
    yield "rgb.jpg", pillow(small, keep_rgb=True)
    yield "optimized.jpg", pillow(small, optimize=True)
    cmyk = pillow(small.convert("CMYK"), quality=80)
    yield "cmyk.jpg", cmyk
    yield "cmyk-progressive.jpg", pillow(photo.convert("CMYK"), quality=60, progressive=True)
    assert cmyk.count(b"Adobe\0d") == 1
    at = cmyk.index(b"Adobe") + 11
    yield "ycck.jpg", cmyk[:at] + b"\2" + cmyk[at + 1:]
    yield "cmyk-unknown-transform.jpg", cmyk[:at] + b"\7" + cmyk[at + 1:]
    at = cmyk.index(b"\xff\xee")
    yield "cmyk-without-adobe.jpg", cmyk[:at] + cmyk[at + 16:]
    plain = pillow(small)
    yield "stray-before-end.jpg", plain[:-2] + bytes(range(1, 99)) + plain[-2:]
    yield "stray-after-end.jpg", plain + b"\0" * 100
    yield "jfif-3.jpg", plain.replace(b"JFIF\0\1", b"JFIF\0\3")
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: rotated; convert("RGB") leaves the pixels where they are
    yield "exif-rotated.jpg", pillow(small, exif=exif)
    for w, h in [(1, 1), (1, 17), (17, 1), (2, 3), (8, 8), (16, 16), (15, 33), (33, 15)]:
        yield f"size-{w}x{h}.jpg", pillow(inputs.make("photo", w, h, 3, w * h), quality=90)
        yield f"size-{w}x{h}-progressive.jpg", pillow(inputs.make("photo", w, h, 3, w * h), quality=90, progressive=True)
    # The rest are errors in package imagefile.
    yield "progressive-dc.jpg", cjpeg(photo, *scans("0,1,2: 0-0, 0, 0"))
    yield "progressive-some.jpg", cjpeg(photo, *scans("0,1,2: 0-0, 0, 0", "0: 1-5, 0, 2", "1: 1-63, 0, 1"))
    yield "arithmetic.jpg", cjpeg(small, "-arithmetic")
    # A cut between two scans, and an end marker: the colours are missing.
    y_only = cjpeg(small, *scans("0", "1", "2"))
    second = [m.start() for m in re.finditer(b"\xff\xda", y_only)][1]
    yield "missing-scans.jpg", y_only[:second] + b"\xff\xd9"


def png(rows, w, h, depth, kind, *chunks, interlaced=False):
    """Returns a PNG of rows of bytes; with interlaced, rows of all seven passes."""
    def chunk(name, content):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    header = struct.pack(">IIBBBBB", w, h, depth, kind, 0, 0, int(interlaced))
    body = zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 9)
    return b"".join([b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), *(chunk(*c) for c in chunks), chunk(b"IDAT", body), chunk(b"IEND", b"")])


def pngs():
    w, h = 21, 13
    rgb = inputs.make("photo", w, h, 3, 5)
    grey = inputs.make("photo", w, h, 1, 6)
    noise = np.random.default_rng(7).integers(0, 256, (h, w * 8), np.uint8)
    yield "rgb.png", pillow(rgb, "PNG")
    yield "grey.png", pillow(grey, "PNG")
    yield "bilevel.png", pillow(grey.convert("1"), "PNG")
    yield "palette.png", pillow(rgb.quantize(200), "PNG")
    yield "palette-4.png", pillow(rgb.quantize(13), "PNG", bits=4)
    yield "palette-2.png", pillow(rgb.quantize(4), "PNG", bits=2)
    yield "palette-1.png", pillow(rgb.quantize(2), "PNG", bits=1)
    yield "palette-transparent.png", pillow(rgb.quantize(20), "PNG", transparency=bytes(range(0, 200, 10)))
    yield "rgb-transparent.png", pillow(rgb, "PNG", transparency=rgb.getpixel((3, 3)))
    yield "grey-transparent.png", pillow(grey, "PNG", transparency=grey.getpixel((3, 3)))
    yield "rgba.png", png(noise[:, :w * 4], w, h, 8, 6)
    yield "grey-alpha.png", png(noise[:, :w * 2], w, h, 8, 4)
    yield "rgb-16.png", png(noise[:, :w * 6], w, h, 16, 2)
    yield "rgba-16.png", png(noise, w, h, 16, 6)
    yield "grey-alpha-16.png", png(noise[:, :w * 4], w, h, 16, 4)
    yield "grey-4.png", png(noise[:, :(w + 1) // 2], w, h, 4, 0)
    yield "grey-2.png", png(noise[:, :(w + 3) // 4], w, h, 2, 0)
    yield "1x1.png", png(noise[:1, :3], 1, 1, 8, 2)
    pixels = np.asarray(rgb)
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = [row.tobytes() for y, x, dy, dx in passes for row in pixels[y::dy, x::dx]]
    yield "interlaced.png", png(rows, w, h, 8, 2, interlaced=True)
    # This one is an error in package imagefile: Pillow makes it white.
    yield "grey-16.png", png(noise[:, :w * 2], w, h, 16, 0)


def main():
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.iterdir():
        old.unlink()
    for make in jpegs, pngs:
        for name, content in make():
            (FOLDER / name).write_bytes(content)
    (HERE / "scans.txt").unlink()


if __name__ == "__main__":
    main()
