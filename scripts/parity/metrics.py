"""Recomputes every metric of augmix eval from logits, independently.

    metrics.py --golden FILE                writes eval/testdata/metrics.json; needs scipy and scikit-learn, too
    metrics.py --check EVAL.json LOGITS     compares a result of eval --json with the logits of its --save-logits

Logits of the golden cases come from formula.py: element (i, k) is the float32 (scale * unit(case, i * K + k)), to which
the margin is added, in float64 and before rounding, where k is the label hash(case + ".labels", i) mod K. Written from
the definitions: RMS and MAD calibration errors, soft F1 and AURRA by Hendrycks et al. (hendrycks/outlier-exposure), ECE by
Guo et al. 2017, CE and mCE by Hendrycks and Dietterich 2019. With --golden scikit-learn's log_loss, accuracy_score
and mean_squared_error and scipy's root finder and softmax must agree to 1e-12 first. Exit code of --check: 1 where a figure
is more than 1e-9 off, relatively.
"""

import argparse
import json
import math
import pathlib
import sys

import numpy as np

import formula

BETA = 100  # images a bin
CASES = [  # name, images, classes, scale, margin
    ("confident", 2537, 10, 6.0, 5.0),
    ("hesitant", 1000, 10, 1.0, 0.6),
    ("many classes", 1200, 100, 4.0, 4.0),
    ("two hundred less one", 199, 3, 2.0, 1.0),
    ("one bin", 100, 10, 5.0, 3.0),
    ("too few for a bin", 99, 2, 3.0, 1.0),
    ("extreme", 400, 10, 400.0, 100.0),
]
ERRORS = {  # made-up errors of a network on ImageNet-C, and its clean error
    "clean": 23.9,
    "gaussian_noise": [41.5, 52.25, 69.0, 82.5, 95.125],
    "motion_blur": [33.0, 42.5, 60.75, 74.0, 81.5],
    "fog": [36.25, 41.0, 48.5, 54.0, 68.75],
    "jpeg_compression": [35.5, 38.25, 41.0, 50.75, 62.0],
    "saturate": [30.0, 31.0, 29.0, 41.0, 52.0],
}
ALEXNET_CLEAN = 43.5
ALEXNET = {  # fractions, from hendrycks/robustness, thread 10
    "gaussian_noise": [0.69528, 0.82542, 0.93554, 0.98138, 0.99452],
    "motion_blur": [0.58430, 0.70048, 0.82108, 0.89750, 0.92638],
    "fog": [0.67474, 0.76050, 0.84378, 0.87260, 0.94500],
    "jpeg_compression": [0.51002, 0.54718, 0.57294, 0.65458, 0.74778],
}


def softmax(logits):
    e = np.exp(logits - logits.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def log_softmax(logits):
    z = logits - logits.max(1, keepdims=True)
    return z - np.log(np.exp(z).sum(1, keepdims=True))


def calibration(confidence, correct, power, skip_last):
    """The published error of bins of BETA images; skip_last is the published code's, False the corrected one."""
    if len(confidence) < BETA:
        return None
    order = np.argsort(confidence.astype(np.float32), kind="stable")
    confidence, correct = confidence[order], correct[order]
    bins = [[i * BETA, (i + 1) * BETA] for i in range(len(confidence) // BETA)]
    bins[-1][1] = len(confidence)
    total = 0.0
    for lo, hi in bins[: len(bins) - 1] if skip_last else bins:
        gap = abs(np.mean(confidence[lo:hi]) - np.mean(correct[lo:hi]))
        total += (hi - lo) / len(confidence) * gap**power
    return 100 * total ** (1 / power)


def ece(confidence, correct, bins=15):
    edges = np.arange(1, bins) / bins
    where = np.searchsorted(edges, confidence, side="left")
    return 100 * sum(
        np.mean(where == b) * abs(np.mean(confidence[where == b]) - np.mean(correct[where == b]))
        for b in range(bins)
        if (where == b).any()
    )


def soft_f1(confidence, correct):
    wrong = 1 - correct
    tp, fp, fn = np.sum((1 - confidence) * wrong), np.sum((1 - confidence) * correct), np.sum(confidence * wrong)
    return None if 2 * tp + fp + fn == 0 else 100 * 2 * tp / (2 * tp + fp + fn)


def aurra(confidence, correct):
    ranked = correct[np.argsort(confidence.astype(np.float32), kind="stable")[::-1]]
    return 100 * np.mean(np.cumsum(ranked) / np.arange(1, len(ranked) + 1))


def figures(log_p, labels):
    p, rows = np.exp(log_p), np.arange(len(labels))
    confidence = p.max(1)
    correct = (p.argmax(1) == labels).astype(float)
    target = np.zeros_like(p)
    target[rows, labels] = 1
    return {
        "error": 100 * np.mean(1 - correct),
        "nll": -np.mean(log_p[rows, labels]),
        "brier": np.mean(np.sum((p - target) ** 2, 1)),
        "rms_calibration": calibration(confidence, correct, 2, True),
        "rms_calibration_all_bins": calibration(confidence, correct, 2, False),
        "mad_calibration": calibration(confidence, correct, 1, True),
        "mad_calibration_all_bins": calibration(confidence, correct, 1, False),
        "ece": ece(confidence, correct),
        "confidence_minus_accuracy": 100 * (np.mean(confidence) - np.mean(correct)),
        "soft_f1": soft_f1(confidence, correct),
        "aurra": aurra(confidence, correct),
    }


def slope(log_p, labels, t):
    """The derivative of the mean NLL by the temperature, times t^2."""
    p = softmax(log_p / t)
    return np.mean(log_p[np.arange(len(labels)), labels] - np.sum(p * log_p, 1))


def temperature(log_p, labels, lo=0.2, hi=5.0):
    if slope(log_p, labels, lo) > 0:
        return lo
    if slope(log_p, labels, hi) <= 0:
        return hi
    while hi - lo > 1e-13:
        middle = (lo + hi) / 2
        if slope(log_p, labels, middle) > 0:
            hi = middle
        else:
            lo = middle
    return (lo + hi) / 2


def case_logits(name, n, classes, scale, margin):
    labels = (formula.hashes(name + ".labels", n) % np.uint64(classes)).astype(int)
    logits = scale * formula.units(name, n * classes).reshape(n, classes)
    logits[np.arange(n), labels] += margin
    return logits.astype(np.float32).astype(np.float64), labels


def agree(what, a, b):
    if abs(a - b) > 1e-12 * max(1, abs(a)):
        sys.exit(f"{what}: {a} here, {b} in the library")


def against_libraries(logits, labels, f, t):
    import scipy.optimize
    import scipy.special
    from sklearn import metrics

    p, classes = scipy.special.softmax(logits, axis=1), range(logits.shape[1])
    agree("accuracy", 100 - f["error"], 100 * metrics.accuracy_score(labels, p.argmax(1)))
    if p.min() > 1e-15:  # log_loss clips
        agree("log loss", f["nll"], metrics.log_loss(labels, p, labels=list(classes)))
    agree("Brier", f["brier"], sum(metrics.mean_squared_error(labels == k, p[:, k]) for k in classes))
    if 0.2 < t < 5:
        root = scipy.optimize.brentq(lambda x: slope(logits, labels, x), 0.2, 5, xtol=1e-13, rtol=1e-14)
        if abs(root - t) > 1e-9 * t:
            sys.exit(f"temperature: {t} here, {root} in scipy")


def golden(path):
    out, members = {"cases": []}, []
    for name, n, classes, scale, margin in CASES:
        logits, labels = case_logits(name, n, classes, scale, margin)
        log_p = log_softmax(logits)
        t, f = temperature(log_p, labels), figures(log_p, labels)
        against_libraries(logits, labels, f, t)
        out["cases"].append({
            "name": name, "images": n, "classes": classes, "scale": scale, "margin": margin, "figures": f,
            "temperature": t, "at_1.5": figures(log_softmax(logits / 1.5), labels),
        })
    for name in ("member 1", "member 2", "member 3"):
        logits, _ = case_logits(name, 1000, 10, 3.0, 0.0)
        labels = (formula.hashes("ensemble.labels", 1000) % np.uint64(10)).astype(int)
        logits[np.arange(1000), labels] += 2  # in float64, on top of float32
        members.append(softmax(logits))
    out["ensemble"] = figures(np.log(np.mean(members, 0)), labels)
    ce, relative = {}, {}
    for name, theirs in ALEXNET.items():
        theirs = 100 * np.array(theirs)
        ours = np.array(ERRORS[name])
        ce[name] = 100 * ours.sum() / theirs.sum()
        relative[name] = 100 * (ours - ERRORS["clean"]).sum() / (theirs - ALEXNET_CLEAN).sum()
    out["imagenet"] = {
        "errors": ERRORS, "ce": ce, "relative_ce": relative, "mce": np.mean(list(ce.values())),
        "relative_mce": np.mean(list(relative.values())),
    }
    values = formula.units("quantiles", 1000)
    low, high = np.quantile(values, [0.025, 0.975])
    shift = 7 - values.mean()
    out["interval"] = {"estimate": 7, "low": low + shift, "high": high + shift}
    path.write_text(json.dumps(out, indent=1) + "\n")


class Comparison:
    """Collects the largest relative deviation and names what is beyond the tolerance."""

    def __init__(self):
        self.worst, self.count = 0.0, 0

    def compare(self, where, got, want):
        if isinstance(want, dict):
            for key, value in want.items():
                self.compare(f"{where}.{key}", got[key], value)
            return
        self.count += 1
        if (got is None) != (want is None):
            self.worst = math.inf
            print(f"{where}: got {got}, want {want}")
        elif got is not None:
            off = abs(got - want) / max(abs(want), 1e-3)
            self.worst = max(self.worst, off)
            if off > 1e-9:
                print(f"{where}: got {got}, want {want}")


def mean_figures(many):
    return {k: None if any(f[k] is None for f in many) else float(np.mean([f[k] for f in many])) for k in many[0]}


def check(result, folder):
    result = json.loads(result.read_text())
    if isinstance(result, list):
        sys.exit("the result is about several checkpoints; check one")
    labels = np.load(folder / "labels.npy")
    c = Comparison()

    def of(name, scale=lambda x: x, keep=slice(None)):
        logits = np.load(folder / f"{name}.npy").astype(np.float64)
        return figures(log_softmax(scale(logits)[keep]), labels[keep])

    def block(where, got, of):
        if "clean" in got:
            c.compare(where + "clean", got["clean"], of("clean"))
        if "corruption" not in got:
            return
        by_name, names = {}, sorted(got["corruption"]["by_corruption"])
        for name in names:
            many = [of(f"{name}-{s}") for s in got["corruption"]["severities"]]
            by_name[name] = many
            scores = got["corruption"]["by_corruption"][name]
            for i, f in enumerate(many):
                for key, value in f.items():
                    key = "severity" if key == "error" else key
                    c.compare(f"{where}{name} {key}", scores[key][i], value)
        means = mean_figures([mean_figures(m) for m in by_name.values()])
        means["mean_error"] = means.pop("error")
        c.compare(where + "means", got["corruption"], means)
        for i, per in enumerate(got["corruption"]["by_severity"]):
            c.compare(f"{where}by severity {i}", per, mean_figures([by_name[n][i] for n in names]))

    block("", result, of)
    if "temperature" in result:
        got = result["temperature"]
        t, keep = got["value"], np.ones(len(labels), bool)
        if got["from"].startswith("one in"):
            count = len(labels) // 10
            step = len(labels) // count
            keep[np.arange(count) * step] = False
            held = np.load(folder / "clean.npy").astype(np.float64)[~keep]
            c.compare("temperature", t, temperature(log_softmax(held), labels[~keep]))
        c.compare("temperature n", got["n"], int(keep.sum()))
        block("scaled ", got, lambda name: of(name, lambda x: x / t, keep))
    print(f"parity: {c.count} metrics of {result['model']} recomputed with NumPy from its logits, largest relative difference "
          f"| {c.worst:.1e} | 1e-09")
    return bool(c.worst > 1e-9)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--golden", type=pathlib.Path)
    parser.add_argument("--check", nargs=2, type=pathlib.Path)
    args = parser.parse_args()
    if args.golden:
        golden(args.golden)
    elif args.check:
        sys.exit(check(*args.check))
    else:
        parser.error("give --golden or --check")
