"""How much faster is the backbone inside a detector?  Fills docs/results/backbone_speed.json.

Each detector is run as its config builds it (eager, contiguous, float32) and after `relnas_mm.inference.accelerate`
with each runtime.  The variants take turns, so that a busy machine slows all of them down alike; the speed-up is the
median of the ratios of a turn.  The maps that the head reads may differ by at most 1e-4 of their largest number.
"""

import argparse
import copy
import json
import statistics
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import relnas_mm  # noqa: F401  (registers)
from relnas_mm.analysis.network import Network, build_model
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.files import write_atomically
from relnas_mm.inference import RUNTIMES, accelerate
from relnas_mm.launch import read_config
from relnas_mm.provenance import provenance

ROOT = Path(__file__).resolve().parents[1]
DETECTORS = {
    "configs/ssdlite/ssdlite320_relativenas_200e_voc0712.py": (320, 320),
    "configs/ssd/ssd300_relativenas_120e_voc0712.py": (300, 300),
    "configs/faster_rcnn/faster-rcnn_relativenas_fpn_1x_voc0712.py": (608, 1024),
}
REFERENCE = "eager"
TOLERANCE = 1e-4


def detector(path: str) -> nn.Module:
    """With weights and statistics that are not what they are at first, without any file."""
    config = read_config(str(ROOT / path))
    config.model.backbone.init_cfg = None
    torch.manual_seed(0)
    model = build_model(config, path)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
    return model


def turns(variants: dict[str, nn.Module], images: Tensor, repeats: int) -> dict[str, list[float]]:
    """Seconds of each pass of each variant's backbone; the first, which do not count, are left out."""
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    with torch.inference_mode():
        for _ in range(repeats + 2):
            for name, model in variants.items():
                given = images if name == REFERENCE else images.contiguous(memory_format=torch.channels_last)
                start = time.perf_counter()
                model.backbone(given)  # type: ignore[operator]
                seconds[name].append(time.perf_counter() - start)
    return {name: row[2:] for name, row in seconds.items()}


def largest_difference(ours: tuple[Tensor, ...], theirs: tuple[Tensor, ...]) -> float:
    """Over all tensors, relative to the largest number of each."""
    return max(((x - y).abs().max() / y.abs().max()).item() for x, y in zip(ours, theirs, strict=True))


def measured(path: str, size: tuple[int, int], repeats: int) -> dict[str, Any]:
    """Rows of one detector.

    Raises:
        UserError: A variant's maps differ by more than the tolerance.
    """
    plain = detector(path)
    variants = {REFERENCE: plain}
    variants |= {name: accelerate(copy.deepcopy(plain), name) for name in RUNTIMES}
    images = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        outputs = {name: Network(model, "features")(images) for name, model in variants.items()}
    seconds = turns(variants, images, repeats)
    rows: dict[str, Any] = {}
    for name, row in seconds.items():
        ratios = [reference / own for reference, own in zip(seconds[REFERENCE], row)]
        rows[name] = {
            "milliseconds": 1e3 * statistics.median(row),
            "speed_up": statistics.median(ratios),
            "speed_up_quartiles": statistics.quantiles(ratios, n=4)[::2],
            "difference": largest_difference(outputs[name], outputs[REFERENCE]),
        }
        if rows[name]["difference"] > TOLERANCE:
            raise UserError(f"{name} changes the maps of {path} by {rows[name]['difference']:.1e}")
    return {"size": size, "rows": rows}


@reports_user_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=20, help="turns that count [%(default)s]")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="[%(default)s]")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "results" / "backbone_speed.json")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    detectors = {}
    for path, size in DETECTORS.items():
        detectors[Path(path).stem] = entry = measured(path, size, args.repeats)
        print(Path(path).stem, {name: f"{row['speed_up']:.2f}x" for name, row in entry["rows"].items()}, flush=True)
    record = {**provenance(f"python benchmarks/backbone_speed.py --threads {args.threads}"), "seeds": [0]}
    record |= {"threads": args.threads, "repeats": args.repeats, "tolerance": TOLERANCE, "detectors": detectors}
    write_atomically(args.out, json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
