"""What the kill campaign runs, at a size of seconds, and what must be equal in the end."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from relnas_mm.models.checkpoints.files import damage
from relnas_mm.search.checkpoint_store import CheckpointStore

ROOT = Path(__file__).resolve().parents[1]
TIMES = ("seconds", "wall_seconds", "time")
"""Fields of records that differ from run to run, and with them the length of files."""


@dataclass(frozen=True)
class Target:
    """A command that may be killed.

    Args:
        tool: The script.
        config: Text of its config, in which `{configs}`, `{data}` and `{seed}` are filled in.
        outcome: What its folder holds in the end, without times; compared for equality.
        arguments: Further arguments.
        files: Names and texts of configs beside it, in whose folder `{here}` stands.
        processes: Number of ranks.
    """

    tool: str
    config: str
    outcome: Callable[[Path], Any]
    arguments: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    processes: int = 1

    def write(self, folder: Path, seed: int, data: Path) -> Path:
        """Writes its configs into a folder; gives that of the command."""
        folder.mkdir(parents=True)
        places = {"{configs}": ROOT / "configs", "{data}": data, "{here}": folder, "{seed}": seed}
        for name, text in {**self.files, "config.py": self.config}.items():
            for place, value in places.items():
                text = text.replace(place, str(value))
            (folder / name).write_text(text)
        return folder / "config.py"

    def words(self, config: Path, folder: Path, resume: bool) -> list[str]:
        """The command line."""
        again = ["--resume"] if resume and self.tool in (SEARCH, TRAIN) else []
        ranks = ["--launcher", "pytorch"] if self.processes > 1 else []
        return [self.tool, str(config), "--work-dir", str(folder), *self.arguments, *again, *ranks]


def _timeless(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _timeless(part) for key, part in value.items() if key not in TIMES}
    return [_timeless(part) for part in value] if isinstance(value, list) else value


def _digest(value: Any) -> Any:
    """Tensors and arrays as digests, so that outcomes are compared and kept as text."""
    if isinstance(value, torch.Tensor):
        return hashlib.sha256(value.detach().cpu().numpy().tobytes()).hexdigest()
    if hasattr(value, "tobytes"):
        return hashlib.sha256(value.tobytes()).hexdigest()
    if isinstance(value, Mapping):
        return {str(key): _digest(part) for key, part in value.items()}
    return [_digest(part) for part in value] if isinstance(value, (list, tuple)) else repr(value)


def _lines(path: Path) -> list[Any]:
    return [_timeless(json.loads(line)) for line in path.read_text().splitlines()]


def search_outcome(folder: Path) -> Any:
    """Last step of the run store, all records, and what was found."""
    loaded = CheckpointStore(folder / "run_store").load_newest()
    assert loaded is not None and not loaded.skipped
    (found,) = filter(Path.exists, (folder / name for name in ("genotype.json", "chain.json", "architecture.json")))
    state = loaded.state
    return {
        "step": loaded.step,
        "tensors": _digest(state.tensors),
        "arrays": _digest(state.arrays),
        "values": _digest({name: _timeless(value) for name, value in state.values.items() if name != "records"}),
        "records": _lines(folder / "records.jsonl"),
        "found": _timeless(json.loads(found.read_text())),
    }


def training_outcome(folder: Path) -> Any:
    """All checkpoints: weights, optimizer, schedulers, generators, best score; none may be damaged."""
    found = {}
    for path in sorted(folder.glob("*.pth")):
        assert not damage(path), path
        content = torch.load(path, weights_only=False, map_location="cpu")
        parts = {part: _digest(content.get(part)) for part in ("state_dict", "optimizer", "param_schedulers", "rng")}
        found[path.name] = {**parts, "best": repr(content["message_hub"]["runtime_info"].get("best_score"))}
    return found


def comparison_outcome(folder: Path) -> Any:
    """All searches, in any order."""
    (records,) = folder.glob("*/records.jsonl")
    return sorted(_lines(records), key=json.dumps)


def pipeline_outcome(folder: Path) -> Any:
    """What was found, and every metric."""
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*.json")}
    kept = ("genotype.json", "metrics.json")
    return {name: _timeless(json.loads(path.read_text())) for name, path in sorted(found.items()) if path.name in kept}


SEARCH, TRAIN = "tools/search.py", "tools/train.py"
SUPERNET = """
train_cfg = dict(
    save_every=0,
    strategy=dict({strategy}),
    evaluator=dict(
        data=dict(data_root="{{data}}/cifar10", limit=120),
        network=dict(init_channels=2, num_cells=3),
        training=dict(batch_size=20),
    ),
)
"""
DARTS = """
train_cfg = dict(
    epochs=3,
    data=dict(data_root="{data}/cifar10", limit=60),
    network=dict(init_channels=2, num_cells=3),
    training=dict(batch_size=10),
)
"""
MACRO = """
train_cfg = dict(
    save_every=0,
    space=dict(max_depth=3, min_width=2, max_width=3),
    strategy=dict(rules=dict(width_epochs=0, micro_epochs=1, slack=50)),
    evaluator=dict(data=dict(data_root="{data}/cifar10", limit=60)),
)
"""
LOADERS = """
train_dataloader = dict(batch_size={batch}, num_workers=1, dataset=dict({train}))
val_dataloader = dict(num_workers=1, dataset=dict({val}))
test_dataloader = val_dataloader
default_hooks = dict(checkpoint=dict(max_keep_ckpts=1{checkpoint}))
train_cfg = dict({length})
"""


def _search(base: str, text: str, **options: Any) -> Target:
    return Target(SEARCH, _based(f"search/{base}.py") + text, search_outcome, **options)


def _shared(strategy: str, base: str = "relativenas_shapes_quick", **options: Any) -> Target:
    return _search(base, SUPERNET.replace("{strategy}", strategy).replace("{{data}}", "{data}"), **options)


def _training(base: str, length: str, batch: int = 8, checkpoint: str = "", indices: bool = True) -> Target:
    train, val = ("indices=24", "indices=8") if indices else ("", "")
    text = LOADERS.format(batch=batch, train=train, val=val, checkpoint=checkpoint, length=length)
    return Target(TRAIN, _based(f"{base}.py") + text, training_outcome)


def _based(path: str) -> str:
    return f'_base_ = ["{{configs}}/{path}"]\nrandomness = dict(seed={{seed}})\n'


COMPARISON = """
_base_ = ["{configs}/compare/nasbench_macro.py"]
comparison = dict(seeds=4, budget=6{seed})
"""
PIPELINE = """
seeds = [{seed}]
jobs = 1
latency = False
search = dict(config="{here}/search.py")
tasks = dict(detection=dict(config="{here}/detector.py", metric="pascal_voc/mAP"))
backbones = dict(found=dict(genotype="search"), random=dict(genotype="random"))
"""
LEARNER = "population_size=4, generations=3"
TARGETS = {
    "RelativeNAS": _shared(LEARNER),
    "RelativeNAS in two processes": _shared(LEARNER, processes=2),
    "regularized evolution": _shared(
        '_delete_=True, type="RegularizedEvolution", queries=12, population_size=6, tournament_size=2, '
        "generation_size=3"
    ),
    "random search": _shared('_delete_=True, type="RandomSearch", queries=12, generation_size=4'),
    "ReNAS": _shared(
        '_delete_=True, type="ReNAS", queries=12, samples=6, top_k=3, calls=60, generation_size=3, detrend=True'
    ),
    "refereed learning": _shared(
        '_delete_=True, type="RefereedLearning", population_size=4, generations=4, warmup=8, retrain=4, duels=2, '
        "confidence=0.75, detrend=True"
    ),
    "macro-micro search": _search("macro-micro_shapes_quick", MACRO),
    "DARTS": _search("darts_shapes_quick", DARTS),
    "classifier": _training("imagenet/relativenas-c16l6_1xb32-5e_shapes", "max_epochs=3", indices=False),
    "SSDLite": _training("ssdlite/ssdlite160_relativenas-c16l6_4e_shapes-voc", "max_epochs=3"),
    "DeepLabV3+": _training(
        "deeplabv3plus/deeplabv3plus_relativenas-c16l6-d16_1xb8-600i_shapes",
        "max_iters=9, val_interval=3",
        batch=4,
        checkpoint=', interval=3, save_best="mIoU"',
    ),
    "SimpleBaseline": _training("simple_baseline/td-hm_relativenas-c16l6_1xb32-12e_shapes-128x96", "max_epochs=3"),
    "pipeline": Target(
        "tools/pipeline.py",
        PIPELINE,
        pipeline_outcome,
        files={
            "search.py": _shared(LEARNER).config,
            "detector.py": _training("ssd/ssd160_relativenas-c16l6_4e_shapes-voc", "max_epochs=2").config,
        },
    ),
    "comparison in two processes": Target(
        "tools/compare.py", COMPARISON, comparison_outcome, arguments=("--workers", "2")
    ),
}
