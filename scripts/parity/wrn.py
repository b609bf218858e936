"""Writes what PyTorch computes for the parity tests of the Go networks.

  wrn.py --golden nets/testdata/parity.json   the small file that is committed
  wrn.py --full build/parity                  wrn-40-2-nchw.safetensors and
                                              wrn-40-2-nhwc.safetensors: logits,
                                              loss and every gradient, batch 8 x 3
                                              views, for `make parity`
  wrn.py --noise                              how far float32 is from float64
  wrn.py --search                             how TRAIN's batches were chosen

Weights and batches come from formula.py, so neither side ships them. All in
float32 on the CPU. A case has two halves that share nothing but the network's
shape: eval-mode logits with the formula's running statistics (batch "input",
bn_bias 0), and one train-mode forward and backward pass with the running
statistics after it (batch and bn_bias as the file says).
"""

import argparse
import json
import os

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch.overrides import TorchFunctionMode

import formula
import nets

VIEWS = 3

# Each network: its name in the Go program, its arguments, its normalisation.
NETWORKS = {
    "wrn-40-2": ("wrn", {"layers": 40, "widen_factor": 2}, nets.HALF),
    "wrn-16-1": ("wrn", {"layers": 16, "widen_factor": 1}, nets.HALF),
    "resnet20": ("resnet20", {}, nets.IMAGENET),
}

# Case, network, samples in a batch, bn_bias and batch. The batches are those of
# input.0 ... input.99 whose ReLU input nearest to zero is farthest from it
# (--search): 5.3e-5, 2.6e-5, 4.4e-5 and 1.5e-5.
TRAIN = (
    ("wrn-40-2", 2, 3, "input.62"),
    ("wrn-16-1", 4, 2, "input.8"),
    ("resnet20", 4, 2, "input.72"),
)
FULL = ("wrn-40-2", 8, 3, "input.72")

TRAJECTORY = {"steps": 10, "batch": 8, "bn_bias": 2, "momentum": 0.9, "decay": 5e-4}


def build(network, bn_bias=0):
    """Returns the named network with the formula's weights."""
    model, arguments, _ = NETWORKS[network]
    if model == "wrn":
        net = nets.WideResNet(arguments["layers"], arguments["widen_factor"])
    else:
        net = nets.ResNet(int(model.removeprefix("resnet")))
    return nets.load_formula(net, bn_bias)


def evaluate(network, size, bn_bias, batch, dtype=torch.float32, layout=torch.contiguous_format):
    """Runs one case and returns its tensors by name.

    layout is the order of weights and images in memory.

    The names: eval_logits and train_logits [3 * size, 10], loss [3] (cross-
    entropy, JS divergence, total), grad.<parameter>, after.<running statistic>.
    """
    normalize = NETWORKS[network][2]
    with torch.no_grad():
        still = build(network).to(dtype, memory_format=layout).eval()
        x = nets.batch("input", VIEWS * size, normalize).to(dtype, memory_format=layout)
        found = {"eval_logits": still(x)}
    net = build(network, bn_bias).to(dtype, memory_format=layout).train()
    logits = net(nets.batch(batch, VIEWS * size, normalize).to(dtype, memory_format=layout))
    ce, js, total = nets.augmix_loss(logits, torch.from_numpy(formula.labels(size)))
    total.backward()
    found["train_logits"] = logits.detach()
    found["loss"] = torch.stack([ce, js, total]).detach()
    for name, parameter in net.named_parameters():
        found["grad." + name] = parameter.grad
    for name, value in net.named_buffers():
        if "running" in name:
            found["after." + name] = value
    return found


def trajectory(rate, dtype=torch.float32):
    """Returns WRN-16-1's losses over SGD steps, one new batch a step.

    Nesterov momentum, decay on every parameter, constant learning rate. The
    loss of step t (from 0) is taken before the weights change, on the batch
    called input.t; BatchNorm runs in train mode.
    """
    net = build("wrn-16-1", TRAJECTORY["bn_bias"]).to(dtype).train()
    sgd = torch.optim.SGD(net.parameters(), rate, momentum=TRAJECTORY["momentum"],
                          weight_decay=TRAJECTORY["decay"], nesterov=True)
    targets = torch.from_numpy(formula.labels(TRAJECTORY["batch"]))
    losses = []
    for step in range(TRAJECTORY["steps"]):
        x = nets.batch(f"input.{step}", VIEWS * TRAJECTORY["batch"], nets.HALF).to(dtype)
        sgd.zero_grad()
        *_, loss = nets.augmix_loss(net(x), targets)
        loss.backward()
        sgd.step()
        losses.append(loss.item())
    return losses


def numbers(values):
    """Returns values as floats that print with a float32's nine digits."""
    return [float(f"{float(v):.9g}") for v in values]


def summary(found, prefix):
    """Returns norm and sampled elements of the tensors called prefix...."""
    rows = []
    for key, value in found.items():
        if not key.startswith(prefix):
            continue
        name = key.removeprefix(prefix)
        flat = value.double().flatten()
        chosen = flat[formula.sample_indices(name, len(flat))]
        rows.append({"name": name, "norm": numbers([flat.norm()])[0], "samples": numbers(chosen)})
    return rows


def golden():
    """Returns the content of the committed file."""
    cases = []
    for network, size, bn_bias, batch in TRAIN:
        model, arguments, normalize = NETWORKS[network]
        found = evaluate(network, size, bn_bias, batch)
        cases.append({
            "name": network, "model": model, **arguments, "batch": size, "views": VIEWS,
            "mean": normalize[0], "std": normalize[1],
            "eval": {"input": "input", "bn_bias": 0, "logits": [numbers(row) for row in found["eval_logits"]]},
            "train": {
                "input": batch, "bn_bias": bn_bias,
                "logits": [numbers(row) for row in found["train_logits"]],
                "loss": dict(zip(("ce", "js", "total"), numbers(found["loss"]))),
                "gradients": summary(found, "grad."),
                "running": summary(found, "after."),
            },
        })
    model, arguments, normalize = NETWORKS["wrn-16-1"]
    paths = [{"model": model, **arguments, "views": VIEWS, "mean": normalize[0], "std": normalize[1],
              "learning_rate": rate, "nesterov": True, **TRAJECTORY, "losses": numbers(trajectory(rate))}
             for rate in (0.01, 0.1)]
    return {"torch": torch.__version__, "jsd_weight": nets.JSD_WEIGHT, "cases": cases, "trajectories": paths}


def pretty(value, indent=""):
    """Returns value as JSON that keeps short lists and objects on one line."""
    line = json.dumps(value)
    if len(line) < 180 or not isinstance(value, (dict, list)):
        return line
    inner = indent + " "
    if isinstance(value, dict):
        rows = [f"{json.dumps(key)}: {pretty(item, inner)}" for key, item in value.items()]
    else:
        rows = [pretty(item, inner) for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{inner}" + f",\n{inner}".join(rows) + f"\n{indent}{closing}"


def noise():
    """Prints how far float32 is from float64 in the same program.

    What the Go program can be asked for cannot be less than this.
    """
    for case in (*TRAIN, FULL):
        single, double = evaluate(*case), evaluate(*case, torch.float64)
        delta = {key: single[key].double() - double[key] for key in single}
        gradients = [(delta[k].norm() / double[k].norm()).item() for k in delta if k.startswith("grad.")]
        print(f"{case[0]} batch {case[1]}: eval logits up to {double['eval_logits'].abs().max():.3g}"
              f" off by {delta['eval_logits'].abs().max():.1e}; train logits up to"
              f" {double['train_logits'].abs().max():.3g} off by {delta['train_logits'].abs().max():.1e};"
              f" loss {double['loss'][2]:.6f} off by {(delta['loss'][2] / double['loss'][2]).abs():.1e} relative;"
              f" gradients off by at most {max(gradients):.1e} relative")
    for rate in (0.01, 0.1):
        pairs = zip(trajectory(rate), trajectory(rate, torch.float64))
        print(f"learning rate {rate}, relative, by step:", *(f"{abs(a - b) / b:.0e}" for a, b in pairs))


class Margin(TorchFunctionMode):
    """Notes the ReLU input nearest to zero of everything run inside it."""

    nearest = float("inf")

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if function is F.relu:
            self.nearest = min(self.nearest, args[0].detach().abs().min().item())
        return function(*args, **(kwargs or {}))


def search():
    """Prints, for each training case, the batches with the greatest margin."""
    for network, size, bn_bias, _ in (*TRAIN, FULL):
        net, normalize, found = build(network, bn_bias).train(), NETWORKS[network][2], []
        for k in range(100):
            x = nets.batch(f"input.{k}", VIEWS * size, normalize)
            with torch.no_grad(), Margin() as margin:
                net(x)
            found.append((margin.nearest, f"input.{k}"))
        found.sort(reverse=True)
        print(network, "batch", size, *(f"{name}: {nearest:.1e}" for nearest, name in found[:3]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--golden", metavar="FILE", help="write the small committed file")
    parser.add_argument("--full", metavar="DIR", help="write every logit and gradient of WRN-40-2")
    parser.add_argument("--noise", action="store_true", help="print float32's own distance from float64")
    parser.add_argument("--search", action="store_true", help="print the batches that keep clear of ReLU's kink")
    arguments = parser.parse_args()
    if not (arguments.golden or arguments.full or arguments.noise or arguments.search):
        parser.error("nothing to do: give --golden FILE, --full DIR, --noise or --search")
    if arguments.golden:
        os.makedirs(os.path.dirname(arguments.golden) or ".", exist_ok=True)
        with open(arguments.golden, "w") as file:
            file.write(pretty(golden()) + "\n")
    if arguments.full:
        os.makedirs(arguments.full, exist_ok=True)
        network, size, bn_bias, batch = FULL
        for name, layout in (("nchw", torch.contiguous_format), ("nhwc", torch.channels_last)):
            found = {key: value.contiguous() for key, value in evaluate(*FULL, layout=layout).items()}
            # The metadata tells the Go side which weights and batch to make, and how many threads to take.
            save_file(found, os.path.join(arguments.full, f"{network}-{name}.safetensors"),
                      {"batch": str(size), "views": str(VIEWS), "bn_bias": str(bn_bias), "input": batch,
                       "threads": str(torch.get_num_threads()), "torch": torch.__version__})
    if arguments.noise:
        noise()
    if arguments.search:
        search()


if __name__ == "__main__":
    main()
