"""Writes what PyTorch computes for the parity tests of all networks but WRN.

  networks.py --golden nets/testdata/networks.json
                               the small file that is committed: logits, loss,
                               norms of gradients, running statistics
  networks.py --full DIR       a file for each network with every logit, gradient
                               and running statistic, for `make parity`
  networks.py --reference DIR  compares the definitions in nets.py with those in
                               a checkout of google-research/augmix
  networks.py --antialiased DIR
                               compares MaxBlurPool's networks with those in a
                               checkout of adobe/antialiased-cnns
  networks.py --keys FOLDER --reference DIR
                               lists the names and shapes in the checkpoints of
                               the reference, of RobustBench and of torchvision
  networks.py --noise          how far float32 is from float64
  networks.py --search         how the batches were chosen

Weights and batches come from formula.py. All in float32 on the CPU, NCHW in
memory unless said otherwise. Dropout is switched off: its draws are
libtorch's own, and equal seeds are no part of a network's definition.

A case has the eval-mode logits of heads of 10 and of 100 classes (batch
"input", bn_bias 0); one forward and backward pass in training; and the running
statistics after three SGD steps by the cross-entropy of all views, on the
batches input.0 to input.2. BatchNorm's parameters are recognised by name,
so that a bn_bias reaches only those whose module is called bn...; the others
precede no ReLU of their own.

In evaluation the running statistics have been moved half-way to those of the
batch "input.0", by a forward pass in training with momentum 0.5: with the
formula's own, activations grow from layer to layer, to logits of some thousands
in DenseNet; those of a small batch alone are near zero in some channels.
"""

import argparse
import importlib
import json
import os
import sys
import types

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

import formula
import nets
import wrn

VIEWS = 3
BATCH = 2

# Case: arguments of the Go program, side of the images, bn_bias and batch of the
# training pass. The batches are those of input.0 to input.39 that keep farthest
# from a ReLU's kink and from ties in a max-pooling (--search): at least
# 8e-6.
CASES = {
    "allconv": ({"model": "allconv"}, 32, 0, "input.35"),
    "densenet-bc": ({"model": "densenet", "densenet_variant": "bc"}, 32, 3, "input.23"),
    "densenet-reference": ({"model": "densenet", "densenet_variant": "reference"}, 32, 3, "input.3"),
    "resnext": ({"model": "resnext", "cardinality": 4, "base_width": 32}, 32, 3, "input.23"),
    "resnext-8x16d": ({"model": "resnext", "cardinality": 8, "base_width": 16}, 32, 3, "input.11"),
    "resnet18": ({"model": "resnet18", "pool": "max"}, 48, 3, "input.29"),
    "resnet18-maxblurpool": ({"model": "resnet18", "pool": "maxblurpool"}, 48, 3, "input.0"),
    "resnet50": ({"model": "resnet50", "pool": "max"}, 48, 3, "input.29"),
    "resnet50-maxblurpool": ({"model": "resnet50", "pool": "maxblurpool"}, 48, 3, "input.0"),
}

STEPS, RATE, MOMENTUM, DECAY = 3, 0.001, 0.9, 5e-4


def normalization(arguments):
    return nets.IMAGENET if arguments["model"].startswith("resnet") else nets.HALF


def define(arguments, classes=formula.CLASSES):
    """Returns the network of the Go program's arguments, by nets.py."""
    model = arguments["model"]
    if model == "allconv":
        return nets.AllConv(classes)
    if model == "densenet":
        return nets.DenseNet(arguments["densenet_variant"], classes)
    if model == "resnext":
        return nets.ResNeXt(arguments["cardinality"], arguments["base_width"], classes)
    return nets.vision_resnet(int(model.removeprefix("resnet")), arguments["pool"], classes)


def prepare(net, bn_bias):
    """Gives net the formula's weights and switches dropout off."""
    nets.load_formula(net, bn_bias)
    for module in net.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    return net


def pixels(name, arguments, size, count, dtype, layout):
    return nets.batch(name, count, normalization(arguments), size).to(dtype, memory_format=layout)


def evaluate(case, batch, size, define=define, dtype=torch.float32, layout=torch.contiguous_format, steps=STEPS):
    """Runs a case and returns its tensors by name, as wrn.evaluate does.

    Also eval_logits_100 and, after the steps, steps.<running statistic>. batch
    is that of the training pass, None the case's own.
    """
    arguments, side, bn_bias, name = CASES[case]

    def images(name):
        return pixels(name, arguments, side, VIEWS * size, dtype, layout)

    found = {}
    with torch.no_grad():
        for classes, key in ((10, "eval_logits"), (100, "eval_logits_100")):
            net = prepare(define(arguments, classes), 0).to(dtype, memory_format=layout).train()
            for module in net.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    module.momentum = 0.5
            net(images("input.0"))
            found[key] = net.eval()(images("input"))
    net = prepare(define(arguments), bn_bias).to(dtype, memory_format=layout).train()
    targets = torch.from_numpy(formula.labels(size))
    logits = net(images(batch or name))
    ce, js, total = nets.augmix_loss(logits, targets)
    total.backward()
    found["train_logits"] = logits.detach()
    found["loss"] = torch.stack([ce, js, total]).detach()
    for key, parameter in net.named_parameters():
        found["grad." + key] = parameter.grad.clone()
    for key, value in net.named_buffers():
        if "running" in key:
            found["after." + key] = value.clone()

    net = prepare(net, bn_bias)
    sgd = torch.optim.SGD(net.parameters(), RATE, momentum=MOMENTUM, weight_decay=DECAY, nesterov=True)
    targets = torch.from_numpy(formula.labels(VIEWS * size))
    for step in range(steps):
        sgd.zero_grad()
        F.cross_entropy(net(images(f"input.{step}")), targets).backward()
        sgd.step()
    for key, value in net.named_buffers():
        if "running" in key:
            found["steps." + key] = value
    return found


def brief(found, prefix):
    """Returns the norm and one element of each tensor called prefix..., in the order of the state dict."""
    rows = []
    for key, value in found.items():
        if key.startswith(prefix):
            flat = value.double().flatten()
            chosen = formula.sample_indices(key.removeprefix(prefix), len(flat))[0]
            rows.append([float(f"{float(v):.7g}") for v in (flat.norm(), flat[chosen])])
    return rows


def golden():
    """Returns the content of the committed file."""
    cases = []
    for case, (arguments, side, bn_bias, batch) in CASES.items():
        found = evaluate(case, None, BATCH)
        mean, std = normalization(arguments)
        hundred = found["eval_logits_100"].flatten()
        cases.append({
            "name": case, **arguments, "size": side, "batch": BATCH, "views": VIEWS, "mean": mean, "std": std,
            "eval": {"input": "input", "bn_bias": 0, "logits": [wrn.numbers(row) for row in found["eval_logits"]],
                     "logits_100": {"name": "logits_100", "norm": wrn.numbers([hundred.norm()])[0],
                                    "samples": wrn.numbers(hundred[formula.sample_indices("logits_100", len(hundred))])}},
            "train": {
                "input": batch, "bn_bias": bn_bias, "logits": [wrn.numbers(row) for row in found["train_logits"]],
                "loss": dict(zip(("ce", "js", "total"), wrn.numbers(found["loss"]))),
                "gradients": brief(found, "grad."), "steps": brief(found, "steps."),
            },
        })
    return {"torch": torch.__version__, "jsd_weight": nets.JSD_WEIGHT, "steps": STEPS, "learning_rate": RATE,
            "momentum": MOMENTUM, "decay": DECAY, "cases": cases}


def deviations(found, exact):
    """Returns by how much two results differ.

    That is: logits, relative loss, gradients relative to their norms, gradients
    that are nothing but rounding relative to the norm of all, running statistics.
    """
    delta = {key: (found[key].double() - exact[key].double()).norm().item() for key in found}
    norms = {key: exact[key].double().norm().item() for key in found}
    logits = max((found[key].double() - exact[key].double()).abs().max().item() for key in found if "logits" in key)
    loss = (found["loss"][2] / exact["loss"][2] - 1).abs().item()
    gradients = [key for key in delta if key.startswith("grad.")]
    whole = sum(norms[key] ** 2 for key in gradients) ** 0.5
    # A bias before a BatchNorm has no gradient but for rounding.
    zero = [key for key in gradients if norms[key] < 1e-6 * whole]
    gradient = max(delta[key] / norms[key] for key in gradients if key not in zero)
    rounding = max((delta[key] / whole for key in zero), default=0)
    running = max(delta[key] / norms[key] for key in delta if key.startswith(("after.", "steps.")))
    return logits, loss, gradient, rounding, running


def noise():
    """Prints how far float32 is from float64 in PyTorch, in both layouts."""
    for case in CASES:
        exact = evaluate(case, None, BATCH, dtype=torch.float64)
        for name, layout in (("NCHW", torch.contiguous_format), ("NHWC", torch.channels_last)):
            off = deviations(evaluate(case, None, BATCH, layout=layout), exact)
            print(f"{case}, {name}: logits up to {exact['train_logits'].abs().max():.3g} off by {off[0]:.1e}, loss"
                  f" {off[1]:.1e}, gradients {off[2]:.1e} and {off[3]:.1e}, running statistics {off[4]:.1e}", flush=True)


def search():
    """Prints for each case the batches that keep farthest from what rounding could decide.

    That is a ReLU's input near zero, or two nearly equal greatest values in a
    window of a max-pooling.
    """
    for case, (arguments, side, bn_bias, _) in CASES.items():
        net, found = prepare(define(arguments), bn_bias).train(), []
        for k in range(40):
            x = pixels(f"input.{k}", arguments, side, VIEWS * BATCH, torch.float32, torch.contiguous_format)
            with torch.no_grad(), wrn.Margin() as margin:
                hooks = [module.register_forward_pre_hook(lambda pool, given: note_gap(margin, pool, given[0]))
                         for module in net.modules() if isinstance(module, torch.nn.MaxPool2d)]
                net(x)
            for hook in hooks:
                hook.remove()
            found.append((margin.nearest, f"input.{k}"))
        found.sort(reverse=True)
        print(case, *(f"{name}: {nearest:.1e}" for nearest, name in found[:3]), flush=True)


def note_gap(margin, pool, x):
    """Lowers margin to the least difference of the two greatest values in pool's windows, unless both are zero."""
    windows = F.unfold(x, pool.kernel_size, padding=pool.padding, stride=pool.stride)
    greatest = windows.view(x.shape[0], x.shape[1], -1, windows.shape[-1]).topk(2, dim=2).values
    gap = (greatest[:, :, 0] - greatest[:, :, 1])[greatest[:, :, 0] > 0]
    margin.nearest = min(margin.nearest, gap.min().item())


def reference_networks(folder):
    """Returns what define does, with the classes of a checkout of google-research/augmix."""
    sys.path.insert(0, folder)
    allconv = importlib.import_module("models.cifar.allconv")
    densenet = importlib.import_module("third_party.ResNeXt_DenseNet.models.densenet")
    resnext = importlib.import_module("third_party.ResNeXt_DenseNet.models.resnext")

    def build(arguments, classes=formula.CLASSES):
        model = arguments["model"]
        if model == "allconv":
            return allconv.AllConvNet(classes)
        if model == "densenet" and arguments["densenet_variant"] == "reference":
            return densenet.densenet(num_classes=classes)
        if model == "densenet":
            return densenet.DenseNet(12, 100, 0.5, classes, True)
        return resnext.resnext29(classes, arguments["cardinality"], arguments["base_width"])

    return build


def compare_with_reference(folder):
    """Prints the parity of nets.py with the reference's files; returns whether all is within 1e-6."""
    build, good = reference_networks(folder), True
    for case, (arguments, *_) in CASES.items():
        if arguments["model"].startswith("resnet"):
            continue
        ours, theirs = define(arguments), build(arguments)
        if list(ours.state_dict()) != list(theirs.state_dict()):
            print(f"networks: {case}: the names of the tensors differ from the reference's")
            good = False
            continue
        off = max(deviations(evaluate(case, None, BATCH), evaluate(case, None, BATCH, define=build)))
        print(f"parity: {case}: nets.py against the reference's file, greatest of all deviations | {off:.1e} | 1e-06",
              flush=True)
        good = good and off <= 1e-6
    return good


def compare_with_antialiased(folder):
    """Prints how far the logits of nets.py's MaxBlurPool networks are from antialiased_cnns'; returns whether none is."""
    # The package's own __init__ imports networks that need more than PyTorch.
    package = types.ModuleType("antialiased_cnns")
    package.__path__ = [os.path.join(folder, "antialiased_cnns")]
    sys.modules["antialiased_cnns"] = package
    package.BlurPool = importlib.import_module("antialiased_cnns.blurpool").BlurPool
    library, good = importlib.import_module("antialiased_cnns.resnet"), True
    for depth in (18, 50):
        theirs, ours = getattr(library, f"resnet{depth}")(filter_size=4), nets.vision_resnet(depth, "maxblurpool", 1000)
        ours.load_state_dict(theirs.state_dict())
        x = nets.batch("input", 2, nets.IMAGENET, 64)
        off = (ours(x) - theirs(x)).abs().max().item()
        print(f"parity: resnet{depth}-maxblurpool: nets.py against antialiased_cnns, logits | {off:.1e} | 0", flush=True)
        good = good and off == 0 and list(ours.state_dict()) == list(theirs.state_dict())
    return good


def keys(folder, reference):
    """Writes the names and shapes of the tensors in other people's checkpoints."""
    build = reference_networks(reference)
    wide = importlib.import_module("third_party.WideResNet_pytorch.wideresnet")
    vision = {"model": "resnet50", "pool": "max"}
    found = {
        "reference-wrn": wide.WideResNet(40, 10, 2, 0.0),
        "reference-resnext": build(CASES["resnext"][0]),
        "reference-allconv": build(CASES["allconv"][0]),
        "reference-densenet": build(CASES["densenet-reference"][0]),
        "reference-densenet-bc": build(CASES["densenet-bc"][0]),
        "reference-resnet50": define(vision, 1000),
        "torchvision-resnet18": define({"model": "resnet18", "pool": "max"}, 1000),
        "antialiased-resnet18": define({"model": "resnet18", "pool": "maxblurpool"}, 1000),
    }
    lists = {}
    for name, net in found.items():
        # The reference saves a network inside DataParallel.
        prefix = "module." if name.startswith("reference") else ""
        lists[name] = [(prefix + key, value.shape) for key, value in net.state_dict().items()]
    buffers = [("mu", (1, 3, 1, 1)), ("sigma", (1, 3, 1, 1))]
    renamed = [(key.removeprefix("module.").replace("conv_shortcut", "convShortcut"), shape)
               for key, shape in lists["reference-wrn"]]
    # The file of CIFAR-10 lacks mu and sigma; mirrors of it have them.
    lists["robustbench-wrn"], lists["robustbench-wrn-normalized"] = renamed, buffers + renamed
    lists["robustbench-resnext"] = [(key.removeprefix("module."), shape) for key, shape in lists["reference-resnext"]]
    lists["robustbench-resnet50"] = [("normalize.mean", (1, 3, 1, 1)), ("normalize.std", (1, 3, 1, 1))] + [
        (key.replace("module.", "model."), shape) for key, shape in lists["reference-resnet50"]]
    os.makedirs(folder, exist_ok=True)
    for name, rows in lists.items():
        with open(os.path.join(folder, name + ".txt"), "w") as file:
            for key, shape in rows:
                file.write(" ".join([key, *map(str, shape)]) + "\n")


def full(folder):
    """Writes a file for each network and layout."""
    os.makedirs(folder, exist_ok=True)
    for case, (arguments, side, bn_bias, batch) in CASES.items():
        for name, layout in (("nchw", torch.contiguous_format), ("nhwc", torch.channels_last)):
            found = {key: value.contiguous() for key, value in evaluate(case, None, BATCH, layout=layout).items()}
            # The metadata tells the Go side which network and batch to make, and how many threads to take.
            save_file(found, os.path.join(folder, f"network-{case}-{name}.safetensors"),
                      {"case": case, "threads": str(torch.get_num_threads()), "torch": torch.__version__})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--golden", metavar="FILE", help="write the small committed file")
    parser.add_argument("--full", metavar="DIR", help="write every logit, gradient and running statistic")
    parser.add_argument("--reference", metavar="DIR", help="a checkout of google-research/augmix")
    parser.add_argument("--antialiased", metavar="DIR", help="a checkout of adobe/antialiased-cnns")
    parser.add_argument("--keys", metavar="FOLDER", help="list the names in other people's checkpoints")
    parser.add_argument("--noise", action="store_true", help="print float32's own distance from float64")
    parser.add_argument("--search", action="store_true", help="print the batches that keep clear of kinks and ties")
    arguments = parser.parse_args()
    if arguments.keys and not arguments.reference:
        parser.error("--keys needs --reference")
    if not any((arguments.golden, arguments.full, arguments.reference, arguments.antialiased,
                arguments.noise, arguments.search)):
        parser.error("nothing to do: give --golden FILE, --full DIR, --reference DIR, --antialiased DIR, --noise or --search")
    if arguments.golden:
        with open(arguments.golden, "w") as file:
            file.write(wrn.pretty(golden()) + "\n")
    if arguments.full:
        full(arguments.full)
    if arguments.keys:
        keys(arguments.keys, arguments.reference)
    elif arguments.reference and not compare_with_reference(arguments.reference):
        sys.exit(1)
    if arguments.antialiased and not compare_with_antialiased(arguments.antialiased):
        sys.exit(1)
    if arguments.noise:
        noise()
    if arguments.search:
        search()


if __name__ == "__main__":
    main()
