"""Loads what `augmix export --names robustbench` writes into RobustBench's own networks, strictly, and compares logits.

  robustbench.py --augmix PROGRAM --data DIR ROBUSTBENCH FOLDER

ROBUSTBENCH is a checkout of RobustBench/robustbench: its classes of AugMix's WRN-40-2
and ResNeXt-29 for CIFAR-10 and CIFAR-100, a WRN of the first form, and its wrapper of
torchvision's ResNet-18 and ResNet-50. Each is filled at random (batch statistics too),
its tensors go without a normalisation and under the names of its source into FOLDER,
`augmix export` names them as RobustBench does, and the file must load with strict=True
to the same bits. Networks with 10 classes then run on the first 64 of CIFAR-10's test
images in DIR, those for ImageNet on 12 of its photographs, in both programs.
"""

import argparse
import ast
import importlib.util
import json
import pathlib
import pickle
import subprocess
import sys

import numpy as np
import torch
import torchvision

import nets

IMAGES, PHOTOGRAPHS = 64, 12
TOLERATED = 1e-4


def architecture(robustbench, name):
    """A module of RobustBench's architectures by itself: its package needs much that is not needed here."""
    path = robustbench / "robustbench" / "model_zoo" / "architectures" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def classes(robustbench, dataset):
    """RobustBench's own classes of AugMix's networks for one of CIFAR's sets."""
    path = robustbench / "robustbench" / "model_zoo" / f"{dataset}.py"
    names = ("Hendrycks2020AugMixWRNNet", "Hendrycks2020AugMixResNeXtNet")
    found = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef) and node.name in names]
    scope = {"torch": torch, **vars(architecture(robustbench, "wide_resnet")), **vars(architecture(robustbench, "resnext"))}
    exec(compile(ast.Module(found, []), str(path), "exec"), scope)  # pylint: disable=exec-used
    return [scope[name] for name in names]


def networks(robustbench):
    """Name, flags, what builds RobustBench's network, and the images that it is compared on."""
    wrn, resnext = classes(robustbench, "cifar10")
    wrn100, resnext100 = classes(robustbench, "cifar100")
    wrapper = architecture(robustbench, "utils_architectures").normalize_model
    yield "wrn-40-2", ["--model", "wrn"], wrn, "cifar10"
    yield "wrn-16-1", ["--model", "wrn", "--layers", "16", "--widen-factor", "1"], lambda: wrn(16, 1), "cifar10"
    yield "resnext-29", ["--model", "resnext"], resnext, "cifar10"
    yield "wrn-40-2 of 100 classes", ["--model", "wrn"], wrn100, None
    yield "resnext-29 of 100 classes", ["--model", "resnext"], resnext100, None
    for depth in (18, 50):
        make = getattr(torchvision.models, f"resnet{depth}")
        yield f"resnet-{depth}", ["--model", f"resnet{depth}"], lambda make=make: wrapper(make(), *nets.IMAGENET), "imagenet"


def fill(net):
    """Draws everything that the network keeps, but for the normalisation, so that signals stay of size 1."""
    generator = torch.Generator().manual_seed(1)
    for name, value in net.state_dict().items():
        if name.split(".")[-1] in ("mu", "sigma", "mean", "std") or not value.dtype.is_floating_point:
            continue
        noise = torch.randn(value.shape, generator=generator)
        if name.endswith("running_var") or value.ndim == 1 and name.endswith("weight"):
            noise = 1 + 0.1 * noise.clamp(-3, 3)
        elif value.ndim > 1:
            noise = noise * (2 / value[0].numel()) ** 0.5
        else:
            noise = 0.1 * noise
        value.copy_(noise)
    return net.eval()


def source_names(state):
    """The state dict as the network's source names it."""
    out = {}
    for name, value in state.items():
        name = name.removeprefix("model.").replace("convShortcut", "conv_shortcut")
        if name not in ("mu", "sigma", "normalize.mean", "normalize.std"):
            out[name] = value.clone()
    return out


def run(*command):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"robustbench: {' '.join(map(str, command))}: {done.stderr}")


def cifar10(data):
    with open(data / "cifar-10-batches-py" / "test_batch", "rb") as file:
        batch = pickle.load(file, encoding="bytes")
    return torch.from_numpy(batch[b"data"][:IMAGES].reshape(-1, 3, 32, 32).astype(np.float32) / 255)


def photographs(folder):
    """Every so manieth photograph, as torchvision evaluates it."""
    transform = torchvision.transforms.Compose([
        torchvision.transforms.Resize(256), torchvision.transforms.CenterCrop(224), torchvision.transforms.ToTensor()])
    samples = torchvision.datasets.ImageFolder(folder / "val", transform)
    step = len(samples) // PHOTOGRAPHS
    return torch.stack([samples[i * step][0] for i in range(PHOTOGRAPHS)])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--augmix", required=True)
    parser.add_argument("--data", required=True, type=pathlib.Path)
    parser.add_argument("robustbench", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    sets = {}
    if (args.data / "cifar-10-batches-py").exists():
        sets["cifar10"] = cifar10(args.data), args.data, IMAGES
    if (args.data / "imagenet-samples" / "val").exists():
        sets["imagenet"] = photographs(args.data / "imagenet-samples"), args.data / "imagenet-samples", PHOTOGRAPHS

    loaded = tensors = differ = 0
    worst, compared = 0.0, []
    for name, flags, make, images in networks(args.robustbench):
        with torch.no_grad():
            net = fill(make())
        want = net.state_dict()
        source, target = args.folder / "source.pt", args.folder / f"{name.replace(' ', '-')}.pt"
        target.unlink(missing_ok=True)
        torch.save(source_names(want), source)
        run(args.augmix, "export", source, "--out", target, "--names", "robustbench", "--quiet", *flags)
        fresh = make()
        fresh.load_state_dict(torch.load(target, weights_only=True), strict=True)
        fresh.eval()
        loaded += 1
        for key, value in fresh.state_dict().items():
            tensors += 1
            if value.dtype != want[key].dtype or not torch.equal(value, want[key]):
                differ += 1
                print(f"robustbench: {name}: {key} differs", file=sys.stderr)
        if images not in sets:
            continue
        pixels, data, n = sets[images]
        logits = args.folder / "logits"
        run(args.augmix, "eval", "--checkpoint", target, *flags, "--dataset", images, "--data", data, "--limit-eval", n,
            "--sets", "clean", "--save-logits", logits, "--quiet")
        with torch.inference_mode():
            theirs = fresh(pixels).numpy()
        off = float(np.abs(np.load(logits / "clean.npy") - theirs).max() / np.abs(theirs).max())
        worst = max(worst, off)
        compared.append(name)
        print(json.dumps({"network": name, "largest_logit": float(np.abs(theirs).max()), "difference": off}), file=sys.stderr)
    print(f"parity: {loaded} exported networks loaded strictly into RobustBench's classes: of {tensors} tensors differ | {differ} | 0")
    if compared:
        print(f"parity: RobustBench's networks against the program's ({', '.join(compared)}): logits, largest difference of the "
              f"largest | {worst:.1e} | {TOLERATED:.0e}")
    sys.exit(bool(differ) or not worst <= TOLERATED)


if __name__ == "__main__":
    main()
