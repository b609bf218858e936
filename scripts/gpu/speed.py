"""Times the training step of a network with augmix and with PyTorch, in turn on one machine."""

import json
import os
import statistics

import machine
import roofline


class Network:
    """A network as the programs name it, and how much of it is timed."""

    def __init__(self, title, torch, flags, batch, size, steps):
        self.title, self.torch, self.flags = title, torch, flags.split()
        self.batch, self.size, self.steps = batch, size, steps


FIRST = Network("WRN-40-2", "wrn", "--model wrn --layers 40 --widen-factor 2", 128, 32, 200)
OTHERS = (
    Network("AllConv", "allconv", "--model allconv", 128, 32, 200),
    Network("ResNeXt-29 4×32d", "resnext", "--model resnext", 128, 32, 60),
    Network("DenseNet-BC-100-12", "densenet", "--model densenet --densenet-variant bc", 128, 32, 50),
    Network("ResNet-50", "resnet50", "--model resnet50", 64, 224, 30),
    Network("DenseNet-40-12", "densenet-reference", "--model densenet --densenet-variant reference", 128, 32, 60),
    Network("ResNet-20", "resnet20", "--model resnet20", 128, 32, 200),
    Network("ResNet-18", "resnet18", "--model resnet18", 64, 224, 60),
    Network("ResNet-50, MaxBlurPool", "resnet50-maxblurpool", "--model resnet50 --pool maxblurpool", 64, 224, 30),
    Network("ResNet-18, MaxBlurPool", "resnet18-maxblurpool", "--model resnet18 --pool maxblurpool", 64, 224, 60),
)
# What --quick times: two networks of which a step takes a CPU a fraction of a second.
QUICK = (
    Network("WRN-10-1", "wrn-10-1", "--model wrn --layers 10 --widen-factor 1", 4, 32, 2),
    Network("ResNet-20", "resnet20", "--model resnet20", 4, 32, 2),
)

EAGER, COMPILED = ("tuned-bf16", "tuned-autocast"), ("max-autotune-no-cudagraphs", "reduce-overhead")


class Race:
    """Programs that time the same step, one after another, round by round."""

    def __init__(self, check, network):
        self.check, self.network = check, network
        self.servers, self.commands = {}, {}
        self.rows = {}  # by the contestant's name: {"seconds": [of a step, by round], …} or {"failed": why}

    def augmix(self, name, *flags):
        """Enters augmix; each round starts it anew."""
        n = self.network
        self.commands[name] = [
            self.check.augmix, "bench", "step", *n.flags, "--batch-size", n.batch, "--size", n.size, "--steps", n.steps,
            "--warmup", self.check.warmup, "--precision", "bf16", *self.check.device_flags, *flags, "--json", "-"]

    def pytorch(self, name, mode, *flags, warmup=None):
        """Enters a mode of step.py, which starts now and stays."""
        n = self.network
        self.servers[name] = machine.Server(
            [self.check.python, self.check.step, "--mode", mode, "--model", n.torch, "--batch-size", n.batch, "--size", n.size,
             "--steps", n.steps, "--warmup", warmup or self.check.warmup, "--device", self.check.device, "--repeat", *flags],
            self.check.log, env=self.check.torch_environment)

    def ready(self, name, seconds):
        """Waits until a PyTorch contestant is warm, and gives it up where it is not in time."""
        try:
            self.servers[name].answer(seconds)
        except (RuntimeError, ValueError) as err:
            self.drop(name, str(err))

    def drop(self, name, why):
        """Takes a contestant out of the race; what it measured stays."""
        self.rows.setdefault(name, {})["failed"] = why
        self.commands.pop(name, None)
        if name in self.servers:
            self.servers.pop(name).close()

    def round(self, seconds):
        """Lets each contestant measure once, in the order in which they were entered."""
        clock = machine.Clock(seconds)
        for name in [*self.commands, *self.servers]:
            try:
                if name in self.commands:
                    done = machine.run(self.commands[name], clock.left(60), self.check.log, env=self.check.environment)
                    if not done.ok:
                        raise RuntimeError(done.why())
                    result = done.json()
                else:
                    result = self.servers[name].ask(clock.left(60))
                self.note(name, result)
            except (RuntimeError, ValueError, KeyError) as err:
                self.drop(name, str(err))

    def note(self, name, result):
        row = self.rows.setdefault(name, {"seconds": []})
        row["seconds"].append(1 / result["steps_per_second"])
        for key in ("precision", "peak_device_bytes", "peak_rss_bytes", "loss", "compile_mode", "warmup_seconds", "graph", "no_graph_reason"):
            if key in result:
                row[key] = result[key]

    def close(self):
        for name in list(self.servers):
            self.servers.pop(name).close()

    def result(self, machine_row):
        """Returns the figures: times with their medians, and each contestant's time over that of augmix, round by round."""
        n = self.network
        out = {"network": n.title, "batch": n.batch, "size": n.size, "views": 3, "steps": n.steps, "rows": self.rows}
        own = self.rows.get("augmix", {}).get("seconds", [])
        for row in self.rows.values():
            if seconds := row.get("seconds"):
                row["median_ms"] = 1e3 * statistics.median(seconds)
                if own:
                    row["over_augmix"] = spread([b / a for a, b in zip(own, seconds)])
        if own:
            out |= roof(n, statistics.median(own), machine_row)
        return out


def spread(ratios):
    """Returns [median, least, greatest]."""
    return [statistics.median(ratios), min(ratios), max(ratios)]


def roof(network, seconds, machine_row):
    """Returns the network's rooflines on this GPU and how far off a step of so many seconds is; nothing where there are none."""
    bandwidth = machine_row.get("peak_bandwidth") or machine_row.get("copy_bandwidth")
    table = roofline.ROOFS.get(network.torch)
    if table is None or not bandwidth:
        return {}
    flops = max(machine_row.get("matmul_flops", 0), 1)
    unfused, fused = (table.milliseconds(network.batch, network.size, bandwidth, flops, f) for f in (False, True))
    return {"roof_ms": unfused, "fused_roof_ms": fused, "over_roof": 1e3 * seconds / unfused, "over_fused_roof": 1e3 * seconds / fused}


def enter(race, compiled, whole):
    """Enters augmix and PyTorch; with whole also what is not a target's business, without it only the most important."""
    check = race.check
    race.augmix("augmix")
    if check.cuda and whole:
        race.augmix("augmix --no-graph", "--no-graph")
    modes = EAGER if whole else EAGER[:1]
    for mode in modes:
        race.pytorch("PyTorch eager, " + mode, mode)
    if whole and check.cuda:
        race.pytorch("PyTorch eager in a CUDA graph", "graphed-bf16")
        race.pytorch("the reference's step (float32)", "reference")
    for name, server in compiled.items():
        race.servers[name] = server


def fastest(race_result, prefix):
    """Returns the row of the fastest contestant whose name begins so, None where none measured."""
    rows = [(r["median_ms"], name) for name, r in race_result["rows"].items() if name.startswith(prefix) and "median_ms" in r]
    return min(rows, default=None)


def compile_ahead(check, networks):
    """Starts a process that compiles the networks' steps one after another, so that the compiler's cache has them later."""
    if not check.compiles or not networks:
        return None
    script = "import json, subprocess, sys\nfor c in json.loads(sys.argv[1]): subprocess.run(c, stdin=subprocess.DEVNULL)"
    commands = [[check.python, str(check.step), "--mode", "compiled-bf16", "--compile-mode", "default", "--model", n.torch,
                 "--batch-size", str(n.batch), "--size", str(n.size), "--steps", "1", "--warmup", "1", "--device", check.device]
                for n in networks]
    return machine.Server(["nice", "-n", "10", check.python, "-c", script, json.dumps(commands)], check.log,
                          env=check.torch_environment | {"OMP_NUM_THREADS": str(max(1, (os.cpu_count() or 2) // 4))})
