"""The runs of gpu-reproduce: trained by augmix's grid, stopped in time, carried from call to call, and made a table of."""

import json
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tarfile
import time

import parts

DONE, FAILED, MISSING, GO_ON = 0, 1, 3, 75
GRACE = 45  # seconds between the signal and the end: a step, a checkpoint, a file of the state

# Clean and mean corruption error in percent of WRN-40-2; None where no figure is known to us. AugMix: RobustBench's
# model_info of Hendrycks2020AugMix_WRN, which says the paper's 11.2 and 35.9 too; Standard: the paper's, as HybridAugment++
# (ICCV 2023, tables 1 and 2) quotes it; without the divergence: the paper's table 4.
PUBLISHED = {
    "cifar10": {"standard": (5.2, 26.9), "augmix-no-jsd": (None, None), "augmix": (4.92, 11.18)},
    "cifar100": {"standard": (27.9, 53.3), "augmix-no-jsd": (None, 39.8), "augmix": (23.72, 35.89)},
}


def train(augmix, environment, grid, runs, data, flags, seconds):
    """Trains and evaluates the grid's runs for at most so many seconds. It returns an exit code."""
    command = [augmix, "train", "--grid", grid, "--save", runs, "--data", data, *flags]
    print("gpu-reproduce: " + " ".join(map(str, command)), file=sys.stderr, flush=True)
    process = subprocess.Popen(list(map(str, command)), env=environment)
    try:
        code = process.wait(timeout=max(1.0, seconds))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(timeout=GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return GO_ON
    except BaseException:
        process.terminate()
        process.wait()
        raise
    # 143 after the signal, 75 after one that a scheduler sent.
    return GO_ON if code in (143, GO_ON) else code if code in (DONE, MISSING) else FAILED


def read(path):
    """Returns what a JSON file holds, the first of a list, and None where there is none."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def prune(run):
    """Removes the checkpoints that a run is not continued from: all of an evaluated one, of others all but the last."""
    folder = run / "checkpoints"
    if read(run / "results" / "train.json") and read(run / "results" / "eval.json"):
        shutil.rmtree(folder, ignore_errors=True)
        return
    keep = (folder / "last").resolve().name
    for path in folder.glob("step-*"):
        if path.name != keep:
            path.unlink()


def save(work, state, most):
    """Writes the runs below work as parts of at most `most` bytes into the folder state; their old checkpoints go."""
    for config in work.glob("*/*/config.json"):
        prune(config.parent)
    archive = work / "runs.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for folder in sorted(p for p in work.iterdir() if p.is_dir() and p.name != "programs"):
            tar.add(folder, folder.name)
    manifest = parts.split(work, [archive.name], state, most, "runs")
    archive.unlink()
    return manifest


def restore(work, state):
    """Unpacks what save wrote, where work has no runs yet."""
    if any(work.glob("*/*/config.json")) or not (state / parts.MANIFEST).is_file():
        return False
    parts.join(state, work)
    with tarfile.open(work / "runs.tar.gz") as tar:
        tar.extractall(work, filter="data")
    (work / "runs.tar.gz").unlink()
    return True


def rows(work):
    """Returns the runs below work by (dataset, method): lists of (seed, clean error, corruption error, epochs, state)."""
    found = {}
    for config in sorted(work.glob("*/*/config.json")):
        run = config.parent
        method, _, seed = run.name.rpartition("-s")
        trained, result = read(run / "results" / "train.json"), read(run / "results" / "eval.json")
        clean = (result or {}).get("clean") or {}
        corrupted = (result or {}).get("corruption") or {}
        found.setdefault((run.parent.name, method), []).append({
            "seed": int(seed), "clean": clean.get("error", (trained or {}).get("test_error")), "corruption": corrupted.get("mean_error"),
            "source": corrupted.get("source"), "epochs": (read(config) or {}).get("epochs"),
            "seconds": (trained or {}).get("seconds"), "state": "done" if result else "trained" if trained else "begun"})
    return found


def table(work):
    """Returns the table of means and deviations over the seeds beside the published figures."""
    lines = ["| set | method | seeds done | clean error % | published | mean corruption error % | published | training, minutes |",
             "|---|---|---|---|---|---|---|---|"]
    order = {"standard": 0, "augmix-no-jsd": 1, "augmix": 2}
    for (dataset, method), found in sorted(rows(work).items(), key=lambda item: (item[0][0], order.get(item[0][1], 9))):
        clean, corruption, seconds = ([r[key] for r in found if r[key] is not None] for key in ("clean", "corruption", "seconds"))
        published = PUBLISHED.get(dataset, {}).get(method, (None, None))
        lines.append(f"| {dataset} | {method} | {sum(r['state'] == 'done' for r in found)} of {len(found)} begun | {mean(clean)} | {figure(published[0])} | "
                     f"{mean(corruption)} | {figure(published[1])} | {mean([s / 60 for s in seconds])} |")
    sources = {r["source"] for found in rows(work).values() for r in found if r["source"]}
    if sources:
        lines += ["", "Corrupted images: " + ", ".join(sorted(sources)) + ". Published figures are of the published files."]
    return "\n".join(lines)


def figure(value):
    return "–" if value is None else f"{value:g}"


def mean(values):
    """Returns mean ± standard deviation (of a sample) as text."""
    if not values:
        return "–"
    deviation = f" ± {statistics.stdev(values):.2f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.2f}{deviation}"


def run(arguments, environment, augmix):
    """Trains the grids one after another until the time is over. It returns an exit code."""
    begin, work = time.monotonic(), arguments.work
    work.mkdir(parents=True, exist_ok=True)
    if arguments.state and restore(work, arguments.state):
        print(f"gpu-reproduce: goes on with what {arguments.state} holds", file=sys.stderr)
    code = DONE
    for grid in arguments.grid:
        left = 60 * arguments.minutes - GRACE - (time.monotonic() - begin)
        if left <= 0:
            code = GO_ON
            break
        dataset = pathlib.Path(grid).stem.removeprefix("reproduce-")
        code = train(augmix, environment, grid, work / dataset, arguments.data, arguments.flags, left)
        if code != DONE:
            break
    if arguments.state:
        manifest = save(work, arguments.state, arguments.part_mib << 20)
        print(f"gpu-reproduce: {arguments.state} holds the runs in {len(manifest['parts'])} parts", file=sys.stderr)
    text = table(work)
    (work / "table.md").write_text(text + "\n")
    print(text)
    if code == GO_ON:
        print("gpu-reproduce: the time is over; the same call goes on", file=sys.stderr)
    return code
