"""Tables of speed and memory."""

from typing import Any

from doc_tables.labels import label
from doc_tables.origin import origin

SETTINGS = {"images_are": "data"}
"""Names of settings that do not read well with their underscores replaced."""


def backbone_speed(record: dict[str, Any]) -> str:
    """Speed-up of detector backbones by `accelerate`."""
    header = ["detector", "image", "eager, ms", "fused, torch", "fused, onnxruntime", "max. difference"]
    lines = [f"| {' | '.join(header)} |", "|---|" + "--:|" * (len(header) - 1)]
    for name, entry in record["detectors"].items():
        rows, size = entry["rows"], "x".join(map(str, entry["size"]))
        cells = [f"`{name}`", size, f"{rows['eager']['milliseconds']:.0f}"]
        for row in (rows["torch"], rows["onnx"]):
            cells.append("{:.2f}x ({:.2f}–{:.2f})".format(row["speed_up"], *row["speed_up_quartiles"]))
        cells.append(f"{max(row['difference'] for row in rows.values()):.0e}")
        lines.append(f"| {' | '.join(cells)} |")
    note = f"Speed-ups: median and quartiles of {record['repeats']} runs. Differences are relative to a map's maximum."
    return "\n".join([*lines, "", note, origin(record)])


def search_speed(record: dict[str, Any] | None) -> str:
    """What each optimization gains over the reference implementation of a search."""
    if record is None:
        return "Not measured yet."
    header = ["", "s per candidate", "images/s", "speed-up", "peak memory, MiB", "Kendall's tau", "max. difference"]
    lines = [f"| {' | '.join(header)} |", "|---|" + "--:|" * (len(header) - 1)]
    for name, row in record["rows"].items():
        seconds, images, ratio, memory, tau, difference = row.values()
        cells = [f"{seconds:.2f}", f"{images:.0f}", f"{ratio:.2f}x", f"{memory:.0f}", f"{tau:.3f}", f"{difference:.1e}"]
        lines.append(f"| {label(name)} | {' | '.join(cells)} |")
    setting = ", ".join(
        f"{SETTINGS.get(key, key.replace('_', ' '))} {value}" for key, value in record["setting"].items()
    )
    note = f"Setting: {setting}. Medians; tau and differences compare the losses with those of the first row."
    return "\n".join([*lines, "", note, origin(record)])


def check_data(record: dict[str, Any]) -> str:
    """Seconds that the checks of a data set take."""
    lines = [f"| {record['images']:,} images, VOC layout | seconds, median (range) |", "|---|--:|"]
    for name, row in record["seconds"].items():
        lines.append(f"| {name} | {row['median']:.2f} ({row['least']:.2f}–{row['most']:.2f}) |")
    return "\n".join([*lines, "", f"{record['repeats']} repetitions in turn, files cached.", origin(record)])


def cuda_steps(record: dict[str, Any]) -> str:
    """Kernel time of a step on CUDA."""
    base = next(iter(record["milliseconds"].values()))["training"]
    lines = ["| kernels of one step | training, ms | speed-up | evaluation, ms |", "|---|--:|--:|--:|"]
    for name, row in record["milliseconds"].items():
        scoring = "–" if row["scoring"] is None else f"{row['scoring']:.2f}"
        lines.append(f"| {name} | {row['training']:.2f} | {base / row['training']:.2f}x | {scoring} |")
    note = f"{record['device']}; {record['batch']} images, one random candidate. {record.get('note', '')}".rstrip()
    return "\n".join([*lines, "", note, origin(record)])


def search_cuda(record: dict[str, Any]) -> str:
    """Running time of a whole search on CUDA next to the reference implementation, and its history."""
    minutes, each = divmod(record["seconds"], 60), record["seconds"] / record["candidates"]
    later = record["seconds_after_the_first_generation"] / record["candidates_after_the_first_generation"]
    reference, same = record["released_arrangement"], record["the_same_candidates"]
    accuracy = record["best_accuracy_of_generations"]
    device = record["device"].split(",")[0]
    text = [
        f"The whole search took **{minutes[0]:.0f} min {minutes[1]:.0f} s** on an {device}, from the command to the",
        f"winner's files: {record['candidates']:,} candidates at {each:.2f} s each, including kernel compilation in",
        f"the first generation; {later:.2f} s each after it. The reference implementation took",
        f"{reference['seconds_per_candidate']:.2f} s for each of two candidates on this GPU, "
        f"**{reference['seconds_per_candidate'] / each:.1f} times as long**. The best candidate's accuracy is",
        f"{accuracy[0]:.1f} % in the first generation and {accuracy[-1]:.1f} % in the last.",
        "",
        f"| the whole search | published, {record['published']['device']} | here, {device} |",
        "|---|--:|--:|",
        f"| time | {record['published']['hours']} h | {minutes[0]:.0f} min {minutes[1]:.0f} s |",
        "",
        "| the same two candidates | s per candidate | speed-up | losses |",
        "|---|--:|--:|--:|",
    ]
    base = reference["seconds_per_candidate"]
    for name, row in {"reference implementation": reference, **same}.items():
        seconds, losses = row["seconds_per_candidate"], ", ".join(f"{loss:.2f}" for loss in row["losses"])
        text.append(f"| {label(name)} | {seconds:.2f} | {base / seconds:.1f}x | {losses} |")
    text += ["", "| history of this search | commit | s per candidate |", "|---|---|--:|"]
    for row in record["seconds_per_candidate_on_the_way"]:
        text.append(f"| {label(row['what'])} | `{row['commit'][:7]}` | {row['seconds']:.2f} |")
    text.append(f"| larger evaluation batches, Triton kernels in the stem | `{record['commit'][:7]}` | {later:.2f} |")
    text += [
        "",
        "Measured over generations 2 to 4 (first row), all but the first (last row), the first (rows between).",
    ]
    return "\n".join([*text, "", origin(record)])


def backbone_cost(record: dict[str, Any]) -> str:
    """Time and memory of backbones in inference and training."""
    lines = [
        "| image | backbone | inference, ms | speed-up | training step, ms | speed-up | peak memory, MiB | ratio |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for size, entry in record["sizes"].items():
        names = dict.fromkeys([*entry["inference"], *entry["training"]])
        for name in names:
            cells: list[str] = []
            for part in ("inference", "training"):
                row = entry[part].get(name)
                cells += [f"{row['milliseconds']:.0f}", f"{row['speed_up']:.2f}x"] if row else ["–", "–"]
            row = entry["training"].get(name)
            cells += [f"{row['peak_memory_mib']:.0f}", f"{row['memory_ratio']:.2f}"] if row else ["–", "–"]
            lines.append(f"| {size} | {label(name)} | {' | '.join(cells)} |")
    batches = ", ".join(f"{entry['training_batch']} at {size}" for size, entry in record["sizes"].items())
    note = f"Batch size in training: {batches}; in inference 1. Medians of {record['repeats']} runs."
    return "\n".join([*lines, "", note, origin(record)])


def search_cost(record: dict[str, Any]) -> str:
    """How the cost of a search scales, beyond what the plot shows."""
    lines = [
        "| `write_back` | s per generation, 1 process | 2 processes | efficiency (range) |",
        "|---|--:|--:|--:|",
    ]
    for mode, row in record["processes"].items():
        one, two = row["seconds_per_generation"].values()
        each = row["efficiencies"]
        cell = f"{row['efficiency']:.2f} ({min(each):.2f}–{max(each):.2f})"
        lines.append(f"| {mode} | {one:.2f} | {two:.2f} | {cell} |")
    share = 100 * record["checkpoint_seconds"] / 30
    lines += ["", "| population | s per generation of slow-fast learning, without training |", "|--:|--:|"]
    lines += [f"| {int(size):,} | {seconds:.4f} |" for size, seconds in record["strategy_seconds"].items()]
    seconds = record["checkpoint_seconds"]
    lines += ["", f"A checkpoint at the reference scale takes {seconds:.3f} s, {share:.2f} % of the 30 s between two."]
    return "\n".join([*lines, "", origin(record)])


def downstream_cost(record: dict[str, Any] | None) -> str:
    """Seconds of a candidate of a downstream search beside plain training."""
    if record is None:
        return "Not measured yet."
    header = ["model", "images", "held out", "plain pass, s", "candidate, s", "ratio"]
    lines = [f"| {' | '.join(header)} |", "|---|" + "--:|" * (len(header) - 1)]
    for name, row in record["rows"].items():
        cells = [name, str(row["images"]), str(row["held_out"]), f"{row['plain']:.1f}", f"{row['candidate']:.1f}"]
        cells.append(f"{row['ratio']:.2f} ({row['ratios'][0]:.2f}–{row['ratios'][-1]:.2f})")
        lines.append(f"| {' | '.join(cells)} |")
    note = f"Medians of {record['repeats']} runs in turn on {record['device']}, one thread; ratios with their range."
    return "\n".join([*lines, "", note, origin(record)])


WRITERS = {
    "downstream_cost": downstream_cost,
    "backbone_cost": backbone_cost,
    "backbone_speed": backbone_speed,
    "check_data": check_data,
    "cuda_steps": cuda_steps,
    "search_cost": search_cost,
    "search_cuda": search_cuda,
    "search_speed": search_speed,
    "search_speed_cuda": search_speed,
    "search_speed_long": search_speed,
    "search_speed_trained": search_speed,
}
