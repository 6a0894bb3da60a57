"""Writes the seeds of `benchmarks/fuzz_parsers.py`: small valid files of each format, in a folder per reader.

python tests/fuzz_seeds/make_seeds.py
"""

import base64
import gzip
import io
import json
import lzma
import pickle
import struct
import tempfile
from hashlib import sha256
from pathlib import Path

import mmengine.logging
import numpy as np
import torch
from PIL import Image
from safetensors.torch import save
from scipy.io import savemat

import relnas_mm  # noqa: F401  (lets torch read what mmengine writes)
from relnas_mm.architectures import CHAINS, GENOTYPES, Genotype, save_genotype
from relnas_mm.networks import CellTrunk
from relnas_mm.predictors.config import PredictorConfig
from relnas_mm.predictors.encodings import ENCODINGS
from relnas_mm.predictors.files import save_predictor
from relnas_mm.predictors.predictor import Predictor
from relnas_mm.search.state_files import State, state_files
from relnas_mm.spaces.nasbench101 import parse_cell

HERE = Path(__file__).resolve().parent


def write(folder: str, *contents: bytes | str | dict | list) -> None:
    (HERE / folder).mkdir(exist_ok=True)
    for number, content in enumerate(contents):
        if isinstance(content, (dict, list)):
            content = json.dumps(content)
        (HERE / folder / str(number)).write_bytes(content.encode() if isinstance(content, str) else content)


def image(mode: str, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    values = np.arange(64, dtype=np.uint16).reshape(8, 8) % 4
    wide = mode == "I;16"
    picture = Image.fromarray(values * 10) if wide else Image.fromarray(values.astype(np.uint8)).convert(mode)
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def mat(content: dict, compress: bool) -> bytes:
    buffer = io.BytesIO()
    savemat(buffer, content, do_compression=compress)
    return buffer.getvalue()


def saved(content, **options) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, **options)
    return buffer.getvalue()


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def evaluation(*numbers: float) -> bytes:
    return b"".join(bytes([k << 3 | 1]) + struct.pack("<d", value) for k, value in enumerate(numbers, 1))


def nasbench101() -> list:
    cell = parse_cell("c1:01 02 12")
    parts = [evaluation(epoch, 7.5, 1.0, 0.1 * epoch / 108, 0.5) for epoch in (0, 54, 108)]
    metrics = b"".join(bytes([1 << 3 | 2]) + varint(len(part)) + part for part in parts) + bytes([2 << 3]) + varint(99)
    bits = "".join(str(bit) for line in cell.matrix for bit in line)
    return [cell.hash, 108, bits, ",".join(cell.operations), base64.b64encode(metrics).decode()]


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def main() -> None:
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        path = save_genotype(GENOTYPES["relativenas"], Path(folder, "a.json"), {"loss": 1.5})
        write("genotype", path.read_text(), list(GENOTYPES.values())[-1].to_dict())
        write("chain", next(iter(CHAINS.values())).save(Path(folder, "b.json")).read_text())
    write(
        "darts text",
        "Genotype(normal=[('sep_conv_3x3', 1), ('sep_conv_3x3', 0)], normal_concat=range(2, 3), "
        "reduce=[('max_pool_3x3', 0), ('skip_connect', 1)], reduce_concat=[2])",
    )
    write("coco keypoints", {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 10, "height": 10}],
        "categories": [{"id": 1, "name": "person"}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 5, 5.5], "keypoints": [1, 1, 2] * 17,
                         "num_keypoints": 17, "area": 1, "iscrowd": 0}],
    })  # fmt: skip
    write("detections", [{"image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5.0], "score": 0.5}])
    person = {"image": "1.jpg", "center": [1, 1.5], "scale": 2.5, "joints": [[1, 1]] * 16, "joints_vis": [1] * 16}
    write("mpii", [person])
    heads = {"jnt_missing": np.zeros((2, 3)), "headboxes_src": np.arange(8.0).reshape(2, 2, 2), "text": "a"}
    write("mpii heads", *(mat(heads, compress) for compress in (False, True)))
    corners = "<xmin>1</xmin><ymin>1.5</ymin><xmax>4</xmax><ymax>5</ymax>"
    write(
        "voc",
        "<annotation><filename>a.jpg</filename><size><width>10</width><height>10</height><depth>3</depth></size>"
        f"<object><name>dog</name><difficult>0</difficult><bndbox>{corners}</bndbox></object></annotation>",
    )
    write("face pairs", "1\t2\nA_B\t1\t4\nA_B\t1\tC_D\t2\n")
    data = np.arange(2 * 3072).reshape(2, 3072).astype(np.uint8)
    batches = (
        {b"data": data, b"fine_labels": [0, 1], b"filenames": [b"a", b"b"]},
        {"data": data, "fine_labels": [1, 0]},
    )
    write("cifar", *(pickle.dumps(batch, protocol) for batch, protocol in zip(batches, (2, 4))))
    write("cifar meta", *(pickle.dumps({"fine_label_names": ["a", "b"]}, protocol) for protocol in (0, 2, 5)))
    images = idx(np.arange(60, dtype=np.uint8).reshape(3, 5, 4))
    write("idx", images)
    write("idx gz", gzip.compress(images, mtime=0))
    write("idx xz", lzma.compress(images))
    write("idx labels", idx(np.array([0, 1, 2], np.uint8)))
    maps = [
        image(mode, kind) for mode, kind in (("L", "PNG"), ("P", "PNG"), ("I;16", "PNG"), ("L", "TIFF"), ("P", "GIF"))
    ]
    write("label map", *maps)
    write("image", *maps, *(image("RGB", kind) for kind in ("JPEG", "BMP", "WEBP", "PPM")))
    write("table csv", 'index,arch_str,c10_val200,c10_test200\n0,|a~0|,91.5,90\n1,"|b,c~0|",1e1,2\n')
    row = {"c10_val200": 91.5, "c10_test200": 90}
    write("table json", {"a": row, "b": {**row, "list": [1, 2]}})
    write("nasbench101", nasbench101())
    edges = (("max_pool_3x3", 0), ("max_pool_3x3", 1))
    pools = Genotype(edges, edges, (2,))
    few = {f"module.{name}": value for name, value in CellTrunk(pools, 1, 3, "cifar").state_dict().items()}
    hub = mmengine.logging.MessageHub("seed")
    hub.update_scalar("loss", 1.5)
    hub.update_info("best", np.float64(0.5))
    meta = {"epoch": 1, "iter": 2, "names": np.array(["x", "yz"]), "genotype": pools.to_dict()}
    resumable = {"state_dict": few, "message_hub": hub.state_dict(), "meta": meta}
    write("checkpoint", saved(resumable), saved({"model": few, "meta": meta}))
    write(
        "checkpoint legacy",
        *(saved(part, _use_new_zipfile_serialization=False) for part in (resumable, {"net": few, "meta": meta})),
    )
    described = {"genotype": json.dumps(pools.to_dict())}
    write("checkpoint safetensors", save(few, described))
    record = {"type": "candidate", "generation": 0, "group": 0, "number": 0, "loss": 0.5, "vector": [0.5, 1.5]}
    write("records", json.dumps(record) + "\n" + json.dumps({"type": "generation", "generation": 0}) + "\n")
    write(
        "run.json",
        {"train_cfg": {"type": "SearchLoop", "strategy": {"type": "RandomSearch"}}, "randomness": {"seed": 1}},
    )
    tensors, arrays = {"w": torch.ones(2, 3)}, {"x": np.arange(3), "y": np.ones((2, 2), np.float32)}
    files = state_files(State(tensors, arrays, {"seed": 3, "best": float("nan"), "list": [1, "a"]}))
    for name, content in files.items():
        write(f"store {name}", content)
    entries = {name: {"sha256": sha256(data).hexdigest(), "bytes": len(data)} for name, data in files.items()}
    write("store manifest.json", {"schema_version": 1, "step": 1, "files": entries})
    config = PredictorConfig(encoding="flow", network="ensemble", hidden=2)
    with tempfile.TemporaryDirectory() as folder:
        predictor = Predictor(ENCODINGS["transnas-macro/flow"], config, 0)
        predictor.mean, predictor.scale = torch.tensor(0.5), torch.tensor(1.0)
        described_by = save_predictor(predictor, Path(folder, "p"))
        write("predictor settings", described_by.read_text())
        write("predictor weights", described_by.with_suffix(".safetensors").read_bytes())
    write("pipeline progress", {"fingerprint": "x", "started": ["search"], "seconds": {"search": 1.5}})
    write("shapes manifest", {"generator": "relnas_mm.datasets.shapes", "version": 1, "seed": 0, "files": 0})
    write("browse index", {"config": "a.py", "files": ["a.png", "contact_sheet.png"]})
    write("training log", "\n".join(map(json.dumps, ({"mAP": 0.0, "step": 0}, {"loss": 3.0, "step": 1}))))


if __name__ == "__main__":
    main()
