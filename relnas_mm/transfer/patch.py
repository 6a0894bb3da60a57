"""A cell in the place of the backbone of any mm model, and every number that follows from it."""

import copy
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from relnas_mm.errors import UserError
from relnas_mm.networks.feature_info import FeatureInfo
from relnas_mm.transfer.cell import OUTPUT_STRIDES, CellChoice, Index
from relnas_mm.transfer.families import (
    ASSUMED_STRIDES,
    DECONVOLVING,
    PYRAMIDS,
    TIED,
    WRAPPERS,
    follow_inputs,
    more_deconvolutions,
    pass_through,
)
from relnas_mm.transfer.mapping import Levels, levels_of, match, match_each, output_stride_of, renumbered
from relnas_mm.transfer.probe import NotFeatureMaps, assumed, probe

CHANNELS = ("in_channels", "in_channel", "c1_in_channels", "feature_channels")
"""Names of what depends on the feature maps."""
NO_READERS = ("backbone", "neck", "data_preprocessor", "train_cfg", "test_cfg", "init_cfg", "language_model")
"""Parts of a model that read no feature maps of the backbone."""
Path = tuple[str | int, ...]


@dataclass
class Patched:
    """A model with its new backbones.

    Args:
        model: Its settings.
        notes: Why a part changed, by its path from `model`.
    """

    model: dict[str, Any]
    notes: dict[Path, str] = field(default_factory=dict)


def patch_model(model: Mapping[str, Any], cell: CellChoice, scope: str) -> Patched:
    """Replaces every backbone of a model that reads images, also of nested models.

    Args:
        model: Its settings, which stay unchanged.
        cell: What becomes the backbone.
        scope: The mm package in which the types are known.

    Raises:
        UserError: The model has no backbone, or a part of it fits only the old one.
    """
    patched = Patched(copy.deepcopy(dict(model)))
    networks = list(_networks(patched.model, ("model",)))
    if (reason := TIED.get(_kind(model))) is not None:
        raise UserError(f"model ({_kind(model)}) {reason}")
    if not networks:
        raise UserError("the model of this config has no part 'backbone'; write its backbone by hand")
    for network, path in networks:
        _Network(network, path, cell, scope, patched.notes).patch()
    return patched


def _networks(node: Any, path: Path) -> Iterator[tuple[dict[str, Any], Path]]:
    """All models, nested ones too, that have a backbone."""
    if isinstance(node, Mapping):
        if isinstance(node.get("backbone"), Mapping):
            yield node, path  # type: ignore[misc]
        else:
            for key, value in node.items():
                yield from _networks(value, (*path, key))


def _kind(part: Any) -> str:
    return str(part.get("type", "")).split(".")[-1] if isinstance(part, Mapping) else ""


def dotted(path: Path) -> str:
    """A path as it is written on the command line."""
    return ".".join(map(str, path))


@dataclass
class _Network:
    """One backbone and what reads it."""

    model: dict[str, Any]
    path: Path
    cell: CellChoice
    scope: str
    notes: dict[Path, str]

    def patch(self) -> None:
        self._refuse_tied(self.model, self.path)
        wrapper = WRAPPERS.get(_kind(self.model["backbone"]))
        key = wrapper[0] if wrapper else "backbone"
        parent = self.model["backbone"] if wrapper else self.model
        path = (*self.path, "backbone", key) if wrapper else (*self.path, "backbone")
        old = self._old_features(parent[key], path)
        levels = self._replace(parent, key, path, old)
        if "pretrained" in self.model and self.model["pretrained"] is not None:
            self.model["pretrained"] = None
        behind = wrapper[1](self.model["backbone"], levels) if wrapper else self._through_necks(levels)
        if behind is not None:
            for reader in self._readers():
                _renumber(self.model[reader], behind, top=True)

    def _refuse_tied(self, node: Any, path: Path) -> None:
        for part, where in _parts(node, path):
            reason = TIED.get(_kind(part))
            if reason is not None:
                raise UserError(f"{dotted(where)} ({_kind(part)}) {reason}")
            stages = part.get("num_stages") if _kind(part) == "CPMHead" else 1
            if stages != 1:
                raise UserError(
                    f"{dotted(where)} (CPMHead) has num_stages = {stages}, a head for each stage of an hourglass; "
                    "take a config with one stage instead"
                )

    def _old_features(self, backbone: Any, path: Path) -> list[FeatureInfo]:
        kind = _kind(backbone)
        try:
            return probe(backbone, self.scope)
        except NotFeatureMaps as error:
            channels = self._channels_read()
            found = assumed(channels) if isinstance(channels, (list, tuple)) else None
            if found is not None:
                return found
            raise UserError(f"{dotted(path)} ({kind}) {error}; write the backbone by hand") from None
        except (KeyError, ImportError) as error:  # of a package that is not installed
            channels = self._channels_read()
            found = assumed(channels)
            if found is None:
                raise UserError(
                    f"{dotted(path)} ({kind}) cannot be built: {str(error).splitlines()[0]}; install its package, or "
                    "write the backbone by hand"
                ) from None
            if len(found) == 1 and kind in ASSUMED_STRIDES:
                found = [FeatureInfo(found[0].channels, ASSUMED_STRIDES[kind])]
            return found
        except Exception as error:  # a layer or an argument that this version does not know
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            raise UserError(f"{dotted(path)} ({kind}) cannot be built: {reason}; write the backbone by hand") from None

    def _channels_read(self) -> Any:
        """Channels that the first part behind the backbone reads."""
        necks = self._necks()
        for part in [*necks[:1], *(self.model[reader] for reader in self._readers())]:
            first = part[0] if isinstance(part, list) else part
            for key in CHANNELS:
                if key in first:
                    return first[key]
        return None

    def _necks(self) -> list[Any]:
        neck = self.model.get("neck")
        return list(neck) if isinstance(neck, (list, tuple)) else [neck] if neck else []

    def _readers(self) -> list[str]:
        return [
            key
            for key, value in self.model.items()
            if key not in NO_READERS and (isinstance(value, Mapping) or _is_list_of_parts(value))
        ]

    def _replace(self, parent: Any, key: str, path: Path, old: list[FeatureInfo]) -> Levels:
        """Puts the cell in the place of the backbone."""
        kind, strides = _kind(parent[key]), [info.stride for info in old]
        segments = self.scope == "mmseg"
        norm_cfg = _synchronized(parent[key].get("norm_cfg"))
        pyramid = bool(self._necks()) and _kind(self._necks()[0]) in PYRAMIDS
        enlarging = self._enlarging_head(strides)
        if pyramid:
            output_stride, wanted = OUTPUT_STRIDES[-1], [4 << place for place in range(len(old))]
        elif enlarging:
            output_stride, wanted = OUTPUT_STRIDES[-1], [OUTPUT_STRIDES[-1]]
        else:
            dilated = segments or _is_dilated(parent[key], strides)
            output_stride, wanted = output_stride_of(strides, dilated), strides
        features = self.cell.features(output_stride)
        out_indices, places = match(wanted, features, exact=not segments), None
        if out_indices is None and segments:
            main = self._main_place(len(old))
            output_stride = output_stride_of([strides[main]], dilated=True)
            features = self.cell.features(output_stride)
            out_indices, places = match_each(strides, main, features)
        if out_indices is None:
            ours = ", ".join(str(info.stride) for info in features.values())
            raise UserError(
                f"{dotted(path)} ({kind}) has outputs of strides {', '.join(map(str, strides))}, but a cell gives each "
                f"of {ours} once; write the backbone, and what reads it, by hand"
            )
        if enlarging:
            more_deconvolutions(self.model[enlarging], strides[0], OUTPUT_STRIDES[-1])
            self.notes[(*self.path, enlarging)] = (
                f"Transposed convolutions enlarge the map of stride 32 to stride {strides[0]}, which {kind} gave."
            )
        parent[key] = self.cell.config(out_indices, output_stride, norm_cfg)
        self.notes[path] = _in_words(kind, old, out_indices, features)
        levels = levels_of(old, out_indices, features, places)
        if pyramid:
            self.notes[(*self.path, "neck")] = f"{_kind(self._necks()[0])} made a pyramid, which the cell has itself."
            self.model["neck"] = None
        return levels

    def _enlarging_head(self, strides: list[int]) -> str | None:
        """The head that can enlarge the map of largest stride to a single one of smaller stride."""
        head = self.model.get("head")
        one = self.scope == "mmpose" and len(strides) == 1 and not self._necks()
        fits = one and _kind(head) in DECONVOLVING and strides[0] < OUTPUT_STRIDES[-1]
        return "head" if fits and OUTPUT_STRIDES[-1] % strides[0] == 0 else None

    def _main_place(self, count: int) -> int:
        heads = self.model.get("decode_head", {})
        head = heads[-1] if isinstance(heads, (list, tuple)) else heads
        place = head.get("in_index", -1)
        last = place if isinstance(place, int) else list(place)[-1]
        return last % count

    def _through_necks(self, levels: Levels) -> Levels | None:
        """What heads read of the backbone's channels; `None` if necks have their own."""
        necks = self._necks()
        if not necks and "roi_head" in self.model:
            return self._project(levels)
        behind: Levels | None = levels
        for neck in necks:
            if behind is None:
                break
            before = behind
            behind = pass_through(neck, before)
            _renumber(neck, before, top=True)
        return behind

    def _project(self, levels: Levels) -> None:
        """Adds a neck in front of heads that are built for certain channels."""
        if len(levels.old) != 1:
            raise UserError(f"{dotted(self.path)}.roi_head reads several maps without a neck; add a neck by hand")
        self.model["neck"] = {
            "type": "ChannelMapper",
            "in_channels": list(levels.substitutes),
            "out_channels": levels.old[0],
            "kernel_size": 1,
            "num_outs": 1,
        }
        self.notes[(*self.path, "neck")] = f"The shared head is built for {levels.old[0]} channels."


def _parts(node: Any, path: Path) -> Iterator[tuple[Any, Path]]:
    """All nested settings that name a type."""
    if isinstance(node, Mapping):
        if "type" in node:
            yield node, path
        for key, value in node.items():
            yield from _parts(value, (*path, key))
    elif isinstance(node, (list, tuple)):
        for place, value in enumerate(node):
            yield from _parts(value, (*path, place))


def _is_list_of_parts(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(part, Mapping) for part in value)


def _renumber(node: Any, levels: Levels, top: bool) -> None:
    """Changes numbers of channels, and places of maps, in the settings of a neck or head."""
    if isinstance(node, (list, tuple)):
        for part in node:
            _renumber(part, levels, top)
        return
    if not isinstance(node, MutableMapping):
        return
    places = node.get("in_index")
    found = False
    for key in CHANNELS:
        if key in node and (top or places is not None or _is_last(node[key], levels)):
            first = 0 if key.startswith("c1_") else places
            new = renumbered(node[key], levels, first)
            if new is not None:
                node[key], found = new, True
    if found:
        follow_inputs(node)
    if places is not None and (top or found):
        _move(node, places, levels)
    if not found:
        for value in node.values():
            _renumber(value, levels, top=False)


def _is_last(value: Any, levels: Levels) -> bool:
    """Whether a nested part reads the last map, or all; other numbers may be equal by chance."""
    return isinstance(value, (list, tuple)) or value == levels.old[-1]


def _move(node: MutableMapping[str, Any], places: Any, levels: Levels) -> None:
    if levels.places == tuple(range(len(levels.new))):
        return
    if isinstance(places, int):
        node["in_index"] = levels.places[places]
    else:
        node["in_index"] = type(places)(levels.places[place] for place in places)


def _is_dilated(backbone: Mapping[str, Any], strides: list[int]) -> bool:
    dilations = backbone.get("dilations") or ()
    return any(dilation != 1 for dilation in dilations) or strides.count(max(strides)) > 1


def _synchronized(norm_cfg: Any) -> dict[str, Any] | None:
    """The normalization of several processes, if the old backbone had it."""
    if isinstance(norm_cfg, Mapping) and norm_cfg.get("type") in ("SyncBN", "MMSyncBN"):
        return {"type": norm_cfg["type"], "requires_grad": True}
    return None


def _in_words(kind: str, old: list[FeatureInfo], out_indices: tuple[Index, ...], features: Any) -> str:
    def listed(infos: Any) -> str:
        return ", ".join(f"{info.channels}@{info.stride}" for info in infos)

    return f"{kind} had channels@stride {listed(old)}; the cell has {listed(features[index] for index in out_indices)}."
