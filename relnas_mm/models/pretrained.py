"""Loads weights into a network, and reports on each name."""

import os
from typing import Any

from mmengine.logging import print_log
from torch import nn

from relnas_mm.architectures import Genotype
from relnas_mm.errors import UserError
from relnas_mm.models.checkpoints.files import read_checkpoint
from relnas_mm.models.checkpoints.fit import (
    Fit,
    compare,
    different_cells,
    different_graph,
    different_settings,
    different_weight,
    genotype_in,
    trunk_genotype,
)
from relnas_mm.models.checkpoints.layout import (
    HEADS,
    STATISTICS,
    Shapes,
    is_profiler,
    read_architecture,
    refuse_search_weights,
    release_name,
    release_names,
    shapes_of,
)

HERE = "in the network"


class LoadsPretrained:
    """Mixin of mm modules, for which `init_cfg=dict(type='Pretrained', checkpoint=…)` calls `load_pretrained`."""

    def init_weights(self) -> None:
        """Initializes the weights by `init_cfg`."""
        module: Any = self
        config = module.init_cfg
        if isinstance(config, dict) and config.get("type") == "Pretrained":
            load_pretrained(module, config["checkpoint"], config.get("prefix"))
            module._is_init = True
        else:
            super().init_weights()  # type: ignore[misc]


def load_pretrained(
    network: nn.Module, source: "str | os.PathLike[str]", prefix: str | None = None
) -> dict[str, list[str]]:
    """Loads a checkpoint of any mm package, of the reference implementations or of `tools/convert_checkpoint.py`.

    Names are compared without prefixes such as `module.` and `backbone.`.  Heads that the network lacks are dropped.

    Args:
        network: A backbone, or a classifier with one.
        source: Path or URL of a `.pth` file (read with `weights_only`) or of a `.safetensors` file.
        prefix: Prefix of names to filter by and to remove.

    Returns:
        The names, as 'loaded', 'added' (counters of the network that the file lacks; they start at zero), 'missing' (in
        the network only), 'unexpected' (in the file only) and 'dropped' (heads).

    Raises:
        UserError: The file cannot be read or is no trained network, no name matches, or the networks differ in
            settings, genotype, number of classes, or the shape of a weight.
    """
    source = os.fspath(source)
    checkpoint = read_checkpoint(source)
    names = release_names(checkpoint.weights, source, prefix)
    refuse_search_weights(names, source)
    weights = {name: checkpoint.weights[original] for name, original in names.items()}
    own_names = {release_name(name): name for name in network.state_dict()}
    wanted = {release_name(name): value.shape for name, value in network.state_dict().items()}
    dropped = sorted(name for name in weights if _is_dropped(name, wanted))
    found = {name: shape for name, shape in shapes_of(weights).items() if name not in dropped}
    fit = compare(found, wanted)
    if not fit.fitting and not fit.misshapen:
        where = f" with the prefix {prefix!r}" if prefix else ""
        raise UserError(
            f"the checkpoint {source!r} holds none of the {len(own_names)} keys of {type(network).__name__}{where}"
        )
    if reason := _misfit(fit, found, wanted):
        raise UserError(f"the checkpoint {source!r} does not fit {type(network).__name__}: {reason}")
    _check_graph(network, genotype_in(checkpoint.meta, source), source)

    network.load_state_dict({own_names[name]: weights[name] for name in fit.fitting}, strict=False)
    report = {
        "loaded": sorted(fit.fitting),
        "added": sorted(fit.added),
        "missing": sorted(fit.missing),
        "unexpected": sorted(fit.unexpected),
        "dropped": dropped,
    }
    print_log(_table(report, source, len(own_names)), logger="current")
    return report


def _is_dropped(name: str, wanted: Shapes) -> bool:
    if name.startswith(HEADS):
        head = name.split(".")[0] + "."
        return not any(other.startswith(head) for other in wanted)
    return is_profiler(name)


def _misfit(fit: Fit, found: Shapes, wanted: Shapes) -> str:
    """Explains why the weights must not be loaded, or returns ''; missing names outside of cells are reported only."""
    theirs, ours = read_architecture(found), read_architecture(wanted)
    example = different_weight(fit.misshapen[0], found, wanted, HERE) if fit.misshapen else ""
    if settings := different_settings(theirs, ours, HERE):
        return settings + (f", so that {example}" if example else "")
    if None not in (theirs.num_classes, ours.num_classes) and theirs.num_classes != ours.num_classes:
        return (
            f"it was trained for {theirs.num_classes} classes, but num_classes is {ours.num_classes} {HERE}; "
            "name it in the init_cfg of the backbone to load the features alone"
        )
    names = [*fit.misshapen, *fit.missing, *fit.unexpected]
    if _has_statistics(found) != _has_statistics(wanted):  # another norm_cfg, not another genotype
        names = [name for name in names if not name.endswith(STATISTICS)]
    if cells := different_cells(names, found, wanted, HERE):
        return f"{cells}; it is of another genotype, or incomplete"
    return example


def _has_statistics(shapes: Shapes) -> bool:
    return any(name.endswith(STATISTICS) for name in shapes)


def _check_graph(network: nn.Module, theirs: Genotype | None, source: str) -> None:
    ours = trunk_genotype(network)
    if theirs and ours and (edge := different_graph(theirs, ours, HERE)):
        raise UserError(
            f"the checkpoint {source!r} does not fit {type(network).__name__}: {edge}, so it is of another genotype"
        )


def _table(report: dict[str, list[str]], source: str, total: int) -> str:
    lines = [f"weights from {source}:"]
    for name, keys in report.items():
        of = f" of {total}" if name == "loaded" else ""
        shown = "" if name == "loaded" or not keys else "  " + ", ".join(keys[:6]) + (", …" if len(keys) > 6 else "")
        lines.append(f"  {name:<10} {len(keys)}{of}{shown}")
    return "\n".join(lines)
