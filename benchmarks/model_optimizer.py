"""RelativeNAS beside FastNAS and AutoNAS of NVIDIA's Model Optimizer: `python benchmarks/model_optimizer.py DATA`.

DATA holds cifar-10-batches-py.  The limit is the multiply-adds of the published cell in a small network.  Per seed:

- a search by `tools/search.py` with that limit, the published cell, and a random cell of at least 90 % of the limit;
- a ResNet-18 of twice the limit, trained, pruned to the limit by FastNAS, trained on; the pruned network from random
  weights too;
- the same ResNet-18 trained as a supernet and searched by AutoNAS, trained on;
- a ResNet-18 as wide as the limit allows.

All networks are trained by one recipe on the same images, one thread, and tested once.  A network that is finished is
not trained again.  Needs `uv sync --group peers`.  Fills docs/results/model_optimizer.json after each seed.
"""

import argparse
import copy
import json
import resource
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch
from compare_live import searched
from mmengine.registry import MODELS, init_default_scope
from torch import Tensor, nn

from relnas_mm.analysis.macs import count_macs
from relnas_mm.architectures import load_genotype
from relnas_mm.datasets.arrays import Augmentation, ImageArrays, epoch_batches, load_images, split_for_search
from relnas_mm.errors import UserError, reports_user_errors
from relnas_mm.evaluators.training import TrainConfig, evaluate, train_one_epoch
from relnas_mm.files import write_json
from relnas_mm.networks import NetworkShape
from relnas_mm.provenance import provenance
from relnas_mm.search.sampling import first_sample
from relnas_mm.seeding import torch_stream

ROOT = Path(__file__).resolve().parents[1]
SEARCH = "configs/search/relativenas_cifar10-mini.py"
SHAPE = NetworkShape(init_channels=8, num_cells=5, num_classes=10)
IMAGE = torch.zeros(1, 3, 32, 32)
RECIPE, AUGMENTATION = TrainConfig(batch_size=64, min_lr=0.0, drop_path_rate=0.0), Augmentation(padding=4, cutout=8)
SHARE = 0.9
"""A random cell takes at least this share of the limit."""
PRUNED = 2
"""Multiply-adds of the ResNet that is pruned, in limits."""
RATIOS = {"fastnas": [0.05 * step for step in range(1, 21)], "autonas": [0.5, 0.67, 1.0]}
"""Widths of a layer: the defaults of Model Optimizer."""
DIVISOR = 4
"""Channels are multiples of this; the default of 32 would leave a network of this width no choice."""
SUBNETWORKS = 200
"""Networks that AutoNAS draws; those out of 85 to 100 % of the limit are not scored."""
EVALUATED, STATISTICS = 250, 10
"""Images per evaluation step, and batches for the statistics of normalizations in a pruned network."""


@reports_user_errors
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of cifar-10-batches-py")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=8, help="of every training [%(default)s]")
    parser.add_argument("--images", type=int, help="training images [all]")
    parser.add_argument("--work-dir", type=Path, default=Path("work_dirs/model_optimizer"))
    args = parser.parse_args()
    try:
        import modelopt
    except ImportError:
        raise UserError("Model Optimizer is missing; install it by `uv sync --group peers`") from None
    torch.set_num_threads(1)
    init_default_scope("mmpretrain")
    bench = Bench(args.data, args.images, args.epochs, args.work_dir)
    rows: dict[str, list[dict[str, Any]]] = {}
    for done, seed in enumerate(args.seeds, start=1):
        for name, row in bench.seed(seed):
            rows.setdefault(name, []).append(row)
            print(f"seed {seed}, {name}: {row}", flush=True)
        record = {
            **provenance("python benchmarks/model_optimizer.py data/cifar10-mini"),
            "seeds": args.seeds[:done],
            "model_optimizer": modelopt.__version__,
            "images": len(bench.images.labels),
            "epochs": args.epochs,
            "limit": bench.limit,
            "networks": {name: summary(found) for name, found in rows.items()},
        }
        out = ROOT / "docs" / "results" / "model_optimizer.json"
        write_json(out, record, f"the record {str(out)!r}")


class ResNet(nn.Module):
    """ResNet-18 for small images, of a width: mmpretrain's backbone and a linear classifier."""

    def __init__(self, width: int):
        super().__init__()
        self.backbone = MODELS.build(dict(type="ResNet_CIFAR", depth=18, base_channels=width, stem_channels=width))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(8 * width, 10)

    def forward(self, images: Tensor) -> Tensor:
        return self.classifier(self.pool(self.backbone(images)[-1]).flatten(1))


class Bench:
    """All runs in a folder."""

    def __init__(self, data: Path, images: int | None, epochs: int, folder: Path):
        self.data, self.epochs, self.folder = data, epochs, folder
        folder.mkdir(parents=True, exist_ok=True)
        self.images = load_images("cifar10", data, limit=images, num_classes=10)
        self.test = load_images("cifar10", data, split="test", num_classes=10)
        self.limit = load_genotype("relativenas").cost(SHAPE).macs
        macs = {width: macs_of(ResNet(width)) for width in range(DIVISOR, 33)}
        self.narrow = max(width for width in macs if macs[width] <= self.limit)
        self.wide = max(width for width in macs if macs[width] <= PRUNED * self.limit)

    def seed(self, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """Finds, trains and tests all networks with a seed; yields names and figures."""
        makers: dict[str, Callable[[int], dict[str, nn.Module]]] = {
            "search": self._search,
            "published": lambda _: {"published cell": load_genotype("relativenas").build(SHAPE)},
            "random": self._random,
            "narrow": lambda _: {"ResNet-18, narrow": ResNet(self.narrow)},
            "fastnas": partial(self._optimized, "fastnas", "FastNAS"),
            "autonas": partial(self._optimized, "autonas", "AutoNAS"),
        }
        for name, make in makers.items():
            path = self.folder / f"{name}_{seed}.json"
            if not path.exists():
                write_json(path, self._rows(make, seed), f"the figures {str(path)!r}")
            yield from json.loads(path.read_text()).items()

    def _rows(self, make: Callable[[int], dict[str, nn.Module]], seed: int) -> dict[str, dict[str, Any]]:
        torch.manual_seed(seed)
        start = cpu_seconds()
        networks = make(seed)
        found, rows = cpu_seconds() - start, {}
        for name, network in networks.items():
            start = cpu_seconds()
            self._train(network, self.images, seed)
            rows[name] = {
                "accuracy": evaluate(network, epoch_batches(self.test, EVALUATED))[1],
                "macs": macs_of(network),
                "params": sum(each.numel() for each in network.parameters()),
                "found_in": found,
                "trained_in": cpu_seconds() - start,
            }
        return rows

    def _search(self, seed: int) -> dict[str, nn.Module]:
        options = [f"train_cfg.budget.max_macs={self.limit}", f"train_cfg.evaluator.data.data_root={self.data}"]
        options += [f"train_cfg.budget.network.{key}={getattr(SHAPE, key)}" for key in ("init_channels", "num_cells")]
        folder = self.folder / f"relativenas_{seed}"
        searched(str(ROOT / SEARCH), seed, folder, options)
        return {"RelativeNAS": load_genotype(folder / "genotype.json").build(SHAPE)}

    def _random(self, seed: int) -> dict[str, nn.Module]:
        cells, _ = first_sample(
            lambda cells: SHARE * self.limit <= cells.cost(SHAPE).macs <= self.limit,
            seed,
            f"between {SHARE:.0%} of {self.limit:,} multiply-adds and all of them",
        )
        return {"random cell": cells.build(SHAPE)}

    def _optimized(self, mode: str, title: str, seed: int) -> dict[str, nn.Module]:
        """Trains the wide ResNet and cuts it to the limit; with its weights, and with random ones."""
        import modelopt.torch.nas as mtn
        from modelopt.torch.utils import random as draws

        draws._set_deterministic_seed(seed + 1)  # no public name; a seed of 0 would mean none
        training, held_out = split_for_search(self.images, seed, 0.8)
        width = dict(channel_divisor=DIVISOR, channels_ratio=RATIOS[mode], kernel_size=())
        norm = dict(feature_divisor=DIVISOR, features_ratio=RATIOS[mode])
        search_space = [(mode, {"nn.Conv2d": {"*": width}, "nn.BatchNorm2d": {"*": norm}})]
        network: nn.Module = ResNet(self.wide)
        if mode == "autonas":  # trains a supernet
            network = mtn.convert(network, mode=search_space)
        self._train(network, training, seed)
        if mode == "fastnas":  # prunes a network that was trained as usual
            network = mtn.convert(network, mode=search_space)
        batches = [images for images, _ in epoch_batches(training, RECIPE.batch_size, torch_stream(seed, "statistics"))]
        config = dict(
            data_loader=batches[:STATISTICS],
            collect_func=lambda images: images,
            score_func=lambda candidate: evaluate(candidate, epoch_batches(held_out, EVALUATED))[1],
            verbose=False,
            num_iters=SUBNETWORKS,
        )
        limit = {"flops": 2.0 * self.limit}  # a multiply-add counts as two
        network, _ = mtn.search(network, constraints=limit, dummy_input=IMAGE, config=config)
        scratch = copy.deepcopy(network)
        for module in scratch.modules():
            if isinstance(module, (nn.Conv2d, nn.Linear, nn.BatchNorm2d)):
                module.reset_parameters()
        return {title: network, f"{title}, from random weights": scratch}

    def _train(self, network: nn.Module, images: ImageArrays, seed: int) -> None:
        optimizer = RECIPE.optimizer(list(network.parameters()), 0.0)
        for epoch in range(self.epochs):
            optimizer.param_groups[0]["lr"] = RECIPE.lr_at(epoch / self.epochs)
            batches = epoch_batches(images, RECIPE.batch_size, torch_stream(seed, f"training {epoch}"), AUGMENTATION)
            train_one_epoch(network, optimizer, batches, RECIPE.grad_clip)


def macs_of(network: nn.Module) -> int:
    """Multiply-adds of one image; in evaluation mode, and the network is left in it."""
    network.eval()
    return count_macs(network, IMAGE).quoted[""]


def cpu_seconds() -> float:
    """CPU time of this process and of the searches that it has run."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean accuracy and its deviation, and the means of the rest."""
    values = [row["accuracy"] for row in rows]
    figures = {key: statistics.mean(row[key] for row in rows) for key in rows[0] if key != "accuracy"}
    std = statistics.stdev(values) if len(values) > 1 else None
    return {"mean": statistics.mean(values), "std": std, "values": values, **figures}


if __name__ == "__main__":
    main()
