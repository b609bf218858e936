"""A run of gpu-check: what was asked for, what it found, and in which order."""

import json
import os
import shutil
import sys

import machine
import pack
import report
import sections
import speed

# The seconds that a section may take at most, in their order; what one leaves is the others'.
BUDGETS = {"doctor": 40, "tests": 180, "first": 200, "training": 60, "evaluation": 40, "network": 75}


class Check:
    """What the sections read; results is what they return, by their names."""

    def __init__(self, arguments, scratch):
        self.here = arguments.pack.resolve()
        self.pack, self.scratch, self.out = self.here, scratch, arguments.out
        self.here = self.here / "gpu"
        self.manifest = json.loads((self.pack / "pack.json").read_text())
        self.device = arguments.device
        self.cuda = self.device != "cpu"
        if self.cuda and not self.manifest["cuda"]:
            raise machine.Missing(f"{self.pack} was packed with --cpu; pack it without, or run --device cpu")
        self.device_flags = ["--device", self.device] if self.cuda else []
        self.index = int(self.device.partition(":")[2] or 0)
        self.smi = self.cuda and shutil.which("nvidia-smi")
        self.tests = arguments.tests
        self.python = sys.executable
        self.step, self.evaluate = self.pack / "bench" / "step.py", self.pack / "bench" / "evaluate.py"
        self.clock = machine.Clock(60 * arguments.minutes)
        torch = machine.torch_folder()
        self.environment = machine.environment(torch, [self.pack / "lib"])
        # The compilers' caches: those of this user may be of no use, and must not be filled.
        self.torch_environment = os.environ | {"TORCHINDUCTOR_CACHE_DIR": str(scratch / "inductor"), "TRITON_CACHE_DIR": str(scratch / "triton"),
                                               "PYTHONUNBUFFERED": "1"}
        self.compiles, self.compile_seconds = not arguments.no_compile, 150
        if arguments.quick:
            self.first, self.others = speed.QUICK[0], speed.QUICK[1:]
            self.rounds, self.warmup, self.epochs, self.train_batch, self.limit_train, self.eval_images = 2, 1, (1, 3), 8, 40, 20
        else:
            self.first, self.others = speed.FIRST, speed.OTHERS
            self.rounds, self.warmup, self.epochs, self.train_batch, self.limit_train, self.eval_images = 5, 20, (3, 33), 128, 0, 1000
        self.machine = {}
        self.results = {"version": self.manifest["version"], "device": self.device, "quick": arguments.quick}
        self.out.mkdir(parents=True, exist_ok=True)
        self.log = open(self.out / "log.txt", "w", encoding="utf-8")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.log.close()

    @property
    def unpacked(self):
        return self.scratch / "programs"

    @property
    def augmix(self):
        return self.unpacked / self.manifest["program"]

    def run(self):
        """Runs all sections, in the order of their importance, as far as the time goes."""
        pack.unpack(self.pack, self.unpacked)
        self.section("doctor", sections.doctor)
        ahead = speed.compile_ahead(self, self.others)
        # This one tries no kernels, so that it may compile while the tests run.
        compiled = self.compile_beside()
        try:
            self.section("tests", sections.tests)
        finally:
            if ahead:
                ahead.close()
        self.section("first", lambda check, clock: sections.first(check, clock, compiled))
        self.section("training", sections.training)
        self.section("evaluation", sections.evaluation)
        self.keep("hundred_epochs", sections.hundred_epochs(self.results))
        self.results["networks"] = {}
        for other in self.others:
            if self.clock.left() < 20:
                self.results["networks"][other.title] = {"network": other.title, "failed": "no time was left"}
                continue
            self.section("network", lambda check, clock, n=other: sections.network(check, clock, n), other.title)
        self.save()

    def compile_beside(self):
        """Starts torch.compile with CUDA graphs on the first network."""
        if not self.compiles or not self.cuda:
            return {}
        race = speed.Race(self, self.first)
        race.pytorch("torch.compile, " + speed.COMPILED[1], "compiled-bf16", "--compile-mode", speed.COMPILED[1])
        return race.servers

    def section(self, name, work, network=None):
        """Runs one section within its budget and keeps what it returns."""
        print(f"gpu-check: {network or name}, after {self.clock.spent():.0f} s", file=sys.stderr, flush=True)
        try:
            result = work(self, machine.Clock(self.clock.left(BUDGETS[name])))
        except machine.Missing:
            raise
        except (OSError, ValueError, KeyError, RuntimeError) as err:
            result = {"failed": f"{type(err).__name__}: {err}"}
        if "failed" in result:
            print(f"gpu-check: {network or name}: {result['failed']}", file=sys.stderr, flush=True)
        if network:
            self.results["networks"][network] = result
            self.save()
        else:
            self.keep(name, result)

    def keep(self, name, result):
        """Keeps a section's result, or a part of it, and writes all that there is."""
        if result is not None:
            self.results[name] = result
        self.save()

    def save(self):
        self.results["seconds"] = self.clock.spent()
        self.results["targets"] = report.targets(self.results, judge_speed=self.cuda and not self.results["quick"])
        for name, text in (("results.json", json.dumps(self.results, indent=1) + "\n"), ("table.md", report.markdown(self.results))):
            part = self.out / (name + ".part")
            part.write_text(text, encoding="utf-8")
            part.replace(self.out / name)

    def met(self):
        """Tells whether every target that is judged here is met, and every section that a dry run has did its work."""
        parts = [p for p in self.results.values() if isinstance(p, dict)] + list(self.results["networks"].values())
        judged = [t["met"] for t in self.results["targets"] if t["judged"]]
        return all(judged) and (self.cuda or not any("failed" in p for p in parts))
