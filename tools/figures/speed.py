"""Figures of speed and memory."""

from typing import Any

from figures.origin import origin


def backbone_speed(record: dict[str, Any]) -> str:
    """How much faster backbones are inside detectors."""
    header = ["detector", "image", "eager, ms", "folded by torch", "by onnxruntime", "largest difference"]
    lines = [f"| {' | '.join(header)} |", "|---|" + "--:|" * (len(header) - 1)]
    for name, entry in record["detectors"].items():
        rows, size = entry["rows"], "x".join(map(str, entry["size"]))
        cells = [f"`{name}`", size, f"{rows['eager']['milliseconds']:.0f}"]
        for row in (rows["torch"], rows["onnx"]):
            cells.append("{:.2f}x ({:.2f}–{:.2f})".format(row["speed_up"], *row["speed_up_quartiles"]))
        cells.append(f"{max(row['difference'] for row in rows.values()):.0e}")
        lines.append(f"| {' | '.join(cells)} |")
    note = f"Speed-ups: median and quartiles of {record['repeats']} turns. Differences: of a map's largest number."
    return "\n".join([*lines, "", note, origin(record)])


def search_speed(record: dict[str, Any] | None) -> str:
    """What each measure gains over the released arrangement of a search."""
    if record is None:
        return "Not measured yet."
    header = ["", "s per candidate", "images/s", "speed-up", "peak memory, MiB", "Kendall's tau", "largest difference"]
    lines = [f"| {' | '.join(header)} |", "|---|" + "--:|" * (len(header) - 1)]
    for name, row in record["rows"].items():
        seconds, images, ratio, memory, tau, difference = row.values()
        cells = [f"{seconds:.2f}", f"{images:.0f}", f"{ratio:.2f}x", f"{memory:.0f}", f"{tau:.3f}", f"{difference:.1e}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    setting = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in record["setting"].items())
    note = f"Setting: {setting}. Medians; differences and tau are of the losses, against the first row."
    return "\n".join([*lines, "", note, origin(record)])


def cuda_steps(record: dict[str, Any]) -> str:
    """What kernels take on CUDA."""
    base = next(iter(record["milliseconds"].values()))["training"]
    lines = ["| kernels of a step | training, ms | speed-up | scoring, ms |", "|---|--:|--:|--:|"]
    for name, row in record["milliseconds"].items():
        scoring = "–" if row["scoring"] is None else f"{row['scoring']:.2f}"
        lines.append(f"| {name} | {row['training']:.2f} | {base / row['training']:.2f}x | {scoring} |")
    note = f"{record['device']}; {record['batch']} images, one random candidate. {record.get('note', '')}".rstrip()
    return "\n".join([*lines, "", note, origin(record)])


def search_cuda(record: dict[str, Any]) -> str:
    """What a whole search on CUDA takes, beside the released arrangement, and how it came to that."""
    minutes, each = divmod(record["seconds"], 60), record["seconds"] / record["candidates"]
    later = record["seconds_after_the_first_generation"] / record["candidates_after_the_first_generation"]
    released, same = record["released_arrangement"], record["the_same_candidates"]
    accuracy = record["best_accuracy_of_generations"]
    device = record["device"].split(",")[0]
    text = [
        f"The whole search on an {device} took **{minutes[0]:.0f} min {minutes[1]:.0f} s** from the command to the",
        f"files of the winner: {record['candidates']:,} candidates, {each:.2f} s each, compiling the kernels in the",
        f"first generation included; {later:.2f} s after that. The released arrangement took",
        f"{released['seconds_per_candidate']:.2f} s for each of two candidates there, "
        f"**{released['seconds_per_candidate'] / each:.1f} times as long**. Accuracy of the best of the first",
        f"generation {accuracy[0]:.1f} %, of the last {accuracy[-1]:.1f} %.",
        "",
        f"| the whole search | published, {record['published']['device']} | here, {device} |",
        "|---|--:|--:|",
        f"| time | {record['published']['hours']} h | {minutes[0]:.0f} min {minutes[1]:.0f} s |",
        "",
        "| the same two candidates | s per candidate | speed-up | losses |",
        "|---|--:|--:|--:|",
    ]
    base = released["seconds_per_candidate"]
    for name, row in {"released arrangement": released, **same}.items():
        seconds, losses = row["seconds_per_candidate"], ", ".join(f"{loss:.2f}" for loss in row["losses"])
        text.append(f"| {name} | {seconds:.2f} | {base / seconds:.1f}x | {losses} |")
    text += ["", "| in searches, on the way | commit | s per candidate |", "|---|---|--:|"]
    for row in record["seconds_per_candidate_on_the_way"]:
        text.append(f"| {row['what']} | `{row['commit'][:7]}` | {row['seconds']:.2f} |")
    text.append(f"| larger batches for scoring, the stem by the kernels | `{record['commit'][:7]}` | {later:.2f} |")
    text += [
        "",
        "The first of these rows is of generations 2 to 4, the last of all but the first, those between of the first.",
    ]
    return "\n".join([*text, "", origin(record)])


def backbone_cost(record: dict[str, Any]) -> str:
    """Time and memory of backbones, in use and in training."""
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
            lines.append(f"| {size} | {name} | {' | '.join(cells)} |")
    batches = ", ".join(f"{entry['training_batch']} at {size}" for size, entry in record["sizes"].items())
    note = f"Images in a training step: {batches}; in inference 1. Medians of {record['repeats']} turns."
    return "\n".join([*lines, "", note, origin(record)])


def search_cost(record: dict[str, Any]) -> str:
    """How the cost of a search grows, as far as it is not in the plot."""
    lines = [
        "| merging (`write_back`) | s per generation, 1 process | 2 processes | efficiency (range) |",
        "|---|--:|--:|--:|",
    ]
    for mode, row in record["processes"].items():
        one, two = row["seconds_per_generation"].values()
        each = row["efficiencies"]
        cell = f"{row['efficiency']:.2f} ({min(each):.2f}–{max(each):.2f})"
        lines.append(f"| {mode} | {one:.2f} | {two:.2f} | {cell} |")
    share = 100 * record["checkpoint_seconds"] / 30
    lines += ["", "| population | seconds of a generation of slow-fast learning, without training |", "|--:|--:|"]
    lines += [f"| {int(size):,} | {seconds:.4f} |" for size, seconds in record["strategy_seconds"].items()]
    seconds = record["checkpoint_seconds"]
    lines += ["", f"A checkpoint of the released scale takes {seconds:.3f} s: {share:.2f} % of the 30 s between two."]
    return "\n".join([*lines, "", origin(record)])


WRITERS = {
    "backbone_cost": backbone_cost,
    "backbone_speed": backbone_speed,
    "cuda_steps": cuda_steps,
    "search_cost": search_cost,
    "search_cuda": search_cuda,
    "search_speed": search_speed,
    "search_speed_cuda": search_speed,
    "search_speed_long": search_speed,
    "search_speed_trained": search_speed,
}
