"""Writes mixing.json and mixing.bin: views made by the reference's own operations.

    python mixing.py DIR      DIR: a checkout of google-research/augmix
                              made with 9b9824c, Python 3.11, Pillow 13.0.0, NumPy 2.4.6

The random numbers that the reference's operations ask NumPy for are recorded, so
that the Go test can apply the same draws. mixing.json lists them; mixing.bin holds
for each case the 8-bit image and then the view, float32, mapped back to [0, 1].
"""

import json
import pathlib
import platform
import sys

import numpy as np
import PIL

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "pixel" / "testdata"))
import inputs  # noqa: E402


class Recorder:
    """Stands in for numpy.random and keeps what was drawn."""

    def __init__(self, seed):
        self.random_state = np.random.RandomState(seed)
        self.level, self.sign = 0.0, None

    def uniform(self, low=None, high=None):
        if low is None:
            return self.random()
        self.level = self.random_state.uniform(low, high)
        return self.level

    def random(self):
        self.sign = self.random_state.uniform()
        return self.sign


def normalised(image):
    """ToTensor, then Normalize with mean and deviation 0.5, in float32."""
    x = np.asarray(image).astype(np.float32) / np.float32(255)
    return (x - np.float32(0.5)) / np.float32(0.5)


def view(reference, image, case):
    """What aug() of cifar.py does, with the draws returned beside the view."""
    operations = reference.augmentations_all if case["all_ops"] else reference.augmentations
    recorder = Recorder(case["seed"])
    reference.np = type("NumPy", (), {"random": recorder})
    draw = recorder.random_state
    weights = np.float32(draw.dirichlet([1.0] * case["width"]))
    m = np.float32(draw.beta(1, 1))
    mixed = np.zeros_like(normalised(image))
    chains = []
    for w in weights:
        chain, out = [], image.copy()
        for _ in range(case["depth"] if case["depth"] > 0 else draw.randint(1, 4)):
            op = draw.randint(len(operations))
            recorder.level, recorder.sign = 0.0, 0.0
            out = operations[op](out, case["severity"])
            chain.append({"Op": op, "Level": recorder.level, "Negative": recorder.sign > 0.5})
        chains.append(chain)
        mixed += w * normalised(out)
    result = (1 - m) * normalised(image) + m * mixed
    return result, {"Weights": [float(w) for w in weights], "M": float(m), "Chains": chains}


def main():
    sys.path.insert(0, sys.argv[1])
    import augmentations as reference

    cases, data = [], bytearray()
    kinds = ["photo", "photo", "gradient", "noise"]
    for i in range(24):
        side = 32 if i < 6 else 16
        case = {"seed": i, "side": side, "kind": kinds[i % 4], "all_ops": i % 2 == 1,
                "severity": [3, 1, 10][i // 2 % 3], "width": [3, 3, 1, 5][i // 3 % 4], "depth": [-1, -1, 2][i // 5 % 3]}
        reference.IMAGE_SIZE = side
        image = inputs.make(case["kind"], side, side, 3, 100 + i)
        result, case["draws"] = view(reference, image, case)
        cases.append(case)
        data += image.tobytes() + (result * np.float32(0.5) + np.float32(0.5)).astype("<f4").tobytes()
    versions = f"Python {platform.python_version()}, Pillow {PIL.__version__}, NumPy {np.__version__}"
    lines = ",\n".join("    " + json.dumps(c) for c in cases)
    (HERE / "mixing.json").write_text(f'{{\n  "made_with": "{versions}",\n  "cases": [\n{lines}\n  ]\n}}\n')
    (HERE / "mixing.bin").write_bytes(data)


if __name__ == "__main__":
    main()
