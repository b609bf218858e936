"""The targets of gpu-check and its table."""

LEAST_OVER_EAGER, LEAST_OVER_COMPILE, MOST_OVER_ROOF = 1.5, 1.0, 2.0
MOST_WAIT, MOST_GROWTH, MOST_SECONDS = 0.02, 0.01, 600


def best(first, prefix):
    """Returns (name, [median, least, greatest]) of the fastest contestant whose name begins so, by its time over augmix's."""
    rows = [(row["over_augmix"], name) for name, row in first.get("rows", {}).items() if name.startswith(prefix) and "over_augmix" in row]
    if not rows:
        return None, None
    ratio, name = min(rows)
    return name, ratio


def targets(results, judge_speed=True):
    """Returns the list of targets: what is wanted, what was measured, and whether it is met (None: not measured).

    Without judge_speed, on a machine without a GPU, speeds are shown and not judged.
    """
    first, training, tests = (results.get(name, {}) for name in ("first", "training", "tests"))
    out = []

    def target(what, measured, met, speed=True):
        out.append({"target": what, "measured": measured or "not measured",
                    "met": None if measured is None else met, "judged": judge_speed or not speed})

    skipped = [n for p in tests.get("packages", {}).values() for n in p.get("skipped_tests", [])]
    passed = tests.get("run", 0)
    text = None
    if tests:
        text = f"{passed} passed" + (f", skipped: {', '.join(skipped)}" if skipped else "")
        text += "; failed: " + tests["failed"] if "failed" in tests else ""
    target("every test that needs a GPU passes, none is skipped", text, "failed" not in tests and not skipped, speed=False)

    name, ratio = best(first, "PyTorch eager, ")
    network = first.get("network", "WRN-40-2")
    target(f"{network}'s step at least {LEAST_OVER_EAGER} times as fast as PyTorch's eager step tuned alike",
           ratio and f"{times(ratio)} ({name})", ratio and ratio[0] >= LEAST_OVER_EAGER)
    name, ratio = best(first, "torch.compile")
    target("faster than torch.compile of the same step", ratio and f"{times(ratio)} ({name})", ratio and ratio[0] > LEAST_OVER_COMPILE)
    roof = first.get("over_roof")
    target(f"within {MOST_OVER_ROOF:.0f} times the roofline of the unfused step",
           roof and f"{roof:.2f} times {first['roof_ms']:.2f} ms (of the fused one: {first['over_fused_roof']:.2f} times)",
           roof and roof <= MOST_OVER_ROOF)
    waited = training.get("waited")
    target(f"less than {100 * MOST_WAIT:.0f} % of training waits for data", None if waited is None else f"{100 * waited:.2f} %",
           waited is not None and waited < MOST_WAIT)
    memory = {kind: training.get("memory", {}).get(kind) for kind in ("rss", "gpu")}
    grown = {kind: m["growth"] for kind, m in memory.items() if m}
    target(f"memory grows by less than {100 * MOST_GROWTH:.0f} % in training",
           ", ".join(f"{kind} {100 * g:+.2f} %" for kind, g in grown.items()) or None, all(g < MOST_GROWTH for g in grown.values()))
    epochs = results.get("hundred_epochs")
    target(f"100 epochs of {network} on CIFAR-10 in less than {MOST_SECONDS // 60} minutes by measured steps",
           epochs and f"{epochs['seconds'] / 60:.2f} minutes" +
           (f", and {epochs['evaluation_seconds']:.0f} s of evaluation" if "evaluation_seconds" in epochs else ""),
           epochs and epochs["seconds"] < MOST_SECONDS)
    return out


def times(ratio):
    return f"{ratio[0]:.2f} times ({ratio[1]:.2f} to {ratio[2]:.2f})"


def markdown(results):
    """Returns the tables of all that was measured so far."""
    device = results.get("doctor", {}).get("machine", {})
    lines = ["# gpu-check", "", f"augmix {results.get('version', '?')} on {device.get('name', results.get('device', '?'))}; "
             f"torch {device.get('torch', '?')}; {results.get('seconds', 0):.0f} s."]
    if "copy_bandwidth" in device:
        lines[-1] += (f" Memory: {device['peak_bandwidth'] / 1e12:.2f} TB/s at most, a copy moves {device['copy_bandwidth'] / 1e12:.2f} TB/s;"
                      f" a bf16 matrix product makes {device['matmul_flops'] / 1e12:.0f} TFLOP/s.")
    lines += ["", "| target | measured | met |", "|---|---|---|"]
    for t in results.get("targets", []):
        met = {True: "yes", False: "**no**", None: "–"}[t["met"]] if t["judged"] else "not judged on this device"
        lines.append(f"| {t['target']} | {t['measured']} | {met} |")
    races = [results[name] for name in ("first",) if name in results] + list(results.get("networks", {}).values())
    if races:
        lines += ["", "| step | program | ms, median | range | its time over augmix's: median (range) | memory on the GPU |", "|---|---|---|---|---|---|"]
        for race in races:
            lines += race_rows(race)
    if "augmix" in results.get("evaluation", {}):
        lines += ["", "| evaluation, float32 | images/s |", "|---|---|"]
        lines += [f"| {name} | {row.get('images_per_second', 0):.0f} |" for name, row in results["evaluation"].items() if "images_per_second" in row]
    failures = [(name, part["failed"]) for name, part in results.items() if isinstance(part, dict) and "failed" in part]
    failures += [(name, part["failed"]) for name, part in results.get("networks", {}).items() if "failed" in part]
    if failures:
        lines += ["", "Not done:", "", *(f"* {name}: {why}" for name, why in failures)]
    return "\n".join(lines) + "\n"


def race_rows(race):
    rows = []
    step = f"{race.get('network', '?')}, {race.get('batch')}×{race.get('views')} of {race.get('size')}×{race.get('size')}"
    for name, row in race.get("rows", {}).items():
        title = name + (f" (not captured: {row['no_graph_reason']})" if row.get("no_graph_reason") else "")
        if "median_ms" not in row:
            rows.append(f"| {step} | {name} | failed: {row.get('failed', '?')} | | | |")
            continue
        seconds, ratio, used = row["seconds"], row.get("over_augmix"), row.get("peak_device_bytes")
        rows.append(f"| {step} | {title} | {row['median_ms']:.2f} | {1e3 * min(seconds):.2f} to {1e3 * max(seconds):.2f} | "
                    f"{times(ratio) if ratio and name != 'augmix' else ''} | {f'{used / 1e9:.2f} GB' if used else ''} |")
    if "roof_ms" in race:
        rows.append(f"| {step} | roofline, unfused / fused | {race['roof_ms']:.2f} / {race['fused_roof_ms']:.2f} | | "
                    f"augmix takes {race['over_roof']:.2f} / {race['over_fused_roof']:.2f} times as long | |")
    return rows
