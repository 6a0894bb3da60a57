"""How long the checks of a data set take, for 10,000 images of VOC's layout.

    python benchmarks/check_data.py [--images 10000] [--out docs/results/check_data.json]

Generates 100 images and links each of them as often as needed, then loads the data set with and without `check_images`
in turn, and surveys it as `tools/check_data.py` does.
"""

import argparse
import json
import os
import statistics
import tempfile
from pathlib import Path
from timeit import timeit

from mmengine.config import Config
from mmengine.registry import DATASETS, init_default_scope

import relnas_mm  # noqa: F401  (registers)
from relnas_mm.checks.survey import survey
from relnas_mm.datasets.shapes import generate_shapes
from relnas_mm.datasets.shapes.classes import VOC_CLASSES
from relnas_mm.files import write_atomically
from relnas_mm.provenance import provenance

ROOT = Path(__file__).resolve().parents[1]
GENERATED, REPEATS = 100, 5


def linked(folder: Path, images: int) -> Path:
    """A VOC folder whose list names `images` files."""
    root = generate_shapes(folder / "voc", "voc", {"train": GENERATED}, progress=False) / "VOCdevkit" / "VOC2007"
    names = (root / "ImageSets" / "Main" / "train.txt").read_text().split()
    more = []
    for number in range(images):
        source, name = names[number % GENERATED], f"{number:06}x"
        for part, ending in (("Annotations", ".xml"), ("JPEGImages", ".jpg")):
            os.link(root / part / (source + ending), root / part / (name + ending))
        more.append(name)
    (root / "ImageSets" / "Main" / "many.txt").write_text("\n".join(more) + "\n")
    return root


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "results" / "check_data.json")
    args = parser.parse_args()
    init_default_scope("mmdet")
    with tempfile.TemporaryDirectory() as folder:
        root = linked(Path(folder), args.images)
        dataset = dict(
            type="CheckedVOCDataset",
            data_root=f"{root.parent}/",
            ann_file="VOC2007/ImageSets/Main/many.txt",
            data_prefix=dict(sub_data_root="VOC2007/"),
            metainfo=dict(classes=VOC_CLASSES),
            pipeline=[],
        )
        times: dict[str, list[float]] = {"loading without the check": [], "loading with it": [], "check_data": []}
        for _ in range(REPEATS):
            for name, check in (("loading without the check", False), ("loading with it", True)):
                times[name].append(
                    timeit(lambda check=check: DATASETS.build({**dataset, "check_images": check}), number=1)
                )
            config = Config(dict(default_scope="mmdet", train_dataloader=dict(dataset=dataset)))
            times["check_data"].append(timeit(lambda config=config: survey(config), number=1))
    rows = {name: dict(median=statistics.median(row), least=min(row), most=max(row)) for name, row in times.items()}
    command = f"python benchmarks/check_data.py --images {args.images}"
    record = {**provenance(command), "seeds": [0], "images": args.images, "repeats": REPEATS, "seconds": rows}
    write_atomically(args.out, json.dumps(record, indent=1) + "\n")
    for name, row in rows.items():
        print(f"{name:28} {row['median']:.2f} s ({row['least']:.2f} to {row['most']:.2f})")


if __name__ == "__main__":
    main()
