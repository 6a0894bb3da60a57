"""The readers of files that `fuzz_parsers.py` tries, each with its seeds in `tests/fuzz_seeds/`.

A reader whose files carry checksums gets mutations with checksums that fit, as others would test the checksums only.
"""

import hashlib
import json
import shutil
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from relnas_mm.architectures import Genotype, load_architecture
from relnas_mm.browse.folder import INDEX, PictureFolder
from relnas_mm.datasets.arrays.cifar import read_cifar
from relnas_mm.datasets.arrays.idx import read_idx
from relnas_mm.datasets.faces.pairs import read_pairs
from relnas_mm.datasets.image_files import read_header, read_rgb
from relnas_mm.datasets.keypoints.annotations import check_annotations
from relnas_mm.datasets.keypoints.detections import check_detections
from relnas_mm.datasets.keypoints.mpii import check_people, read_heads
from relnas_mm.datasets.segmentation.label_maps import read_label_map
from relnas_mm.datasets.shapes.manifest import MANIFEST as SHAPES
from relnas_mm.datasets.shapes.manifest import is_reusable
from relnas_mm.datasets.voc.annotations import check_annotation
from relnas_mm.errors import UserError
from relnas_mm.evaluators.tabular.nasbench101_file import masked_crc, read_trainings
from relnas_mm.evaluators.tabular.tables import read_columns
from relnas_mm.models.checkpoints.files import read_checkpoint, read_content
from relnas_mm.models.checkpoints.fit import genotype_in
from relnas_mm.models.checkpoints.identify import check_complete, identify
from relnas_mm.models.checkpoints.layout import read_architecture, refuse_search_weights, release_names
from relnas_mm.pipeline.progress import FILE as PROGRESS
from relnas_mm.pipeline.progress import Progress
from relnas_mm.plots.training import loss_curve, metric_curve
from relnas_mm.predictors.files import load_predictor
from relnas_mm.search.checkpoint_store import MANIFEST, CheckpointStore
from relnas_mm.search.identity import RUN_FILE, claim_work_dir
from relnas_mm.search.records import read_records

SEEDS = Path(__file__).resolve().parents[1] / "tests" / "fuzz_seeds"


@dataclass(frozen=True)
class Reader:
    """A reader.

    Args:
        name: Its name, and that of its folder of seeds.
        read: Reads a content, for which it may write files in an empty folder.
        kind: As for `mutated`.
    """

    name: str
    read: Callable[[bytes, Path], object]
    kind: str = "bytes"

    def seeds(self) -> list[bytes]:
        """Contents of the seeds, in the order of their names."""
        return _contents(SEEDS / self.name)


@cache
def _contents(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.iterdir())]


def _seed(name: str) -> bytes:
    return _contents(SEEDS / name)[0]


def _file(name: str, read: Callable[[Path], object]) -> Callable[[bytes, Path], object]:
    def written(content: bytes, folder: Path) -> object:
        path = folder / name
        path.write_bytes(content)
        return read(path)

    return written


def _in_folder(name: str, read: Callable[[Path], object]) -> Callable[[bytes, Path], object]:
    """As `_file`, for a reader of a folder that holds nothing else."""

    def written(content: bytes, folder: Path) -> object:
        home = folder / f"of {name}"
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return read(home)

    return written


def _cifar(name: str) -> Callable[[bytes, Path], object]:
    def read(content: bytes, folder: Path) -> object:
        for part, seed in (("train", "cifar"), ("meta", "cifar meta")):
            (folder / part).write_bytes(content if part == name else _seed(seed))
        return read_cifar("cifar100", folder, "train")

    return read


def _idx(ending: str) -> Callable[[bytes, Path], object]:
    def read(content: bytes, folder: Path) -> object:
        home = folder / f"idx{ending}"
        home.mkdir(exist_ok=True)
        (home / f"train-images-idx3-ubyte{ending}").write_bytes(content)
        (home / "train-labels-idx1-ubyte").write_bytes(_seed("idx labels"))
        return read_idx(home, "train")

    return read


def _label_map(content: bytes, folder: Path) -> object:
    return read_label_map(content, "a.png")


def _image(path: Path) -> None:
    read_header(path)
    read_rgb(path)


def _checkpoint(path: Path) -> None:
    """What a conversion does before it builds networks, and what a resumed training reads."""
    read_content(str(path))
    checkpoint = read_checkpoint(str(path))
    source = str(path)
    names = release_names(checkpoint.weights, source)
    refuse_search_weights(names, source)
    network = read_architecture({name: checkpoint.weights[original].shape for name, original in names.items()})
    check_complete(network, source)
    carried = genotype_in(checkpoint.meta, source)
    if network.num_cells and network.num_cells < 10 and (network.init_channels or 0) < 64:
        identify({name: checkpoint.weights[names[name]].shape for name in names}, network, None, carried, source)


def _records(path: Path) -> None:
    list(read_records(path))


def _curves(folder: Path) -> None:
    loss_curve(folder)
    metric_curve(folder, "mAP")


def _run_store(name: str) -> Callable[[bytes, Path], object]:
    """Reads a step in which one file is mutated, with a manifest of its checksum."""

    def read(content: bytes, folder: Path) -> object:
        home = folder / "run_store" / "step-00000001"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        files = {part: _seed(f"store {part}") for part in ("arrays.npz", "tensors.safetensors", "values.json")}
        if name == MANIFEST:
            manifest = content
        else:
            files[name] = content
            entries = {part: {"sha256": _digest(data), "bytes": len(data)} for part, data in files.items()}
            manifest = json.dumps({"schema_version": 1, "step": 1, "files": entries}).encode()
        for part, data in {**files, MANIFEST: manifest}.items():
            (home / part).write_bytes(data)
        return CheckpointStore(home.parent).load_newest()

    return read


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _predictor_settings(content: bytes, folder: Path) -> object:
    (folder / "p.json").write_bytes(content)
    (folder / "p.safetensors").write_bytes(_seed("predictor weights"))
    return load_predictor(folder / "p")


def _predictor_weights(content: bytes, folder: Path) -> object:
    settings = json.loads(_seed("predictor settings"))
    (folder / "p.json").write_text(json.dumps({**settings, "sha256": _digest(content)}))
    (folder / "p.safetensors").write_bytes(content)
    return load_predictor(folder / "p")


def _nasbench101(content: bytes, folder: Path) -> object:
    length = struct.pack("<Q", len(content))
    record = length + struct.pack("<I", masked_crc(length)) + content + struct.pack("<I", masked_crc(content))
    (folder / "a.tfrecord").write_bytes(record)
    return list(read_trainings(folder / "a.tfrecord"))


def _work_dir(content: bytes, folder: Path) -> object:
    home = folder / "work_dir"
    home.mkdir(exist_ok=True)
    (home / "records.jsonl").write_bytes(b"")
    (home / RUN_FILE).write_bytes(content)
    return claim_work_dir(home, json.loads(_seed("run.json")), resume=True, force=False)


def _progress(folder: Path) -> object:
    return Progress.load(folder, "x")


COLUMNS = ("c10_val200", "c10_test200")
READERS = (
    Reader("genotype", _file("a.json", load_architecture), "json"),
    Reader("chain", _file("a.json", load_architecture), "json"),
    Reader("darts text", _file("a.txt", lambda path: load_architecture(path, Genotype))),
    Reader("coco keypoints", _file("a.json", lambda path: check_annotations(path, 17)), "json"),
    Reader("detections", _file("a.json", lambda path: check_detections(path, {1, 2})), "json"),
    Reader("mpii", _file("a.json", lambda path: check_people(path, 16)), "json"),
    Reader("mpii heads", _file("a.mat", lambda path: read_heads(path, 2))),
    Reader("voc", _file("a.xml", lambda path: check_annotation(path, ("dog", "cat")))),
    Reader("face pairs", _file("pairs.txt", read_pairs)),
    Reader("cifar", _cifar("train")),
    Reader("cifar meta", _cifar("meta")),
    Reader("idx", _idx("")),
    Reader("idx gz", _idx(".gz"), "gz"),
    Reader("idx xz", _idx(".xz"), "xz"),
    Reader("label map", _label_map),
    Reader("image", _file("a.img", _image)),
    Reader("table csv", _file("a.csv", lambda path: read_columns(path, COLUMNS))),
    Reader("table json", _file("a.json", lambda path: read_columns(path, COLUMNS)), "json"),
    Reader("nasbench101", _nasbench101, "json"),
    Reader("checkpoint", _file("a.pth", _checkpoint), "zip"),
    Reader("checkpoint legacy", _file("a.pth", _checkpoint)),
    Reader("checkpoint safetensors", _file("a.safetensors", _checkpoint)),
    Reader("records", _file("records.jsonl", _records), "lines"),
    Reader("run.json", _work_dir, "json"),
    Reader("store manifest.json", _run_store(MANIFEST), "json"),
    Reader("store arrays.npz", _run_store("arrays.npz"), "zip"),
    Reader("store tensors.safetensors", _run_store("tensors.safetensors")),
    Reader("store values.json", _run_store("values.json"), "json"),
    Reader("predictor settings", _predictor_settings, "json"),
    Reader("predictor weights", _predictor_weights),
    Reader("pipeline progress", _in_folder(PROGRESS, _progress), "json"),
    Reader("shapes manifest", _in_folder(SHAPES, lambda folder: is_reusable(folder, {"seed": 0})), "json"),
    Reader("browse index", _in_folder(INDEX, PictureFolder), "json"),
    Reader("training log", _in_folder("2026/vis_data/scalars.json", _curves), "lines"),
)
"""All readers."""


def check_seeds(reader: Reader, folder: Path) -> None:
    """Reads the seeds as they are.

    Raises:
        UserError: One is refused.
    """
    for number, content in enumerate(reader.seeds()):
        try:
            reader.read(content, folder)
        except UserError as error:
            raise UserError(f"seed {number} of {reader.name}: {error}") from None
