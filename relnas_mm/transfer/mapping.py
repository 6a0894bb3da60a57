"""Which output of a cell stands for which output of another backbone, and what follows for numbers of channels."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from relnas_mm.networks.feature_info import FeatureInfo
from relnas_mm.transfer.cell import OUTPUT_STRIDES, OUTPUTS, Index

Features = Mapping[Index, FeatureInfo]


@dataclass(frozen=True)
class Levels:
    """Feature maps that a neck or a head reads, before and after.

    Args:
        old: Channels of each map of the old backbone.
        new: Channels of each map of the new one.
        places: For each old map, the place of the new one that stands for it.
    """

    old: tuple[int, ...]
    new: tuple[int, ...]
    places: tuple[int, ...]

    @property
    def substitutes(self) -> tuple[int, ...]:
        """For each old map, the channels of the new one that stands for it."""
        return tuple(self.new[place] for place in self.places)

    def concatenated(self, select: Sequence[int] | None = None) -> "Levels":
        """What a neck passes on that concatenates all maps, or selected ones."""
        chosen = range(len(self.old)) if select is None else select
        old, new = sum(self.old[i] for i in chosen), sum(self.substitutes[i] for i in chosen)
        return Levels((old,), (new,), (0,))


def output_stride_of(strides: Sequence[int], dilated: bool) -> int:
    """The output stride that gives a cell the largest stride of a dilated backbone; 32 for others."""
    largest = max(strides)
    return min(max(largest, OUTPUT_STRIDES[0]), OUTPUT_STRIDES[-1]) if dilated else OUTPUT_STRIDES[-1]


def match(strides: Sequence[int], features: Features, exact: bool) -> tuple[Index, ...] | None:
    """Assigns an output of a cell to each old one, in order and each at most once.

    Outputs of equal stride are taken from the end, as deeper ones describe more.

    Args:
        strides: Strides of the old outputs.
        features: Those of the cell.
        exact: Whether strides must be equal; otherwise the sum of their ratios' logarithms is least.

    Returns:
        `out_indices`; `None` if there is no assignment.
    """
    if list(strides) != sorted(strides) or len(strides) > len(OUTPUTS):
        return None

    def distance(chosen: tuple[Index, ...]) -> float:
        return sum(abs(math.log2(features[index].stride / stride)) for index, stride in zip(chosen, strides))

    def depth(chosen: tuple[Index, ...]) -> int:
        return sum(OUTPUTS.index(index) for index in chosen)

    best = min(combinations(OUTPUTS, len(strides)), key=lambda chosen: (distance(chosen), -depth(chosen)))
    return None if exact and distance(best) else best


def match_each(strides: Sequence[int], main: int, features: Features) -> tuple[tuple[Index, ...], tuple[int, ...]]:
    """Assigns outputs to heads that resize what they read: the last one to the main head, others by their stride.

    Args:
        strides: Strides of the old outputs, in any order.
        main: Place of the output that the main head reads.
        features: Those of the cell.

    Returns:
        `out_indices`, and the place in them of each old output.
    """
    by_stride: dict[int, Index] = {4: OUTPUTS[0], 8: OUTPUTS[1], 16: OUTPUTS[2], 32: OUTPUTS[3]}

    def nearest(stride: int) -> Index:
        return by_stride[min(by_stride, key=lambda known: abs(math.log2(known / stride)))]

    wanted = [OUTPUTS[-1] if place == main else nearest(stride) for place, stride in enumerate(strides)]
    out_indices: tuple[Index, ...] = tuple(index for index in OUTPUTS if index in wanted)
    return out_indices, tuple(out_indices.index(index) for index in wanted)


def levels_of(old: Sequence[FeatureInfo], out_indices: Sequence[Index], features: Features, places=None) -> Levels:
    """The feature maps of a backbone before and after.

    Args:
        old: Outputs of the old backbone.
        out_indices: Those of the new one.
        features: What it outputs.
        places: For each old map the place of the new one; by default they stand in the same order.
    """
    new = tuple(features[index].channels for index in out_indices)
    return Levels(tuple(info.channels for info in old), new, tuple(places or range(len(new))))


def renumbered(value: Any, levels: Levels, places: Any = None) -> Any:
    """The number or list of channels that follows from new feature maps.

    A single number is that of the maps that `places` selects, else of the last map, of all together, or of the only
    map with so many channels.  A list is that of the selected maps, of all maps in order or reversed (YOLOv3), of
    maps that follow each other, or begins with those of all maps (SSD).

    Args:
        value: Old number or list.
        levels: The feature maps.
        places: An `in_index` that says which of them are read, if any.

    Returns:
        The new value, of the same kind; `None` if the old one does not occur in the feature maps.
    """
    old, new = levels.old, levels.substitutes
    if isinstance(value, int) and not isinstance(value, bool):
        return _number(value, old, new, places)
    if isinstance(value, (list, tuple)):
        found = _listed(list(value), list(old), list(new), places)
        return None if found is None else type(value)(found)
    return None


def _number(value: int, old: tuple[int, ...], new: tuple[int, ...], places: Any) -> int | None:
    if isinstance(places, int) and -len(old) <= places < len(old) and old[places] == value:
        return new[places]
    if value == old[-1]:
        return new[-1]
    if value == sum(old):
        return sum(new)
    return new[old.index(value)] if old.count(value) == 1 else None


def _listed(value: list[Any], old: list[int], new: list[int], places: Any) -> list[Any] | None:
    selected = isinstance(places, (list, tuple)) and all(-len(old) <= place < len(old) for place in places)
    if selected and value == [old[place] for place in places]:
        return [new[place] for place in places]
    if value == old:
        return new
    if value == old[::-1]:
        return new[::-1]
    if value[: len(old)] == old:
        return new + value[len(old) :]
    for start in range(len(old) - len(value), -1, -1):  # a neck may leave out the first maps
        part = slice(start, start + len(value))
        if value == old[part]:
            return new[part]
        if value == old[part][::-1]:
            return new[part][::-1]
    return None
