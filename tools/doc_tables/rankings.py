"""Tables of ReNAS: how well predictors rank, what they find, how many trainings a referee saves."""

from typing import Any

from doc_tables.origin import origin, spread

PUBLISHED_ERRORS = {
    "NAS-Bench-201, CIFAR-10": 6.01,
    "NAS-Bench-201, CIFAR-100": 27.88,
    "NAS-Bench-201, ImageNet16-120": 54.03,
}
"""Test errors of ReNAS in percent as PWLNAS (ICCV 2025) quotes them; number of samples unknown."""

PUBLISHED_TAUS = {"423": 0.657, "4230": 0.816}
"""Kendall's tau of ReNAS on NAS-Bench-101 by number of samples, as GMAENAS (IJCAI 2022) quotes it."""

NAMES = {
    "parameters": "number of parameters",
    "forest": "extremely randomized trees",
    "reference-mse": "ReNAS, MSE loss",
    "reference": "**ReNAS, reference**",
    "improved": "**improved**",
}


def renas_table(record: dict[str, Any]) -> str:
    """Kendall's tau by number of samples, and the test errors of the finds next to the published ones."""
    samples = list(map(str, record["samples"]))
    for entry in record["sets"].values():  # earlier records call the reference implementation "released"
        entry["methods"] = {name.replace("released", "reference"): row for name, row in entry["methods"].items()}
    counts = [f"{int(count):,} samples" for count in samples]
    lines = [f"| set | predictor | {' | '.join(f'tau, {count}' for count in counts)} | seconds |"]
    lines.append("|---|---|" + "--:|" * (len(samples) + 1))
    for name, entry in record["sets"].items():
        for method, row in entry["methods"].items():
            taus = [_with_seeds(row.get(count), "tau", 3, record) for count in samples]
            seconds = row[samples[0]]["seconds"][0] if samples[0] in row else float("nan")
            lines.append(f"| {name} | {NAMES[method]} | {' | '.join(taus)} | {seconds:.1f} |")
        ceilings = " | ".join([f"{entry['ceiling']:.3f}"] * len(samples))
        lines.append(f"| {name} | *validation accuracy as predictor* | {ceilings} | |")
    published = ", ".join(f"{tau} with {int(count):,}" for count, tau in PUBLISHED_TAUS.items())
    lines += [
        "",
        f"`seconds`: wall-clock time of training on {counts[0]} with one thread; machines and their load differed.",
        f"Published for ReNAS on NAS-Bench-101: {published} samples.",
        "",
        f"| test error of the find, % | published | {counts[0]}, reference | improved | {counts[-1]}, improved "
        "| best |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, entry in record["sets"].items():
        cells = [
            _error(entry, method, count, record)
            for method, count in (("reference", samples[0]), ("improved", samples[0]), ("improved", samples[-1]))
        ]
        published = f"{PUBLISHED_ERRORS[name]:.2f}" if name in PUBLISHED_ERRORS else "–"
        lines.append(f"| {name} | {published} | {' | '.join(cells)} | {100 - entry['optimum']:.2f} |")
    return "\n".join(
        [*lines, "", f"Total training time: {record['minutes']:.0f} minutes, one thread each.", "", origin(record)]
    )


def renas_referee(record: dict[str, Any]) -> str:
    """Number of trainings to reach a regret, with and without a referee."""
    levels = next(iter(record["sets"].values()))["levels"]
    header = [
        "set",
        "slow-fast learning",
        "trainings",
        "decided",
        "remembered",
        "audits in agreement",
        "final regret",
    ]
    header += [f"regret of {level:,}" for level in levels]
    lines = [f"| {' | '.join(header)} |", "|---|---|" + "--:|" * (len(header) - 2)]
    for name, entry in record["sets"].items():
        for arm, row in entry["arms"].items():
            few = f" ({row['seeds']} seeds)" if row["seeds"] < len(record["seeds"]) else ""
            agree = f"{100 * row['right'] / row['audits']:.0f} %" if row.get("audits") else "–"
            cells = [f"{row['trainings']:.0f}", *(f"{row.get(key, 0):.0f}" for key in ("decided", "remembered")), agree]
            cells.append("{:.2f} ± {:.2f}".format(*row["regret"]))
            cells += ["never" if needed is None else f"{needed:,}" for needed in row["needed"]]
            lines.append(f"| {name} | {arm}{few} | {' | '.join(cells)} |")
    goals = "; ".join(
        f"{name} {', '.join(f'{goal:.2f}' for goal in entry['goals'])}" for name, entry in record["sets"].items()
    )
    note = (
        f"`regret of N`: trainings needed to reach the mean regret that RelativeNAS has after N trainings ({goals}); "
        "`never`: not reached."
    )
    return "\n".join([*lines, "", note, "", origin(record)])


def renas_live(record: dict[str, Any]) -> str:
    """Searches on images with and without a referee; each winner is retrained."""
    header = ["search", "trained", "decided", "pairs predicted correctly", "winner, % by seed", "minutes"]
    lines = [f"| {' | '.join(header)} |", "|---|" + "--:|" * (len(header) - 1)]
    for name, row in record["searches"].items():
        accuracy = " / ".join(f"{value:.1f}" for value in row["accuracy"])
        counts = [f"{sum(row[key]) / len(row[key]):.0f}" for key in ("trained", "decided")]
        minutes = sum(row["minutes"]) / len(row["minutes"])
        foretold = f"{sum(row['right'])} of {sum(row['foretold'])}" if "foretold" in row else "–"
        lines.append(f"| {name} | {' | '.join(counts)} | {foretold} | {accuracy} | {minutes:.1f} |")
    return "\n".join([*lines, "", origin(record)])


def _with_seeds(row: dict[str, Any] | None, key: str, digits: int, record: dict[str, Any]) -> str:
    """A mean with its spread, and its number of seeds if that is lower than the table's."""
    if row is None:
        return "–"
    mean, spread = row[key]
    text = f"{mean:.{digits}f}" if spread is None else f"{mean:.{digits}f} ± {spread:.{digits}f}"
    return text if row["seeds"] == len(record["seeds"]) else f"{text} ({row['seeds']})"


def _error(entry: dict[str, Any], method: str, count: str, record: dict[str, Any]) -> str:
    row = entry["methods"].get(method, {}).get(count)
    if row is None:
        return "–"
    mean, spread = row["find"]
    return _with_seeds({**row, "find": [100 - mean, spread]}, "find", 2, record)


def fidelity(record: dict[str, Any] | None) -> str:
    """How well cheap scores agree with the true accuracy."""
    if record is None:
        return "Not measured yet."
    lines = ["| score, after this share of the search | Kendall's tau | right pairs | near the median gap |"]
    lines.append("|---|--:|--:|--:|")
    for name, row in record["rows"].items():
        tau = "" if "tau" not in row else spread(*row["tau"])
        lines.append(f"| {name} | {tau} | {_share(row['right'])} | {_share(row['right_at_median_gap'])} |")
    low, middle, high = record["gaps"]
    lines += [
        "",
        f"{record['random_cells']} random cells per seed, in pairs; shares with 95 % intervals (Wilson) over all "
        f"seeds. Random pairs differ by {middle:.1f} points of test accuracy in the median (quartiles {low:.1f}, "
        f"{high:.1f}).",
    ]
    return "\n".join([*lines, "", origin(record)])


def _share(figures: list[float]) -> str:
    if not figures:
        return ""
    share, low, high, count = figures
    return f"{100 * share:.0f} % ({100 * low:.0f} to {100 * high:.0f}; {count:.0f})"


WRITERS = {
    "fidelity": fidelity,
    "renas_live": renas_live,
    "renas_referee": renas_referee,
    "renas_table": renas_table,
}
"""By the name of their blocks."""
