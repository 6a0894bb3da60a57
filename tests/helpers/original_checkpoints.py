"""Checkpoints as the original release writes them, made without any code of the converter; and small networks."""

import functools

import torch
from torch import nn

from relnas_mm.architectures import Genotype, load_genotype
from relnas_mm.networks import CellTrunk


def original_trunk(genotype="relativenas", channels=4, depth=6, stem="imagenet"):
    """Stem and cells with random weights and random, plausible statistics."""
    torch.manual_seed(0)
    trunk = CellTrunk(load_genotype(genotype), channels, depth, stem)
    for module in trunk.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.normal_(module.bias, std=0.1)
            nn.init.normal_(module.running_mean, std=0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)
            module.num_batches_tracked += 7
    return trunk.eval()


def heads(trunk, classes, auxiliary=True):
    """The classifier's weights, and the auxiliary head's, in the release's order."""
    middle = trunk.plans[2 * len(trunk.plans) // 3].out_channels
    weights = {}
    if auxiliary:
        second = [nn.BatchNorm2d(768)] if trunk.stem_kind == "cifar" else []
        features = nn.Sequential(
            nn.ReLU(), nn.AvgPool2d(5), nn.Conv2d(middle, 128, 1, bias=False), nn.BatchNorm2d(128),
            nn.ReLU(), nn.Conv2d(128, 768, 2, bias=False), *second,
        )  # fmt: skip
        head = nn.ModuleDict({"features": features, "classifier": nn.Linear(768, classes)})
        weights |= {f"auxiliary_head.{key}": value for key, value in head.state_dict().items()}
    linear = nn.Linear(trunk.plans[-1].out_channels, classes)
    return weights | {f"classifier.{key}": value for key, value in linear.state_dict().items()}


def original_weights(trunk, classes=10, auxiliary=True, prefix="module."):
    """The state dict of the whole network, saved through DataParallel unless `prefix` is empty."""
    weights = dict(trunk.state_dict()) | heads(trunk, classes, auxiliary)
    return {prefix + key: value for key, value in weights.items()}


def without_counters(weights):
    """As torch before 0.4.1 saved it."""
    return {key: value for key, value in weights.items() if not key.endswith("num_batches_tracked")}


def save_original(path, classes=10, auxiliary=True, prefix="module.", **network):
    """Writes such a checkpoint; gives its path as text, and the trunk."""
    trunk = original_trunk(**network)
    torch.save(original_weights(trunk, classes, auxiliary, prefix), path)
    return str(path), trunk


# ---- the same at a small size

SMALL = dict(init_channels=4, num_cells=6)


@functools.cache
def small_trunk(genotype="relativenas", stem="imagenet"):
    return original_trunk(genotype, stem=stem)


@functools.cache
def small_weights(prefix=""):
    return original_weights(small_trunk(), prefix=prefix)


def rewired(genotype):
    """The same operations, but the first one reads another node: names and shapes stay."""
    (operation, node), *others = genotype.normal
    return Genotype(((operation, 1 - node), *others), genotype.reduce, genotype.concat)


def same_weights(network, weights):
    own = network.state_dict()
    assert own.keys() == weights.keys()
    return all(torch.equal(own[key], weights[key]) for key in own)
