"""The parts of gpu-check: each measures something and returns it as an object, with `failed` where it could not."""

import pathlib
import re
import statistics
import subprocess

import machine
import speed

SHAPES_TRAIN, CIFAR_TRAIN, CIFAR_TEST, EPOCHS, BATCH = 5000, 50000, 10000, 100, 128
NO_DEVICE = "WithoutADevice"  # a test of what is said where there is none
CIFAR_STEPS = -(-CIFAR_TRAIN // BATCH)  # an epoch's, the last one with fewer images


def doctor(check, clock):
    """What the machine has, as torch and as augmix see it."""
    out = {}
    done = machine.run([check.python, check.here / "probe.py", "--device", check.device], clock.left(), check.log,
                       env=check.torch_environment)
    if not done.ok:
        return {"failed": "probe.py: " + done.why()}
    check.machine.update(done.json())
    if check.cuda and not check.machine["gpu"]:
        raise machine.Missing(f"torch {check.machine['torch']} finds no GPU here")
    out["machine"] = check.machine
    if check.cuda:
        found = machine.run(["nvidia-smi", "--query-gpu=driver_version,clocks.max.sm,power.limit", "--format=csv,noheader"],
                            clock.left(), check.log) if check.smi else None
        out["nvidia_smi"] = found.out.strip() if found and found.ok else None
    missing = machine.run(["ldd", check.augmix], clock.left(), check.log, env=check.environment)
    out["libraries_missing"] = sorted({line.split()[0] for line in missing.out.splitlines() if "not found" in line})
    done = machine.run([check.augmix, "doctor"], clock.left(), check.log, env=check.environment)
    out["doctor"] = done.out
    if not done.ok:
        out["failed"] = "augmix doctor: " + done.why()
    elif check.cuda and not re.search(r"^device +cuda", done.out, re.MULTILINE):
        out["failed"] = "augmix doctor lists no CUDA device"
    return out


def tests(check, clock):
    """The compiled tests that need a GPU: parity with the CPU, graph against eager, memory."""
    packages = {}
    for entry in check.manifest["tests"]:
        left = clock.left()
        if left < 1:
            packages[entry["package"]] = {"failed": "no time was left"}
            continue
        done = machine.run([check.unpacked / entry["file"], "-test.v", f"-test.run={check.tests or entry['tests']}",
                            f"-test.skip={NO_DEVICE}", f"-test.timeout={left + 30:.0f}s"],
                           left, check.log, env=check.environment, cwd=check.pack / entry["folder"])
        packages[entry["package"]] = row = parse_tests(done.out) | {"seconds": done.seconds}
        # A binary that fails before its first test (a library missing) has no FAIL of its own, one that is stopped a wrong one.
        if done.code is None or not done.ok and not row["failed_tests"]:
            row["failed"] = done.why()
    out = {"packages": packages, "run": sum(len(p.get("passed_tests", [])) for p in packages.values())}
    bad = [f"{name}: {'; '.join([*p.get('failed_tests', []), *([p['failed']] if 'failed' in p else [])])}" for name, p in packages.items()
           if p.get("failed_tests") or "failed" in p]
    if bad:
        out["failed"] = "; ".join(bad)
    elif not out["run"]:
        out["failed"] = "no test ran"
    return out


def parse_tests(text):
    """Returns the names of the tests that passed, failed and were skipped, by the output of -test.v, subtests left out."""
    found = {"PASS": [], "FAIL": [], "SKIP": []}
    for word, name in re.findall(r"^--- (PASS|FAIL|SKIP): (\S+)", text, re.MULTILINE):
        found[word].append(name)
    # A test that was running when the time was over, or a panic came, has no line of its own.
    begun = re.findall(r"^=== RUN +([^\s/]+)$", text, re.MULTILINE)
    found["FAIL"] += [n for n in begun if not any(n in names for names in found.values())]
    return {"passed_tests": found["PASS"], "failed_tests": found["FAIL"], "skipped_tests": found["SKIP"]}


def first(check, clock, compiled):
    """WRN-40-2's step: augmix with and without its graph, PyTorch tuned alike, compiled, in a graph, and the reference's."""
    race = speed.Race(check, check.first)
    try:
        if check.compiles:
            name = "torch.compile, " + speed.COMPILED[0]
            race.pytorch(name, "compiled-bf16", "--compile-mode", speed.COMPILED[0])
            race.ready(name, clock.left(check.compile_seconds))
            for name, server in compiled.items():
                race.servers[name] = server
                race.ready(name, clock.left(30))
        begun = dict.fromkeys(race.servers)
        speed.enter(race, {}, whole=True)
        for name in [n for n in race.servers if n not in begun]:
            race.ready(name, clock.left(60))
        for _ in range(check.rounds):
            if clock.left() < 10:
                break
            race.round(clock.left())
            check.keep("first", race.result(check.machine))
        return race.result(check.machine)
    finally:
        race.close()


def network(check, clock, which):
    """Another network's step: augmix, PyTorch's eager step and torch.compile's default mode."""
    race = speed.Race(check, which)
    try:
        speed.enter(race, {}, whole=False)
        eager = next(iter(race.servers))
        if check.compiles:
            race.pytorch("torch.compile, default", "compiled-bf16", "--compile-mode", "default")
        race.ready(eager, clock.left(60))
        if check.compiles:
            race.ready("torch.compile, default", clock.left(check.compile_seconds))
        for _ in range(min(check.rounds, 3)):
            if clock.left() < 5:
                break
            race.round(clock.left())
        result = race.result(check.machine)
        if not race.rows.get("augmix", {}).get("seconds"):
            result["failed"] = "augmix: " + race.rows.get("augmix", {}).get("failed", "no time was left")
        return result
    finally:
        race.close()


def training(check, clock):
    """A real `augmix train`: the share of the time that waits for data, the steps a second, and whether memory stays flat."""
    results, samples = {}, []
    for name, epochs in (("short", check.epochs[0]), ("long", check.epochs[1])):
        save = check.scratch / f"train-{name}"
        watch = None
        if name == "long":
            def watch(pid):
                samples.append(memory(check, pid))
        done = machine.run(
            [check.augmix, "train", "--dataset", "shapes", *check.first.flags, "--batch-size", check.train_batch, "--epochs", epochs,
             "--limit-train", check.limit_train, "--limit-eval", 100, "--checkpoint-every", "1000000steps", "--save", save,
             *check.device_flags, "--quiet", "--json", "-"], clock.left(), check.log, env=check.environment, while_running=watch)
        if not done.ok:
            return {"failed": f"augmix train, {epochs} epochs: {done.why()}"}
        results[name] = done.json()
    return {"runs": results, **steady(results["short"], results["long"]), "memory": flat(samples)}


def steady(short, long):
    """Returns rates of the steps that the longer of two equal runs made beyond the shorter's, so without the start."""
    steps, seconds = long["steps"] - short["steps"], long["seconds"] - short["seconds"]
    if seconds <= 0:
        return {"failed": "the longer run took no longer than the shorter one"}
    return {"steps": steps, "step_ms": 1e3 * seconds / steps, "waited": (long["waited_seconds"] - short["waited_seconds"]) / seconds}


def memory(check, pid):
    """Returns the bytes that the process has in memory, and those in use on the GPU."""
    sample = {"rss": 0, "gpu": 0}
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        sample["rss"] = 1024 * int(re.search(r"VmRSS:\s+(\d+)", status).group(1))
    except (OSError, AttributeError):
        pass
    if check.smi:
        try:
            found = subprocess.run(["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "-i", str(check.index)],
                                   capture_output=True, text=True, timeout=5)
            sample["gpu"] = int(found.stdout.strip()) << 20
        except (OSError, ValueError, subprocess.TimeoutExpired):
            pass
    return sample


def flat(samples):
    """Returns for each kind of memory the most in the middle and in the last third of the samples, and the growth between."""
    third = len(samples) // 3
    if third == 0:
        return {"samples": len(samples)}
    out = {"samples": len(samples)}
    for kind in ("rss", "gpu"):
        middle, last = (max(s[kind] for s in part) for part in (samples[third:2 * third], samples[2 * third:]))
        if middle:
            out[kind] = {"middle": middle, "last": last, "growth": last / middle - 1}
    return out


def evaluation(check, clock):
    """Classifying a corrupted set in memory and on disk: augmix bench eval on the trained run, PyTorch on as many images."""
    images, where = check.eval_images, check.scratch / "corrupted"
    made = machine.run([check.augmix, "corrupt", "--dataset", "shapes", "--out", where, "--limit-eval", images, "--only", "brightness,contrast,fog",
                        "--quiet"], clock.left(), check.log, env=check.environment)
    if not made.ok:
        return {"failed": "augmix corrupt: " + made.why()}
    own = machine.run([check.augmix, "bench", "eval", check.scratch / "train-long", "--sets", "c", "--c-data", where, "--only",
                       "brightness,contrast,fog", "--limit-eval", images, *check.device_flags, "--precision", "fp32", "--quiet",
                       "--json", "-"], clock.left(), check.log, env=check.environment)
    if not own.ok:
        return {"failed": "augmix bench eval: " + own.why()}
    out = {"augmix": own.json()}
    theirs = machine.run([check.python, check.evaluate, "--model", check.first.torch, "--images", 15 * images, "--device", check.device],
                         clock.left(), check.log, env=check.torch_environment)
    out["pytorch"] = theirs.json() if theirs.ok else {"failed": theirs.why()}
    return out


def hundred_epochs(results):
    """The time of WRN-40-2's 100 epochs of CIFAR-10 by the steps and the evaluation that were measured; None without them."""
    own = results.get("first", {}).get("rows", {}).get("augmix", {}).get("seconds")
    if not own:
        return None
    steps = EPOCHS * CIFAR_STEPS
    out = {"steps": steps, "step_ms": 1e3 * statistics.median(own), "seconds": steps * statistics.median(own)}
    if trained := results.get("training", {}).get("step_ms"):
        out["seconds_by_training"] = steps * trained / 1e3
    if rate := results.get("evaluation", {}).get("augmix", {}).get("images_per_second"):
        out["evaluation_seconds"] = EPOCHS * CIFAR_TEST / rate
    return out
