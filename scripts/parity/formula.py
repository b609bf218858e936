"""Weights and batches that two programs can make without exchanging a file.

Every number is a function of a tensor's name and of the position of an
element in it, so that PyTorch here and the Go networks start from the same
weights and see the same batch. The definition, complete:

  fnv1a64(s)     64-bit FNV-1a of the UTF-8 bytes of s: start at
                 0xcbf29ce484222325; for each byte xor, then multiply by
                 0x100000001b3, modulo 2^64.
  splitmix64(x)  z = x + 0x9e3779b97f4a7c15
                 z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
                 z = (z ^ (z >> 27)) * 0x94d049bb133111eb
                 z ^ (z >> 31), all modulo 2^64.
  hash(s, i)     splitmix64((fnv1a64(s) + i) modulo 2^64).
  unit(s, i)     (hash(s, i) >> 11) * 2^-53 * 2 - 1, a float64 in [-1, 1).

Element i (row-major) of the state-dict tensor called s is the float32 nearest
to the float64 value below, with u = unit(s, i), operations in the order
written and none of them fused:

  name ends in running_mean   0.1 * u
  name ends in running_var    1 + 0.1 * |u|
  num_batches_tracked         0
  4 dimensions (convolution)  sqrt(3) * sqrt(2 / (kh * kw * C_out)) * u
  2 dimensions (linear)       1 / sqrt(inputs) * u
  1 dimension, ...weight      1 + 0.1 * u      (BatchNorm)
  1 dimension, ...bias        0.1 * u          (BatchNorm and linear)

A BatchNorm is recognised by its name: its last component but one begins with
bn. Where a test names a bn_bias b, the biases of BatchNorms are
b + 0.1 * u instead. Training is compared with b = 2 or 3: then few inputs of a
ReLU are near zero, and a batch can be chosen in which none is so near that
rounding decides its sign. At b = 0 two correct float32 programs differ by 1 %
in WRN-40-2's gradients, because some of its four million ReLUs always flip.

The convolutions so have the variance of the reference's initialisation
(He et al. 2015, fan-out) and every other tensor differs from its initial
value, which no test can tell from a tensor that was never loaded.

A batch called s has the shape [views * batch, H, W, C], view-major, pixels in
[0, 1): element i in that order is the float32 (hash(s, i) >> 40) / 2^24. The
label of sample i is i modulo 10.

Where only some elements of a tensor are compared, the j-th of them is element
hash("sample." + s, j) modulo the tensor's size.
"""

import math

import numpy as np

SAMPLES = 8
CLASSES = 10

_MASK = (1 << 64) - 1


def fnv1a64(text):
    """Returns the 64-bit FNV-1a hash of text's UTF-8 bytes as an int."""
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = ((value ^ byte) * 0x100000001B3) & _MASK
    return value


def hashes(name, count):
    """Returns hash(name, i) for i in 0..count-1 as a uint64 array."""
    start = np.uint64((fnv1a64(name) + 0x9E3779B97F4A7C15) & _MASK)
    z = np.arange(count, dtype=np.uint64) + start
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def units(name, count):
    """Returns unit(name, i) for i in 0..count-1 as a float64 array."""
    return (hashes(name, count) >> np.uint64(11)).astype(np.float64) * 2.0**-53 * 2 - 1


def tensor(name, shape, bn_bias=0):
    """Returns the state-dict tensor called name as a float32 array."""
    u = units(name, math.prod(shape))
    if name.endswith("num_batches_tracked"):
        value = np.zeros(1)
    elif name.endswith("running_mean"):
        value = 0.1 * u
    elif name.endswith("running_var"):
        value = 1 + 0.1 * np.abs(u)
    elif len(shape) == 4:
        c_out, _, kh, kw = shape
        value = math.sqrt(3) * math.sqrt(2 / (kh * kw * c_out)) * u
    elif len(shape) == 2:
        value = 1 / math.sqrt(shape[1]) * u
    elif len(shape) == 1 and name.endswith("weight"):
        value = 1 + 0.1 * u
    elif len(shape) == 1 and name.endswith("bias"):
        module = name.split(".")[-2]
        value = (bn_bias if module.startswith("bn") else 0) + 0.1 * u
    else:
        raise ValueError(f"the formula has no rule for {name} of shape {tuple(shape)}")
    return value.astype(np.float32).reshape(shape)


def pixels(name, count, height=32, width=32, channels=3):
    """Returns a batch of count images, float32 NHWC in [0, 1)."""
    shape = (count, height, width, channels)
    top = hashes(name, math.prod(shape)) >> np.uint64(40)
    return (top.astype(np.float32) / np.float32(2**24)).reshape(shape)


def labels(count):
    """Returns the labels 0..9, 0..9, ... of count samples as int64."""
    return np.arange(count, dtype=np.int64) % CLASSES


def sample_indices(name, size):
    """Returns the flat indices of the compared elements of a tensor."""
    return [int(h) % size for h in hashes("sample." + name, SAMPLES)]
