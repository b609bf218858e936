"""Tests of what needs neither torch nor a GPU: python3 -m unittest discover -s scripts/gpu"""

import contextlib
import io
import json
import os
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import machine  # noqa: E402
import pack  # noqa: E402
import parts  # noqa: E402
import report  # noqa: E402
import reproduce  # noqa: E402
import roofline  # noqa: E402
import sections  # noqa: E402
import speed  # noqa: E402


class Folder(unittest.TestCase):
    """A test with an empty folder, self.folder."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def write(self, name, content=b""):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path


class Programs(unittest.TestCase):
    def test_run(self):
        log = io.StringIO()
        self.assertEqual(machine.run([sys.executable, "-c", "print('{\"a\": 1}')"], 20, log).json(), {"a": 1})
        done = machine.run([sys.executable, "-c", "import sys; sys.exit('why')"], 20, log)
        self.assertEqual((done.ok, done.code), (False, 1))
        self.assertIn("why", done.why())
        seen = []
        done = machine.run([sys.executable, "-c", "import time; print('begun', flush=True); time.sleep(60)"], 1.5, log, while_running=seen.append)
        self.assertIsNone(done.code)
        self.assertIn("begun", done.out)
        self.assertTrue(seen)
        self.assertLess(done.seconds, 20)

    def test_server(self):
        log = tempfile.TemporaryFile("w+")
        self.addCleanup(log.close)
        script = "import sys\nprint('{\"ready\": 1}', flush=True)\nfor n, _ in enumerate(sys.stdin):\n  if n == 2: sys.exit(3)\n  print(n, flush=True)"
        server = machine.Server([sys.executable, "-c", script], log)
        self.addCleanup(server.close)
        self.assertEqual([server.answer(20), server.ask(20), server.ask(20)], [{"ready": 1}, 0, 1])
        with self.assertRaisesRegex(RuntimeError, "exit status 3"):
            server.ask(20)


class Libraries(Folder):
    def test_folders(self):
        for name in ("torch/lib", "nvidia/cu13/lib", "nvidia/cudnn/lib", "nvidia/cudnn/include"):
            (self.folder / name).mkdir(parents=True)
        found = machine.library_folders(self.folder / "torch")
        self.assertEqual(found[0], str(self.folder / "torch/lib"))
        for name in ("cu13", "cudnn"):
            self.assertIn(str(self.folder / "nvidia" / name / "lib"), found)
        self.assertNotIn(str(self.folder / "nvidia/cudnn/include"), found)

    def test_compression(self):
        content = os.urandom(3000) + bytes(100_000)
        pack.compress(self.write("bin/program", content))
        self.assertLess((self.folder / "bin/program.xz").stat().st_size, 10_000)
        pack.unpack(self.folder, self.folder / "out")
        program = self.folder / "out/bin/program"
        self.assertEqual(program.read_bytes(), content)
        self.assertTrue(os.access(program, os.X_OK))


class Figures(unittest.TestCase):
    def test_parse_tests(self):
        text = ("=== RUN   TestCUDAOne\n=== RUN   TestCUDAOne/wrn\n    --- PASS: TestCUDAOne/wrn (0.1s)\n--- PASS: TestCUDAOne (0.1s)\n"
                "=== RUN   TestCUDATwo\n--- SKIP: TestCUDATwo (0.0s)\n=== RUN   TestCUDAThree\n--- FAIL: TestCUDAThree (0.0s)\n"
                "=== RUN   TestCUDAFour\npanic: it ended here\n")
        self.assertEqual(sections.parse_tests(text), {
            "passed_tests": ["TestCUDAOne"], "failed_tests": ["TestCUDAThree", "TestCUDAFour"], "skipped_tests": ["TestCUDATwo"]})

    def test_roofline(self):
        # WRN-40-2 on the GPU that the table is about, and on one of 4.917 TB/s (6144 bits at 3201 MHz): memory bound.
        wrn = roofline.ROOFS["wrn"]
        self.assertAlmostEqual(wrn.milliseconds(128, 32), 3.74)
        bandwidth = roofline.peak_bandwidth(3_201_000, 6144)
        self.assertAlmostEqual(bandwidth, 4.9167e12, delta=1e8)
        self.assertAlmostEqual(wrn.milliseconds(128, 32, bandwidth), 2.548, delta=1e-3)
        self.assertAlmostEqual(wrn.milliseconds(64, 32, bandwidth), 1.274, delta=1e-3)
        # With memory that costs nothing the arithmetic remains.
        self.assertAlmostEqual(wrn.milliseconds(128, 32, 1e18), 0.76)

    def test_steady(self):
        short, long = ({"steps": s, "seconds": t, "waited_seconds": w} for s, t, w in ((100, 11, 1), (1100, 16, 1.05)))
        self.assertEqual(sections.steady(short, long), {"steps": 1000, "step_ms": 5.0, "waited": (1.05 - 1) / 5})
        self.assertIn("failed", sections.steady(long, short))

    def test_flat(self):
        samples = [{"rss": r, "gpu": 0} for r in (10, 50, 100, 90, 100, 101)]
        self.assertEqual(sections.flat(samples), {"samples": 6, "rss": {"middle": 100, "last": 101, "growth": 101 / 100 - 1}})
        self.assertEqual(sections.flat(samples[:2]), {"samples": 2})

    def test_race(self):
        network = speed.Network("WRN-40-2", "wrn", "--model wrn", 128, 32, 200)
        race = speed.Race(None, network)
        for name, seconds in (("augmix", (0.004, 0.005, 0.004)), ("PyTorch eager, tuned-bf16", (0.008, 0.011, 0.012))):
            for s in seconds:
                race.note(name, {"steps_per_second": 1 / s})
        race.drop("torch.compile, reduce-overhead", "no compiler")
        got = race.result({"peak_bandwidth": 3.35e12, "matmul_flops": 989e12})
        ratio = got["rows"]["PyTorch eager, tuned-bf16"]["over_augmix"]
        self.assertEqual([round(r, 6) for r in ratio], [2.2, 2.0, 3.0])
        self.assertAlmostEqual(got["over_roof"], 4 / 3.74)
        self.assertEqual(got["rows"]["torch.compile, reduce-overhead"], {"failed": "no compiler"})


def measured():
    """Returns results in which every target is met."""
    return {
        "tests": {"run": 9, "packages": {"nets": {"skipped_tests": []}}},
        "first": {"rows": {"augmix": {"median_ms": 4, "seconds": [0.004]}, "PyTorch eager, tuned-bf16": {"over_augmix": [2, 1.9, 2.1]},
                           "PyTorch eager, tuned-autocast": {"over_augmix": [1.6, 1.5, 1.7]}, "torch.compile, a": {"over_augmix": [1.1, 1, 1.2]}},
                  "roof_ms": 3.74, "fused_roof_ms": 2.78, "over_roof": 1.07, "over_fused_roof": 1.4},
        "training": {"waited": 0.001, "memory": {"rss": {"growth": 0.001}, "gpu": {"growth": 0.0}}},
        "hundred_epochs": {"seconds": 160},
    }


class Targets(unittest.TestCase):
    def test_all_met(self):
        got = report.targets(measured())
        self.assertEqual([t["met"] for t in got], [True] * 7)
        self.assertIn("1.60 times (1.50 to 1.70) (PyTorch eager, tuned-autocast)", got[1]["measured"])  # the fastest of them

    def test_missed(self):
        def changed(change):
            results = measured()
            change(results)
            return [i for i, t in enumerate(report.targets(results)) if t["met"] is not True]
        for number, change in enumerate((
                lambda r: r["tests"]["packages"]["nets"]["skipped_tests"].append("TestCUDAStep"),
                lambda r: r["first"]["rows"]["PyTorch eager, tuned-autocast"].update(over_augmix=[1.49, 1, 2]),
                lambda r: r["first"]["rows"]["torch.compile, a"].update(over_augmix=[0.99, 1, 2]),
                lambda r: r["first"].update(over_roof=2.01),
                lambda r: r["training"].update(waited=0.02),
                lambda r: r["training"]["memory"]["gpu"].update(growth=0.011),
                lambda r: r["hundred_epochs"].update(seconds=601))):
            self.assertEqual(changed(change), [number])
        self.assertEqual(changed(lambda r: r["tests"].update(failed="nets: TestCUDANets")), [0])

    def test_nothing_measured(self):
        self.assertEqual([t["met"] for t in report.targets({})], [None] * 7)
        self.assertEqual([t["judged"] for t in report.targets({}, judge_speed=False)], [True] + [False] * 6)
        self.assertIn("| not measured | – |", report.markdown({"targets": report.targets({})}))

    def test_table(self):
        results = measured() | {"version": "v", "networks": {"X": {"network": "X", "failed": "no time was left"}}}
        results["targets"] = report.targets(results)
        text = report.markdown(results)
        self.assertIn("| 100 epochs of WRN-40-2 on CIFAR-10 in less than 10 minutes by measured steps | 2.67 minutes | yes |", text)
        self.assertIn("* X: no time was left", text)


class Parts(Folder):
    def test_round_trip(self):
        files = {"cifar-10-batches-py/data_batch_1": os.urandom(2500), "cifar-100-binary/test.bin": os.urandom(1000), "cifar-10-batches-py/other": b"x"}
        for name, content in files.items():
            self.write("data/" + name, content)
        data, out, back = (self.folder / n for n in ("data", "parts", "back"))
        found = parts.find(data)
        self.assertEqual([str(f) for f in found], list(files)[:2])  # only files that augmix reads
        made = parts.split(data, found, out, 1000)
        self.assertEqual([p["size"] for p in made["parts"]], [1000, 1000, 1000, 500])
        lost = (out / "part-002").read_bytes()
        (out / "part-002").unlink()
        with self.assertRaisesRegex(parts.Incomplete, "part-002"):
            parts.join(out, back)
        (out / "part-002").write_bytes(lost[:-1] + bytes([lost[-1] ^ 1]))
        with self.assertRaisesRegex(parts.Incomplete, "part-002"):
            parts.join(out, back)
        self.assertFalse(list(back.rglob("data_batch_1")))
        (out / "part-002").write_bytes(lost)
        parts.join(out, back)
        for name in list(files)[:2]:
            self.assertEqual((back / name).read_bytes(), files[name])
        (out / "part-001").unlink()
        parts.join(out, back)  # Nothing is to be done.
        (back / "cifar-100-binary/test.bin").write_bytes(b"damaged")
        with self.assertRaisesRegex(parts.Incomplete, "part-001"):
            parts.join(out, back)

    def test_names_outside(self):
        self.write("parts/parts.json", {"files": [{"name": "../x", "size": 0, "sha256": ""}], "parts": []})
        with self.assertRaisesRegex(parts.Incomplete, "not below"):
            parts.join(self.folder / "parts", self.folder / "back")


class Runs(Folder):
    def test_state(self):
        begun, done = "work/cifar10/augmix-s2/", "work/cifar10/augmix-s1/"
        for run in (begun, done):
            self.write(run + "config.json", {"epochs": 3})
            for step in (1, 2):
                self.write(run + f"checkpoints/step-{step:08d}.safetensors", os.urandom(3000))
            (self.folder / run / "checkpoints/last").symlink_to("step-00000002.safetensors")
        self.write(done + "results/train.json", {"seconds": 120, "test_error": 5.5})
        self.write(done + "results/eval.json", [{"clean": {"error": 5.25}, "corruption": {"mean_error": 11.5, "source": "generated (seed 0)"}}])
        work, state = self.folder / "work", self.folder / "state"
        made = reproduce.save(work, state, 2000)
        self.assertGreater(len(made["parts"]), 1)
        fresh = self.folder / "fresh"
        fresh.mkdir()
        self.assertTrue(reproduce.restore(fresh, state))
        kept = sorted(str(p.relative_to(fresh)) for p in fresh.rglob("step-*"))
        self.assertEqual(kept, ["cifar10/augmix-s2/checkpoints/step-00000002.safetensors"])
        self.assertFalse(reproduce.restore(fresh, state))  # Runs that are there are not overwritten.
        self.assertIn("| cifar10 | augmix | 1 of 2 begun | 5.25 | 4.92 | 11.50 | 11.18 | 2.00 |", reproduce.table(fresh))

    def test_mean(self):
        self.assertEqual([reproduce.mean(v) for v in ([], [1.0], [1.0, 2.0, 3.0])], ["–", "1.00", "2.00 ± 1.00"])

    def test_exit_codes(self):
        for script, seconds, want in (("exit 0", 20, 0), ("exit 3", 20, 3), ("exit 4", 20, 1), ("exit 75", 20, 75),
                                      ("trap 'exit 143' TERM; sleep 2 & wait", 0, 75)):
            program = self.write("program", f"#!/bin/bash\n{script}\n".encode())
            program.chmod(0o755)
            with contextlib.redirect_stderr(io.StringIO()):
                got = reproduce.train(program, dict(os.environ), "g", "r", "d", [], seconds)
            self.assertEqual(got, want, script)


if __name__ == "__main__":
    unittest.main()
