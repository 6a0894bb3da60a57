"""Readers of files from elsewhere, each as a function of one file, for `fuzz_parsers.py`."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from relnas_mm.architectures import load_chain, load_genotype
from relnas_mm.browse import PictureFolder
from relnas_mm.cfg_options import parse_option
from relnas_mm.datasets.arrays.cifar import read_cifar
from relnas_mm.datasets.arrays.idx import read_idx
from relnas_mm.datasets.faces import read_pairs
from relnas_mm.datasets.image_files import read_header, read_rgb
from relnas_mm.datasets.keypoints.annotations import check_annotations
from relnas_mm.datasets.keypoints.detections import check_detections
from relnas_mm.datasets.keypoints.mpii import check_people, read_heads
from relnas_mm.datasets.segmentation import check_label_map, lookup_table, read_label_map
from relnas_mm.datasets.voc import check_annotation
from relnas_mm.evaluators.tabular.nasbench101_file import read_trainings
from relnas_mm.evaluators.tabular.tables import read_columns
from relnas_mm.models.checkpoints.conversion import convert_checkpoint
from relnas_mm.models.checkpoints.files import read_checkpoint
from relnas_mm.pipeline.progress import Progress
from relnas_mm.plots.training import loss_curve, metric_curve
from relnas_mm.predictors.files import load_predictor
from relnas_mm.search.checkpoint_store import CheckpointStore
from relnas_mm.search.identity import claim_work_dir
from relnas_mm.search.records import read_records
from relnas_mm.spaces.nasbench101 import parse_cell

SEEDS = Path(__file__).resolve().parents[1] / "tests" / "fuzz"
"""A folder of seed files for each target; what the fuzzer found on the way lies beside them."""


def text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape")


def label_map(path: Path) -> None:
    ids = read_label_map(path.read_bytes(), str(path))
    check_label_map(ids, lookup_table(False, None), 11, 255, str(path))


def image(path: Path) -> None:
    read_header(path)
    read_rgb(path)


def cifar100(path: Path) -> None:
    """The file as training batch beside good names."""
    read_cifar("cifar100", path.parent, "train")


def run_store(path: Path) -> None:
    """The file as manifest of the newest step, beside an older good one."""
    CheckpointStore(path.parent.parent).load_newest()


def run_identity(path: Path) -> None:
    """The file as identity of a search that has records; `claim_work_dir` may replace it by the current one."""
    claim_work_dir(path.parent, {"train_cfg": {"budget": {"candidates": 4}}, "randomness": {"seed": 0}}, True, False)


def training_log(path: Path) -> None:
    """The file as log of a training in `<run>/<time>/vis_data`."""
    run = path.parents[2]
    loss_curve(run)
    metric_curve(run, "pascal_voc/mAP")


TARGETS: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "genotype": ("genotype.json", load_genotype),
    "genotype_text": ("genotype.txt", load_genotype),
    "chain": ("chain.json", load_chain),
    "cfg_option": ("option.txt", lambda path: parse_option(text_of(path))),
    "coco_keypoints": ("keypoints.json", lambda path: check_annotations(path, 17)),
    "detections": ("detections.json", lambda path: check_detections(path, {1, 2})),
    "mpii": ("mpii.json", lambda path: check_people(path, 16)),
    "mpii_heads": ("heads.mat", lambda path: read_heads(path, 2)),
    "voc_xml": ("voc.xml", lambda path: check_annotation(path, ("dog", "cat"))),
    "label_map": ("label_map.png", label_map),
    "image": ("image", image),
    "cifar100": ("train", cifar100),
    "idx": ("t10k-images-idx3-ubyte", lambda path: read_idx(path.parent, "test")),
    "idx_gz": ("t10k-images-idx3-ubyte.gz", lambda path: read_idx(path.parent, "test")),
    "pairs": ("pairs.txt", read_pairs),
    "table_csv": ("table.csv", lambda path: read_columns(path, ("val", "test"))),
    "table_json": ("table.json", lambda path: read_columns(path, ("val", "test.1"))),
    "nasbench101": ("runs.tfrecord", lambda path: list(read_trainings(path))),
    "nasbench101_cell": ("cell.txt", lambda path: parse_cell(text_of(path))),
    "records": ("records.jsonl", lambda path: list(read_records(path))),
    "predictor": ("predictor.json", lambda path: load_predictor(path.with_suffix(""))),
    "run_store": ("step-00000002/manifest.json", run_store),
    "run_identity": ("run.json", run_identity),
    "pipeline_progress": ("pipeline.json", lambda path: Progress.load(path.parent)),
    "training_log": ("run/0/vis_data/scalars.json", training_log),
    "browse_index": ("browse.json", lambda path: PictureFolder(path.parent)),
    "checkpoint": ("weights.pth", lambda path: read_checkpoint(str(path))),
    "safetensors": ("weights.safetensors", lambda path: read_checkpoint(str(path))),
    "conversion": ("weights.pth", lambda path: convert_checkpoint(str(path))),
}
"""File name and reader by name; files beside the fuzzed one come from `SEEDS/NAME/beside`."""
