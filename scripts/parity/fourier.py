"""Compares a Fourier map of augmix eval with PyTorch's.

    fourier.py --signs SIGNS --data DATA [--images 500] [--cells N] FOURIER.NPY

FOURIER.NPY is that of ResNet-20 at epsilon 4 on the first images of CIFAR-10's test set; SIGNS is scripts/parity/signs,
built. Here a basis image is torch.fft.irfft2 of a spectrum with a single 1, divided by its norm; low frequencies are
centred by torch.roll, Nyquist's row and column dropped, and the left half is the point reflection of the right one (Yin
et al. 2019, gatheluck/FourierHeatmap). --cells compares only every so many-th of the 496 cells. Exit code 1: a cell is more
than 0.5 points off.
"""

import argparse
import pathlib
import subprocess
import sys

import numpy as np
import torch

import errors

SIDE, EPSILON = 32, 4.0


def basis(row, column):
    spectrum = torch.zeros(SIDE, SIDE // 2 + 1, dtype=torch.complex64)
    spectrum[row % SIDE, column] = 1
    wave = torch.fft.irfft2(spectrum, s=(SIDE, SIDE))
    return wave / wave.norm()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--signs", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--cells", type=int, default=1)
    parser.add_argument("map", type=pathlib.Path)
    args = parser.parse_args()
    ours = np.load(args.map)
    images, labels = errors.clean(args.data)
    x = torch.from_numpy(images[: args.images].astype(np.float32) / 255).permute(0, 3, 1, 2)
    labels = torch.from_numpy(labels[: args.images])
    net = errors.network(20, args.data)
    side = SIDE - 1
    reach = side // 2
    raw = subprocess.run([args.signs, str(side), str(args.images)], capture_output=True, check=True).stdout
    signs = np.frombuffer(raw, np.int8).reshape(side, reach + 1, args.images, 3)
    half = torch.full((SIDE, SIDE // 2 + 1), torch.nan)  # in the order of irfft2, then rolled
    for k in range(0, side * (reach + 1), args.cells):
        row, column = k // (reach + 1) - reach, k % (reach + 1)
        sign = torch.from_numpy(signs[row + reach, column].astype(np.float32))[:, :, None, None]
        noisy = (x + EPSILON * sign * basis(row, column)).clamp(0, 1)
        half[row % SIDE, column] = 100 * (net(noisy).argmax(1) != labels).float().mean()
    half = torch.roll(half, SIDE // 2, 0)[1:, :-1]
    whole = torch.cat([torch.flip(half[:, 1:], (0, 1)), half], 1).numpy()
    known = ~np.isnan(whole)
    off = np.abs(whole - ours)[known]
    print(f"PyTorch: mean {whole[known].mean():.3f}, ours {ours[known].mean():.3f}, {known.sum()} cells, {np.sum(off > 0)} differ")
    print(f"parity: Fourier map of ResNet-20, {args.images} images, {known.sum()} of {side * side} cells, percent | {off.max():.2f} | 0.5")
    sys.exit(ours.shape != (side, side) or not off.max() <= 0.5)


if __name__ == "__main__":
    main()
